package pattern_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/etorrent/etorrent/internal/fuzzseed"
	"github.com/etorrent/etorrent/internal/vocab/pattern"
)

var files = []string{
	"readme.txt", "season 1/e1.mkv", "season 1/e1.srt", "season 1/extra/cut.mkv", "season 2/e1.mkv", "season 2/[x].nfo",
}

func TestPatternsNameFiles(t *testing.T) {
	for _, c := range []struct {
		pattern string
		want    []int // numbers from 1
	}{
		{"1", []int{1}},
		{"1,3-5", []int{1, 3, 4, 5}},
		{"5-", []int{5, 6}},
		{"9", nil},
		{"*.mkv", []int{2, 4, 5}},
		{"*", []int{1, 2, 3, 4, 5, 6}},
		{"**", []int{1, 2, 3, 4, 5, 6}},
		{"e?.mkv", []int{2, 5}},
		{"season 1/*", []int{2, 3}},
		{"season 1/**", []int{2, 3, 4}},
		{"season 1/", []int{2, 3, 4}},
		{"extra/", []int{4}},
		{"/readme.txt", []int{1}},
		{"**/*.mkv", []int{2, 4, 5}},
		{"season [2-9]/**", []int{5, 6}},
		{"season [!1]/**", []int{5, 6}},
		{"[x].nfo", nil},
		{"[[]x].nfo", []int{6}},
		{"re:e1", []int{2, 3, 5}},
		{`re:^season \d/e1\.mkv$`, []int{2, 5}},
		{"README.txt", nil},
	} {
		p, err := pattern.Parse(c.pattern)
		if err != nil {
			t.Errorf("%q: %v", c.pattern, err)
			continue
		}
		var got []int
		for i, f := range files {
			if p.Matches(i+1, f) {
				got = append(got, i+1)
			}
		}
		if !slices.Equal(got, c.want) || p.String() != c.pattern {
			t.Errorf("%q: %v, want %v", c.pattern, got, c.want)
		}
	}
}

func TestBadPatternsAreRefused(t *testing.T) {
	for _, s := range []string{"", "0", "3-1", "1,0-2", "99999999999999999999", "re:(", "re:a{9999}", "[z-a]"} {
		_, err := pattern.Parse(s)
		var bad *pattern.Error
		if !errors.As(err, &bad) || bad.Text != s {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	fuzzseed.Add(f)
	for _, s := range []string{"1,3-5", "**/*.mkv", "re:^a", "[", "[]", "a[!b]c?", "\xff*"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := pattern.Parse(s)
		if err != nil {
			return
		}
		for i, name := range files {
			p.Matches(i, name)
		}
	})
}
