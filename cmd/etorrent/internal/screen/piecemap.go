package screen

import (
	"strings"

	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

const (
	// mapColumns is the most that a map of pieces takes, and mapLeast the least that
	// says something.
	mapColumns, mapLeast = 64, 16
	// mapSpace is what stands around a map.
	mapSpace = len("  []")
)

// shades stand for how much of a part of the pieces is stored: nothing, some of it,
// more, and all.
var shades = [...]string{" ", "░", "▒", "▓", "█"}

// pieceMap shows which pieces of a torrent that is fetched are stored, where it is
// the only one and there is room.
func pieceMap(s State, room int) string {
	if len(s.Torrents) != 1 || s.Torrents[0].Status != Fetching || s.Torrents[0].Map == nil {
		return ""
	}
	pieces := s.Torrents[0].Map
	width := min(room-mapSpace, mapColumns, pieces.Size())
	if room-mapSpace < mapLeast || width < 1 {
		return ""
	}
	var b strings.Builder
	for column := range width {
		b.WriteString(shadeOf(pieces, pieces.Size()*column/width, pieces.Size()*(column+1)/width))
	}
	return "  [" + b.String() + "]"
}

// shadeOf is the shade of the pieces from one up to another, not all and not none
// unless it is so.
func shadeOf(pieces *pieceset.Set, from, to int) string {
	n := 0
	for i := from; i < to; i++ {
		if pieces.Has(pieceset.Index(i)) {
			n++
		}
	}
	last := len(shades) - 1
	switch n {
	case 0:
		return shades[0]
	case to - from:
		return shades[last]
	}
	return shades[1+(last-1)*n/(to-from)]
}
