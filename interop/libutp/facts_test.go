//go:build linux

package libutp

import (
	"slices"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/serial"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// What libutp does on the wire, where BEP 29 says something else, or nothing: beside what both do
// (TestOursAndLibutpDoTheSameOnTheWire), and what ours does otherwise.
func TestLibutpOnTheWire(t *testing.T) {
	t.Parallel()
	for _, table := range [][]fact{handshakes, validity, acknowledgements, timers, ends} {
		for _, f := range table {
			t.Run(f.name, func(t *testing.T) {
				t.Parallel()
				f.shows(t)
			})
		}
	}
}

type fact struct {
	name  string
	shows func(t *testing.T)
}

// only is the one packet of some answers.
func only(t *testing.T, of []answer) answer {
	t.Helper()
	packets := spoken(of)
	if len(packets) != 1 {
		t.Fatalf("it sent %v, not one packet", packets)
	}
	return packets[0]
}

func silent(t *testing.T, of []answer) {
	t.Helper()
	if packets := spoken(of); len(packets) > 0 {
		t.Fatalf("it sent %v", packets)
	}
}

// times are when packets of a kind were sent, in seconds.
func times(of []answer, kind utpwire.Kind) (out []float64) {
	for _, a := range spoken(of) {
		if a.Header.Kind == kind {
			out = append(out, a.at.Seconds())
		}
	}
	return out
}

var handshakes = []fact{
	{"an acceptor writes nothing before the first data", func(t *testing.T) {
		w := newWire(t, Options{})
		synAck := only(t, w.say(utpwire.Syn, nil))
		w.header.ID, w.header.Ack = 1001, synAck.Seq-1
		silent(t, w.do(Write, 10))
		silent(t, w.say(utpwire.State, nil))
		silent(t, w.wait(time.Minute))
		w.header.Seq = 1
		got := spoken(w.say(utpwire.Data, pattern(0, 10)))
		if len(got) == 0 || got[0].Header.Kind != utpwire.Data {
			t.Errorf("after data it sends %v", got)
		}
	}},
	{"a SYN that is repeated is ignored", func(t *testing.T) {
		w := newWire(t, Options{})
		only(t, w.say(utpwire.Syn, nil))
		silent(t, w.say(utpwire.Syn, nil))
		silent(t, w.wait(10*time.Second))
		silent(t, w.say(utpwire.Syn, nil))
	}},
	{"3,001 SYNs whose senders are not there close it for ever", func(t *testing.T) {
		w := newWire(t, Options{})
		answered := 0
		for i := range 3100 {
			w.header.ID = utpwire.ConnID(2 * i)
			answered += len(spoken(w.say(utpwire.Syn, nil)))
		}
		if answered != 3001 {
			t.Errorf("it answers %d", answered)
		}
		w.wait(time.Minute)
		w.header.ID = 50_001
		silent(t, w.say(utpwire.Syn, nil))
	}},
}

var validity = []fact{
	{"its own random numbers are the same at every start", func(t *testing.T) {
		var ids, numbers []int
		for range 2 {
			w := wireTo(t, startChild(t, Options{}))
			for range 2 {
				syn := only(t, w.do(Connect, 0))
				ids, numbers = append(ids, int(syn.ID)), append(numbers, int(syn.Seq))
			}
		}
		if !slices.Equal(ids[:2], ids[2:]) || !slices.Equal(numbers[:2], numbers[2:]) {
			t.Errorf("it asks by ids %d and numbers %d", ids, numbers)
		}
	}},
	{"a packet whose first extension is 3 or more is another protocol's", func(t *testing.T) {
		w := accepted(t, Options{})
		for number, want := range map[byte]int{3: 1, 255: 1, 2: 0} {
			h := w.header
			datagram := h.Append(nil, nil)
			datagram[1] = number
			datagram = append(datagram, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0)
			if got := said(w.raw(datagram), NotUTP); len(got) != want {
				t.Errorf("extension %d: %v", number, got)
			}
		}
	}},
	{"a RST is taken by the id alone, either one", func(t *testing.T) {
		for _, id := range []utpwire.ConnID{1000, 1001} {
			w := accepted(t, Options{})
			got := w.put(utpwire.Header{Kind: utpwire.Reset, ID: id, Seq: 12345, Ack: 54321}, nil, nil)
			if failed := said(got, Failed); len(failed) != 1 || failed[0].N != Reset {
				t.Errorf("id %d: %v", id, got)
			}
		}
		w := accepted(t, Options{})
		if got := w.put(utpwire.Header{Kind: utpwire.Reset, ID: 1002}, nil, nil); len(got) != 0 {
			t.Errorf("a third id: %v", got)
		}
	}},
	{"an acknowledgement of what was not sent, or of more than three before, has the packet dropped", func(t *testing.T) {
		for ago, want := range map[int]int{-1: 0, 0: 1, 4: 1, 5: 0} { // one packet is on its way
			w := accepted(t, Options{})
			w.header.Ack = only(t, w.do(Write, 10)).Seq.Add(-ago)
			if got := said(w.say(utpwire.Data, pattern(10, 10)), Delivered); len(got) != want {
				t.Errorf("%d before the last: %v", ago, got)
			}
		}
	}},
	{"what has no connection is answered by a RST, once in ten seconds", func(t *testing.T) {
		w := newWire(t, Options{})
		w.header.Seq = 77
		if got := only(t, w.say(utpwire.Data, pattern(0, 10))); got.Header.Kind != utpwire.Reset || got.ID != 1000 || got.Ack != 77 || got.Window != 0 {
			t.Errorf("it answers %v", got)
		}
		silent(t, w.say(utpwire.Data, pattern(0, 10)))
		w.wait(11 * time.Second)
		only(t, w.say(utpwire.Data, pattern(0, 10)))
	}},
	{"half of all delays after the first ends it, where it was compiled with its asserts", func(t *testing.T) {
		for _, f := range []Flavour{Robust, Asserts} {
			w := connected(t, Options{Flavour: f})
			var died error
			w.header.Delay += 1 << 31
			for range 3 { // averages of five seconds
				w.do(Write, 10)
				w.header.Ack++
				h := w.header
				h.Kind, h.Stamp = utpwire.State, utpwire.StampAt(w.now)
				if _, died = w.child.do([]Event{{At: w.now, Op: Datagram, Datagram: h.Append(nil, nil)}}); died != nil {
					break
				}
				w.now = w.now.Add(6 * time.Second)
			}
			if (died != nil) != (f == Asserts) {
				t.Errorf("flavour %d: %v", f, died)
			}
		}
	}},
}

var acknowledgements = []fact{
	{"data says the window of when it was written, also when it is sent long after", func(t *testing.T) {
		w := accepted(t, Options{ReceiveBuffer: 100_000})
		w.do(Hold, 0)
		first := only(t, w.do(Write, 10))
		silent(t, w.do(Write, 10)) // since a small one is on its way
		if got := only(t, w.say(utpwire.Data, pattern(10, 1000))); got.Window != 99_000 {
			t.Errorf("it says %v", got)
		}
		w.header.Seq++
		if got := only(t, w.takes(first.Seq)); len(got.Payload) != 10 || got.Window != 100_000 {
			t.Errorf("it says %v", got)
		}
	}},
	{"a mask has four bytes, and tells of 30 packets", func(t *testing.T) {
		w := accepted(t, Options{})
		first := w.header.Seq
		var last answer
		for i := 1; i < 60; i++ {
			w.header.Seq = first + serial.Number(i)
			last = only(t, w.say(utpwire.Data, pattern(0, 10)))
		}
		if want := []byte{255, 255, 255, 63}; last.Ack != first-1 || !slices.Equal(last.Mask, want) {
			t.Errorf("it answers %v, want mask %x", last, want)
		}
	}},
	{"after the end of the stream no acknowledgement has a mask, whatever is held", func(t *testing.T) {
		w := newWire(t, Options{})
		w.ask(65532)
		w.header.Seq = 65536 - 2 // before the Fin
		if got := only(t, w.say(utpwire.Data, pattern(10, 10))); !slices.Equal(got.Mask, []byte{1, 0, 0, 0}) {
			t.Errorf("before the end it answers %v", got)
		}
		w.header.Seq = 1 // behind it
		if got := only(t, w.say(utpwire.Data, pattern(30, 10))); !slices.Equal(got.Mask, []byte{0b1001, 0, 0, 0}) {
			t.Errorf("before the end it answers %v", got)
		}
		w.header.Seq = 65535
		if got := only(t, w.say(utpwire.Fin, nil)); !slices.Equal(got.Mask, []byte{0b1011, 0, 0, 0}) {
			t.Errorf("a FIN that is early has it answer %v", got)
		}
		w.header.Seq = 65533
		got := w.say(utpwire.Data, pattern(0, 10))
		for _, a := range spoken(got) {
			if a.Ack != 65535 || len(a.Mask) > 0 {
				t.Errorf("at the end it answers %v", a)
			}
		}
		if len(said(got, Ended)) != 1 || len(spoken(got)) == 0 {
			t.Errorf("at the end it does %v", got)
		}
		w.header.Seq = 2 // which it holds, since numbers came round
		if got := only(t, w.say(utpwire.Data, pattern(40, 10))); got.Ack != 65535 || len(got.Mask) > 0 {
			t.Errorf("behind the end it answers %v", got)
		}
		w.header.Seq = 0
		if got := w.say(utpwire.Data, pattern(20, 10)); delivered(got) != 20 || only(t, got).Ack != 1 {
			t.Errorf("nothing was held: %v", got)
		}
	}},
	{"one hole is sent again when three packets behind it are there", func(t *testing.T) {
		w, first, last := opened(t, 9)
		h := w.header
		h.Kind, h.Ack = utpwire.State, first-1
		silent(t, again(w.put(h, []byte{0b11, 0, 0, 0}, nil), last))
		if got := again(w.put(h, []byte{0b111, 0, 0, 0}, nil), last); len(got) != 1 || got[0].Seq != first {
			t.Errorf("it sends %v again, not %d", got, first)
		}
	}},
	{"acknowledgements that are only repeated have nothing sent again", func(t *testing.T) {
		w, first, last := opened(t, 9)
		w.header.Ack = first - 1
		for range 20 {
			silent(t, again(w.say(utpwire.State, nil), last))
		}
	}},
	{"of ten holes four are sent again at each mask, and each once", func(t *testing.T) {
		w, first, last := opened(t, 23)
		h := w.header
		h.Kind, h.Ack = utpwire.State, first-1
		mask := []byte{0, 0b11111110, 0b00111111, 0} // all after the tenth hole
		var sizes []int
		for range 5 {
			w.now = w.now.Add(20 * time.Millisecond)
			sizes = append(sizes, len(again(w.put(h, mask, nil), last)))
		}
		if want := []int{4, 4, 2, 0, 0}; !slices.Equal(sizes, want) {
			t.Errorf("it sends %d again, want %d", sizes, want)
		}
	}},
	{"a packet has 1,382 bytes of data, and the last may have less only when nothing else is on its way", func(t *testing.T) {
		w := connected(t, Options{})
		if got := only(t, w.do(Write, 1382+5)); len(got.Payload) != 1382 {
			t.Errorf("it sends %v", got)
		}
		if got := only(t, w.takes(w.header.Ack+1)); len(got.Payload) != 5 {
			t.Errorf("it sends %v", got)
		}
	}},
}

// again are the packets that had been sent before the last one.
func again(of []answer, last serial.Number) (out []answer) {
	for _, a := range spoken(of) {
		if a.Header.Kind == utpwire.Data && a.Seq.Diff(last) <= 0 {
			out = append(out, a)
		}
	}
	return out
}
