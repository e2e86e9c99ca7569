package main

import (
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/internal/ondisk"
	"github.com/etorrent/etorrent/metainfo"
)

// source is a torrent that was named on the command line.
type source struct {
	word string // as it was named, without a passkey
	meta *etorrent.Metainfo
	plan *ondisk.Plan
}

// loadSource reads what a word of the command line names.
func loadSource(s *session, word string) (*source, error) {
	raw, err := readSource(s, word)
	if err != nil {
		return nil, err
	}
	word = maskedWord(word)
	meta, err := metainfo.Parse(raw)
	if err != nil {
		return nil, failed(exitSource, "%s: %w", word, &etorrent.SourceError{Err: err})
	}
	plan, err := ondisk.NewPlan(meta, s.host.goos)
	if err != nil {
		return nil, failed(exitSource, "%s: %w", word, &etorrent.SourceError{Err: err})
	}
	return &source{word: word, meta: meta, plan: plan}, nil
}

// seenSources are the torrents that were read, and the words that named them.
type seenSources map[metainfo.ID]string

// before says, and tells, whether a torrent was read before.
func (seen seenSources) before(s *session, src *source) bool {
	first, twice := seen[src.meta.ID()]
	if twice {
		s.out.people.note("%s is the same torrent as %s", src.word, first)
		return true
	}
	seen[src.meta.ID()] = src.word
	return false
}

// loadSources reads all words, and each torrent once.
func loadSources(s *session, words []string) ([]*source, error) {
	seen := seenSources{}
	var out []*source
	for _, word := range words {
		src, err := loadSource(s, word)
		if err != nil {
			return nil, err
		}
		if !seen.before(s, src) {
			out = append(out, src)
		}
	}
	return out, nil
}

func readSource(s *session, word string) ([]byte, error) {
	switch {
	case word == "-":
		return readTorrent("standard input", s.host.stdin)
	case isWebURL(word):
		return fetchTorrent(s, word)
	}
	f, err := os.Open(word)
	if err != nil {
		return nil, absentSource(s, word, err)
	}
	defer func() { _ = f.Close() }()
	return readTorrent(word, f)
}

// readTorrent reads no more than a torrent may have.
func readTorrent(name string, r io.Reader) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, metainfo.MaxTorrentBytes+1))
	switch {
	case err != nil:
		return nil, failed(exitSource, "%s: %w", name, reasonOf(err))
	case len(b) == 0:
		return nil, failed(exitSource, "%s is empty", name)
	}
	return b, nil
}

// absentSource says what a word is that names no file.
func absentSource(s *session, word string, err error) error {
	lower := strings.ToLower(word)
	_, notHex := hex.DecodeString(word)
	switch {
	case strings.HasPrefix(lower, "magnet:"):
		return failed(exitSource, "magnet links are not built into this version; give a .torrent file")
	case notHex == nil && (len(word) == 40 || len(word) == 64):
		return failed(exitSource, "finding a torrent by its info-hash is not built into this version; give a .torrent file")
	case errors.Is(err, fs.ErrNotExist):
		return failed(exitSource, "%s: no such file%s", word, didYouMean(newRoot(s), word))
	}
	return failed(exitSource, "%s: %w", word, reasonOf(err))
}

// reasonOf is what the system said, without operation and path.
func reasonOf(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}
