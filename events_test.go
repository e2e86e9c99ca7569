package etorrent_test

import (
	"errors"
	"testing"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
)

// The engine does all its work while somebody looks at one event, and then tells how
// many more there were.
func TestASlowReaderOfEventsIsToldHowManyItMissedAndHoldsUpNobody(t *testing.T) {
	long(t)
	inSwarm(t, func(t *testing.T, s *swarm) {
		const kept = 16 << 10
		c := etorrenttest.NewContent(t, "one", 16<<10, 100_000)
		seeder, m := s.join(), s.join()
		c.Seed(t, seeder.Client, seeder.storage)
		var last etorrent.Revision
		var missed uint64
		for e, err := range m.Events(t.Context(), 0) {
			var lagged *etorrent.LaggedError
			switch {
			case errors.As(err, &lagged):
				if e != nil || lagged.Missed == 0 || missed > 0 {
					t.Fatalf("%v, %v after %d", e, err, missed)
				}
				missed = lagged.Missed
				continue
			case err != nil:
				t.Fatal(err)
			}
			if got := e.Heading().Revision; got != last+etorrent.Revision(missed)+1 {
				t.Fatalf("revision %d comes after %d, %d missed", got, last, missed)
			}
			if missed > 0 {
				return
			}
			if last++; last == 1 {
				f := c.Fetch(t, m.Client, seeder.at())
				s.stored(f)
				for range kept { // each is paused and resumed
					if err := errors.Join(f.Pause(t.Context()), f.Resume(t.Context())); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
	})
}
