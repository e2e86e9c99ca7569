package announce_test

import (
	"net/netip"
	"testing"
	"time"
)

func TestATrackerOverHTTPIsToldAndItsPeersArePassedOn(t *testing.T) {
	inWorld(t, nil, nil, func(w *world) {
		site := w.serveAt(theirHost+":80", nil)
		w.s.Begin(w.entry(1, "http://tracker.example/announce"))
		w.pass(time.Second)
		asked := site.announces()
		if len(asked) != 1 {
			t.Fatalf("asked %+v", asked)
		}
		if a := asked[0]; a.Port != ourPort || a.Left != 1000 || a.Event.String() != "started" || a.NumWant != 100 || a.InfoHash[0] != 1 || a.Key == 0 {
			t.Errorf("told %+v", a)
		}
		if agent := site.heads[0].Get("User-Agent"); agent != "Etorrent/test" {
			t.Errorf("it is said to be %q", agent)
		}
		if got := w.into.named(); len(got) != 2 || got[1] != netip.MustParseAddrPort("5.6.7.8:6882") {
			t.Errorf("passed on %v", got)
		}
		if works := w.works(1); works.Seeders != 3 || works.Leechers != 4 || works.Peers != 2 {
			t.Errorf("reported %+v", works)
		}
		w.s.End(1)
		w.pass(time.Second)
		if got := site.events(); got != "started,stopped" {
			t.Errorf("events: %s", got)
		}
		if all := w.s.Trackers(1); all != nil {
			t.Errorf("it is ended, and has %+v", all)
		}
	})
}
