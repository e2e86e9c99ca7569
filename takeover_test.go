package etorrent_test

import (
	"bytes"
	"context"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
	"github.com/etorrent/etorrent/sup"
)

// pickerKiller panics in assign processes, at points that a lottery names.
type pickerKiller struct {
	mu     sync.Mutex
	rnd    *rand.Rand
	points int // until the next crash; 0: none is due
	killed int
	most   int // it goes on by itself until it killed so many
}

func newPickerKiller(run uint64) *pickerKiller {
	return &pickerKiller{rnd: rand.New(rand.NewPCG(run, 3))}
}

// arm has one of the next points crash.
func (k *pickerKiller) arm() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.points = 1 + k.rnd.IntN(4)
}

// hook is the client's.
func (k *pickerKiller) hook(p sup.Point) {
	if p.Kind == "assign" && k.isDue() {
		panic("killed by the test")
	}
}

func (k *pickerKiller) isDue() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.points == 0 {
		return false
	}
	if k.points--; k.points > 0 {
		return false
	}
	if k.killed++; k.killed < k.most {
		k.points = 1 + k.rnd.IntN(8)
	}
	return true
}

// deaths is how many assign processes it killed.
func (k *pickerKiller) deaths() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.killed
}

// mustBeUndisturbed fails for connections that ended, and for quarantines.
func mustBeUndisturbed(t *testing.T, role string, events []etorrent.Event, connections int) {
	t.Helper()
	joined := 0
	for _, e := range events {
		switch e := e.(type) {
		case etorrent.PeerJoinedEvent:
			joined++
		case etorrent.PeerLeftEvent:
			t.Errorf("%s: the connection with %v ended: %s", role, e.Addr, e.Reason)
		case etorrent.QuarantinedEvent:
			t.Errorf("%s was put aside", role)
		}
	}
	if joined != connections {
		t.Errorf("%s had %d connections, not %d", role, joined, connections)
	}
}

// nudge has the picker of a seed hear something: that all is still wanted.
func nudge(t *testing.T, seeding *etorrent.Torrent) {
	t.Helper()
	if err := seeding.SetPriorities(t.Context(), etorrent.PriorityNormal); err != nil {
		t.Fatal(err)
	}
}

// Pickers of seeds and fetchers die every few seconds, anywhere in what they do.
// Nobody notices: no connection ends, and what has one source comes once.
func TestACrashOfThePickerEndsNoConnectionAndHasNothingFetchedTwice(t *testing.T) {
	for run := range uint64(5) {
		inSwarm(t, func(t *testing.T, s *swarm) {
			s.network.SetLink(etorrenttest.Link{Latency: 20 * time.Millisecond, Rate: 64 << 10})
			c := etorrenttest.NewContent(t, "outlived", 64<<10, 2_000_000)
			connections := map[string]int{"first": 2, "second": 1, "one source": 1, "two sources": 2}
			killers, members := map[string]*pickerKiller{}, map[string]*member{}
			for _, role := range slices.Sorted(maps.Keys(connections)) {
				k := newPickerKiller(run<<8 + uint64(len(killers)))
				killers[role] = k
				members[role] = s.join(func(o *etorrent.Options) { o.Hook, o.RandomSeed = k.hook, run })
			}
			first, second := members["first"], members["second"]
			seeding := []*etorrent.Torrent{c.Seed(t, first.Client, first.storage), c.Seed(t, second.Client, second.storage)}
			single := c.Fetch(t, members["one source"].Client, first.at())
			double := c.Fetch(t, members["two sources"].Client, first.at(), second.at())
			for double.Stats().Phase != etorrent.Sharing { // it is the faster one
				time.Sleep(2 * time.Second) // virtual
				for _, k := range killers {
					k.arm()
				}
				for _, x := range seeding {
					nudge(t, x)
				}
			}
			for role, m := range members {
				mustBeUndisturbed(t, role, past(m), connections[role])
				if n := killers[role].deaths(); n < 3 {
					t.Errorf("the picker of %s died %d times", role, n)
				}
			}
			s.stored(single, double)
			c.Check(t, members["one source"].storage, etorrenttest.Dir)
			c.Check(t, members["two sources"].storage, etorrenttest.Dir)
			if n := single.Stats().Downloaded; n != int64(len(c.Bytes)) {
				t.Errorf("%d bytes of %d came from the one source", n, len(c.Bytes))
			}
		})
	}
}

// The same over sockets, as fast as they are: the fetcher's picker dies as often as it
// may within a minute.
func TestADownloadOutlivesItsPickersOnLoopback(t *testing.T) {
	data, meta := content(t, 20<<20+123, 64<<10)
	from, to := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(from, "data.bin"), data, 0o644); err != nil {
		t.Fatal(err)
	}
	run := rand.Uint64()
	t.Logf("run %d", run)
	killers := []*pickerKiller{newPickerKiller(run), newPickerKiller(run + 1)}
	seeder := start(t, etorrent.Options{Dir: from, Hook: killers[0].hook})
	seeding, err := seeder.Add(t.Context(), etorrent.FromMetainfo(meta), etorrent.ShareOnly())
	if err != nil {
		t.Fatal(err)
	}
	if err := seeding.Wait(t.Context(), etorrent.FilesOpen); err != nil {
		t.Fatal(err)
	}
	leecher := start(t, etorrent.Options{Dir: to, Hook: killers[1].hook})
	killers[1].most = 30
	killers[1].arm()
	fetching, err := leecher.Add(t.Context(), etorrent.FromMetainfo(meta), etorrent.WithPeers(listening(t, seeder)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for e, err := range leecher.Events(ctx, 0) {
		if err != nil {
			t.Fatal(err)
		}
		p, is := e.(etorrent.PieceEvent)
		if is && p.State == etorrent.PieceVerified && p.Index%16 == 0 {
			killers[0].arm()
			nudge(t, seeding)
		}
		if _, is := e.(etorrent.CompletedEvent); is {
			break
		}
	}
	mustBeUndisturbed(t, "the seed", past(&member{Client: seeder}), 1)
	mustBeUndisturbed(t, "the fetcher", past(&member{Client: leecher}), 1)
	t.Logf("%d and %d pickers died, %d bytes came of %d", killers[0].deaths(), killers[1].deaths(), fetching.Stats().Downloaded, len(data))
	if killers[0].deaths() == 0 || killers[1].deaths() != 30 {
		t.Errorf("the pickers died %d and %d times", killers[0].deaths(), killers[1].deaths())
	}
	got, err := os.ReadFile(filepath.Join(to, "data.bin"))
	if err != nil || !bytes.Equal(got, data) {
		t.Fatalf("the copy differs: %v", err)
	}
}
