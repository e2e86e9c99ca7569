// Command fuzzkit packs what fuzzing has found, and measures what of a decoder a
// corpus reaches.
//
//	fuzzkit pack OUT DIR...              adds the shortest inputs of the folders to OUT
//	fuzzkit cover LEAST PROFILE FILE...  fails below LEAST percent of the files' statements
package main

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const (
	// inputsBound and bytesBound are how much of a corpus is kept.
	inputsBound = 400
	bytesBound  = 48 << 10
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "fuzzkit:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 3 {
		return fmt.Errorf("too few arguments")
	}
	switch args[0] {
	case "pack":
		inputs, err := read(args[2:])
		if err != nil {
			return err
		}
		kept, err := unpack(args[1])
		if err != nil {
			return err
		}
		return os.WriteFile(args[1], pack(kept, inputs), 0o644)
	case "cover":
		least, err := strconv.Atoi(args[1])
		if err != nil {
			return err
		}
		profile, err := os.ReadFile(args[2])
		if err != nil {
			return err
		}
		return judge(string(profile), args[3:], least)
	}
	return fmt.Errorf("no command %q", args[0])
}

// read returns the inputs of some folders; one that is missing has none.
func read(dirs []string) ([][]byte, error) {
	var all [][]byte
	for _, dir := range dirs {
		files, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil {
			return nil, err
		}
		for _, name := range files {
			b, err := os.ReadFile(name)
			if err != nil {
				return nil, err
			}
			all = append(all, b)
		}
	}
	return all, nil
}

// unpack returns the inputs of a packed file; one that is missing has none.
func unpack(name string) ([][]byte, error) {
	packed, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(z)
	if err != nil {
		return nil, err
	}
	var all [][]byte
	for part := range bytes.SplitSeq(text, []byte(header)) {
		if len(part) > 0 {
			all = append(all, append([]byte(header), part...))
		}
	}
	return all, nil
}

// header begins every input.
const header = "go test fuzz v1\n"

// pack puts the inputs that are kept, and as many of the shortest others as there
// is room for, into one file. The same inputs make the same bytes.
func pack(kept, others [][]byte) []byte {
	shortest := func(a, b []byte) int { return cmp.Or(cmp.Compare(len(a), len(b)), bytes.Compare(a, b)) }
	slices.SortFunc(others, shortest)
	sum := 0
	for _, b := range kept {
		sum += len(b)
	}
	for _, b := range others {
		if slices.ContainsFunc(kept, func(k []byte) bool { return bytes.Equal(k, b) }) {
			continue
		}
		if sum += len(b); sum > bytesBound || len(kept) >= inputsBound {
			break
		}
		kept = append(kept, b)
	}
	slices.SortFunc(kept, shortest)
	var out bytes.Buffer
	z, _ := gzip.NewWriterLevel(&out, gzip.BestCompression) // the level is one that there is
	for _, b := range kept {
		_, _ = z.Write(b) // a buffer takes all
	}
	_ = z.Close()
	return out.Bytes()
}

// coverage counts the statements of the files that a profile names by the end of
// their path, and those that were reached. A block may have several lines.
func coverage(profile string, files []string) (reached, all int, err error) {
	type block struct{ statements, count int }
	blocks := map[string]block{}
	for line := range strings.Lines(profile) {
		at, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		name, _, _ := strings.Cut(at, ":")
		if !slices.Contains(files, filepath.Base(name)) {
			continue
		}
		var b block
		if _, err := fmt.Sscan(rest, &b.statements, &b.count); err != nil {
			return 0, 0, fmt.Errorf("%q: %w", line, err)
		}
		b.count += blocks[at].count
		blocks[at] = b
	}
	for _, b := range blocks {
		all += b.statements
		if b.count > 0 {
			reached += b.statements
		}
	}
	return reached, all, nil
}

func judge(profile string, files []string, least int) error {
	reached, all, err := coverage(profile, files)
	switch {
	case err != nil:
		return err
	case all == 0:
		return fmt.Errorf("the profile has no statement of %s", strings.Join(files, ", "))
	}
	fmt.Printf("%d of %d statements, %d %%, of %s\n", reached, all, reached*100/all, strings.Join(files, " "))
	if reached*100 < least*all {
		return fmt.Errorf("less than %d %% of %s is reached", least, strings.Join(files, ", "))
	}
	return nil
}
