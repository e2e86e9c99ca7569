package main

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"slices"
	"strings"
)

// listBytes is the longest list of sources that is read.
const listBytes = 16 << 20

// withInput adds the sources of a list to those of the command line. An empty path
// is no list.
func withInput(s *session, words []string, path string) ([]string, error) {
	if path == "" {
		return words, nil
	}
	raw, err := readList(s, path)
	if err != nil {
		return nil, err
	}
	before := len(words)
	for lines := bufio.NewScanner(bytes.NewReader(raw)); lines.Scan(); {
		line := strings.TrimSpace(lines.Text())
		if line != "" && !strings.HasPrefix(line, "#") {
			words = append(words, line)
		}
	}
	if path == "-" && slices.Contains(words, "-") {
		return nil, usageError("standard input is the list of sources, and can be no source too")
	}
	if len(words) == before {
		return nil, usageError("--input %s has no SOURCE", path)
	}
	return words, nil
}

func readList(s *session, path string) ([]byte, error) {
	from := s.host.stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, usageError("--input %s: %w", path, reasonOf(err))
		}
		defer func() { _ = f.Close() }()
		from = f
	}
	raw, err := io.ReadAll(io.LimitReader(from, listBytes+1))
	switch {
	case err != nil:
		return nil, usageError("--input %s: %w", path, reasonOf(err))
	case len(raw) > listBytes:
		return nil, usageError("--input %s has more than %d bytes", path, listBytes)
	}
	return raw, nil
}
