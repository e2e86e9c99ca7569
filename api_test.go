package etorrent_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/bencode"
	"github.com/etorrent/etorrent/etorrenttest"
	"github.com/etorrent/etorrent/metainfo"
	"github.com/etorrent/etorrent/sup"
)

func TestABadSourceIsToldByItsFieldAndPlace(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		m := s.join()
		dir := t.TempDir()
		for name, x := range map[string]struct {
			source etorrent.Source
			field  string
			offset int
			cause  any
		}{
			"a negative length": {etorrent.FromReader(strings.NewReader("d4:infod6:lengthi-1e4:name1:a12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaaee")), "info.length", 16, new(*metainfo.FieldError)},
			"no bencode":        {etorrent.FromReader(strings.NewReader("<html>")), "", 0, new(*bencode.SyntaxError)},
			"no file":           {etorrent.FromFile(filepath.Join(dir, "none")), "", etorrent.NoOffset, new(*fs.PathError)},
			"a folder":          {etorrent.FromFile(dir), "", etorrent.NoOffset, new(*fs.PathError)},
			"nothing":           {nil, "", etorrent.NoOffset, nil},
			"no metainfo":       {etorrent.FromMetainfo(nil), "", etorrent.NoOffset, nil},
		} {
			_, err := m.Add(t.Context(), x.source)
			var bad *etorrent.SourceError
			if !errors.As(err, &bad) || bad.Field != x.field || bad.Offset != x.offset || x.cause != nil && !errors.As(err, x.cause) {
				t.Errorf("%s: %+v", name, err)
			}
		}
		for _, word := range []string{"magnet:?xt=urn:btih:1", "HTTPS://host/a.torrent", strings.Repeat("a1", 20), strings.Repeat("a1", 32)} {
			var bad *etorrent.SourceError
			if _, err := etorrent.ParseSource(word); !errors.As(err, &bad) || !errors.Is(err, errors.ErrUnsupported) {
				t.Errorf("%s: %v", word, err)
			}
		}
		c := etorrenttest.NewContent(t, "good", 16<<10, 100)
		path := filepath.Join(dir, "good.torrent")
		if err := os.WriteFile(path, c.Metainfo.Raw, 0o644); err != nil {
			t.Fatal(err)
		}
		source, err := etorrent.ParseSource(path)
		if err != nil {
			t.Fatal(err)
		}
		if f, err := m.Add(t.Context(), source); err != nil || f.ID() != c.Metainfo.ID() {
			t.Errorf("%v", err)
		}
	})
}

func TestATorrentIsFoundByItsID(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "one", 16<<10, 100)
		m := s.join()
		first := c.Fetch(t, m.Client)
		again, err := m.Add(t.Context(), etorrent.FromMetainfo(c.Metainfo))
		if again == nil || again.ID() != first.ID() || !errors.Is(err, etorrent.ErrExists) {
			t.Errorf("added again: %v, %v", again, err)
		}
		found, err := m.Torrent(first.ID())
		if err != nil || found.ID() != first.ID() {
			t.Errorf("found %v, %v", found, err)
		}
		both := first.ID()
		both.V2[0] = 1
		if found, err := m.Torrent(both); err != nil || found.ID() != first.ID() {
			t.Errorf("by the names of both versions: %v, %v", found, err)
		}
		for _, id := range []etorrent.ID{{}, {V2: both.V2}} {
			if _, err := m.Torrent(id); !errors.Is(err, etorrent.ErrUnknown) {
				t.Errorf("nobody: %v", err)
			}
		}
		if err := first.Retire(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := m.Torrent(first.ID()); !errors.Is(err, etorrent.ErrUnknown) {
			t.Errorf("retired: %v", err)
		}
	})
}

func TestAPausedTorrentRestsUntilItIsResumed(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "film", 16<<10, 2_000_000)
		viewer, fetching := watched(t, s, c, 2, 50_000)
		time.Sleep(5 * time.Second)
		if err := fetching.Pause(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		before := fetching.Stats()
		if before.Phase != etorrent.Paused || before.Err != nil || before.Peers != 0 || before.Durable == 0 || s.network.Open() != 0 {
			t.Fatalf("%+v, %d connections", before, s.network.Open())
		}
		late, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := fetching.Wait(late, etorrent.DataStored); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("waited: %v", err)
		}
		if now := fetching.Stats(); now.Durable != before.Durable || count[etorrent.CheckingEvent](viewer) != 0 {
			t.Errorf("%+v", now)
		}
		if err := fetching.Resume(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.stored(fetching)
		if n := fetching.Stats().Downloaded; n > 2_200_000 {
			t.Errorf("%d bytes were fetched", n)
		}
	})
}

func TestVerifyReadsEverythingAnew(t *testing.T) {
	dir := t.TempDir()
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "data", 16<<10, 200_000)
		seeder, m := s.join(), s.join(onDisk(dir))
		c.Seed(t, seeder.Client, seeder.storage)
		f := c.Fetch(t, m.Client, seeder.at())
		s.stored(f)
		if err := f.Verify(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := f.Wait(t.Context(), etorrent.FilesOpen); err != nil {
			t.Fatal(err)
		}
		told := ofType[etorrent.CheckedEvent](m)
		if len(told) != 1 || told[0].Good != f.Stats().Pieces || told[0].Bad != 0 {
			t.Errorf("told %+v", told)
		}
		s.stored(f)
	})
}

func TestPrioritiesAreSetByPatterns(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := contentOf(t, "tree", 16<<10, map[string][]byte{
			"a.mkv": bytesOf(1, 50_000), "extras/b.mkv": bytesOf(2, 50_000), "extras/c.txt": bytesOf(3, 50_000),
		})
		f := c.Fetch(t, s.join().Client)
		if err := f.Wait(t.Context(), etorrent.FilesOpen); err != nil {
			t.Fatal(err)
		}
		for _, x := range []struct {
			to       etorrent.Priority
			patterns []string
		}{{etorrent.PriorityUnwanted, []string{"**"}}, {etorrent.PriorityHigh, []string{"*.mkv"}}, {etorrent.PriorityLow, []string{"extras/*.mkv"}}} {
			if err := f.SetPriority(t.Context(), x.to, x.patterns...); err != nil {
				t.Fatal(err)
			}
		}
		var got []etorrent.Priority
		for file := range f.Files() {
			got = append(got, file.Priority)
		}
		if want := []etorrent.Priority{etorrent.PriorityHigh, etorrent.PriorityLow, etorrent.PriorityUnwanted}; !slices.Equal(got, want) {
			t.Errorf("%v", got)
		}
		var bad *etorrent.PatternError
		if err := f.SetPriority(t.Context(), etorrent.PriorityHigh, "*.txt", "*.avi"); !errors.As(err, &bad) || bad.Pattern != "*.avi" || !errors.Is(err, etorrent.ErrNoMatch) {
			t.Errorf("%v", err)
		}
	})
}

func TestPeersAndPiecesAreSnapshots(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "film", 16<<10, 2_000_000)
		_, fetching := watched(t, s, c, 2, 50_000)
		time.Sleep(10 * time.Second)
		peers := fetching.Peers()
		if len(peers) != 2 {
			t.Fatalf("%+v", peers)
		}
		for _, p := range peers {
			if !strings.HasPrefix(p.Client, "Etorrent") || !p.Flags.Has(etorrent.PeerIsWanted|etorrent.PeerUnchokesUs) ||
				p.Flags.Has(etorrent.PeerConnectedToUs) || p.Downloaded < 100_000 || p.DownRate < 30_000 || p.DownRate > 80_000 || p.Uploaded != 0 {
				t.Errorf("%+v, %v", p, p.Flags)
			}
		}
		pieces, had := fetching.Pieces(), 0
		for i := range pieces.Count {
			if pieces.Has(i) {
				had++
			}
		}
		if pieces.Count != 123 || had == 0 || had == 123 || pieces.Durable() > had || pieces.Has(-1) || pieces.Has(123) {
			t.Errorf("%d of %d, %d durable", had, pieces.Count, pieces.Durable())
		}
		s.stored(fetching)
		time.Sleep(time.Hour)
		if got := fetching.Pieces(); got.Durable() != 123 || !got.IsDurable(122) {
			t.Errorf("%d durable", got.Durable())
		}
		if got := fetching.Peers(); len(got) != 0 {
			t.Errorf("left: %+v", got)
		}
	})
}

func TestWaitingForTheEndOfATorrentEndsWithIt(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "one", 16<<10, 100)
		f := c.Fetch(t, s.join().Client)
		ended := make(chan error, 1)
		go func() { ended <- f.Wait(t.Context(), etorrent.Stopped) }()
		time.Sleep(time.Hour)
		if err := f.Retire(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := <-ended; err != nil {
			t.Errorf("%v", err)
		}
	})
}

func TestTwoClientsInOneProgramShareNothing(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "one", 16<<10, 500_000)
		first, second, third := s.join(), s.join(), s.join()
		c.Seed(t, first.Client, first.storage)
		f := c.Fetch(t, second.Client, first.at())
		s.stored(f)
		etorrenttest.Shutdown(t, first.Client)
		if _, err := second.Client.Torrent(f.ID()); err != nil {
			t.Errorf("the other lives on: %v", err)
		}
		s.stored(c.Fetch(t, third.Client, second.at()))
		if n := count[etorrent.StoppedEvent](second); n != 0 {
			t.Errorf("it was told of %d ends of another's torrents", n)
		}
	})
}

func TestAHostLivesOnWhenAnEngineGaveUp(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "one", 16<<10, 100_000)
		var doom atomic.Bool
		doomed, well := s.join(func(o *etorrent.Options) {
			o.Hook = func(at sup.Point) {
				if at.Kind == "roster" && doom.Load() {
					panic("planted")
				}
			}
		}), s.join()
		c.Seed(t, well.Client, well.storage)
		f := c.Fetch(t, doomed.Client)
		r := open(t, t.Context(), f, 0)
		doom.Store(true)
		go func() { _ = f.Retire(t.Context()) }()
		_, err := r.Read(make([]byte, 1))
		var crash *etorrent.CrashError
		if !errors.As(err, &crash) {
			t.Errorf("a read ends with %v", err)
		}
		<-doomed.Done()
		for name, call := range map[string]error{
			"Err": doomed.Err(), "Wait": f.Wait(t.Context(), etorrent.DataStored), "Pause": f.Pause(t.Context()),
			"Stopped": f.Wait(t.Context(), etorrent.Stopped),
		} {
			if !errors.As(call, &crash) || errors.Unwrap(crash) == nil {
				t.Errorf("%s: %v", name, call)
			}
		}
		if _, err := doomed.Add(t.Context(), etorrent.FromMetainfo(c.Metainfo)); err == nil {
			t.Error("an engine that gave up adds torrents")
		}
		other := s.join()
		s.stored(c.Fetch(t, other.Client, well.at()))
		c.Check(t, other.storage, etorrenttest.Dir)
	})
}

// A reader that is read to its end gives what io.ReadAll of the file would.
func TestReadFileAndReadersAgree(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "one", 16<<10, 100_000)
		_, f := watched(t, s, c, 1, 0)
		whole, err := fs.ReadFile(f.FS(t.Context()), "one")
		if err != nil {
			whole, err = fs.ReadFile(f.FS(t.Context()), slices.Collect(f.Files())[0].Path)
		}
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(open(t, t.Context(), f, 0))
		if err != nil || !bytes.Equal(got, whole) || !bytes.Equal(got, c.Bytes) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	})
}
