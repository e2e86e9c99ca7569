//go:build linux

package libutp

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/serial"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// What libutp and ours do differently on the wire when the same packets come, by design
// of ours or by a fault of libutp's. The scripts of FuzzOursBesideLibutp leave it out.
func TestOursAndLibutpDifferWhereItIsMeant(t *testing.T) {
	t.Parallel()
	for _, table := range [][]difference{differentPackets, differentStreams, differentTimes} {
		for _, d := range table {
			for name, want := range map[string]string{"libutp": d.libutp, "ours": d.ours} {
				t.Run(d.name+", "+name, func(t *testing.T) {
					t.Parallel()
					if got := strings.TrimSpace(d.shows(stacks[name](t))); got != want {
						t.Errorf("it did %q, want %q", got, want)
					}
				})
			}
		}
	}
}

// difference is what both make of the same, in words of tell.
type difference struct {
	name         string
	shows        func(w *wire) string
	libutp, ours string
}

// tell says in words what an end did: bytes that came, and kinds of packets, with how
// many there were.
func tell(of []answer) string {
	var out strings.Builder
	if n := delivered(of); n > 0 {
		fmt.Fprintf(&out, "takes %d ", n)
	}
	for _, a := range of {
		switch a.Record.Kind {
		case Sent, Probed:
			fmt.Fprintf(&out, "%v ", a.Header.Kind)
		case Failed:
			out.WriteString("fails ")
		case NotUTP:
			out.WriteString("passes it on ")
		case Delivered, Differs, Accepted, Connected, Writable, Ended, Destroyed:
		}
	}
	return out.String()
}

// count says how many packets of a kind there are.
func count(of []answer, kind utpwire.Kind) int { return len(times(of, kind)) }

// behind puts extensions before ten bytes that are next.
func (w *wire) behind(first byte, chain ...byte) []answer {
	b := w.header.Append(nil, nil)
	b[1] = first
	return w.raw(append(append(b, chain...), pattern(10, 10)...))
}

var differentPackets = []difference{
	{"a first extension of 3", func(w *wire) string {
		w.accepts(100)
		return tell(w.behind(3, 0, 1, 0))
	}, "passes it on", "takes 10"},
	{"an extension 2 that has not eight bytes", func(w *wire) string {
		w.accepts(100)
		return tell(w.behind(2, 0, 1, 0))
	}, "", "takes 10"},
	{"nine extensions", func(w *wire) string {
		w.accepts(100)
		return tell(w.behind(1, append(bytes.Repeat([]byte{1, 0}, 8), 0, 0)...))
	}, "takes 10", ""},
	{"a RST that acknowledges nothing that is on its way", func(w *wire) string {
		w.accepts(100)
		return tell(w.put(utpwire.Header{Kind: utpwire.Reset, ID: 1001, Seq: 12345, Ack: w.header.Ack + 12345}, nil, nil))
	}, "fails", ""},
	{"a packet that four others have overtaken", func(w *wire) string {
		first, last := w.opens(9)
		w.header.Ack = last
		w.say(utpwire.State, nil)
		w.wait(20 * time.Millisecond)
		w.header.Ack = first // as it was sent
		w.header.Seq = 500
		return fmt.Sprint(delivered(w.say(utpwire.Data, pattern(0, 10))))
	}, "0", "10"},
	{"an acknowledgement of what is queued and was not sent", func(w *wire) string {
		w.accepts(100)
		w.header.Ack = w.only(w.do(Write, 10)).Seq.Next()
		w.silent(w.do(Write, 10)) // since a small one is on its way
		return fmt.Sprint(delivered(w.say(utpwire.Data, pattern(10, 10))))
	}, "10", "0"},
	{"a SYN that is repeated", func(w *wire) string {
		w.ask(100)
		w.header.ID, w.header.Seq = 1000, 100
		return tell(w.say(utpwire.Syn, nil))
	}, "", "ST_STATE"},
	{"an answer to a SYN that is another one", func(w *wire) string {
		w.answer(500)
		w.header.Seq = 5000
		w.say(utpwire.State, nil)
		return tell(w.say(utpwire.Data, pattern(0, 10)))
	}, "", "takes 10 ST_STATE"},
	{"the answer to its SYN", func(w *wire) string {
		syn := w.only(w.do(Connect, 0))
		w.header.ID, w.header.Seq, w.header.Ack = syn.ID, 500, syn.Seq
		return tell(w.say(utpwire.State, nil))
	}, "", "ST_STATE"},
	{"a State that acknowledges the SYN-ACK, to one that has something to write", func(w *wire) string {
		w.ask(100)
		w.do(Write, 10)
		return tell(w.say(utpwire.State, nil))
	}, "", "ST_DATA"},
	{"data of an initiator that said nothing for ten seconds", func(w *wire) string {
		w.ask(100)
		w.wait(10 * time.Second)
		return tell(w.say(utpwire.Data, pattern(0, 10)))
	}, "takes 10 ST_STATE", "ST_RESET"},
	{"2,000 packets of no connection", func(w *wire) string {
		resets := 0
		for i := range 2000 {
			w.header.Seq = serial.Number(i)
			resets += count(w.say(utpwire.Data, nil), utpwire.Reset)
		}
		return fmt.Sprint(resets)
	}, "1001", "100"},
}

var differentStreams = []difference{
	{"data behind the Fin", func(w *wire) string {
		w.accepts(100)
		w.say(utpwire.Fin, nil)
		w.header.Seq++
		return fmt.Sprint(delivered(w.say(utpwire.Data, pattern(10, 10))))
	}, "10", "0"},
	{"what is early, before a Fin whose number is lower since numbers came round", func(w *wire) string {
		w.accepts(65531) // 65533 is next
		w.header.Seq = 1
		w.say(utpwire.Fin, nil)
		w.header.Seq = 65534
		w.say(utpwire.Data, pattern(20, 10))
		w.header.Seq = 65533
		return fmt.Sprint(delivered(w.say(utpwire.Data, pattern(10, 10))))
	}, "10", "20"},
	{"a State with the number of the Fin before it", func(w *wire) string {
		w.accepts(100)
		w.say(utpwire.Fin, nil)
		w.header.Ack = w.only(w.do(Write, 10)).Seq
		w.say(utpwire.State, nil)
		return fmt.Sprint(count(w.wait(10*time.Second), utpwire.Data) > 0)
	}, "true", "false"},
	{"data again, behind a Fin of its own", func(w *wire) string {
		w.accepts(100)
		w.do(Shutdown, 0)
		w.header.Seq = 101
		return tell(w.say(utpwire.Data, pattern(0, 10)))
	}, "ST_STATE", "ST_STATE ST_STATE"},
	{"two windows of data that nobody reads, behind a hole", func(w *wire) string {
		w.accepts(100)
		first := w.header.Seq
		big := bytes.Repeat([]byte{1}, 2000)
		for i := 1; i < 1020; i++ {
			h := w.header
			h.Kind, h.Seq = utpwire.Data, first.Add(i)
			w.put(h, nil, big)
		}
		got := w.say(utpwire.Data, big)
		return fmt.Sprint(w.only(got).Ack.Diff(first) + 1)
	}, "1020", "525"},
	{"three State that repeat an acknowledgement without a mask", func(w *wire) string {
		first, last := w.opens(9)
		w.wait(100 * time.Millisecond)
		w.header.Ack = first.Previous()
		n := 0
		for range 3 {
			n += len(again(w.say(utpwire.State, nil), last))
		}
		return fmt.Sprint(n > 0)
	}, "false", "true"},
	{"a mask that shows ten holes", func(w *wire) string {
		first, _ := w.opens(23)
		w.now = w.now.Add(20 * time.Millisecond)
		h := w.header
		h.Kind, h.Ack = utpwire.State, first.Previous()
		got := w.put(h, []byte{0, 0b11111110, 0b00111111, 0}, nil)
		got = append(got, w.do(Drained, 0)...)
		got = append(got, w.wait(100*time.Millisecond)...) // ours is paced
		filled := map[serial.Number]struct{}{}
		for _, a := range again(got, first.Add(9)) {
			filled[a.Seq] = struct{}{}
		}
		return fmt.Sprint(len(filled))
	}, "4", "10"},
}

var differentTimes = []difference{
	{"no answer to a SYN", func(w *wire) string {
		got := append(w.do(Connect, 0), w.wait(time.Minute)...)
		return fmt.Sprint(times(got, utpwire.Syn), said(got, Failed)[0].at)
	}, "[0 3 9] 21s", "[0 1 3 7] 15s"},
	{"its SYNs", func(w *wire) string {
		got := spoken(append(w.do(Connect, 0), w.wait(5*time.Second)...))
		return fmt.Sprint("one id: ", got[0].ID == got[1].ID)
	}, "one id: true", "one id: false"},
	{"no answer to data", func(w *wire) string {
		w.accepts(100)
		got := append(w.do(Write, 10), w.wait(5*time.Minute)...)
		failed := said(got, Failed)
		return fmt.Sprint(times(got, utpwire.Data)[:3], " until ", failed[0].at)
	}, "[0 3 9] until 1m33s", "[0 1 3] until 1m3s"},
	{"a window that stays closed for five minutes, though its probes are acknowledged", func(w *wire) string {
		w.accepts(100)
		w.header.Window = 0
		w.say(utpwire.State, nil)
		w.do(Write, 1<<20)
		var all []answer
		for range 600 {
			got := w.wait(500 * time.Millisecond)
			all = append(all, got...)
			if count(got, utpwire.Data) > 0 {
				all = append(all, w.say(utpwire.State, nil)...)
			}
		}
		return fmt.Sprintf("%d failed", len(said(all, Failed)))
	}, "1 failed", "0 failed"},
	{"a window of 600 bytes for a minute", func(w *wire) string {
		w.accepts(100)
		w.header.Window = 600
		w.say(utpwire.State, nil)
		got := append(w.do(Write, 1<<20), w.wait(time.Minute)...)
		return fmt.Sprint(count(got, utpwire.Data) > 0)
	}, "false", "true"},
}
