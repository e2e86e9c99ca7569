package peer

import (
	"fmt"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/wire"
)

// storm has a side choke and unchoke the other a number of times, and lets it
// be unchoked in the end.
func (w *world) storm(x *end, times int, every time.Duration) {
	state := Choked
	if times%2 == 0 {
		state = Unchoked
	}
	x.core.SetChoke(w.now, state, x)
	if times > 0 {
		w.plan(w.within(every), func() { w.storm(x, times-1, every) })
	}
}

// fickle has the picker take back a block now and then.
func (w *world) fickle(x *end, times int, every time.Duration) {
	x.cancel()
	if times > 0 {
		w.plan(w.within(every), func() { w.fickle(x, times-1, every) })
	}
}

// overthrow has another picker take over now and then.
func (w *world) overthrow(x *end, times int, every time.Duration) {
	if times == 0 {
		return
	}
	x.takeOver()
	w.plan(w.within(every), func() { w.overthrow(x, times-1, every) })
}

// weather is what happens beside the transfer.
type weather struct {
	name    string
	chokes  int
	cancels int
	pickers int
}

func TestTwoCoresExchangeATorrentInEveryWeather(t *testing.T) {
	for _, sky := range []weather{
		{"clear", 0, 0, 0}, {"chokes", 150, 0, 0}, {"cancels", 0, 100, 0}, {"chokes and cancels", 150, 100, 0},
		{"pickers", 0, 0, 100}, {"cancels and pickers", 0, 100, 100},
	} {
		for _, caps := range []wire.Capabilities{plain, fast, extended, fast | extended} {
			t.Run(fmt.Sprint(sky.name, " ", caps), func(t *testing.T) {
				for run := range uint64(25) {
					exchange(t, run, caps, sky)
				}
			})
		}
	}
}

// exchange lets two sides trade until they part, which they do when both have
// everything and only then.
func exchange(t *testing.T, run uint64, caps wire.Capabilities, sky weather) {
	t.Helper()
	w := newWorld(t, run, caps)
	began := w.now
	for _, x := range w.ends {
		w.storm(x, sky.chokes, 500*time.Millisecond)
		w.fickle(x, sky.cancels, 500*time.Millisecond)
		w.overthrow(x, sky.pickers, 500*time.Millisecond)
	}
	w.run(began.Add(2 * time.Hour))
	for n, x := range w.ends {
		if !x.held.IsFull() || x.closes != 1 {
			t.Fatalf("run %d: after %v end %d holds %d of %d pieces: credit %d, %d planned, %d in flight, choked %d",
				run, w.now.Sub(began), n, x.held.Count(), x.held.Size(), x.room, len(x.planned), x.core.pipe.asked.flying.count, x.core.remote.choke)
		}
		if sky.chokes+sky.cancels == 0 && x.doubled > 0 {
			t.Errorf("run %d: %d blocks came twice to end %d", run, x.doubled, n)
		}
	}
}

func TestTheSameRunIsTheSameExchange(t *testing.T) {
	sky := weather{"", 20, 20, 20}
	span := func() time.Duration {
		w := newWorld(t, 3, fast)
		began := w.now
		for _, x := range w.ends {
			w.storm(x, sky.chokes, time.Second)
			w.fickle(x, sky.cancels, time.Second)
			w.overthrow(x, sky.pickers, time.Second)
		}
		w.run(began.Add(time.Hour))
		return w.now.Sub(began)
	}
	if a, b := span(), span(); a != b {
		t.Errorf("%v and %v", a, b)
	}
}
