package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/etorrent/etorrent/cmd/etorrent/internal/amount"
	"github.com/etorrent/etorrent/internal/ondisk"
	"github.com/etorrent/etorrent/internal/vocab/text"
)

// place is the folder that holds the torrent's file or folder. dir is empty if
// nothing was found.
type place struct {
	dir string
	how string // it was found, for people
}

func (p place) path(src *source) string { return filepath.Join(p.dir, src.plan.Name) }

// locate finds the files of a torrent in or at a folder.
func locate(s *session, src *source, dir string) (place, error) {
	at, err := filepath.Abs(dir)
	if err != nil {
		return place{}, failed(exitDisk, "%w", err)
	}
	found, err := src.plan.Locate(s.ctx, at)
	if err != nil {
		return place{}, err
	}
	name := text.Printable(src.plan.Name)
	switch found := found.(type) {
	case ondisk.FoundBelow:
		return place{found.Dir, fmt.Sprintf("found %s in %s (%s)", name, found.Dir, amount.Of(found.Present, found.Files, "file"))}, nil
	case ondisk.FoundItself:
		return place{found.Dir, fmt.Sprintf("%s is %s itself (%s)", at, name, amount.Of(found.Present, found.Files, "file"))}, nil
	case ondisk.FoundNothing:
		how := fmt.Sprintf("nothing of %s is there: looked at %s", name, strings.Join(found.Looked, " and in "))
		if len(src.plan.Renamed) > 0 {
			how += " (some names are stored otherwise here: etorrent show tells which)"
		}
		return place{"", how}, nil
	}
	return place{}, nil
}
