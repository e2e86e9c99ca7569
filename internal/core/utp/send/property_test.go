package send_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/internal/core/utp/send"
	"github.com/etorrent/etorrent/internal/fuzzseed"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/serial"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// fatal is what *testing.T and *rapid.T have in common.
type fatal interface{ Fatalf(string, ...any) }

// pair is a flight beside its model.
type pair struct {
	flight *send.Flight
	model  *model
	first  serial.Number
	now    mono.Instant
}

func newPair(cfg send.Config) *pair {
	return &pair{flight: send.New(cfg), model: newModel(cfg), first: cfg.First, now: 1}
}

func (p *pair) send(t fatal, size int) { p.sendOne(t, size, 0) }

// sound sends a sounding, where none flies.
func (p *pair) sound(t fatal, size int) {
	for _, one := range p.model.flying() {
		if one.sounding == 1 {
			return
		}
	}
	p.sendOne(t, size, 1)
}

func (p *pair) sendOne(t fatal, size, sounding int) {
	if p.flight.Room() == 0 {
		return
	}
	send := p.flight.Send
	if sounding == 1 {
		send = p.flight.SendSounding
	}
	got := send(p.now, utpwire.Data, size)
	p.model.send(p.now, size, sounding)
	if got.Seq != p.first.Add(len(p.model.all)-1) || got.Times != 1 || got.Size != size || got.First != p.now {
		t.Fatalf("sent %+v", got)
	}
	p.check(t)
}

func (p *pair) resend(t fatal) {
	if p.flight.Lost().Packets == 0 {
		return
	}
	at := p.model.firstLost()
	if got := p.flight.FirstLost(); got.Seq != p.first.Add(at) || got.Times != p.model.all[at].times {
		t.Fatalf("first of what is lost is %+v, want %d", got, at)
	}
	p.flight.Resent(p.now, p.first.Add(at))
	p.model.resent(p.now, at)
	p.check(t)
}

// acknowledge has an acknowledgement so far from the first that is missing.
func (p *pair) acknowledge(t fatal, ahead int, mask []byte, kind utpwire.Kind) {
	ack := p.model.una - 1 + ahead
	packet := &utpwire.Packet{Header: utpwire.Header{Kind: kind, Ack: p.first.Add(ack)}, Mask: mask}
	got, want := p.flight.Acknowledge(p.now, packet), p.model.acknowledge(p.now, ack, packet)
	if got != want {
		t.Fatalf("acknowledged %d with %x by %v at %d:\n%+v, want\n%+v", ack, mask, kind, p.now, got, want)
	}
	p.check(t)
}

func (p *pair) expire(t fatal) send.Expired {
	got, want := p.flight.Expire(p.now), p.model.expire(p.now)
	if got != want {
		t.Fatalf("due at %d: %+v, want %+v", p.now, got, want)
	}
	p.check(t)
	return got
}

func (p *pair) probe(t fatal) {
	if p.flight.Flying().Packets == 0 {
		return
	}
	if got, want := p.flight.Probe(p.now), p.model.probe(p.now); got.Seq != p.first.Add(want) {
		t.Fatalf("the probe is %v, want %d", got.Seq, want)
	}
	p.check(t)
}

// notSent has the network refuse what was sent last.
func (p *pair) notSent(t fatal) {
	f := p.model.flying()
	if len(f) == 0 || f[len(f)-1].last != p.now {
		return
	}
	at := f[len(f)-1].at
	p.flight.NotSent(p.first.Add(at))
	p.model.notSent(at)
	p.check(t)
}

func (p *pair) check(t fatal) {
	m, f := p.model, p.flight
	if err := f.Audit(); err != nil {
		t.Fatalf("%v", err)
	}
	if f.Flying() != tally(m.flying()) || f.Lost() != tally(m.grounded()) {
		t.Fatalf("%+v fly, %+v are lost, want %+v, %+v", f.Flying(), f.Lost(), tally(m.flying()), tally(m.grounded()))
	}
	released := uint64(0)
	for _, one := range m.all[:m.una] {
		released += uint64(one.size)
	}
	if f.Unacknowledged() != p.first.Add(m.una) || f.Next() != p.first.Add(len(m.all)) || f.Delivered() != m.delivered || f.Released() != released {
		t.Fatalf("%v to %v, %d delivered, %d released; want %d to %d, %d, %d", f.Unacknowledged(), f.Next(), f.Delivered(), f.Released(), m.una, len(m.all), m.delivered, released)
	}
	if want := mono.Earliest(m.due, m.silence()); f.Deadline() != want || f.Episode() != m.episode {
		t.Fatalf("the deadline is %d in episode %v, want %d, %v", f.Deadline(), f.Episode(), want, m.episode)
	}
	if f.Span() > m.most {
		t.Fatalf("%d packets", f.Span())
	}
}

// wait passes time, or goes to the deadline.
func (p *pair) wait(t fatal, d time.Duration) {
	p.now = p.now.Add(d)
	if at := p.flight.Deadline(); at != mono.Never && at <= p.now {
		p.expire(t)
	}
}

func TestAFlightIsItsModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := newPair(send.Config{
			First:  serial.Number(rapid.OneOf(rapid.Uint16(), rapid.Uint16Min(65535-20)).Draw(t, "first")),
			Most:   rapid.OneOf(rapid.IntRange(1, 20), rapid.IntRange(1, 400)).Draw(t, "most"),
			Behind: rapid.IntRange(0, 5).Draw(t, "behind"),
		})
		kinds := rapid.SampledFrom([]utpwire.Kind{utpwire.State, utpwire.State, utpwire.Data})
		masks := rapid.OneOf(rapid.Just([]byte(nil)), rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 0x10, 0xf0, 0xff}), 1, 9),
			rapid.SliceOfN(rapid.SampledFrom([]byte{1, 0xf0}), 4, 4), rapid.SliceOfN(rapid.SampledFrom([]byte{0, 0xff}), 128, 255))
		ahead := rapid.OneOf(rapid.Just(0), rapid.Just(1), rapid.IntRange(-7, 40))
		millis := rapid.OneOf(rapid.IntRange(0, 3), rapid.IntRange(0, 100), rapid.IntRange(0, 3000))
		acknowledge := func(t *rapid.T) {
			p.acknowledge(t, ahead.Draw(t, "ahead"), masks.Draw(t, "mask"), kinds.Draw(t, "kind"))
		}
		t.Repeat(map[string]func(*rapid.T){
			"send": func(t *rapid.T) {
				for range rapid.IntRange(1, 30).Draw(t, "packets") {
					p.send(t, rapid.IntRange(0, 9).Draw(t, "size"))
				}
			},
			"sound":       func(t *rapid.T) { p.sound(t, 9) },
			"acknowledge": acknowledge, "more": acknowledge, "and more": acknowledge,
			"wait":     func(t *rapid.T) { p.wait(t, time.Duration(millis.Draw(t, "ms"))*time.Millisecond) },
			"resend":   func(t *rapid.T) { p.resend(t) },
			"probe":    func(t *rapid.T) { p.probe(t) },
			"not sent": func(t *rapid.T) { p.notSent(t) },
			"deadline": func(t *rapid.T) {
				if at := p.flight.Deadline(); at != mono.Never {
					p.now = max(p.now, at)
					if got := p.expire(t); got.Kind == send.NothingDue {
						t.Fatalf("at the deadline nothing is due")
					}
				}
			},
			"rest": func(t *rapid.T) { p.flight.Rest(); p.check(t) },
		})
	})
}

// FuzzFlight takes two bytes for each step: what happens, and how much.
func FuzzFlight(f *testing.F) {
	fuzzseed.Add(f)
	f.Add(uint16(65530), uint8(200), []byte{0, 20, 2, 40, 1, 1, 1, 1, 1, 7, 3, 0, 2, 60, 1, 9, 5, 0})
	f.Add(uint16(1), uint8(30), []byte{0, 9, 2, 30, 1, 5, 0, 9, 6, 0, 4, 0, 6, 0, 3, 0, 1, 200, 6, 0, 3, 0, 0, 3, 5, 0})
	f.Add(uint16(7), uint8(90), []byte{0, 9, 2, 30, 1, 5, 0, 20, 2, 30, 7, 0xfe, 7, 0xff, 3, 0, 3, 0, 2, 30, 7, 0xfe, 2, 40, 7, 0xfe, 2, 60, 7, 0xfe})
	f.Fuzz(func(t *testing.T, first uint16, most uint8, steps []byte) {
		p := newPair(send.Config{First: serial.Number(first), Most: 1 + int(most), Behind: 3})
		for ; len(steps) >= 2; steps = steps[2:] {
			much := int(steps[1])
			switch steps[0] % 8 {
			case 0:
				for range much % 32 {
					p.send(t, much%7)
				}
				if much >= 224 {
					p.sound(t, 9)
				}
			case 1:
				p.acknowledge(t, much%64-4, nil, utpwire.Kind(much>>6&2))
			case 2:
				p.wait(t, time.Duration(much*much)*100*time.Microsecond)
			case 3:
				p.resend(t)
			case 4:
				p.probe(t)
			case 5:
				p.notSent(t)
			case 6:
				p.now = max(p.now, p.flight.Deadline())
				p.expire(t)
			case 7: // the mask is what follows
				mask := []byte{byte(much), byte(much >> 1), byte(much >> 3), byte(much * 7), byte(much * 3)}
				p.acknowledge(t, int(steps[0]>>5), mask[:1+much%5], utpwire.State)
			}
		}
	})
}
