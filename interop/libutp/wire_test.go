//go:build linux

package libutp

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/utpsim"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/serial"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// wire is an end in lockstep, libutp or ours, to which a test writes packets by hand.
type wire struct {
	testing.TB
	child  subject
	start  mono.Instant
	now    mono.Instant
	tick   mono.Instant
	header utpwire.Header // of the next packet; Stamp is filled in
}

// answer is what libutp does because of a packet.
type answer struct {
	at time.Duration // since the beginning of the test
	Record
	utpwire.Packet
}

func (a answer) String() string {
	if a.Record.Kind != Sent && a.Record.Kind != Probed {
		return fmt.Sprintf("%v %c %d", a.at, a.Record.Kind, a.N)
	}
	return fmt.Sprintf("%v %v id %d seq %d ack %d wnd %d mask %x, %d bytes", a.at, a.Header.Kind, a.ID, a.Seq, a.Ack, a.Window, a.Mask, len(a.Payload))
}

// spoken are the answers that are packets.
func spoken(of []answer) (out []answer) {
	for _, a := range of {
		if a.Record.Kind == Sent || a.Record.Kind == Probed {
			out = append(out, a)
		}
	}
	return out
}

// said are the answers of a kind that are no packets.
func said(of []answer, k Kind) (out []answer) {
	for _, a := range of {
		if a.Record.Kind == k {
			out = append(out, a)
		}
	}
	return out
}

func newWire(t testing.TB, o Options) *wire {
	t.Helper()
	o.Seed = 1
	return wireTo(t, startChild(t, o))
}

func wireTo(t testing.TB, end subject) *wire {
	w := &wire{TB: t, child: end, start: mono.Instant(time.Hour)}
	w.now, w.tick = w.start, w.start.Add(ticks)
	w.header = utpwire.Header{ID: 1000, Window: 1 << 20, Delay: 1}
	return w
}

// events has something happen now.
func (w *wire) events(of ...Event) []answer {
	w.Helper()
	out, err := w.exchange(of)
	if err != nil {
		w.Fatal(err)
	}
	return out
}

// exchange has something happen now, and returns what the end did until it died, if it did.
func (w *wire) exchange(of []Event) (out []answer, died error) {
	w.Helper()
	for i := range of {
		of[i].At = w.now
	}
	records, died := w.child.do(of)
	for _, r := range records {
		a := answer{at: w.now.Sub(w.start), Record: r}
		if r.Kind == Sent || r.Kind == Probed {
			if fault := utpwire.Parse(bytes.Clone(r.Datagram), &a.Packet); fault != utpwire.NoFault {
				w.Fatalf("it sent %x: %v", r.Datagram, fault)
			}
		}
		out = append(out, a)
	}
	return out, died
}

func (w *wire) do(op Op, n int) []answer {
	w.Helper()
	return w.events(Event{Op: op, N: uint32(n)})
}

// raw delivers a datagram, and no more.
func (w *wire) raw(datagram []byte) []answer {
	w.Helper()
	return w.events(Event{Op: Datagram, Datagram: datagram})
}

// put delivers a packet, and no more.
func (w *wire) put(h utpwire.Header, mask utpwire.SelectiveAck, payload []byte) []answer {
	w.Helper()
	h.Stamp = utpwire.StampAt(w.now)
	return w.raw(append(h.Append(nil, mask), payload...))
}

// say delivers a packet of a kind with the numbers that are in the header, and has
// libutp find its socket empty.
func (w *wire) say(kind utpwire.Kind, payload []byte) []answer {
	w.Helper()
	h := w.header
	h.Kind = kind
	return append(w.put(h, nil, payload), w.do(Drained, 0)...)
}

// wait lets time pass, with libutp's ticks, and looks at an end when it wants.
func (w *wire) wait(d time.Duration) (out []answer) {
	w.Helper()
	for until := w.now.Add(d); w.now < until; {
		next := mono.Earliest(w.tick, w.child.due())
		w.now = min(until, max(w.now, next))
		if w.now < next {
			break
		}
		if w.now >= w.tick {
			w.tick = w.tick.Add(ticks)
		}
		out = append(out, w.do(Tick, 0)...)
	}
	return out
}

// pattern has bytes of the stream.
func pattern(from, n int) []byte { return utpsim.Pattern(int64(from), n) }

// accepted has libutp take a connection, and data of ten bytes, so that it can write.
// The header has what is to be sent next.
func accepted(t *testing.T, o Options) *wire {
	t.Helper()
	w := newWire(t, o)
	w.ask(100)
	w.say(utpwire.Data, pattern(0, 10))
	w.header.Seq++
	return w
}

// ask asks the end for a connection, by a SYN with a number. The header has what is to be
// sent next.
func (w *wire) ask(seq serial.Number) (synAck answer) {
	w.Helper()
	w.header.Seq = seq
	hello := spoken(w.say(utpwire.Syn, nil))
	if len(hello) != 1 {
		w.Fatalf("it answers %v to a SYN", hello)
	}
	w.header.ID = w.header.ID.Next()
	w.header.Seq, w.header.Ack = seq.Next(), hello[0].Seq.Previous()
	return hello[0]
}

// connected has libutp ask for a connection and get it.
func connected(t *testing.T, o Options) *wire {
	t.Helper()
	w := newWire(t, o)
	w.answer(500)
	return w
}

// answer has the end ask for a connection, and answers with a number.
func (w *wire) answer(seq serial.Number) (syn answer) {
	w.Helper()
	syns := spoken(w.do(Connect, 0))
	if len(syns) != 1 || syns[0].Header.Kind != utpwire.Syn {
		w.Fatalf("it asks by %v", syns)
	}
	w.header.ID, w.header.Seq, w.header.Ack = syns[0].ID, seq, syns[0].Seq
	if got := w.say(utpwire.State, nil); len(said(got, Connected)) != 1 {
		w.Fatalf("it is not connected by %v", got)
	}
	return syns[0]
}

// takes acknowledges everything up to a packet.
func (w *wire) takes(last serial.Number) []answer {
	w.header.Ack = last
	return w.say(utpwire.State, nil)
}

// opened is a sender of libutp's whose window has grown so that more than n packets are
// on their way. It returns the first and the last of them.
func opened(t *testing.T, n int) (w *wire, first, last serial.Number) {
	t.Helper()
	w = connected(t, Options{})
	flight := spoken(w.do(Write, 1<<24))
	for range 100 {
		if first, last = flight[0].Seq, flight[len(flight)-1].Seq; len(flight) > n {
			return w, first, last
		}
		w.now = w.now.Add(20 * time.Millisecond)
		if flight = spoken(w.takes(last)); len(flight) == 0 {
			break
		}
	}
	t.Fatalf("its window stays at %d packets", len(flight))
	return nil, 0, 0
}
