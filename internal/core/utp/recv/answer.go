package recv

import (
	"math"

	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// AppendMask appends to dst, which is empty, the selective acks of what is held: as
// long as the furthest needs, and at most so many bytes. Nothing held is no mask.
//
// Masks are whole words of eight bytes. One of four is what libutp sends however
// much it holds; so those who know that can tell that ours, like libtorrent's, leaves
// nothing out.
func (q *Queue) AppendMask(dst utpwire.SelectiveAck, most int) utpwire.SelectiveAck {
	if q.held.packets == 0 {
		return dst
	}
	first := q.next.Next()
	words := (q.top.Diff(first) + 64) / 64
	words = min(words, min(most, utpwire.MaxMaskBytes)/utpwire.MaskWordBytes)
	at, shift := q.at(first)>>6, q.at(first)&63
	for range words {
		following := (at + 1) & (len(q.bits) - 1)
		dst = dst.AppendWord(q.bits[at]>>shift | q.bits[following]<<(64-shift))
		at = following
	}
	return dst
}

// Window is what is free, in bytes.
func (q *Queue) Window() uint32 {
	return uint32(min(int64(max(q.cfg.Window-q.used(), 0)), math.MaxUint32))
}

// Advertise is the window for a packet that is sent now.
func (q *Queue) Advertise() uint32 {
	w := q.Window()
	q.told = int(w)
	return w
}

// Read says that so many delivered bytes need no room any more, and whether the
// remote is to be told at once.
func (q *Queue) Read(n int) WindowEvidence {
	q.unread -= min(max(n, 0), q.unread)
	return q.viewWindow()
}

// Resize gives the queue another window, in bytes. What the remote was told of a larger
// one may still come, and is dropped.
func (q *Queue) Resize(window int) WindowEvidence {
	q.cfg.Window = window
	return q.viewWindow()
}

// viewWindow is WindowReopened when there is room for two packets, or an eighth of
// the window: a little window makes for little packets.
func (q *Queue) viewWindow() WindowEvidence {
	enough := min(max(2*q.cfg.Segment, q.cfg.Window/8), q.cfg.Window/2)
	if q.told < min(q.cfg.Segment, enough) && int(q.Window()) >= enough {
		return WindowReopened
	}
	return WindowAsTold
}
