package etorrent_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
)

func TestTheMetadataOfATorrentThatIsAddedByItIsKnownAtOnce(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "nobody has it", 16<<10, 100)
		f := c.Fetch(t, s.join().Client)
		if err := f.Wait(t.Context(), etorrent.MetadataKnown); err != nil {
			t.Error(err)
		}
		if meta, err := f.Metainfo(t.Context()); err != nil || meta.ID() != f.ID() {
			t.Errorf("%v, %v", meta, err)
		}
	})
}

func TestAWaitIsOverWhenNothingComesForTooLong(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		const after = 10 * time.Minute
		c := etorrenttest.NewContent(t, "nobody has it", 16<<10, 100_000)
		f := c.Fetch(t, s.join().Client)
		began := time.Now()
		var stalled *etorrent.StalledError
		err := f.Wait(t.Context(), etorrent.DataStored, etorrent.StallAfter(after))
		if d := time.Since(began); !errors.As(err, &stalled) || stalled.After != after || stalled.Unwrap() != nil || d < after || d > after+after/8 {
			t.Errorf("after %v: %v", d, err)
		}
		patient, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := f.Wait(patient, etorrent.DataStored, etorrent.StallAfter(0)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("without a bound: %v", err)
		}
		seeder := s.join()
		c.Seed(t, seeder.Client, seeder.storage)
		introduce(t, f, seeder.at())
		if err := f.Wait(t.Context(), etorrent.DataStored, etorrent.StallAfter(after)); err != nil {
			t.Errorf("a torrent that stalled does not go on: %v", err)
		}
		patient, cancel = context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := f.Wait(patient, etorrent.Stopped, etorrent.StallAfter(after)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("one that shares stalls: %v", err)
		}
	})
}

func TestASlowOrAPausedTorrentDoesNotStall(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "slow", 16<<10, 2_000_000)
		seeder, m := s.join(slowly(5_000)), s.join()
		c.Seed(t, seeder.Client, seeder.storage)
		f := c.Fetch(t, m.Client, seeder.at())
		time.AfterFunc(time.Minute, func() { _ = f.Pause(t.Context()) })
		time.AfterFunc(time.Hour, func() { _ = f.Resume(t.Context()) })
		if err := f.Wait(t.Context(), etorrent.DataStored, etorrent.StallAfter(time.Minute)); err != nil {
			t.Error(err)
		}
	})
}

// What a tracker says is why a torrent stalls.
func TestAStallTellsWhatTheTrackerSays(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "unknown", 16<<10, 100_000)
		f := c.Fetch(t, s.join().Client)
		if err := f.AddTracker(t.Context(), 0, "udp://127.9.9.9:1/announce"); err != nil {
			t.Fatal(err)
		}
		err := f.Wait(t.Context(), etorrent.DataStored, etorrent.StallAfter(10*time.Minute))
		var stalled *etorrent.StalledError
		var tracker *etorrent.TrackerError
		if !errors.As(err, &stalled) || !errors.As(err, &tracker) {
			t.Errorf("%v", err)
		}
	})
}
