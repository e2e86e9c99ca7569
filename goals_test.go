package etorrent_test

import (
	"context"
	"errors"
	"math"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
	"github.com/etorrent/etorrent/sup"
)

// goalsMet are the events of that.
func goalsMet(m *member) (out []etorrent.GoalsMetEvent) {
	for _, e := range past(m) {
		if e, is := e.(etorrent.GoalsMetEvent); is {
			out = append(out, e)
		}
	}
	return out
}

// enough waits until a torrent was shared enough, and returns how long that took.
func enough(t *testing.T, f *etorrent.Torrent) time.Duration {
	t.Helper()
	began := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
	defer cancel()
	if err := f.Wait(ctx, etorrent.SharingGoalsMet); err != nil {
		t.Fatalf("%v: %+v", err, f.Stats())
	}
	return time.Since(began)
}

func TestATorrentWasSharedEnoughAfterItsSeedTime(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "time", 16<<10, 100_000)
		m := s.join()
		f := c.Seed(t, m.Client, m.storage, etorrent.WithGoals(etorrent.Goals{Ratio: 1, SeedTime: 2 * time.Hour}))
		if st := f.Stats(); st.Shared != etorrent.GoalsAhead || st.Goals.Ratio != 1 {
			t.Errorf("%+v", st)
		}
		if d := enough(t, f); d < 2*time.Hour || d > 2*time.Hour+time.Second {
			t.Errorf("after %v", d)
		}
		synctest.Wait()
		met := goalsMet(m)
		if len(met) != 1 || met[0].Goal != etorrent.SeedTimeGoal || met[0].Shared < 2*time.Hour || met[0].Uploaded != 0 {
			t.Errorf("%+v", met)
		}
		time.Sleep(time.Hour)
		if st := f.Stats(); st.Phase != etorrent.Sharing || st.Shared != etorrent.SeedTimeMet {
			t.Errorf("it does not go on: %+v", st)
		}
	})
}

// What is given away is looked at each second, and time before all is stored does not
// count.
func TestATorrentWasSharedEnoughWhenItsRatioIsMet(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "ratio", 16<<10, 160_000)
		seeder, m := s.join(slowly(1_000)), s.join(slowly(10_000))
		c.Seed(t, seeder.Client, seeder.storage)
		f, err := m.Add(t.Context(), etorrent.FromMetainfo(c.Metainfo), etorrent.WithPeers(seeder.at()),
			etorrent.WithGoals(etorrent.Goals{Ratio: 2, SeedTime: time.Hour, Then: etorrent.RetireWhenMet}))
		if err != nil {
			t.Fatal(err)
		}
		s.stored(f)
		for range 2 {
			other := s.join()
			introduce(t, c.Fetch(t, other.Client), m.at())
		}
		if d := enough(t, f); d < 30*time.Second || d > 40*time.Second {
			t.Errorf("after %v", d)
		}
		if err := f.Wait(t.Context(), etorrent.Stopped); err != nil {
			t.Error(err)
		}
		if d := enough(t, f); d != 0 { // though it is retired
			t.Errorf("after %v", d)
		}
		met := goalsMet(m)
		if len(met) != 1 || met[0].Goal != etorrent.RatioGoal || met[0].Uploaded < 320_000 || met[0].Uploaded > 320_000+32<<10 {
			t.Errorf("%+v", met)
		}
		for range m.Torrents() {
			t.Error("it is not retired")
		}
		if n := count[etorrent.StoppedEvent](m); n != 1 {
			t.Errorf("it stopped %d times", n)
		}
	})
}

func TestTimeInWhichATorrentIsNotSharedDoesNotCount(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "paused", 16<<10, 100_000)
		m := s.join()
		f := c.Seed(t, m.Client, m.storage, etorrent.WithGoals(etorrent.Goals{SeedTime: time.Hour}))
		time.Sleep(30 * time.Minute)
		if err := f.Pause(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Hour)
		if err := f.Resume(t.Context()); err != nil {
			t.Fatal(err)
		}
		if d := enough(t, f); d < 29*time.Minute || d > 31*time.Minute {
			t.Errorf("after %v", d)
		}
	})
}

func TestGoalsMayChangeWhileATorrentRuns(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "changed", 16<<10, 100_000)
		m := s.join()
		f := c.Seed(t, m.Client, m.storage)
		set := func(g etorrent.Goals) {
			t.Helper()
			if err := f.SetGoals(t.Context(), g); err != nil {
				t.Fatal(err)
			}
			if got := f.Stats().Goals; got != g {
				t.Errorf("%+v count, want %+v", got, g)
			}
		}
		waited := make(chan error, 1)
		go func() { waited <- f.Wait(t.Context(), etorrent.SharingGoalsMet) }()
		time.Sleep(3 * time.Hour)
		set(etorrent.Goals{SeedTime: 4 * time.Hour})
		time.Sleep(30 * time.Minute)
		select {
		case err := <-waited:
			t.Fatalf("it is over: %v", err)
		default:
		}
		set(etorrent.Goals{SeedTime: 2 * time.Hour})
		if err := <-waited; err != nil || f.Stats().Shared != etorrent.SeedTimeMet {
			t.Errorf("%v, %+v", err, f.Stats())
		}
		set(etorrent.Goals{SeedTime: 5 * time.Hour})
		if d := enough(t, f); d < time.Hour || d > 2*time.Hour {
			t.Errorf("the second time after %v", d)
		}
		synctest.Wait()
		if n := len(goalsMet(m)); n != 2 {
			t.Errorf("it was told %d times", n)
		}
		set(etorrent.Goals{})
		if got := f.Stats().Shared; got != etorrent.NoGoals {
			t.Errorf("without goals: %d", got)
		}
		set(etorrent.Goals{SeedTime: time.Hour})
		if n := len(goalsMet(m)); n != 3 {
			t.Errorf("it was told %d times", n)
		}
		set(etorrent.Goals{SeedTime: time.Hour, Then: etorrent.RetireWhenMet})
		if err := f.Wait(t.Context(), etorrent.Stopped); err != nil {
			t.Error(err)
		}
		if err := f.SetGoals(t.Context(), etorrent.Goals{}); !errors.Is(err, etorrent.ErrStopped) {
			t.Errorf("of one that is retired: %v", err)
		}
	})
}

func TestAWaitForGoalsEndsWhenTheTorrentIsRetiredBefore(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "retired", 16<<10, 100_000)
		m := s.join()
		f := c.Seed(t, m.Client, m.storage, etorrent.WithGoals(etorrent.Goals{SeedTime: time.Hour}))
		time.AfterFunc(time.Minute, func() { _ = f.Retire(t.Context()) })
		if err := f.Wait(t.Context(), etorrent.SharingGoalsMet); !errors.Is(err, etorrent.ErrStopped) {
			t.Error(err)
		}
	})
}

func TestGoalsThatAreNoneAreRefused(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "none", 16<<10, 100_000)
		m := s.join()
		for _, g := range []etorrent.Goals{{Ratio: -1}, {Ratio: math.NaN()}, {SeedTime: -1}} {
			if _, err := m.Add(t.Context(), etorrent.FromMetainfo(c.Metainfo), etorrent.WithGoals(g)); err == nil {
				t.Errorf("%+v is taken", g)
			}
		}
		f := c.Fetch(t, m.Client)
		synctest.Wait()
		if err := f.SetGoals(t.Context(), etorrent.Goals{Ratio: -1}); err == nil {
			t.Error("it is taken")
		}
	})
}

// Crashes of control and of the roster neither forget nor lengthen the time, nor do they
// keep the torrent from being retired.
func TestCrashesChangeNothingOfTheGoals(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "crashing", 16<<10, 100_000)
		m := s.join()
		began := time.Now()
		f := c.Seed(t, m.Client, m.storage, etorrent.WithGoals(etorrent.Goals{SeedTime: time.Hour, Then: etorrent.RetireWhenMet}))
		for range 5 {
			time.Sleep(10 * time.Minute)
			for _, path := range []string{"client/torrents/pool/torrent[1]/control", "client/torrents/roster"} {
				if err := m.Kill(path); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := f.Wait(t.Context(), etorrent.Stopped); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(began); d < time.Hour || d > time.Hour+time.Minute {
			t.Errorf("after %v", d)
		}
		if n := len(goalsMet(m)); n != 1 {
			t.Errorf("it was told %d times", n)
		}
	})
}

// A roster that crashes when it hears of the end leaves that to the next one.
func TestACrashOfTheRosterDoesNotKeepATorrentThatWasSharedEnough(t *testing.T) {
	for _, at := range []sup.Moment{sup.OnReceive, sup.InStep, sup.BetweenActions} {
		inSwarm(t, func(t *testing.T, s *swarm) {
			c := etorrenttest.NewContent(t, "crashing", 16<<10, 100_000)
			var crashes atomic.Int64
			var due atomic.Bool
			m := s.join(func(o *etorrent.Options) {
				o.Hook = func(p sup.Point) {
					if due.Load() && p.Kind == "roster" && p.At == at && crashes.Add(1) == 1 {
						panic("injected")
					}
				}
			})
			f := c.Seed(t, m.Client, m.storage, etorrent.WithGoals(etorrent.Goals{SeedTime: time.Hour, Then: etorrent.RetireWhenMet}))
			time.Sleep(59 * time.Minute)
			due.Store(true)
			if err := f.Wait(t.Context(), etorrent.Stopped); err != nil || crashes.Load() == 0 {
				t.Errorf("%v: %v, %d crashes", at, err, crashes.Load())
			}
		})
	}
}
