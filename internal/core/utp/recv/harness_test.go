package recv_test

import (
	"bytes"
	"testing"

	"github.com/etorrent/etorrent/internal/core/utp/recv"
	"github.com/etorrent/etorrent/internal/vocab/serial"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// fatal is what *testing.T and *rapid.T have in common.
type fatal interface{ Fatalf(string, ...any) }

// sink keeps what is delivered.
type sink struct{ bytes.Buffer }

func (s *sink) Deliver(payload []byte) { s.Write(payload) }

// model is a queue as one would write it without a thought for speed. Packets are
// numbered from 0 and do not wrap.
type model struct {
	cfg     recv.Config
	bufs    int // in the pool
	bufSize int
	next    int
	held    map[int][]byte
	unread  int
	fin     int // -1: not known
	out     bytes.Buffer
}

func newModel(cfg recv.Config, bufs, bufSize int) *model {
	return &model{cfg: cfg, bufs: bufs, bufSize: bufSize, held: map[int][]byte{}, fin: -1}
}

func (m *model) heldBytes() (n, buffers int) {
	for _, p := range m.held {
		n += len(p)
		if len(p) > 0 {
			buffers++
		}
	}
	return n, buffers
}

func (m *model) end() recv.EndEvidence {
	switch {
	case m.fin < 0:
		return recv.EndUnknown
	case m.next > m.fin:
		return recv.EndReached
	}
	return recv.EndAhead
}

func (m *model) receive(at int, payload []byte, isFin int) recv.Receipt {
	r := m.judge(at, payload, isFin)
	r.End = m.end()
	return r
}

func (m *model) judge(at int, payload []byte, isFin int) recv.Receipt {
	heldBytes, buffers := m.heldBytes()
	used := heldBytes + m.unread + len(payload)
	_, isHeld := m.held[at]
	switch {
	case m.fin >= 0 && at > m.fin:
		return recv.Receipt{Kind: recv.BehindEnd}
	case at < m.next-m.cfg.Slots:
		return recv.Receipt{Kind: recv.Strange}
	case at < m.next || isHeld:
		return recv.Receipt{Kind: recv.Repeated}
	case isFin == 1 && m.fin >= 0 && m.fin != at:
		return recv.Receipt{Kind: recv.EndElsewhere}
	case at-m.next >= m.cfg.Slots:
		return recv.Receipt{Kind: recv.TooFar}
	case at == m.next && used > m.cfg.Window+m.cfg.Reserve, at != m.next && used > m.cfg.Window:
		return recv.Receipt{Kind: recv.BeyondWindow}
	case at != m.next && len(payload) > 0 && (buffers >= m.bufs || len(payload) > m.bufSize):
		return recv.Receipt{Kind: recv.NoMemory}
	}
	if isFin == 1 {
		m.fin = at
		for n := range m.held {
			if n > at {
				delete(m.held, n)
			}
		}
	}
	m.held[at] = bytes.Clone(payload)
	if at != m.next {
		return recv.Receipt{Kind: recv.Held}
	}
	r := recv.Receipt{Kind: recv.InOrder}
	for p, is := m.held[m.next]; is; p, is = m.held[m.next] {
		delete(m.held, m.next)
		m.out.Write(p)
		m.unread += len(p)
		m.next++
		r.Packets++
		r.Bytes += len(p)
	}
	return r
}

// pair is a queue beside its model.
type pair struct {
	queue *recv.Queue
	pool  *recv.Pool
	model *model
	first serial.Number
	got   sink
}

const bufSize = 20

func newPair(cfg recv.Config, bufs int) *pair {
	pool := recv.NewPool(bufSize, bufs)
	return &pair{queue: recv.New(cfg, pool), pool: pool, model: newModel(cfg, bufs, bufSize), first: cfg.Next}
}

func (p *pair) receive(t fatal, at int, payload []byte, isFin int) {
	seq := p.first.Add(at)
	var got recv.Receipt
	if isFin == 1 {
		got = p.queue.ReceiveFin(seq, payload, &p.got)
	} else {
		got = p.queue.ReceiveData(seq, payload, &p.got)
	}
	if want := p.model.receive(at, payload, isFin); got != want {
		t.Fatalf("packet %d, %d bytes, fin %d: %v %+v, want %v %+v", at, len(payload), isFin, got.Kind, got, want.Kind, want)
	}
	p.check(t)
}

func (p *pair) read(n int) {
	p.queue.Read(n)
	p.model.unread -= min(n, p.model.unread)
}

func (p *pair) check(t fatal) {
	m := p.model
	if err := p.queue.Audit(); err != nil {
		t.Fatalf("%v", err)
	}
	heldBytes, buffers := m.heldBytes()
	free := max(m.cfg.Window-m.unread-heldBytes, 0)
	if w := p.queue.Window(); int(w) != free {
		t.Fatalf("the window is %d, want %d", w, free)
	}
	if used := m.unread + heldBytes; used > m.cfg.Window+m.cfg.Reserve {
		t.Fatalf("%d bytes are held or unread", used)
	}
	if p.queue.Ack() != p.first.Add(m.next-1) || p.queue.Held() != len(m.held) || p.pool.Lent() != buffers {
		t.Fatalf("ack %v, %d held, %d lent; want %v, %d, %d", p.queue.Ack(), p.queue.Held(), p.pool.Lent(), p.first.Add(m.next-1), len(m.held), buffers)
	}
	if !bytes.Equal(p.got.Bytes(), m.out.Bytes()) {
		t.Fatalf("delivered %x, want %x", p.got.Bytes(), m.out.Bytes())
	}
	p.checkMask(t)
}

// checkMask compares the selective acks with what is held.
func (p *pair) checkMask(t fatal) {
	mask := p.queue.AppendMask(nil, utpwire.MaxMaskBytes)
	furthest := 0
	for at := range p.model.held {
		furthest = max(furthest, at-p.model.next)
	}
	if want := (furthest + 63) / 64 * 8; len(mask) != min(want, utpwire.MaxMaskBytes) {
		t.Fatalf("a mask of %d bytes for %d packets ahead", len(mask), furthest)
	}
	for i := range mask.Bits() {
		_, want := p.model.held[p.model.next-1+utpwire.MaskOffset+i]
		if got := mask.Word(i/64)>>(i%64)&1 == 1; got != want {
			t.Fatalf("bit %d of %x is %v", i, []byte(mask), got)
		}
	}
}

func mustBe(t testing.TB, got recv.Receipt, want recv.Receipt) {
	t.Helper()
	if got != want {
		t.Errorf("%v %+v, want %v %+v", got.Kind, got, want.Kind, want)
	}
}
