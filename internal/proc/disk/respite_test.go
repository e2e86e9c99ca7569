package disk_test

import (
	"bytes"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/sup"
)

// While a disk crashes at all that it receives, its supervisor does not give it up,
// and what waits for it is served when the crashes end.
func TestADiskThatCrashesAtEveryMessageIsNotGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var poisoned atomic.Bool
		var crashes atomic.Int64
		w := newWorld(t, 6*pieceLength, func(p sup.Point) {
			if p.Kind == "disk" && p.At == sup.OnReceive && poisoned.Load() {
				crashes.Add(1)
				panic("injected")
			}
		})
		w.open(nil)
		poisoned.Store(true)
		wanted := pieceset.Full(w.meta.PieceCount())
		for range 10 * time.Minute / (100 * time.Millisecond) {
			w.disk.Want(w.id, wanted)
			time.Sleep(100 * time.Millisecond)
		}
		if n := crashes.Load(); n < 100 || n > 300 {
			t.Errorf("%d crashes in ten minutes", n)
		}
		poisoned.Store(false)
		w.downloadThroughCrashes()
		if !bytes.Equal(w.stored(), w.data) {
			t.Error("the file differs")
		}
		w.stop()
	})
}
