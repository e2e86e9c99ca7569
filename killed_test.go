package etorrent_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/sup"
)

// killWorld is a fetch in the middle, by a client that any process is killed of.
type killWorld struct {
	*swarm
	content  *etorrenttest.Content
	seeder   *member
	fetcher  *member
	fetching *etorrent.Torrent
	seeding  *etorrent.Torrent
	ledger   *ledger
}

const (
	killSize = 64 * crashPiece
	killRate = 64 << 10
)

// midway builds it and lets it come to a third.
func midway(t *testing.T, s *swarm) *killWorld {
	w := &killWorld{swarm: s, content: etorrenttest.NewContent(t, "killed", crashPiece, killSize/3, killSize-killSize/3)}
	w.seeder = s.join(func(o *etorrent.Options) { o.Limits.Up = killRate })
	w.seeding = w.content.Seed(t, w.seeder.Client, w.seeder.storage)
	w.ledger = &ledger{t: t, content: w.content, synced: map[int]struct{}{}}
	w.fetcher = s.join(func(o *etorrent.Options) {
		o.State = claiming{etorrent.NewMemoryState(), w.ledger}
		o.Storage = syncing{o.Storage, w.ledger}
	})
	w.fetching = w.content.Fetch(t, w.fetcher.Client, w.seeder.at())
	w.comesTo(killSize / 3)
	return w
}

// comesTo waits until so many bytes are stored.
func (w *killWorld) comesTo(n int64) {
	w.t.Helper()
	for range 100 * 60 {
		if w.fetching.Stats().Stored >= n {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	w.t.Fatalf("%+v\n%v\nof the seeder: %v", w.fetching.Stats(), w.fetcher.Tree(), w.seeder.Tree())
}

// ledger has which pieces were synced, with the bytes that they should have.
type ledger struct {
	t       *testing.T
	content *etorrenttest.Content

	mu     sync.Mutex
	synced map[int]struct{}
}

// sync notes pieces whose bytes are right.
func (l *ledger) sync(s etorrent.Store, pieces *etorrent.PieceSet) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range pieces.All() {
		at := int(i) * crashPiece
		want := l.content.Bytes[at:min(at+crashPiece, len(l.content.Bytes))]
		got := make([]byte, len(want))
		if _, err := s.ReadAt(got, int64(at)); err == nil && string(got) == string(want) {
			l.synced[int(i)] = struct{}{}
		}
	}
}

// claim fails the test for pieces that were not.
func (l *ledger) claim(s *pieceset.Set) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s == nil {
		return
	}
	for i := range s.All() {
		if _, is := l.synced[int(i)]; !is {
			l.t.Errorf("piece %d is claimed and was not synced", i)
		}
	}
}

// syncing is a storage that tells a ledger what was synced.
type syncing struct {
	etorrent.Storage
	ledger *ledger
}

func (s syncing) Open(ctx context.Context, spec etorrent.StorageSpec) (etorrent.Store, error) {
	st, err := s.Storage.Open(ctx, spec)
	return syncingStore{Store: st, ledger: s.ledger}, err
}

type syncingStore struct {
	etorrent.Store
	ledger *ledger
}

func (s syncingStore) Sync(ctx context.Context, pieces *etorrent.PieceSet) error {
	err := s.Store.Sync(ctx, pieces)
	if err == nil {
		s.ledger.sync(s.Store, pieces)
	}
	return err
}

// claiming is a state that asks a ledger about claims.
type claiming struct {
	etorrent.State
	ledger *ledger
}

func (c claiming) Claim(ctx context.Context, u store.ClaimUpdate) error {
	c.ledger.claim(u.Add)
	return c.State.Claim(ctx, u)
}

func (c claiming) ClaimAll(ctx context.Context, us []store.ClaimUpdate) []error {
	for _, u := range us {
		c.ledger.claim(u.Add)
	}
	return c.State.ClaimAll(ctx, us)
}

var numbered = regexp.MustCompile(`(peer|listen)\[.*\]$`)

// kinds are the paths of what runs, but of connections and listeners only their kind.
func kinds(n sup.Node) map[string]sup.Node {
	out := map[string]sup.Node{}
	var walk func(sup.Node)
	walk = func(n sup.Node) {
		out[numbered.ReplaceAllString(n.Path, "$1[*]")] = n
		for _, c := range n.Children {
			walk(c)
		}
	}
	walk(n)
	return out
}

// isBack waits until all that ran before runs again. A torrent that was killed twice is
// put aside for two minutes, a restart takes no time.
func (w *killWorld) isBack(m *member, before map[string]sup.Node) {
	w.t.Helper()
	var missing []string
	for range 150 {
		now := kinds(m.Tree().Root)
		missing = nil
		for path, was := range before {
			if n, there := now[path]; !there || n.State.String() != was.State.String() {
				missing = append(missing, path)
			}
		}
		if missing == nil {
			return
		}
		time.Sleep(time.Second)
	}
	w.t.Fatalf("not back are %v:\n%v", missing, m.Tree())
}

// TestWhateverIsKilledTheTransferEndsAlike kills each process and each supervisor of
// the tree in the middle of a transfer, once and twice, at the one who fetches and at
// the one who shares. The root alone cannot be killed.
func TestWhateverIsKilledTheTransferEndsAlike(t *testing.T) {
	var paths []string
	var calm time.Duration // from the middle to the end, where nothing is killed
	inSwarm(t, func(t *testing.T, s *swarm) {
		w := midway(t, s)
		for path := range kinds(w.fetcher.Tree().Root) {
			paths = append(paths, path)
		}
		slices.Sort(paths)
		if len(paths) < 20 {
			t.Fatalf("only %q run", paths)
		}
		since := time.Now()
		w.stored(w.fetching)
		calm = time.Since(since)
	})
	for _, role := range []string{"fetcher", "seeder"} {
		for times := 1; times <= 2; times++ {
			for i, path := range paths {
				if testing.Short() && (times > 1 || i%2 == 0 == (role == "seeder")) {
					continue // each process is killed once, at one of the ends
				}
				t.Run(fmt.Sprintf("%s %d %s", role, times, strings.TrimPrefix(path, "client/")), func(t *testing.T) {
					t.Parallel()
					most := calm + time.Duration(times)*progressLost
					if strings.HasSuffix(path, "/torrent[1]") { // it is put aside
						most += 4 * time.Minute
					}
					inSwarm(t, func(t *testing.T, s *swarm) { killMidway(t, s, role, path, times, most) })
				})
			}
		}
	}
}

// killMidway kills what is at a path so many times, and judges a fetch that may take
// most from its middle on.
func killMidway(t *testing.T, s *swarm, role, path string, times int, most time.Duration) {
	w := midway(t, s)
	since := time.Now()
	m := map[string]*member{"fetcher": w.fetcher, "seeder": w.seeder}[role]
	for range times {
		before := kinds(m.Tree().Root)
		victim, there := before[path]
		if !there || w.fetching.Stats().Phase != etorrent.Fetching {
			t.Fatalf("%s does not run, or the fetch is over:\n%v", path, m.Tree())
		}
		err := m.Kill(victim.Path)
		if path == "client" {
			if err == nil {
				t.Error("the root was killed")
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		w.isBack(m, before)
	}
	w.stored(w.fetching)
	if took := time.Since(since); took > most {
		t.Errorf("it took %v, and should take %v at most", took, most)
	}
	w.ends()
}

// ends waits for the end of the fetch, and judges it.
func (w *killWorld) ends() {
	w.t.Helper()
	w.stored(w.fetching)
	t := w.t
	w.content.Check(t, w.fetcher.storage, etorrenttest.Dir)
	if n := count[etorrent.CompletedEvent](w.fetcher); n != 1 {
		t.Errorf("completion was told %d times", n)
	}
	if n := len(w.ledger.synced); n != w.content.Metainfo.PieceCount() {
		t.Errorf("%d pieces were synced", n)
	}
	for m, f := range map[*member]*etorrent.Torrent{w.fetcher: w.fetching, w.seeder: w.seeding} {
		if err := m.Err(); err != nil {
			t.Error(err)
		}
		if err := f.Retire(t.Context()); err != nil {
			t.Error(err)
		}
		if path := "client/torrents/pool/torrent[1]"; nodeAt(m.Tree().Root, path) != nil {
			t.Errorf("%s runs on after its end:\n%v", path, m.Tree())
		}
		if n := etorrent.Room(m.Client); n != 0 {
			t.Errorf("%d bytes of the room for pieces are taken", n)
		}
	}
	if n := w.network.Open(); n != 0 {
		t.Errorf("%d connections are open", n)
	}
}

// A supervisor whose children crash too often gives up, and is started again by the one
// above it, with all disks that are in use.
func TestATransferOutlivesThatTheSupervisorOfTheDisksGivesUp(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		w := midway(t, s)
		before := kinds(w.fetcher.Tree().Root)
		const path = "client/storage/disks"
		for n := 0; kinds(w.fetcher.Tree().Root)[path].RestartsInAll == 0; n++ {
			if n == 100 {
				t.Fatalf("it bears everything:\n%v", w.fetcher.Tree())
			}
			_ = w.fetcher.Kill(path + "/disk[memory]") // it may be on its way down
			synctest.Wait()
		}
		w.isBack(w.fetcher, before)
		w.ends()
	})
}
