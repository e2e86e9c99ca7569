package conn_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/internal/core/utp/conn"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/serial"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

func TestTwoEndsDeliverBothStreamsWholeWhateverTheNetworkDoes(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		size := rapid.SampledFrom([]int{0, 1, 99, 100, 101, 5_000, 60_000})
		p := path{
			seed: rapid.Uint64().Draw(r, "seed"), rtt: time.Duration(rapid.IntRange(1, 300).Draw(r, "rtt")) * ms,
			jitter: time.Duration(rapid.SampledFrom([]int{0, 1, 20, 100}).Draw(r, "jitter")) * ms,
			loss:   float64(rapid.SampledFrom([]int{0, 0, 1, 5}).Draw(r, "loss")) / 100,
			dup:    float64(rapid.SampledFrom([]int{0, 2, 20}).Draw(r, "dup")) / 100,
			bytes:  [2]int{size.Draw(r, "there"), size.Draw(r, "back")}, chunk: rapid.IntRange(20, 5000).Draw(r, "chunk"),
			pause: time.Duration(rapid.SampledFrom([]int{0, 1, 50}).Draw(r, "pause")) * ms,
			syn:   serial.Number(rapid.Uint16().Draw(r, "syn")), answer: serial.Number(rapid.Uint16().Draw(r, "answer")),
			clocks: [2]time.Duration{0, time.Duration(rapid.Int64Range(0, int64(3*time.Hour)).Draw(r, "clock"))},
			entry:  entry(rapid.IntRange(0, 2).Draw(r, "entry")), leave: leave(rapid.IntRange(0, 1).Draw(r, "leave")),
			window: rapid.SampledFrom([]int{0, 100, 3000, 100_000}).Draw(r, "window"),
			reads:  time.Duration(rapid.SampledFrom([]int{0, 0, 10, 400}).Draw(r, "reads")) * ms, receives: rapid.SampledFrom([]int{0, 0, 150, 1000, 10_000}).Draw(r, "receives"),
		}
		if p.pause > 0 {
			p.chunk = max(p.chunk, 500)
		}
		w := newWorld(r, p)
		w.run()
		w.mustBeWhole(fmt.Sprintf("%+v", p))
	})
}

// The numbers of each end, and the stamps of each, wrap at every packet of the stream.
func TestTwoEndsDeliverBothStreamsWhereverTheirNumbersWrap(t *testing.T) {
	const period = mono.Instant(1<<32) * mono.Instant(time.Microsecond)
	for before := range 130 {
		w := newWorld(t, path{
			seed: uint64(before), rtt: 50 * ms, jitter: 3 * ms, loss: 0.05, dup: 0.05, bytes: [2]int{5000, 6000}, window: 2000,
			syn: serial.Number(0).Add(-before), answer: serial.Number(0).Add(before - 129), entry: direct,
			begin: period - mono.Instant(before)*mono.Instant(10*ms), clocks: [2]time.Duration{0, time.Duration(before-65) * 10 * ms},
		})
		w.run()
		w.mustBeWhole(fmt.Sprintf("%d before the wrap", before))
	}
}

// One packet in fifty comes again within 20 s, while all numbers of either end come round
// several times: what is old is as if it had not come.
func TestTwoEndsDeliverBothStreamsThoughOldPacketsComeAgain(t *testing.T) {
	bytes := 20_000_000
	if testing.Short() {
		bytes = 8_000_000
	}
	w := newWorld(t, path{rtt: 20 * ms, jitter: ms, loss: 0.001, replay: 0.02, bytes: [2]int{bytes, bytes / 3}, window: 90_000, chunk: 100_000, entry: direct})
	w.run()
	w.mustBeWhole("with old packets")
	if w.ends[1].kinds[conn.OldDuplicate] < 10 {
		t.Errorf("%v", w.ends[1].kinds)
	}
}

// lost is a path on which some packets of an end are lost, by their kind and how many
// of that kind have come.
func lost(from int, kind utpwire.Kind, nths ...int) func(int, int, utpwire.Kind) fate {
	seen := 0
	return func(f, _ int, k utpwire.Kind) fate {
		if f != from || k != kind {
			return carried
		}
		seen++
		for _, n := range nths {
			if n == seen {
				return lostThere
			}
		}
		return carried
	}
}

func TestWhicheverPacketOfAHandshakeOrAnEndIsLostTheStreamsAreWhole(t *testing.T) {
	for _, c := range []struct {
		name  string
		lose  func(int, int, utpwire.Kind) fate
		bytes [2]int
		takes time.Duration // at most, to be open; 0: nobody looks
	}{
		{"none", nil, [2]int{5000, 5000}, 100 * ms},
		{"SYN", lost(0, utpwire.Syn, 1), [2]int{5000, 5000}, 1200 * ms},
		{"two SYNs", lost(0, utpwire.Syn, 1, 2), [2]int{5000, 5000}, 3200 * ms},
		{"SYN-ACK", lost(1, utpwire.State, 1), [2]int{5000, 5000}, 1200 * ms},
		{"three SYN-ACKs", lost(1, utpwire.State, 1, 2, 3), [2]int{5000, 5000}, 7200 * ms},
		{"the State behind the SYN-ACK", lost(0, utpwire.State, 1), [2]int{5000, 5000}, 0},
		{"the State behind the SYN-ACK, and there is no data", lost(0, utpwire.State, 1, 2), [2]int{0, 5000}, 0},
		{"first data", lost(0, utpwire.Data, 1), [2]int{5000, 5000}, 0},
		{"only data", lost(0, utpwire.Data, 1), [2]int{10, 0}, 0},
		{"data of the acceptor", lost(1, utpwire.Data, 1, 2, 3), [2]int{0, 5000}, 0},
		{"FIN of the initiator", lost(0, utpwire.Fin, 1, 2), [2]int{5000, 5000}, 0},
		{"FIN of the acceptor", lost(1, utpwire.Fin, 1, 2), [2]int{5000, 5000}, 0},
		{"data before the FIN", lost(0, utpwire.Data, 50), [2]int{5000, 0}, 0},
		{"all States of one second", lost(1, utpwire.State, 2, 3, 4, 5, 6, 7), [2]int{5000, 0}, 0},
	} {
		for _, way := range []entry{byDoor, byPressedDoor} {
			w := newWorld(t, path{rtt: 100 * ms, lose: c.lose, bytes: c.bytes, entry: way})
			w.run()
			w.mustBeWhole(fmt.Sprintf("%s lost, entry %d", c.name, way))
			if took := w.opened.Sub(w.begin); c.takes > 0 && took > c.takes {
				t.Errorf("%s lost, entry %d: open after %v", c.name, way, took)
			}
			if c.lose != nil {
				break // it counts
			}
		}
	}
}

// What waits for the end of an outage does not wait for as long again, and sends little
// meanwhile.
func TestAnOutageOfSecondsIsOverSoonAfterItsEnd(t *testing.T) {
	const begins, flies = 500 * ms, 200 * ms
	for long := 500 * ms; long < 7500*ms; long += 350 * ms {
		w := newWorld(t, path{rtt: 50 * ms, bytes: [2]int{1_000_000, 0}})
		lost := 0
		w.lose = func(from, _ int, _ utpwire.Kind) fate {
			since := w.now.Sub(w.begin)
			if since < begins || since >= begins+long {
				return carried
			}
			if from == 0 && since >= begins+flies {
				lost++
			}
			return lostThere
		}
		got := 0
		for w.now.Sub(w.begin) < begins+long+25*ms || w.ends[1].got == got {
			got = w.ends[1].got
			w.one()
		}
		if after := w.now.Sub(w.begin) - begins - long; after > 1100*ms || lost > 4+3*int(long/time.Second+1) {
			t.Errorf("an outage of %v: bytes come %v after it, and %d packets were sent meanwhile", long, after, lost)
		}
	}
}

// Nothing comes through for some time, in the middle of the streams.
func TestAnOutageEndsNoConnection(t *testing.T) {
	for _, long := range []time.Duration{100 * ms, time.Second, 5 * time.Second, 15 * time.Second} {
		w := newWorld(t, path{rtt: 50 * ms, bytes: [2]int{500_000, 100_000}, window: 10_000})
		w.lose = func(int, int, utpwire.Kind) fate {
			if since := w.now.Sub(w.begin); since >= 500*ms && since < 500*ms+long {
				return lostThere
			}
			return carried
		}
		w.run()
		w.mustBeWhole(fmt.Sprint("after an outage of ", long))
		if took := w.ends[0].doneAt.Sub(w.begin); took < 500*ms+long || took > 5*time.Second+3*long {
			t.Errorf("an outage of %v, and it took %v", long, took)
		}
	}
}

func TestBothEndsMayEndAtOnceAndOneMayGoOnAlone(t *testing.T) {
	for name, p := range map[string]path{
		"both at once":         {bytes: [2]int{3000, 3000}, leave: closesAfter},
		"nothing is said":      {},
		"one goes on":          {bytes: [2]int{0, 500_000}, pause: 20 * ms, chunk: 3000},
		"the other one":        {bytes: [2]int{500_000, 0}, pause: 20 * ms, chunk: 3000},
		"for longer than idle": {bytes: [2]int{300, 0}, pause: 50 * time.Second, chunk: 100},
	} {
		p.rtt, p.loss, p.seed = 80*ms, 0.02, 7
		w := newWorld(t, p)
		w.run()
		w.mustBeWhole(name)
	}
}
