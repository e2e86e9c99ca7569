package torrent

import (
	"errors"

	pnet "github.com/etorrent/etorrent/internal/proc/net"
)

// unsent says how much may wait unsent in the kernel for a remote. The less it is, the
// sooner a cancel, a choke or a limit acts, and the more often we are woken to write.
type unsent uint8

const (
	unsentUsual unsent = iota
	unsentAmple        // of a remote that takes all of it within 10 to 20 ms
)

const (
	// ampleBytes is how much it is for a fast remote.
	ampleBytes = 1 << 20
	// ampleFrom and ampleTo are the rates, in bytes a second, at which a remote becomes
	// fast, and is so no more.
	ampleFrom = 100 * ampleBytes
	ampleTo   = ampleFrom / 2
)

// after is what follows for a remote that took so many bytes a second of late.
func (u unsent) after(perSecond float64) unsent {
	switch {
	case perSecond >= ampleFrom:
		return unsentAmple
	case perSecond < ampleTo:
		return unsentUsual
	}
	return u
}

func (u unsent) bytes() int {
	if u == unsentAmple {
		return ampleBytes
	}
	return pnet.UsualUnsent
}

// limitUnsent has the kernel keep as much as the remote's rate asks for.
func (x *peerProc) limitUnsent() {
	c, can := x.c.conn.(pnet.UnsentLimiter)
	if !can {
		return
	}
	before := x.out.unsent
	if x.out.unsent = before.after(x.core.Appetite()); x.out.unsent != before {
		c.LimitUnsent(x.out.unsent.bytes())
	}
}

// miss has the disk look at the file of the block that could not be sent.
func (x *peerProc) miss() {
	if !errors.Is(x.out.fault, pnet.ErrUnreadable) {
		return
	}
	for _, s := range x.out.segments {
		if s.lease != nil {
			x.p.Act("tell the disk")
			x.c.disk.Missed(x.t.id, s.request.Piece)
			return
		}
	}
}
