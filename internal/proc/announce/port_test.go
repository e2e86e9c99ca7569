package announce_test

import (
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/proc/announce"
)

// A listener tells of its port after others have seen it: what a tracker was told
// meanwhile is not told again because of that.
func TestATrackerHearsOfAPortAgainOnlyWhereItWasToldOfAnother(t *testing.T) {
	var port atomic.Uint32
	port.Store(ourPort)
	inWorld(t, nil, func(c *announce.Config) { c.Port = func() uint16 { return uint16(port.Load()) } }, func(t *testing.T, w *world) {
		web := w.serveAt(theirHost+":80", nil)
		w.s.Begin(w.entry(1, "http://tracker.example/announce"))
		w.pass(10 * time.Second)
		ports := func() (all []uint16) {
			for _, a := range web.announces() {
				all = append(all, a.Port)
			}
			return all
		}
		w.s.PortChanged()
		w.pass(6 * time.Minute)
		if got := ports(); !slices.Equal(got, []uint16{ourPort}) {
			t.Errorf("told %d", got)
		}
		for _, next := range []uint16{7000, ourPort} {
			before := ports()
			port.Store(uint32(next))
			w.s.PortChanged()
			w.pass(6 * time.Minute)
			if got, want := ports(), append(before, next); !slices.Equal(got, want) {
				t.Errorf("told %d, want %d", got, want)
			}
			w.s.PortChanged()
		}
	})
}
