package etorrent_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/storage/faulty"
	"github.com/etorrent/etorrent/internal/storage/files"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/sqlitestate"
	"github.com/etorrent/etorrent/sup"
)

// Each fault of the disk pauses a download; when it is gone the download goes on
// with nobody's help.
func TestAPausedTorrentGoesOnWhenTheFaultIsGone(t *testing.T) {
	for _, cause := range []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG, syscall.EIO, syscall.EROFS, syscall.EMFILE} {
		t.Run(cause.Error(), func(t *testing.T) {
			inSwarm(t, func(t *testing.T, s *swarm) {
				c := etorrenttest.NewContent(t, "late", 16<<10, 600_000)
				seeder := s.join()
				c.Seed(t, seeder.Client, seeder.storage)
				inner := etorrenttest.NewStorage()
				disk := faulty.New(inner)
				leecher := s.join(func(o *etorrent.Options) { o.Storage = disk })
				disk.InjectAll(faulty.Write, faulty.Fail{Err: cause})
				torrent := c.Fetch(t, leecher.Client, seeder.at())
				mustShow(t, leecher, "control", cause)
				time.Sleep(10 * time.Second)
				if p := torrent.Stats().Phase; p == etorrent.Fetching && torrent.Stats().Durable > 0 || p == etorrent.Sharing {
					t.Fatalf("with a broken disk it is %v", p)
				}
				disk.Heal(faulty.Write)
				time.Sleep(2 * time.Minute)
				s.stored(torrent)
				if count[etorrent.PausedEvent](leecher) == 0 || count[etorrent.ResumedEvent](leecher) == 0 {
					t.Error("pause or end of it were not told")
				}
				c.Check(t, inner, etorrenttest.Dir)
			})
		})
	}
}

// Files that cannot be read for a moment are not taken for wrong ones, nor for those
// of a stranger: they are read when they can be.
func TestACheckThatAFaultInterruptsIsDoneWhenItIsGone(t *testing.T) {
	for n, cause := range []syscall.Errno{syscall.EMFILE, syscall.EIO, syscall.EACCES, syscall.EMFILE, syscall.EIO, syscall.EACCES} {
		size := []int{300_000, 10_000}[n/3] // many pieces, and one
		t.Run(fmt.Sprint(cause, size), func(t *testing.T) {
			inSwarm(t, func(t *testing.T, s *swarm) {
				c := etorrenttest.NewContent(t, "there", 16<<10, size)
				inner := etorrenttest.NewStorage()
				disk := faulty.New(inner)
				m := s.join(func(o *etorrent.Options) { o.Storage = disk })
				c.Put(t, inner, etorrenttest.Dir)
				disk.InjectAll(faulty.Read, faulty.Fail{Err: cause})
				torrent := c.Fetch(t, m.Client)
				mustShow(t, m, "control", cause)
				time.Sleep(20 * time.Second)
				if p := torrent.Stats().Phase; p == etorrent.Refused || p == etorrent.Sharing {
					t.Fatalf("it is %v", p)
				}
				disk.Heal(faulty.Read)
				time.Sleep(2 * time.Minute)
				s.stored(torrent)
				c.Check(t, inner, etorrenttest.Dir)
			})
		})
	}
}

// A check that was not over when the client was stopped is gone on with: what lies
// there is not fetched.
func TestACheckThatWasInterruptedGoesOn(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "there", 16<<10, 300_000)
		inner, state := etorrenttest.NewStorage(), etorrenttest.NewState()
		disk := faulty.New(inner)
		c.Put(t, inner, etorrenttest.Dir)
		open := func(o *etorrent.Options) { o.Storage, o.State = disk, state.Open() }
		for n := range 400 {
			disk.Inject(faulty.Read, 6+n, faulty.Fail{Err: syscall.EMFILE})
		}
		m := s.join(open)
		c.Fetch(t, m.Client)
		mustShow(t, m, "control", syscall.EMFILE)
		etorrenttest.Shutdown(t, m.Client)
		disk.Heal(faulty.Read)
		m.start(t, open)
		s.stored(c.Fetch(t, m.Client))
		for _, e := range past(m) {
			if check, is := e.(etorrent.CheckingEvent); is && (check.Pieces != len(c.Bytes)/(16<<10)+1 || check.Reason.String() != "changed") {
				t.Errorf("%d pieces were checked: %v; those of before were to be claimed", check.Pieces, check.Reason)
			}
		}
	})
}

// badSector is a storage whose device does not give some bytes until they are
// written.
type badSector struct {
	etorrent.Storage
	from, to int64
	mended   atomic.Bool
}

func (b *badSector) Open(ctx context.Context, spec etorrent.StorageSpec) (etorrent.Store, error) {
	st, err := b.Storage.Open(ctx, spec)
	return &badStore{st, b}, err
}

type badStore struct {
	etorrent.Store
	of *badSector
}

func (s *badStore) ReadAt(p []byte, off int64) (int, error) {
	if off < s.of.to && off+int64(len(p)) > s.of.from && !s.of.mended.Load() {
		return 0, &storage.Error{Op: "read", Path: "/data", Err: syscall.EIO}
	}
	return s.Store.ReadAt(p, off)
}

func (s *badStore) WriteAt(p []byte, off int64) (int, error) {
	if off <= s.of.from && off+int64(len(p)) >= s.of.to {
		s.of.mended.Store(true)
	}
	return s.Store.WriteAt(p, off)
}

// A sector that cannot be read, in a file of which the rest is right, is fetched and
// written over: the rest says whose file it is.
func TestABadSectorIsFetchedAnew(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "scratched", 16<<10, 300_000)
		seeder := s.join()
		c.Seed(t, seeder.Client, seeder.storage)
		inner := etorrenttest.NewStorage()
		c.Put(t, inner, etorrenttest.Dir)
		bad := &badSector{Storage: inner, from: 100_000, to: 100_512}
		m := s.join(func(o *etorrent.Options) { o.Storage = bad })
		torrent := c.Fetch(t, m.Client, seeder.at())
		time.Sleep(10 * time.Minute)
		s.stored(torrent)
		c.Check(t, inner, etorrenttest.Dir)
		if torrent.Stats().Downloaded == 0 {
			t.Error("nothing was fetched")
		}
	})
}

// mustShow waits, for a minute of virtual time at most, until the tree shows a
// process of a kind as degraded, with the cause.
func mustShow(t *testing.T, m *member, kind string, cause error) {
	t.Helper()
	var shown func(n sup.Node) bool
	shown = func(n sup.Node) bool {
		d, is := n.State.(sup.Degraded)
		return is && n.Kind == kind && errors.Is(d.Err, cause) || slices.ContainsFunc(n.Children, shown)
	}
	for range 600 {
		if shown(m.Tree().Root) {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Errorf("no %s is shown as degraded by %v", kind, cause)
}

// A folder that is gone is no reason to give up what was stored there, nor to
// make another in its place: it comes back with its volume.
func TestAFolderThatIsGoneIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &swarm{t: t, network: etorrenttest.NewNetwork(t)}
		c := etorrenttest.NewContent(t, "stored", 16<<10, 300_000)
		seeder := s.join()
		c.Seed(t, seeder.Client, seeder.storage)
		base := t.TempDir()
		dir, away := filepath.Join(base, "volume", "downloads"), filepath.Join(base, "away")
		start := func() *member {
			state, err := sqlitestate.Open(filepath.Join(base, "state"))
			if err != nil {
				t.Fatal(err)
			}
			return s.join(func(o *etorrent.Options) {
				o.Storage, o.State, o.Dir = files.New(files.Options{}), state, dir
			})
		}
		first := start()
		s.stored(c.Fetch(t, first.Client, seeder.at()))
		etorrenttest.Shutdown(t, first.Client)

		if err := os.Rename(filepath.Dir(dir), away); err != nil {
			t.Fatal(err)
		}
		second := start()
		torrent, err := second.Add(t.Context(), etorrent.FromMetainfo(c.Metainfo), etorrent.WithPeers(seeder.at()))
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Second)
		mustShow(t, second, "control", storage.ErrFolderGone)
		if st := torrent.Stats(); st.Phase != etorrent.Paused || !strings.Contains(st.Err.Error(), dir) {
			t.Fatalf("without its folder it is %v: %v", st.Phase, st.Err)
		}
		if _, err := os.Stat(dir); err == nil {
			t.Fatal("the folder was made in place of what is gone")
		}
		if err := os.Rename(away, filepath.Dir(dir)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		s.stored(torrent)
		if n := torrent.Stats().Downloaded; n != 0 {
			t.Errorf("%d bytes were fetched again", n)
		}
	})
}

// sealed is a State whose rows can be read once, until it is open.
type sealed struct {
	etorrent.State
	reads atomic.Int32
	open  atomic.Bool
}

func (s *sealed) Get(ctx context.Context, id ident.TorrentID) (*store.Row, error) {
	if s.reads.Add(1) > 1 && !s.open.Load() {
		return nil, &store.DriverError{Op: "get", Err: syscall.EIO}
	}
	return s.State.Get(ctx, id)
}

func TestARowThatCannotBeReadIsToldOnceAndSoIsItsEnd(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "row", 16<<10, 300_000)
		seeder := s.join()
		c.Seed(t, seeder.Client, seeder.storage)
		state := &sealed{State: etorrent.NewMemoryState()} // the first to read is the roster
		leecher := s.join(func(o *etorrent.Options) { o.State = state })
		torrent := c.Fetch(t, leecher.Client, seeder.at())
		time.Sleep(20 * time.Second)
		if st := torrent.Stats(); st.Phase != etorrent.Opening || !errors.Is(st.Err, syscall.EIO) || state.reads.Load() < 4 {
			t.Errorf("without its row it is %v (%v), after %d reads", st.Phase, st.Err, state.reads.Load())
		}
		if w, r := count[etorrent.WarningEvent](leecher), count[etorrent.ResumedEvent](leecher); w != 1 || r != 0 {
			t.Errorf("told of %d faults and %d ends", w, r)
		}
		state.open.Store(true)
		time.Sleep(time.Minute)
		s.stored(torrent)
		if w, r := count[etorrent.WarningEvent](leecher), count[etorrent.ResumedEvent](leecher); w != 1 || r != 1 {
			t.Errorf("told of %d faults and %d ends", w, r)
		}
	})
}

// unwilling is a State that takes no claim until it is willing.
type unwilling struct {
	etorrent.State
	willing atomic.Bool
}

func (s *unwilling) Claim(ctx context.Context, u store.ClaimUpdate) error {
	return s.ClaimAll(ctx, []store.ClaimUpdate{u})[0]
}

func (s *unwilling) ClaimAll(ctx context.Context, us []store.ClaimUpdate) []error {
	if s.willing.Load() {
		return s.State.ClaimAll(ctx, us)
	}
	errs := make([]error, len(us))
	for i := range errs {
		errs[i] = &store.DriverError{Op: "claim", Err: syscall.EIO}
	}
	return errs
}

func TestThatNothingCanBeClaimedIsToldOnceAndSoIsItsEnd(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "claim", 16<<10, 300_000)
		seeder := s.join()
		c.Seed(t, seeder.Client, seeder.storage)
		state := &unwilling{State: etorrent.NewMemoryState()}
		leecher := s.join(func(o *etorrent.Options) { o.State = state })
		torrent := c.Fetch(t, leecher.Client, seeder.at())
		time.Sleep(20 * time.Second)
		if st := torrent.Stats(); st.Durable > 0 || st.Downloaded < 300_000 {
			t.Errorf("%+v", st)
		}
		if w, r := count[etorrent.WarningEvent](leecher), count[etorrent.ResumedEvent](leecher); w != 1 || r != 0 {
			t.Errorf("told of %d faults and %d ends", w, r)
		}
		state.willing.Store(true)
		s.stored(torrent)
		if w, r := count[etorrent.WarningEvent](leecher), count[etorrent.ResumedEvent](leecher); w != 1 || r != 1 {
			t.Errorf("told of %d faults and %d ends", w, r)
		}
	})
}
