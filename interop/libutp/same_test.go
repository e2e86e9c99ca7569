//go:build linux

package libutp

import (
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/serial"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// stacks are the ends that a habit is of.
var stacks = map[string]func(t testing.TB) *wire{
	"libutp": func(t testing.TB) *wire { return newWire(t, Options{}) },
	"ours":   func(t testing.TB) *wire { return wireTo(t, newCore(1)) },
}

// What libutp and ours do alike on the wire, by packets written by hand: where BEP 29
// leaves it open, or says something else.
func TestOursAndLibutpDoTheSameOnTheWire(t *testing.T) {
	t.Parallel()
	for _, table := range [][]habit{greetings, sequences, answers, windows} {
		for _, h := range table {
			for name, begin := range stacks {
				t.Run(h.name+", "+name, func(t *testing.T) {
					t.Parallel()
					h.shows(begin(t))
				})
			}
		}
	}
}

// habit is what both do. It begins with an end to which nothing was said.
type habit struct {
	name  string
	shows func(w *wire)
}

// accepts has the end accept a connection, and take data of ten bytes.
func (w *wire) accepts(seq serial.Number) {
	w.Helper()
	w.ask(seq)
	w.say(utpwire.Data, pattern(0, 10))
	w.header.Seq++
}

// only is the one packet of some answers.
func (w *wire) only(of []answer) answer {
	w.Helper()
	packets := spoken(of)
	if len(packets) != 1 {
		w.Fatalf("it sent %v, not one packet", packets)
	}
	return packets[0]
}

func (w *wire) silent(of []answer) {
	w.Helper()
	if packets := spoken(of); len(packets) > 0 {
		w.Fatalf("it sent %v", packets)
	}
}

// delivered are the bytes that went to the application.
func delivered(of []answer) (n int) {
	for _, a := range said(of, Delivered) {
		n += int(a.N)
	}
	return n
}

var greetings = []habit{
	{"the SYN-ACK has the number of the first data, and does not take it", func(w *wire) {
		hello := w.ask(65535) // and numbers wrap
		if hello.Header.Kind != utpwire.State || hello.ID != 1000 || hello.Ack != 65535 || len(hello.Datagram) != utpwire.HeaderBytes {
			w.Fatalf("it answers %v", hello)
		}
		w.say(utpwire.Data, pattern(0, 10))
		if data := w.only(w.do(Write, 10)); data.Seq != hello.Seq || data.ID != 1000 || data.Ack != 0 {
			w.Errorf("after %v it sends %v", hello, data)
		}
	}},
	{"a SYN takes a number, and what follows has the next id", func(w *wire) {
		syn := w.answer(500)
		if syn.Ack != 0 || syn.Delay != utpwire.NoDelay || syn.Window != 1<<20 {
			w.Errorf("it asks by %v", syn)
		}
		if data := w.only(w.do(Write, 1)); data.ID != syn.ID.Next() || data.Seq != syn.Seq.Next() || data.Ack != 499 {
			w.Errorf("after %v it sends %v", syn, data)
		}
	}},
	{"who acknowledges the number of the SYN-ACK, as BEP 29 draws it, is not heard", func(w *wire) {
		hello := w.ask(100)
		w.header.Ack = hello.Seq
		if got := w.say(utpwire.Data, pattern(0, 10)); len(got) != 0 {
			w.Errorf("it answers %v", got)
		}
		w.header.Ack--
		if got := w.say(utpwire.Data, pattern(0, 10)); delivered(got) != 10 {
			w.Errorf("then it answers %v", got)
		}
	}},
	{"the window of a SYN is none, and its extension bits are skipped", func(w *wire) {
		h := w.header
		h.Kind, h.Seq, h.Window = utpwire.Syn, 100, 0 // as libtorrent's
		datagram := append(h.Append(nil, nil), 0, 8, 0, 0, 0, 0, 0, 0, 0, 0)
		datagram[1] = 2 // as Transmission's
		hello := w.only(append(w.raw(datagram), w.do(Drained, 0)...))
		w.header.ID, w.header.Seq, w.header.Ack = 1001, 101, hello.Seq.Previous()
		w.say(utpwire.Data, pattern(0, 10))
		if got := w.only(w.do(Write, 100)); len(got.Payload) != 100 {
			w.Errorf("it sends %v", got)
		}
	}},
	{"to a SYN goes one packet of twenty bytes, and nothing more until it is acknowledged", func(w *wire) {
		w.ask(100)
		w.silent(w.do(Write, 10_000))
		w.silent(w.wait(time.Minute))
	}},
	{"an attempt by another id is one more", func(w *wire) {
		w.ask(100)
		w.wait(4 * time.Second) // as libtorrent
		w.header.ID = 3000
		w.accepts(700)
		if got := w.say(utpwire.Data, pattern(10, 5)); delivered(got) != 5 {
			w.Errorf("it does %v", got)
		}
	}},
	{"data before the SYN-ACK is not taken", func(w *wire) {
		syn := w.only(w.do(Connect, 0))
		w.header.ID, w.header.Seq, w.header.Ack = syn.ID, 500, syn.Seq
		early := w.say(utpwire.Data, pattern(0, 10))
		if got := w.say(utpwire.State, nil); len(said(got, Connected)) != 1 || delivered(early) != 0 {
			w.Errorf("it does %v, then %v", early, got)
		}
		if got := w.say(utpwire.Data, pattern(0, 10)); delivered(got) != 10 {
			w.Errorf("then it does %v", got)
		}
	}},
}

var sequences = []habit{
	{"what is 1,023 packets ahead is held, and 1,024 not", func(w *wire) {
		w.accepts(65000)
		first := w.header.Seq
		total := 0
		put := func(i int) {
			w.header.Seq = first.Add(i)
			total += delivered(w.say(utpwire.Data, pattern(10+10*i, 10)))
		}
		put(1024)
		put(1023)
		for i := range 1023 {
			put(i)
		}
		if total != 10_240 {
			w.Errorf("%d bytes came", total)
		}
	}},
	{"data that came before is acknowledged again, an old State is not", func(w *wire) {
		w.accepts(100)
		w.header.Seq = 101
		if got := w.only(w.say(utpwire.Data, pattern(0, 10))); got.Ack != 101 {
			w.Errorf("it answers %v", got)
		}
		w.silent(w.say(utpwire.State, nil))
	}},
	{"an acknowledgement of what was never sent has the packet dropped", func(w *wire) {
		w.accepts(100)
		for _, ahead := range []serial.Number{2000, 30_000} {
			w.header.Ack += ahead
			if got := w.say(utpwire.Data, pattern(10, 10)); len(got) != 0 {
				w.Errorf("%d ahead: %v", ahead, got)
			}
			w.header.Ack -= ahead
		}
	}},
	{"an acknowledgement three behind counts", func(w *wire) {
		w.accepts(100)
		w.header.Ack -= 3
		if got := w.say(utpwire.Data, pattern(10, 10)); delivered(got) != 10 {
			w.Errorf("it does %v", got)
		}
	}},
	{"extensions behind selective acks are skipped", func(w *wire) {
		w.accepts(100)
		datagram := w.header.Append(nil, []byte{0, 0, 0, 0})
		datagram[utpwire.HeaderBytes] = 3
		datagram = append(append(datagram, 0, 1, 7), pattern(10, 5)...)
		if got := w.raw(datagram); delivered(got) != 5 {
			w.Errorf("it takes %v", got)
		}
	}},
	{"data that is padded by extensions is as any other", func(w *wire) {
		w.accepts(100)
		for i, padding := range []int{utpwire.MinPadding, 272, 1472 - 548, utpwire.MaxPadding} {
			got := w.raw(append(w.header.AppendPadded(nil, padding), pattern(10+5*i, 5)...))
			if delivered(got) != 5 {
				w.Errorf("with %d bytes of padding it takes %v", padding, got)
			}
			w.header.Seq++
		}
	}},
	{"what has no connection is answered by a RST of its id, that acknowledges its number", func(w *wire) {
		w.header.Seq, w.header.Ack = 77, 99
		if got := w.only(w.say(utpwire.Data, pattern(0, 10))); got.Header.Kind != utpwire.Reset || got.ID != 1000 || got.Ack != 77 || got.Window != 0 {
			w.Errorf("it answers %v", got)
		}
		w.silent(w.say(utpwire.Reset, nil))
	}},
	{"a RST that acknowledges what is on its way ends it, by either id", func(w *wire) {
		w.accepts(100)
		w.header.Ack = w.only(w.do(Write, 10)).Seq
		w.header.ID += 7
		if got := w.say(utpwire.Reset, nil); len(got) > 0 {
			w.Errorf("by another id: %v", got)
		}
		w.header.ID = 1000 // that of its packets
		if failed := said(w.say(utpwire.Reset, nil), Failed); len(failed) != 1 || failed[0].N != Reset {
			w.Errorf("it fails by %v", failed)
		}
	}},
	{"a FIN takes a number, and what is said after it has the next", func(w *wire) {
		w.accepts(100)
		fin := w.only(w.do(Shutdown, 0))
		if fin.Header.Kind != utpwire.Fin || fin.Seq != w.header.Ack.Next() {
			w.Fatalf("it ends by %v", fin)
		}
		if got := w.only(w.say(utpwire.Data, pattern(10, 10))); got.Header.Kind != utpwire.State || got.Seq != fin.Seq.Next() {
			w.Errorf("after %v it says %v", fin, got)
		}
	}},
	{"data without a byte takes a number", func(w *wire) {
		w.accepts(100)
		w.say(utpwire.Data, nil)
		w.header.Seq++
		if got := w.say(utpwire.Data, pattern(10, 10)); delivered(got) != 10 || w.only(got).Ack != w.header.Seq {
			w.Errorf("it does %v", got)
		}
	}},
	{"a FIN before the data ends the stream behind it, and has no FIN for an answer", func(w *wire) {
		w.accepts(65534)
		w.header.Seq++
		if got := w.say(utpwire.Fin, nil); len(said(got, Ended)) > 0 {
			w.Errorf("it ends by %v", got)
		}
		w.header.Seq--
		got := w.say(utpwire.Data, pattern(10, 10))
		if delivered(got) != 10 || len(said(got, Ended)) != 1 {
			w.Errorf("the data has it say %v", got)
		}
		for _, a := range append(spoken(got), spoken(w.wait(5*time.Second))...) {
			if a.Header.Kind != utpwire.State || a.Ack != w.header.Seq.Next() {
				w.Errorf("it answers %v", a)
			}
		}
	}},
}
