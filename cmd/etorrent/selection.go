package main

import (
	"slices"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/internal/vocab/pattern"
	"github.com/etorrent/etorrent/metainfo"
)

// selection is which files are fetched: those that are selected, or all, without
// those that are excluded.
type selection struct{ selected, excluded patternsValue }

// priorities turns the patterns into a priority for each file of each torrent; nil
// where there are no patterns. Each pattern must name a file, and of each torrent
// one must be left.
func (f selection) priorities(sources []*source) ([][]etorrent.Priority, error) {
	out := make([][]etorrent.Priority, len(sources))
	if len(f.selected)+len(f.excluded) == 0 {
		return out, nil
	}
	selected, excluded := newUse("--select", f.selected), newUse("--exclude", f.excluded)
	left := make([]int, len(sources))
	for i, src := range sources {
		out[i], left[i] = prioritiesOf(src, selected, excluded)
	}
	for _, u := range []*patternUse{selected, excluded} {
		if err := u.judge(); err != nil {
			return nil, err
		}
	}
	if i := slices.Index(left, 0); i >= 0 {
		return nil, usageError("--select and --exclude leave no file of %s; etorrent show %[1]s lists them", sources[i].word)
	}
	return out, nil
}

// patternUse counts how often each pattern of a flag names a file.
type patternUse struct {
	flag     string
	patterns []*pattern.Pattern
	counts   []int
}

func newUse(flag string, patterns []*pattern.Pattern) *patternUse {
	return &patternUse{flag, patterns, make([]int, len(patterns))}
}

// names says whether a pattern names the file.
func (u *patternUse) names(number int, path string) bool {
	named := false
	for i, p := range u.patterns {
		if p.Matches(number, path) {
			u.counts[i]++
			named = true
		}
	}
	return named
}

// judge refuses a pattern that named no file of any torrent.
func (u *patternUse) judge() error {
	for i, n := range u.counts {
		if n == 0 {
			return usageError("%s %s names no file; etorrent show lists them", u.flag, u.patterns[i])
		}
	}
	return nil
}

// prioritiesOf has the files of a torrent that are selected and not excluded, and
// how many they are. No pattern of selected selects all.
func prioritiesOf(src *source, selected, excluded *patternUse) ([]etorrent.Priority, int) {
	out, number, count := make([]etorrent.Priority, len(src.meta.Files)), 0, 0
	for i, f := range src.meta.Files {
		out[i] = etorrent.PriorityUnwanted
		if f.Role == metainfo.FilePadding {
			continue
		}
		number++
		in := len(selected.patterns) == 0 || selected.names(number, f.String())
		if left := excluded.names(number, f.String()); in && !left {
			out[i], count = etorrent.PriorityNormal, count+1
		}
	}
	return out, count
}
