package assign

import (
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// Priority says how much a piece or file is wanted. All dealable pieces of a
// higher priority that a holder has go before those of a lower.
type Priority uint8

// The priorities, ascending.
const (
	Unwanted Priority = iota
	Low
	Normal
	High
)

// FileSpan is a file as a span of the torrent's bytes.
type FileSpan struct {
	Offset, Length int64
	Priority       Priority
}

// PiecePriorities is the priority of every piece: the highest among the files
// that have a byte in it, Unwanted where none has. Spans may overlap and reach
// beyond the torrent.
func PiecePriorities(g geometry.Geometry, files []FileSpan) []Priority {
	out := make([]Priority, g.Pieces())
	for _, f := range files {
		first, end := f.within(g.TotalLength)
		if first >= end {
			continue
		}
		for i := first / g.PieceLength; i <= (end-1)/g.PieceLength; i++ {
			out[i] = max(out[i], f.Priority)
		}
	}
	return out
}

// within is the part of the span in [0, total), from first up to before end.
func (f FileSpan) within(total int64) (first, end int64) {
	if f.Length <= 0 || f.Offset >= total {
		return 0, 0
	}
	if f.Offset > 0 && f.Length > total-f.Offset {
		return f.Offset, total
	}
	return max(f.Offset, 0), min(f.Offset+f.Length, total)
}

func allNormal(n int) []Priority {
	out := make([]Priority, n)
	for i := range out {
		out[i] = Normal
	}
	return out
}

// SetPriorities sets the priority of every piece; priorities has one entry a
// piece. What is fetched of a piece that becomes Unwanted is cancelled; its
// stored blocks stay known.
func (c *Core) SetPriorities(priorities []Priority) ProgressEvidence {
	if len(priorities) != len(c.pieces) {
		panic("assign: not one priority a piece")
	}
	for i, next := range priorities {
		c.reprioritize(pieceset.Index(i), next)
	}
	c.rewantAll()
	for _, h := range c.list {
		if h.lead != nil {
			h.lead.unlead()
		}
	}
	c.rouse()
	return c.Progress()
}

func (c *Core) reprioritize(i pieceset.Index, next Priority) {
	p := &c.pieces[i]
	if p.state == PieceHeld || p.state == PieceFull || p.priority == next && p.state != unfiled {
		p.priority = next
		return
	}
	c.unfile(i)
	p.priority = next
	if next == Unwanted && p.record != nil {
		c.withdraw(p.record)
	}
	c.refile(i)
}
