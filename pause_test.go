package etorrent_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
	"github.com/etorrent/etorrent/sup"
)

func TestAPauseOutlivesACrashOfControl(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "film", 16<<10, 500_000)
		var crash atomic.Bool
		seeder, m := s.join(), s.join(func(o *etorrent.Options) {
			o.Hook = func(at sup.Point) {
				if at.Kind == "control" && crash.CompareAndSwap(true, false) {
					panic("planted")
				}
			}
		})
		c.Seed(t, seeder.Client, seeder.storage)
		f := c.Fetch(t, m.Client)
		if err := f.Pause(t.Context()); err != nil {
			t.Fatal(err)
		}
		crash.Store(true)
		introduce(t, f, seeder.at())
		time.Sleep(time.Hour)
		if n, st := count[etorrent.CrashedEvent](m), f.Stats(); n != 1 || st.Phase != etorrent.Paused || st.Stored != 0 {
			t.Errorf("%d crashes, %+v", n, st)
		}
		if err := f.Resume(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.stored(f)
	})
}
