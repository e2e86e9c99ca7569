//go:build linux

package libutp

import (
	"time"

	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// live has the other end acknowledge what comes, for a while.
func (p *player) live(d time.Duration) {
	for until := p.now.Add(d); p.now < until && p.died == nil && !p.isOver(); {
		p.tell()
		p.pass(min(until.Sub(p.now), pause))
	}
}

const (
	// pause is between two looks of the other end.
	pause = 250 * time.Millisecond
	// longest is how long an end may take to settle: libutp asks after a closed window
	// each 15 s, and its timeouts double.
	longest = 4 * time.Minute
	// atOnce is how many packets the other end sends again at a look.
	atOnce = 64
)

// settle has the other end do what it should until both streams are whole, and then,
// where the script wants it, the application close. Bytes and ends are those before that.
func (p *player) settle() {
	p.deaf = 0
	p.op(Read, 0)
	p.untilWhole()
	p.before = p.progress
	if p.s.leaves == isAsked && !p.isOver() && p.isWhole() {
		p.s.shut, p.s.fin = isAsked, p.finAt()
		p.op(Close, 0)
		p.untilWhole()
		for until := p.now.Add(longest); p.now < until && p.died == nil && p.destroyed == 0; {
			p.pass(pause) // ours lingers
		}
	}
}

// finAt is where the Fin of the script's stream is, or will be.
func (p *player) finAt() int {
	if p.s.fin >= 0 {
		return p.s.fin
	}
	return p.s.most
}

// untilWhole speaks once in any case: what was said last may not have counted.
func (p *player) untilWhole() {
	for until := p.now.Add(longest); p.now < until && p.died == nil && !p.isOver(); {
		p.resend()
		p.tell()
		p.pass(pause)
		if p.isWhole() {
			return
		}
	}
}

// isWhole says whether both streams are, and both know it.
func (p *player) isWhole() bool {
	if p.heard < p.s.numbers() || p.received < p.s.written || p.acked < len(p.seen) {
		return false
	}
	return p.s.shut == notAsked || p.finished > 0
}

// numbers are how many the script's stream takes, with its Fin.
func (s *script) numbers() int {
	if s.fin >= 0 {
		return s.fin + 1
	}
	return s.most
}

// resend sends again what the end has not acknowledged.
func (p *player) resend() {
	for i := p.heard; i < min(p.s.numbers(), p.heard+atOnce); i++ {
		m := move{act: putsData, index: i, window: openWindow}
		if i == p.s.fin {
			m.act = putsFin
		}
		p.move(m)
	}
}

// tell acknowledges all that has come.
func (p *player) tell() {
	mask := make([]byte, (len(p.seen)-p.whole()+7)/8)
	for i := range mask {
		mask[i] = 0xff
	}
	p.packet(utpwire.State, move{index: p.s.numbers(), window: openWindow, mask: mask}, nil)
	p.op(Drained, 0)
}
