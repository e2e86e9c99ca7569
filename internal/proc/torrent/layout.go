package torrent

import (
	"fmt"
	"slices"

	"github.com/etorrent/etorrent/internal/core/assign"
	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/metainfo"
)

// layout is a row's torrent as the processes use it.
type layout struct {
	meta     *metainfo.Torrent
	geometry geometry.Geometry
	files    []storage.File
	spans    []assign.FileSpan // one a file, padding unwanted
	pieces   []assign.Priority
	wanted   *pieceset.Set // pieces that are not unwanted
	bytes    int64         // of wanted files
	missing  []int         // pieces of each file that are not durable
}

// newLayout reads a row. Its errors mean that the row is not what this program
// wrote.
func newLayout(r *store.Row) (*layout, error) {
	meta, err := metainfo.Parse(r.Metainfo)
	if err != nil {
		return nil, fmt.Errorf("state row %v: %w", r.ID, err)
	}
	if len(r.FileMap) != len(meta.Files) {
		return nil, fmt.Errorf("state row %v: paths for %d files, but the torrent has %d", r.ID, len(r.FileMap), len(meta.Files))
	}
	l := &layout{
		meta:     meta,
		geometry: geometry.Geometry{TotalLength: meta.TotalLength, PieceLength: meta.PieceLength},
	}
	links := linksOf(meta, r.FileMap)
	for i, f := range meta.Files {
		l.files = append(l.files, fileOf(f, r.FileMap[i], links[i]))
	}
	l.setPriorities(r.Settings.Priorities)
	l.countMissing(pieceset.New(l.geometry.Pieces()))
	return l, nil
}

// setPriorities applies priorities by file; files behind the end are normal.
func (l *layout) setPriorities(of []store.Priority) {
	l.spans = l.spans[:0]
	l.bytes = 0
	for i, f := range l.files {
		p := assign.Normal
		if i < len(of) {
			p = assignPriority(of[i])
		}
		if f.Role == storage.Padding {
			p = assign.Unwanted
		}
		if p != assign.Unwanted {
			l.bytes += f.Length
		}
		l.spans = append(l.spans, assign.FileSpan{Offset: f.Offset, Length: f.Length, Priority: p})
	}
	l.pieces = assign.PiecePriorities(l.geometry, l.spans)
	l.wanted = pieceset.New(l.geometry.Pieces())
	for i, p := range l.pieces {
		if p != assign.Unwanted {
			l.wanted.Add(pieceset.Index(i))
		}
	}
}

func assignPriority(p store.Priority) assign.Priority {
	switch p {
	case store.PriorityUnwanted:
		return assign.Unwanted
	case store.PriorityLow:
		return assign.Low
	case store.PriorityHigh:
		return assign.High
	case store.PriorityNormal:
	}
	return assign.Normal
}

// wantedBytes is how many bytes of wanted files lie in piece i.
func (l *layout) wantedBytes(i pieceset.Index) int64 {
	from := l.geometry.PieceOffset(i)
	to := from + l.geometry.PieceSize(i)
	sum := int64(0)
	for n, end := l.filesIn(i); n < end; n++ {
		if s := l.spans[n]; s.Length > 0 && s.Priority != assign.Unwanted {
			sum += min(to, s.Offset+s.Length) - max(from, s.Offset)
		}
	}
	return sum
}

// pieceBytes is the size of all pieces of a set.
func (l *layout) pieceBytes(s *pieceset.Set) int64 {
	n := s.Count()
	if n == 0 {
		return 0
	}
	sum := int64(n) * l.geometry.PieceLength
	if last := pieceset.Index(l.geometry.Pieces() - 1); s.Has(last) {
		sum -= l.geometry.PieceLength - l.geometry.PieceSize(last)
	}
	return sum
}

// wantedFiles are the files that must exist.
func (l *layout) wantedFiles() []int {
	var out []int
	for i, s := range l.spans {
		if l.files[i].Role != storage.Padding && s.Priority != assign.Unwanted {
			out = append(out, i)
		}
	}
	return out
}

// wish says whether anything of a torrent is wanted.
type wish uint8

// Of a torrent that has nothing to choose from all is wanted.
const (
	wantsSomething wish = iota
	wantsNothing
)

func (l *layout) viewWish() wish {
	isChoice := func(f storage.File) bool { return f.Role != storage.Padding }
	if len(l.wantedFiles()) == 0 && slices.ContainsFunc(l.files, isChoice) {
		return wantsNothing
	}
	return wantsSomething
}

// edgeFiles are the files that need not exist, but share a piece with one that
// must.
func (l *layout) edgeFiles() []int {
	var out []int
	for i, s := range l.spans {
		if l.files[i].Role == storage.Data && s.Priority == assign.Unwanted && l.touchesWanted(s) {
			out = append(out, i)
		}
	}
	return out
}

func (l *layout) touchesWanted(s assign.FileSpan) bool {
	if s.Length == 0 {
		return false
	}
	first := s.Offset / l.geometry.PieceLength
	last := (s.Offset + s.Length - 1) / l.geometry.PieceLength
	return l.wanted.Has(pieceset.Index(first)) || l.wanted.Has(pieceset.Index(last))
}
