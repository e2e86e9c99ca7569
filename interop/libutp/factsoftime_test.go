//go:build linux

package libutp

import (
	"slices"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/serial"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

var timers = []fact{
	{"data that is not acknowledged is sent again after 3, 9, 21 and 45 s, and then nobody is told", func(t *testing.T) {
		w := accepted(t, Options{}) // it knows no round trip yet
		got := append(w.do(Write, 10), w.wait(3*time.Minute)...)
		if at := times(got, utpwire.Data); !slices.Equal(at, []float64{0, 3, 9, 21, 45}) {
			t.Errorf("it sends after %v s", at)
		}
		if failed := said(got, Failed); len(failed) != 1 || failed[0].N != TimedOut || failed[0].at != 93*time.Second {
			t.Errorf("it fails by %v", failed)
		}
	}},
	{"a window that is closed is probed after 15 s by a full packet, and 31 s later it gives up, though it is answered", func(t *testing.T) {
		w := connected(t, Options{})
		w.do(Write, 1<<20)
		w.header.Window = 0
		for range 3 { // and it knows the round trip
			w.now = w.now.Add(10 * time.Millisecond)
			w.takes(w.header.Ack + 1)
		}
		begin := w.now.Sub(w.start)
		var probes []float64
		var failed []answer
		for len(failed) == 0 && len(probes) < 20 && w.now.Sub(w.start) < 2*time.Minute {
			got := w.wait(500 * time.Millisecond)
			failed = said(got, Failed)
			for _, a := range spoken(got) {
				probes = append(probes, (a.at - begin).Round(time.Second).Seconds())
				if len(a.Payload) != 1382 {
					t.Errorf("it probes by %v", a)
				}
				w.say(utpwire.State, nil)
			}
		}
		if want := []float64{15, 16, 18, 22, 30}; !slices.Equal(probes, want) {
			t.Errorf("it probes after %v s, want %v", probes, want)
		}
		if len(failed) != 1 || failed[0].N != TimedOut || (failed[0].at-begin).Round(time.Second) != 46*time.Second {
			t.Errorf("it closed at %v, and fails by %v", begin, failed)
		}
	}},
	{"a closed window of its own takes what comes, and is opened by a packet at once", func(t *testing.T) {
		w := accepted(t, Options{ReceiveBuffer: 100})
		w.do(Hold, 0)
		w.say(utpwire.Data, pattern(10, 100))
		w.header.Seq++
		got := w.say(utpwire.Data, pattern(110, 100))
		if last := only(t, got); last.Window != 0 || last.Ack != w.header.Seq || len(said(got, Delivered)) != 1 {
			t.Errorf("it answers %v", got)
		}
		if got := only(t, w.do(Read, 0)); got.Window != 100 {
			t.Errorf("it says %v", got)
		}
	}},
	{"an open window that grows is told with the next acknowledgements", func(t *testing.T) {
		w := accepted(t, Options{ReceiveBuffer: 100})
		w.do(Hold, 0)
		w.say(utpwire.Data, pattern(10, 50))
		silent(t, w.do(Read, 0))
		if got := only(t, w.do(Drained, 0)); got.Window != 100 {
			t.Errorf("it says %v", got)
		}
	}},
}

var ends = []fact{
	{"after our FIN an acknowledgement with its number is not heard, with the next one it is", func(t *testing.T) {
		w := accepted(t, Options{})
		if got := w.say(utpwire.Fin, nil); len(said(got, Ended)) != 1 {
			t.Fatalf("our FIN has it say %v", got)
		}
		data := only(t, w.do(Write, 10))
		w.takes(data.Seq) // with the FIN's number
		if got := spoken(w.wait(10 * time.Second)); len(got) == 0 || got[0].Seq != data.Seq {
			t.Errorf("it does not send %v again", data)
		}
		w.header.Seq++
		w.takes(data.Seq)
		if got := again(w.wait(time.Minute), data.Seq); len(got) > 0 {
			t.Errorf("it sends %v again", got)
		}
	}},
	{"a FIN that comes has all that is on its way be taken for lost at the next tick", func(t *testing.T) {
		w := accepted(t, Options{})
		data := only(t, w.do(Write, 10))
		w.say(utpwire.Fin, nil)
		if got := again(w.wait(500*time.Millisecond), data.Seq); len(got) != 1 {
			t.Errorf("at the tick it sends %v", got)
		}
	}},
	{"what comes behind a FIN in order is delivered all the same, and what comes early is not", func(t *testing.T) {
		for early, want := range map[serial.Number]int{0: 1, 1: 0} {
			w := accepted(t, Options{})
			w.say(utpwire.Fin, nil)
			end := w.header.Seq
			w.header.Seq += 1 + early
			if got := w.say(utpwire.Data, pattern(10, 10)); len(said(got, Delivered)) != want {
				t.Errorf("%d early: %v", early, got)
			}
			w.header.Seq = end + 1
			if got := w.say(utpwire.Data, pattern(10, 10)); len(said(got, Delivered)) != 1-want {
				t.Errorf("after one that was %d early: %v", early, got)
			}
		}
	}},
	{"a connection that both ends closed is forgotten at the next tick, and then denied", func(t *testing.T) {
		w := accepted(t, Options{})
		fin := only(t, w.do(Close, 0))
		w.takes(fin.Seq)
		if got := w.wait(500 * time.Millisecond); len(said(got, Destroyed)) != 1 {
			t.Errorf("it does %v", got)
		}
		if got := only(t, w.say(utpwire.Fin, nil)); got.Header.Kind != utpwire.Reset || got.Ack != w.header.Seq {
			t.Errorf("it answers %v", got)
		}
	}},
	{"a FIN that is not acknowledged is sent again after 3, 9, 21 and 45 s, and nobody is told", func(t *testing.T) {
		w := accepted(t, Options{})
		got := append(w.do(Close, 0), w.wait(3*time.Minute)...)
		if at := times(got, utpwire.Fin); !slices.Equal(at, []float64{0, 3, 9, 21, 45}) {
			t.Errorf("it sends after %v s", at)
		}
		if told := times(got, utpwire.Reset); len(told) > 0 {
			t.Errorf("it tells after %v s", told)
		}
	}},
}
