package etorrent_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"slices"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
	"github.com/etorrent/etorrent/sup"
)

// open opens file k of a torrent.
func open(t *testing.T, ctx context.Context, f *etorrent.Torrent, k int, o ...etorrent.ReadOption) *etorrent.Reader {
	t.Helper()
	files := slices.Collect(f.Files())
	r, err := files[k].Open(ctx, o...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// slowly has members send so many bytes a second.
func slowly(rate int64) func(*etorrent.Options) {
	return func(o *etorrent.Options) { o.Limits.Up = rate }
}

// watched is a swarm of seeds that send slowly, and one that looks on while it
// fetches.
func watched(t *testing.T, s *swarm, c *etorrenttest.Content, seeds int, rate int64, change ...func(*etorrent.Options)) (*member, *etorrent.Torrent) {
	t.Helper()
	s.network.SetLink(etorrenttest.Link{Latency: 20 * time.Millisecond})
	viewer := s.join(change...)
	fetching := c.Fetch(t, viewer.Client)
	for range seeds {
		m := s.join(slowly(rate))
		c.Seed(t, m.Client, m.storage)
		introduce(t, fetching, m.at())
	}
	return viewer, fetching
}

func TestWhatIsReadWhileItComesIsTheContent(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "film", 64<<10, 1_000_000, 2_000_000, 1_000_000)
		_, fetching := watched(t, s, c, 3, 200_000)
		got, err := io.ReadAll(open(t, t.Context(), fetching, 1))
		if err != nil || !bytes.Equal(got, c.Bytes[1_000_000:3_000_000]) {
			t.Fatalf("%d bytes, %v", len(got), err)
		}
		if st := fetching.Stats(); st.Durable == st.Pieces {
			t.Error("all was there before the film ended")
		}
		s.stored(fetching)
	})
}

func TestReadersKeepToTheirInterfaces(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "small", 16<<10, 10_000, 100_001)
		_, fetching := watched(t, s, c, 1, 0)
		r := open(t, t.Context(), fetching, 1)
		if err := iotest.TestReader(r, c.Bytes[10_000:]); err != nil {
			t.Error(err)
		}
		if r.Size() != 100_001 {
			t.Errorf("size %d", r.Size())
		}
		for _, bad := range []func() error{
			func() error { _, err := r.ReadAt(make([]byte, 1), -1); return err },
			func() error { _, err := r.Seek(-1, io.SeekStart); return err },
			func() error { _, err := r.Seek(0, 9); return err },
		} {
			if err := bad(); !errors.Is(err, fs.ErrInvalid) {
				t.Errorf("%v", err)
			}
		}
	})
}

// verifiedIn counts the verified pieces of a span so far.
func verifiedIn(m *member, first, end int) (n int) {
	for _, e := range past(m) {
		if p, is := e.(etorrent.PieceEvent); is && p.State == etorrent.PieceVerified && int(p.Index) >= first && int(p.Index) < end {
			n++
		}
	}
	return n
}

// A player that seeks: the first byte of the new place comes before two pieces more
// of the old.
func TestAfterASeekTheNewPlaceIsReadBeforeTwoPiecesMoreOfTheOld(t *testing.T) {
	long(t)
	inSwarm(t, func(t *testing.T, s *swarm) {
		const piece = 512 << 10
		c := etorrenttest.NewContent(t, "film", piece, 100*piece)
		viewer, fetching := watched(t, s, c, 4, 120_000)
		r := open(t, t.Context(), fetching, 0, etorrent.ReadAhead(8*piece))
		buf := make([]byte, piece)
		at := 0
		for _, to := range []int{60, 20, 90, 40} {
			for range 6 { // it plays on, a piece in two seconds
				if _, err := io.ReadFull(r, buf); err != nil || !bytes.Equal(buf, c.Bytes[at*piece:(at+1)*piece]) {
					t.Fatalf("piece %d: %v", at, err)
				}
				at++
				time.Sleep(2 * time.Second)
			}
			synctest.Wait()
			for verifiedIn(viewer, to, to+1) > 0 { // it came already
				to++
			}
			before, began := verifiedIn(viewer, at, at+9), time.Now()
			if _, err := r.Seek(int64(to*piece), io.SeekStart); err != nil {
				t.Fatal(err)
			}
			if _, err := r.Read(buf[:1]); err != nil || buf[0] != c.Bytes[to*piece] {
				t.Fatalf("seek to %d: %v", to, err)
			}
			more := verifiedIn(viewer, at, at+9) - before
			t.Logf("from %d to %d: %v, %d pieces more of the old place", at, to, time.Since(began), more)
			if more >= 2 {
				t.Errorf("%d pieces more of the old place before piece %d", more, to)
			}
			at = to
			if _, err := r.Seek(int64(at*piece), io.SeekStart); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestAReadEndsWithItsContext(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "nobody has it", 16<<10, 100_000)
		alone := s.join()
		fetching := c.Fetch(t, alone.Client)
		ctx, cancel := context.WithCancelCause(t.Context())
		r := open(t, ctx, fetching, 0)
		once, end := context.WithTimeout(t.Context(), time.Minute)
		defer end()
		if n, err := r.ReadContext(once, make([]byte, 9)); n != 0 || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%d bytes, %v", n, err)
		}
		why := errors.New("the film is bad")
		time.AfterFunc(time.Minute, func() { cancel(why) })
		for _, read := range []func() (int, error){
			func() (int, error) { return r.Read(make([]byte, 9)) },
			func() (int, error) { return r.ReadAt(make([]byte, 9), 50_000) },
		} {
			if n, err := read(); n != 0 || !errors.Is(err, why) {
				t.Errorf("%d bytes, %v", n, err)
			}
		}
		if _, err := slices.Collect(fetching.Files())[0].Open(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("opened: %v", err)
		}
	})
}

func TestReadsThatWaitEndWithTheReaderTheTorrentAndTheClient(t *testing.T) {
	for name, x := range map[string]struct {
		end  func(*testing.T, *member, *etorrent.Torrent, *etorrent.Reader)
		want error
	}{
		"reader":  {func(_ *testing.T, _ *member, _ *etorrent.Torrent, r *etorrent.Reader) { _ = r.Close(); _ = r.Close() }, fs.ErrClosed},
		"torrent": {func(t *testing.T, _ *member, f *etorrent.Torrent, _ *etorrent.Reader) { _ = f.Retire(t.Context()) }, etorrent.ErrStopped},
		"client": {func(t *testing.T, m *member, _ *etorrent.Torrent, _ *etorrent.Reader) {
			etorrenttest.Shutdown(t, m.Client)
		}, etorrent.ErrStopped},
		"at once": {func(_ *testing.T, m *member, _ *etorrent.Torrent, _ *etorrent.Reader) { _ = m.Close() }, etorrent.ErrStopped},
	} {
		t.Run(name, func(t *testing.T) {
			inSwarm(t, func(t *testing.T, s *swarm) {
				c := etorrenttest.NewContent(t, "nobody has it", 16<<10, 100_000)
				alone := s.join()
				fetching := c.Fetch(t, alone.Client)
				r := open(t, t.Context(), fetching, 0)
				errs := make(chan error, 2)
				go func() { _, err := r.Read(make([]byte, 9)); errs <- err }()
				go func() { _, err := r.ReadAt(make([]byte, 9), 50_000); errs <- err }()
				time.Sleep(time.Minute)
				x.end(t, alone, fetching, r)
				for range 2 {
					if err := <-errs; !errors.Is(err, x.want) {
						t.Errorf("%v", err)
					}
				}
				if _, err := r.Read(make([]byte, 9)); !errors.Is(err, x.want) {
					t.Errorf("afterwards: %v", err)
				}
			})
		})
	}
}

func TestTwoReadersAtOnceGetWhatTheyRead(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		const piece = 128 << 10
		c := etorrenttest.NewContent(t, "two films", piece, 40*piece, 40*piece)
		_, fetching := watched(t, s, c, 3, 300_000)
		done := make(chan string, 3)
		for k := range 2 {
			r := open(t, t.Context(), fetching, k)
			go func() {
				if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, c.Bytes[k*40*piece:(k+1)*40*piece]) {
					done <- "a film differs"
				}
				done <- ""
			}()
		}
		go func() { // and one that jumps about
			buf := make([]byte, 3*piece)
			r := open(t, t.Context(), fetching, 0)
			for _, at := range []int{30, 3, 21, 36} {
				if _, err := r.ReadAt(buf, int64(at*piece)+7); err != nil || !bytes.Equal(buf, c.Bytes[at*piece+7:(at+3)*piece+7]) {
					done <- "a part differs"
				}
			}
			done <- ""
		}()
		for range 3 {
			if fault := <-done; fault != "" {
				t.Error(fault)
			}
		}
	})
}

func TestReadingPastACorruptPieceWaitsForTheRightCopy(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "film", 32<<10, 640<<10)
		s.network.SetLink(etorrenttest.Link{Latency: 20 * time.Millisecond})
		liar, honest, viewer := s.join(), s.join(slowly(50_000)), s.join()
		c.Seed(t, honest.Client, honest.storage)
		spoilt := &etorrenttest.Content{Metainfo: c.Metainfo, Bytes: bytes.Clone(c.Bytes)}
		for i := range spoilt.Bytes {
			spoilt.Bytes[i] ^= 1
		}
		spoilt.Put(t, liar.storage, etorrenttest.Dir)
		if _, err := liar.Add(t.Context(), etorrent.FromMetainfo(c.Metainfo), etorrent.ShareOnly(), etorrent.OnExisting(etorrent.TrustExisting)); err != nil {
			t.Fatal(err)
		}
		fetching := c.Fetch(t, viewer.Client, liar.at(), honest.at())
		got, err := io.ReadAll(open(t, t.Context(), fetching, 0))
		if err != nil || !bytes.Equal(got, c.Bytes) {
			t.Fatalf("%d bytes, %v", len(got), err)
		}
		if fetching.Stats().Corrupt == 0 {
			t.Error("nothing was corrupt")
		}
	})
}

func TestAReaderSurvivesCrashesOfThePickerAndTheDisk(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "film", 32<<10, 3<<20)
		every := map[string]int64{"assign": 200, "disk": 1000} // of their own steps, of which the transfer has some 1000 and 3000
		steps := map[string]*atomic.Int64{"assign": {}, "disk": {}}
		crash := func(at sup.Point) {
			if n := steps[at.Kind]; n != nil && n.Add(1)%every[at.Kind] == 0 {
				panic("planted")
			}
		}
		viewer, fetching := watched(t, s, c, 3, 200_000, func(o *etorrent.Options) { o.Hook = crash })
		got, err := io.ReadAll(open(t, t.Context(), fetching, 0))
		if err != nil || !bytes.Equal(got, c.Bytes) {
			t.Fatalf("%d bytes, %v", len(got), err)
		}
		planted := 0
		for kind, n := range steps {
			k := int(n.Load() / every[kind])
			if planted += k; k < 1 {
				t.Errorf("no crash of %s in %d steps", kind, n.Load())
			}
		}
		if n := count[etorrent.CrashedEvent](viewer); n < planted {
			t.Errorf("%d crashes, of %d that were planted", n, planted)
		}
	})
}

func TestWhatIsNotWantedIsNotWaitedFor(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "some", 16<<10, 100_000, 100_000)
		seeder, viewer := s.join(), s.join()
		c.Seed(t, seeder.Client, seeder.storage)
		f, err := viewer.Add(t.Context(), etorrent.FromMetainfo(c.Metainfo), etorrent.WithPeers(seeder.at()),
			etorrent.WithPriorities(etorrent.PriorityNormal, etorrent.PriorityUnwanted))
		if err != nil {
			t.Fatal(err)
		}
		s.stored(f)
		r := open(t, t.Context(), f, 1)
		if _, err := r.ReadAt(make([]byte, 1), 50_000); !errors.Is(err, etorrent.ErrNotWanted) {
			t.Errorf("%v", err)
		}
		if err := f.SetPriorities(t.Context(), etorrent.PriorityNormal, etorrent.PriorityNormal); err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 100)
		if _, err := r.ReadAt(buf, 50_000); err != nil || !bytes.Equal(buf, c.Bytes[150_000:150_100]) {
			t.Errorf("wanted now: %v", err)
		}
	})
}

func TestFilesTellWhatIsStoredOfThem(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "files", 16<<10, 20_000, 0, 50_000, 30_000)
		m := s.join()
		c.PutPieces(t, m.storage, etorrenttest.Dir, 0, 1, 2, 6)
		f, err := m.Add(t.Context(), etorrent.FromMetainfo(c.Metainfo),
			etorrent.WithPriorities(etorrent.PriorityHigh, etorrent.PriorityNormal, etorrent.PriorityLow))
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Wait(t.Context(), etorrent.FilesOpen); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		want := []etorrent.File{
			{Index: 0, Path: "0.bin", Size: 20_000, Stored: 20_000, Priority: etorrent.PriorityHigh},
			{Index: 1, Path: "1.bin", Offset: 20_000},
			{Index: 2, Path: "2.bin", Size: 50_000, Offset: 20_000, Stored: 3*16<<10 - 20_000, Priority: etorrent.PriorityLow},
			{Index: 3, Path: "3.bin", Size: 30_000, Offset: 70_000, Stored: 100_000 - 6*(16<<10)},
		}
		k := 0
		for got := range f.Files() {
			if w := want[k]; got.Index != w.Index || got.Path != w.Path || got.Size != w.Size || got.Offset != w.Offset || got.Stored != w.Stored || got.Priority != w.Priority {
				t.Errorf("%+v, want %+v", got, w)
			}
			k++
		}
		if k != 4 {
			t.Errorf("%d files", k)
		}
		empty := open(t, t.Context(), f, 1)
		if n, err := empty.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			t.Errorf("%d, %v", n, err)
		}
	})
}
