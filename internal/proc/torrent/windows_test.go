package torrent

import (
	"maps"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent/internal/core/assign"
	"github.com/etorrent/etorrent/internal/proc/clock"
	"github.com/etorrent/etorrent/sup"
)

// readable is a torrent of which only what is read is of interest.
func readable() (*Torrent, *sup.Mailbox[toAssign]) {
	box := sup.NewMailbox[toAssign]()
	return &Torrent{env: Env{Clock: clock.New()}, windows: newWindows(box)}, box
}

func TestManyChangesOfWhatIsReadAreOneInput(t *testing.T) {
	x, box := readable()
	one, two, none := x.OpenWindow(), x.OpenWindow(), x.OpenWindow()
	for k := range 100 {
		x.SetWindow(one, assign.Window{Soon: 1 + k})
	}
	x.SetWindow(two, assign.Window{First: 7, Now: 1})
	x.SetWindow(none, assign.Window{First: 7})
	if got := box.Take(nil); len(got) != 1 || got[0].kind != inputWindows {
		t.Fatalf("%d inputs", len(got))
	}
	want := map[assign.WindowID]assign.Window{one: {Soon: 100}, two: {First: 7, Now: 1}}
	if got := x.windows.take(); !maps.Equal(got, want) {
		t.Errorf("%v", got)
	}
	x.SetWindow(two, assign.Window{First: 7, Now: 1})
	if got := box.Take(nil); len(got) != 0 {
		t.Errorf("%d inputs, though nothing changed", len(got))
	}
	x.CloseWindow(one)
	x.CloseWindow(one)
	x.SetWindow(one, assign.Window{Soon: 3})
	if got := box.Take(nil); len(got) != 1 {
		t.Errorf("%d inputs of a close", len(got))
	}
	if got := x.windows.take(); len(got) != 1 {
		t.Errorf("a closed window is open: %v", got)
	}
}

func TestTheRateOfAReaderIsThatOfLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x, _ := readable()
		id := x.OpenWindow()
		if got := x.Consumed(id, 1000); got != 0 {
			t.Errorf("%v before a second has passed", got)
		}
		for range 20 {
			time.Sleep(500 * time.Millisecond)
			x.Consumed(id, 50_000)
		}
		if got := x.Consumed(id, 0); got < 90_000 || got > 110_000 {
			t.Errorf("%v", got)
		}
		x.CloseWindow(id)
		if got := x.Consumed(id, 1); got != 0 {
			t.Errorf("%v of a closed one", got)
		}
	})
}
