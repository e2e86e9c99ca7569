//go:build linux

package libutp

import (
	"bytes"
	"slices"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/serial"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

var answers = []habit{
	{"what comes at once has one acknowledgement", func(w *wire) {
		w.accepts(100)
		for i := range 92 {
			h := w.header
			h.Kind = utpwire.Data
			h.Seq = h.Seq.Add(i)
			w.silent(w.put(h, nil, pattern(10+10*i, 10)))
		}
		if got := w.only(w.do(Drained, 0)); got.Ack != w.header.Seq.Add(91) {
			w.Errorf("it answers %v", got)
		}
	}},
	{"bit i of a mask, from the lowest, is number ack_nr + 2 + i, and State alone has it", func(w *wire) {
		w.accepts(100)
		first := w.header.Seq
		var last answer
		for _, i := range []int{1, 3, 9, 30} {
			w.header.Seq = first.Add(i)
			last = w.only(w.say(utpwire.Data, pattern(0, 10)))
		}
		if last.Header.Kind != utpwire.State || last.Ack != first.Previous() || !bytes.Equal(last.Mask[:4], []byte{0b101, 1, 0, 0b100000}) || len(last.Mask)%4 != 0 {
			w.Errorf("it answers %v", last)
		}
		if data := spoken(w.do(Write, 10)); len(data) == 0 || data[0].Header.Kind != utpwire.Data || len(data[0].Mask) > 0 {
			w.Errorf("it sends %v", data)
		}
	}},
	{"a hole is sent again for three packets behind it, by masks of one, five and nine bytes, on data too", func(w *wire) {
		first, last := w.opens(9)
		var resent []answer
		for i, mask := range [][]byte{{0}, {0, 0, 0, 0, 0}, {0b111}, {0b111, 0, 0, 0, 0}, {0b111, 0, 0, 0, 0, 0, 0, 0, 0}} {
			h := w.header
			h.Kind, h.Ack = utpwire.Data, first.Previous()
			h.Seq = h.Seq.Add(i)
			got := again(append(w.put(h, mask, pattern(i, 1)), w.do(Drained, 0)...), last)
			if i < 2 && len(got) > 0 {
				w.Errorf("mask %x: it sends %v again", mask, got)
			}
			resent = append(resent, got...)
		}
		if len(resent) != 1 || resent[0].Seq != first {
			w.Errorf("it sends %v again, not %d", resent, first)
		}
	}},
	{"bits of what was never sent mean nothing", func(w *wire) {
		first, last := w.opens(9)
		h := w.header
		h.Kind, h.Ack = utpwire.State, first.Previous()
		mask := make([]byte, 255)
		for i := 4; i < len(mask); i++ {
			mask[i] = 0xff
		}
		w.silent(again(w.put(h, mask, nil), last))
	}},
	{"the difference of stamps is that of the last packet, and 0 where it has none", func(w *wire) {
		w.accepts(100)
		for i, stamp := range []utpwire.Stamp{utpwire.StampAt(w.now) - 500, utpwire.NoStamp} {
			h := w.header
			h.Kind, h.Stamp, h.Seq = utpwire.Data, stamp, h.Seq.Add(i)
			got := w.only(append(w.raw(append(h.Append(nil, nil), pattern(10+i, 1)...)), w.do(Drained, 0)...))
			if want := []utpwire.Delay{500, utpwire.NoDelay}[i]; got.Delay != want {
				w.Errorf("stamp %d: %d", stamp, got.Delay)
			}
		}
	}},
	{"after 29 s of silence one packet less is acknowledged", func(w *wire) {
		w.accepts(100)
		got := w.wait(time.Minute)
		if at := times(got, utpwire.State); !slices.Equal(at, []float64{29, 58}) {
			w.Errorf("it speaks after %v s", at)
		}
		for _, a := range spoken(got) {
			if a.Ack != 100 {
				w.Errorf("it says %v", a)
			}
		}
	}},
	{"two packets that are not full are not on their way at once", func(w *wire) {
		w.accepts(100)
		w.header.Ack = w.only(w.do(Write, 10)).Seq
		w.silent(w.do(Write, 10))
		if got := spoken(w.say(utpwire.State, nil)); len(got) != 1 || len(got[0].Payload) != 10 {
			w.Errorf("it sends %v", got)
		}
	}},
}

// opens has the window of the end grow until more than n packets are on their way, and
// returns the first and the last of them.
func (w *wire) opens(n int) (first, last serial.Number) {
	w.Helper()
	w.answer(500)
	flight := spoken(w.do(Write, 1<<24))
	for range 100 {
		if len(flight) > n {
			return flight[0].Seq, flight[len(flight)-1].Seq
		}
		w.header.Ack = flight[len(flight)-1].Seq
		flight = nil
		for range 100 {
			w.now = w.now.Add(20 * time.Millisecond)
			if flight = append(flight, spoken(w.say(utpwire.State, nil))...); len(flight) > 0 {
				break
			}
		}
		flight = append(flight, spoken(w.wait(50*time.Millisecond))...) // ours is paced
	}
	w.Fatalf("its window stays at %d packets", len(flight))
	return 0, 0
}

var windows = []habit{
	{"no more than the window is on its way", func(w *wire) {
		w.accepts(100)
		w.header.Window = 3000
		w.say(utpwire.State, nil)
		sent := spoken(w.do(Write, 100_000))
		most := 0
		for range 30 {
			w.now = w.now.Add(20 * time.Millisecond)
			flying, seen := 0, map[serial.Number]struct{}{}
			for _, a := range append(sent, spoken(w.wait(20*time.Millisecond))...) {
				if _, again := seen[a.Seq]; !again && a.Header.Kind == utpwire.Data {
					flying += len(a.Payload)
					w.header.Ack = a.Seq
				}
				seen[a.Seq] = struct{}{}
			}
			most = max(most, flying)
			sent = spoken(w.say(utpwire.State, nil))
		}
		if most < 1500 || most > 3000 {
			w.Errorf("%d bytes fly", most)
		}
	}},
	{"a closed window takes a packet in order, and says at once when it opens", func(w *wire) {
		w.accepts(100)
		w.do(Hold, 0)
		came := 0
		var last answer
		for came < 1<<20 {
			n := min(1382, 1<<20-came)
			got := w.say(utpwire.Data, pattern(10+came, n))
			w.header.Seq++
			came += n
			last = w.only(got)
		}
		if last.Window != 0 {
			w.Fatalf("it says %v", last)
		}
		if got := w.say(utpwire.Data, pattern(10+came, 1382)); delivered(got) != 1382 || w.only(got).Ack != w.header.Seq || w.only(got).Window != 0 {
			w.Errorf("it answers %v", got)
		}
		if got := w.only(w.do(Read, 0)); got.Header.Kind != utpwire.State || got.Window != 1<<20 {
			w.Errorf("it says %v", got)
		}
	}},
	{"into a window that stays closed goes one packet, in time", func(w *wire) {
		w.accepts(100)
		w.header.Window = 0
		w.say(utpwire.State, nil)
		w.silent(w.do(Write, 10_000))
		got := spoken(w.wait(16 * time.Second))
		if len(got) == 0 || got[0].Seq != w.header.Ack.Next() {
			w.Errorf("it sends %v", got)
		}
		for _, a := range got {
			if a.Header.Kind == utpwire.Data && a.Seq != w.header.Ack.Next() {
				w.Errorf("it sends %v", a)
			}
		}
	}},
}
