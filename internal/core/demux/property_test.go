package demux_test

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/internal/core/demux"
	"github.com/etorrent/etorrent/internal/fuzzseed"
	"github.com/etorrent/etorrent/internal/vocab/mono"
)

// places are who may be asked and who may answer: few, so that they meet, and the
// first two are one.
var places = []netip.AddrPort{
	netip.MustParseAddrPort("192.0.2.1:1"), netip.MustParseAddrPort("[::ffff:192.0.2.1]:1"),
	netip.MustParseAddrPort("192.0.2.1:2"), netip.MustParseAddrPort("[2001:db8::1]:1"),
}

// model is a table as one would write it without a thought for speed.
type model struct {
	bound int
	until map[demux.Key]mono.Instant
}

func (m *model) expect(k demux.Key, until mono.Instant) demux.ExpectEvidence {
	if _, is := m.until[k]; is {
		return demux.AlreadyExpected
	}
	if len(m.until) >= m.bound {
		return demux.TableFull
	}
	m.until[k] = until
	return demux.Expected
}

func (m *model) receive(now mono.Instant, from netip.AddrPort, p []byte) demux.Evidence {
	const headers = "\x01\x11\x21\x31\x41"
	switch {
	case len(p) == 0:
		return demux.Stray{Because: demux.Empty}
	case p[0] == 'd':
		return demux.KRPC{}
	case p[0] != 0:
		for i := range headers {
			if p[0] == headers[i] && len(p) >= 20 {
				return demux.UTP{}
			} else if p[0] == headers[i] {
				return demux.Stray{Because: demux.TooShort}
			}
		}
		return demux.Stray{Because: demux.UnknownKind}
	case len(p) < 8:
		return demux.Stray{Because: demux.TooShort}
	case p[1] != 0 || p[2] != 0 || p[3] > 3:
		return demux.Stray{Because: demux.UnknownKind}
	}
	k := demux.KeyOf(binary.BigEndian.Uint32(p[4:8]), from)
	if until, is := m.until[k]; !is || until <= now {
		return demux.Stray{Because: demux.Unexpected}
	}
	delete(m.until, k)
	return demux.Answer{To: k}
}

func (m *model) expired(now mono.Instant) int {
	n := 0
	for k, until := range m.until {
		if until <= now {
			delete(m.until, k)
			n++
		}
	}
	return n
}

func (m *model) deadline() mono.Instant {
	first := mono.Never
	for _, until := range m.until {
		first = mono.Earliest(first, until)
	}
	return first
}

// fatal is what *testing.T and *rapid.T have in common.
type fatal interface{ Fatalf(string, ...any) }

// pair is a table beside its model.
type pair struct {
	table *demux.Table
	model *model
	now   mono.Instant
}

func newPair(bound int) *pair {
	return &pair{table: demux.New(bound, demux.Counts{}), model: &model{bound: bound, until: map[demux.Key]mono.Instant{}}, now: 1}
}

func (p *pair) expect(t fatal, k demux.Key, until mono.Instant) {
	if got, want := p.table.Expect(k, until), p.model.expect(k, until); got != want {
		t.Fatalf("expect %v: %v, want %v", k, got, want)
	}
}

func (p *pair) receive(t fatal, from netip.AddrPort, payload []byte) {
	if got, want := p.table.Receive(p.now, from, payload), p.model.receive(p.now, from, payload); got != want {
		t.Fatalf("%x of %v: %T %+v, want %T %+v", payload, from, got, got, want, want)
	}
}

func (p *pair) expire(t fatal) {
	got := p.table.Expired(p.now, nil)
	if want := p.model.expired(p.now); len(got) != want {
		t.Fatalf("expired %v, want %d", got, want)
	}
}

func (p *pair) check(t fatal) {
	if p.table.Len() != len(p.model.until) || p.table.Len() > p.model.bound {
		t.Fatalf("%d are expected, want %d of at most %d", p.table.Len(), len(p.model.until), p.model.bound)
	}
	if got, want := p.table.Deadline(), p.model.deadline(); got != want {
		t.Fatalf("the deadline is %d, want %d", got, want)
	}
}

func TestATableIsItsModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := newPair(rapid.IntRange(0, 6).Draw(t, "bound"))
		key := func(t *rapid.T) demux.Key {
			return demux.KeyOf(rapid.Uint32Range(0, 3).Draw(t, "transaction"), rapid.SampledFrom(places).Draw(t, "place"))
		}
		t.Repeat(map[string]func(*rapid.T){
			"expect": func(t *rapid.T) {
				p.expect(t, key(t), p.now+mono.Instant(rapid.IntRange(1, 20).Draw(t, "for")))
			},
			"forget": func(t *rapid.T) {
				k := key(t)
				p.table.Forget(k)
				delete(p.model.until, k)
			},
			"answer": func(t *rapid.T) {
				k := key(t)
				p.receive(t, k.From, answer(rapid.Uint32Range(0, 4).Draw(t, "action"), k.Transaction))
			},
			"anything": func(t *rapid.T) {
				p.receive(t, rapid.SampledFrom(places).Draw(t, "place"), rapid.SliceOfN(rapid.Byte(), 0, 30).Draw(t, "payload"))
			},
			"time passes": func(t *rapid.T) { p.now += mono.Instant(rapid.IntRange(0, 10).Draw(t, "by")) },
			"expire":      func(t *rapid.T) { p.expire(t) },
			"":            func(t *rapid.T) { p.check(t) },
		})
	})
}

// FuzzDemux reads its input as steps: a byte that says what to do, one that says
// with whom, and a payload.
func FuzzDemux(f *testing.F) {
	fuzzseed.Add(f)
	f.Add([]byte{0, 1, 2, 8, 0, 0, 0, 0, 0, 0, 0, 1})
	f.Add([]byte{0, 1, 6, 8, 0, 0, 0, 3, 0, 0, 0, 1, 3, 9, 4})
	f.Add(append([]byte{2, 20, 0x41}, make([]byte, 19)...))
	f.Add([]byte("\x02\x0ad1:q4:ping\x02\x05GET /"))
	f.Fuzz(func(t *testing.T, steps []byte) {
		p := newPair(3)
		take := func() byte {
			if len(steps) == 0 {
				return 0
			}
			b := steps[0]
			steps = steps[1:]
			return b
		}
		for len(steps) > 0 {
			step := take()
			with := places[step>>2%4]
			switch step % 4 {
			case 0:
				b := take()
				p.expect(t, demux.KeyOf(uint32(b%4), with), p.now+1+mono.Instant(b/4))
			case 1:
				k := demux.KeyOf(uint32(take()%4), with)
				p.table.Forget(k)
				delete(p.model.until, k)
			case 2:
				n := min(int(take()), len(steps))
				p.receive(t, with, steps[:n])
				steps = steps[n:]
			case 3:
				p.now += mono.Instant(take())
				p.expire(t)
			}
			p.check(t)
		}
	})
}
