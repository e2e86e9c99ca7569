package etorrent_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
	"github.com/etorrent/etorrent/sup"
)

// pathOf is the path of the first process of a kind, empty where there is none.
func pathOf(s sup.Node, kind string) string {
	if s.Kind == kind {
		return s.Path
	}
	for _, c := range s.Children {
		if path := pathOf(c, kind); path != "" {
			return path
		}
	}
	return ""
}

// However often its processes crash, and its files are opened again: that a torrent was
// added is told once, and that it is complete, too.
func TestThatATorrentWasAddedIsToldOnceForEachAddition(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "told", 16<<10, 320_000)
		seeder, leecher := s.join(slowly(20_000)), s.join()
		c.Seed(t, seeder.Client, seeder.storage)
		f := c.Fetch(t, leecher.Client, seeder.at())
		want := func(what string, added, reopened, completed int) {
			t.Helper()
			synctest.Wait()
			a, r, d := count[etorrent.AddedEvent](leecher), count[etorrent.ReopenedEvent](leecher), count[etorrent.CompletedEvent](leecher)
			if a != added || r != reopened || d != completed {
				t.Errorf("%s: %d added, %d reopened, %d completed; want %d, %d, %d", what, a, r, d, added, reopened, completed)
			}
		}
		kill := func(path string) {
			t.Helper()
			time.Sleep(3 * time.Second)
			if err := leecher.Kill(path); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		const control = "client/torrents/pool/torrent[1]/control"
		time.Sleep(time.Second)
		want("at first", 1, 0, 0)
		kill(control)
		want("after a crash of control", 1, 1, 0)
		kill(pathOf(leecher.Tree().Root, "disk"))
		want("after a crash of the disk", 1, 2, 0)
		if err := f.Pause(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := f.Resume(t.Context()); err != nil {
			t.Fatal(err)
		}
		want("after a pause", 1, 3, 0)
		s.stored(f)
		want("complete", 1, 3, 1)
		kill(control)
		want("after a crash of one that is complete", 1, 4, 1)
		for _, e := range past(leecher) {
			if e, is := e.(etorrent.ReopenedEvent); is && e.Claimed.Count() == f.Stats().Pieces && e.Bytes != 320_000 {
				t.Errorf("%d bytes are claimed with all pieces", e.Bytes)
			}
		}
		if err := f.Retire(t.Context()); err != nil {
			t.Fatal(err)
		}
		c.Fetch(t, leecher.Client)
		want("added anew", 2, 4, 2)
	})
}
