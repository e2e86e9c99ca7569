package etorrent_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
)

// Each step changes what is wanted of two files, and says how often completion was told
// by then.
func TestCompletionIsToldWhenAllThatIsWantedIsThereAndSomethingIs(t *testing.T) {
	type step struct {
		to    etorrent.Priority
		files string
		told  int
	}
	for name, steps := range map[string][]step{
		"nothing is wanted, then all": {
			{etorrent.PriorityUnwanted, "**", 0}, {etorrent.PriorityNormal, "**", 1},
		},
		"more and more": {
			{etorrent.PriorityUnwanted, "**", 0}, {etorrent.PriorityNormal, "**/0.bin", 1}, {etorrent.PriorityNormal, "**/1.bin", 2},
		},
		"less": {
			{etorrent.PriorityUnwanted, "**/1.bin", 1}, {etorrent.PriorityUnwanted, "**", 1}, {etorrent.PriorityNormal, "**/0.bin", 2},
		},
		"all is there, whatever is wanted": {
			{etorrent.PriorityNormal, "**", 1}, {etorrent.PriorityHigh, "**", 1}, {etorrent.PriorityUnwanted, "**", 1}, {etorrent.PriorityLow, "**/1.bin", 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			inSwarm(t, func(t *testing.T, s *swarm) {
				c := etorrenttest.NewContent(t, "pair", 16<<10, 64<<10, 64<<10)
				seeder, m := s.join(), s.join()
				c.Seed(t, seeder.Client, seeder.storage)
				f := c.Fetch(t, m.Client)
				if err := f.Wait(t.Context(), etorrent.FilesOpen); err != nil {
					t.Fatal(err)
				}
				for i, step := range steps {
					if err := f.SetPriority(t.Context(), step.to, step.files); err != nil {
						t.Fatal(err)
					}
					if i == 0 {
						introduce(t, f, seeder.at())
					}
					time.Sleep(time.Minute)
					synctest.Wait()
					if n := count[etorrent.CompletedEvent](m); n != step.told {
						t.Errorf("after step %d completion was told %d times, want %d: %+v", i, n, step.told, f.Stats())
					}
				}
			})
		})
	}
}

func TestATorrentWithoutBytesIsCompleteAtOnce(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		m := s.join()
		f := etorrenttest.NewContent(t, "hollow", 16<<10, 0, 0).Fetch(t, m.Client)
		s.stored(f)
		if n := count[etorrent.CompletedEvent](m); n != 1 {
			t.Errorf("completion was told %d times", n)
		}
	})
}
