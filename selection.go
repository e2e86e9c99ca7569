package etorrent

import (
	"context"
	"errors"
	"fmt"

	"github.com/etorrent/etorrent/internal/proc/torrent"
	"github.com/etorrent/etorrent/internal/vocab/pattern"
)

// PatternError says that a pattern is malformed, or names no file of the torrent.
type PatternError struct {
	Pattern string
	Err     error // ErrNoMatch, or what is wrong with its form
}

// Error says which and why.
func (e *PatternError) Error() string { return fmt.Sprintf("pattern %q: %v", e.Pattern, e.Err) }

// Unwrap returns the cause.
func (e *PatternError) Unwrap() error { return e.Err }

// ErrNoMatch is the cause of a PatternError for a pattern that names no file.
var ErrNoMatch = errors.New("no file of the torrent is named so")

// SetPriority sets the priority of the files that the patterns name, and leaves the
// others. A pattern is a glob of the paths that Files tells: "*" and "?" stop at
// slashes, "**" does not, one without a slash counts in every folder, and one that ends
// in a slash means all below; or a regular expression behind "re:"; or numbers as "1,3-5", where 1 is the torrent's
// first file. A pattern that names nothing is a *PatternError, and nothing changes. The
// priorities are kept in the State.
func (t *Torrent) SetPriority(ctx context.Context, p Priority, patterns ...string) error {
	var files []int
	for _, text := range patterns {
		named, err := t.filesOf(text)
		if err != nil {
			return &PatternError{Pattern: text, Err: err}
		}
		files = append(files, named...)
	}
	return t.ask(ctx, torrent.Ask{Prioritise: &torrent.Prioritise{Files: files, To: p}})
}

// filesOf are the numbers of the files that a pattern names.
func (t *Torrent) filesOf(text string) ([]int, error) {
	p, err := pattern.Parse(text)
	var bad *pattern.Error
	if errors.As(err, &bad) {
		return nil, errors.New(bad.Reason)
	}
	var out []int
	for i, at := range t.dataFiles() {
		if p.Matches(i+1, at) {
			out = append(out, i)
		}
	}
	if len(out) == 0 {
		return nil, ErrNoMatch
	}
	return out, nil
}
