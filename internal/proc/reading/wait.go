package reading

import (
	"context"
	"time"

	"github.com/etorrent/etorrent/internal/core/assign"
	"github.com/etorrent/etorrent/internal/leaf/slab"
	"github.com/etorrent/etorrent/internal/proc/disk"
	"github.com/etorrent/etorrent/internal/proc/torrent"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/sup"
)

const (
	// againAfter is how long to wait before a piece is read again that the disk did not
	// serve, and triesMost how often: it may be opening its files, or have lost them.
	againAfter = 100 * time.Millisecond
	triesMost  = 50
)

// appetite says how much a read waits for.
type appetite uint8

const (
	whatIsThere appetite = iota // the first byte
	all
)

// read fills p from off on; p does not reach beyond the file, or is cut there.
func (r *Reader) read(ctx context.Context, p []byte, off int64, how appetite) (int, error) {
	p = p[:min(int64(len(p)), r.file.Size-off)]
	x := &transfer{r: r, ctx: ctx, replies: sup.NewMailbox[disk.ReadDone]()}
	defer x.end()
	if err := x.ended(); err != nil {
		return 0, err
	}
	if how == whatIsThere || r.src.Torrent.ViewWindow(r.soon, r.pieceAt(off)) == torrent.InWindow {
		r.look(off, 0)
	} else {
		x.ahead = r.behind(off, 0)
	}
	done := 0
	for done < len(p) {
		piece := r.pieceAt(off + int64(done))
		if how == whatIsThere && done > 0 && !x.view.Written.Has(piece) {
			break
		}
		last := piece
		if how == all {
			last = r.pieceAt(off + int64(len(p)) - 1)
		}
		n, err := x.copy(p[done:], off+int64(done), piece, last)
		done += n
		if err != nil {
			return done, err
		}
	}
	if x.ahead == 0 {
		r.look(min(off+int64(done), r.file.Size-1), done)
	}
	return done, nil
}

// transfer is one read.
type transfer struct {
	r       *Reader
	ctx     context.Context
	replies *sup.Mailbox[disk.ReadDone]
	asked   *disk.Disk // that may still reply; nil: none was asked
	view    torrent.View
	ahead   int // pieces to fetch ahead while it waits; 0: the reader's window has them
}

// ended is why the read should not go on.
func (x *transfer) ended() error {
	for _, ctx := range []context.Context{x.r.ctx, x.ctx} {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	return nil
}

// end gives back what may still come.
func (x *transfer) end() {
	if x.asked != nil {
		x.asked.Abandon(x.replies)
	}
}

// copy waits for a piece, and reads what p takes of it. The pieces up to last are
// waited for next.
func (x *transfer) copy(p []byte, off int64, piece, last pieceset.Index) (int, error) {
	for try := 0; ; try++ {
		if err := x.wait(piece, last); err != nil {
			return 0, err
		}
		n, err := x.fetch(p, off, piece)
		if err == nil || x.ended() != nil || try == triesMost {
			return n, err
		}
		if err := x.pause(); err != nil {
			return 0, err
		}
	}
}

// wait waits until a piece can be read.
func (x *transfer) wait(piece, last pieceset.Index) error {
	t := x.r.src.Torrent
	var id assign.WindowID
	wake := make(chan struct{}, 1)
	for {
		status, moved := t.Status()
		view, changed := t.View()
		switch evidence, err := x.judge(status, view, piece); evidence {
		case readable:
			x.view = view
			return nil
		case never:
			return err
		case notYet:
		}
		if id == 0 {
			id = t.OpenWindow()
			defer t.CloseWindow(id)
			w := assign.Window{First: piece, Now: min(mostNow, int(last-piece)+1)}
			w.Soon = max(0, x.ahead-w.Now)
			t.SetWindow(id, w)
		}
		if log := view.Written; log != nil {
			log.Watch(wake)
			if log.Has(piece) && isServing(status.Phase) { // meanwhile
				log.Leave(wake)
				continue
			}
		}
		err := x.pick(moved, changed, wake)
		if view.Written != nil {
			view.Written.Leave(wake)
		}
		if err != nil {
			return err
		}
	}
}

// pick waits for anything that may make a piece readable, or for the end.
func (x *transfer) pick(moved, changed <-chan struct{}, wake <-chan struct{}) error {
	select {
	case <-moved:
	case <-changed:
	case <-wake:
	case <-x.ctx.Done():
		return context.Cause(x.ctx)
	case <-x.r.ctx.Done():
		return context.Cause(x.r.ctx)
	case <-x.r.src.Done:
		return x.r.src.Gone()
	}
	return nil
}

// prospect says whether a piece can be read.
type prospect uint8

const (
	notYet prospect = iota
	readable
	never
)

func (x *transfer) judge(s torrent.Status, v torrent.View, i pieceset.Index) (prospect, error) {
	switch s.Phase {
	case torrent.Paused, torrent.Refused:
		if s.Err == nil {
			return notYet, nil
		}
		return never, s.Err
	case torrent.Retired:
		return never, x.r.src.Gone()
	case torrent.Opening, torrent.Checking:
		return notYet, nil
	case torrent.Fetching, torrent.Sharing:
	}
	switch {
	case v.Written == nil:
		return notYet, nil
	case v.Written.Has(i):
		return readable, nil
	case v.Fetched == nil || !v.Fetched.Has(i):
		return never, ErrNotWanted
	default:
		return notYet, nil
	}
}

func isServing(p torrent.Phase) bool { return p == torrent.Fetching || p == torrent.Sharing }

// fetch reads what p takes of a written piece.
func (x *transfer) fetch(p []byte, off int64, piece pieceset.Index) (int, error) {
	r := x.r
	begin := r.file.Offset + off - r.src.Geometry.PieceOffset(piece)
	n := min(int64(len(p)), r.src.Geometry.PieceSize(piece)-begin, slab.Size)
	x.asked = x.view.Disk
	x.asked.ReadRun(disk.ReadRun{
		Torrent: r.src.Torrent.ID(), Piece: piece, Begin: uint32(begin), Length: uint32(n), Reply: x.replies,
	})
	for {
		for _, done := range x.replies.Take(nil) {
			if done.Err != nil {
				return 0, done.Err
			}
			copy(p, done.Data)
			done.Slab.Release()
			return int(n), nil
		}
		select {
		case <-x.replies.Wake():
		case <-x.ctx.Done():
			return 0, context.Cause(x.ctx)
		case <-r.ctx.Done():
			return 0, context.Cause(r.ctx)
		case <-r.src.Done:
			return 0, r.src.Gone()
		}
	}
}

// pause lets a moment pass.
func (x *transfer) pause() error {
	clock := x.r.src.Torrent.Clock()
	alarm := clock.NewAlarm()
	defer alarm.Stop()
	alarm.Arm(clock.Now().Add(againAfter))
	select {
	case <-alarm.C():
		return nil
	case <-x.ctx.Done():
		return context.Cause(x.ctx)
	case <-x.r.ctx.Done():
		return context.Cause(x.r.ctx)
	case <-x.r.src.Done:
		return x.r.src.Gone()
	}
}
