package announce_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	core "github.com/etorrent/etorrent/internal/core/announce"
	"github.com/etorrent/etorrent/internal/core/scrape"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

// counting answers scrapes over HTTP: of a torrent whose hash begins with n there are
// n seeders.
func counting(asked *[][]tracker.InfoHash) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		q, is := tracker.ViewScrapeQuery(r.URL.RawQuery).(tracker.ScrapeQuery)
		if !is || r.URL.Path != "/scrape" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		*asked = append(*asked, q.Hashes)
		_, _ = w.Write(tracker.AppendScrape(nil, countedOf(q.Hashes)))
	}
}

func countedOf(hashes []tracker.InfoHash) []tracker.Scrape {
	var all []tracker.Scrape
	for _, h := range hashes {
		all = append(all, tracker.Scrape{InfoHash: h, Seeders: tracker.Count(h[0]), Leechers: 2, Downloaded: 3})
	}
	return all
}

// countingStation answers the same over UDP.
func countingStation(r tracker.RequestEvidence) []byte {
	if r, is := r.(tracker.ScrapeRequest); is {
		if r.Connection != connectionID {
			return tracker.AppendErrorReply(nil, r.Transaction, "Connection ID missmatch.")
		}
		return tracker.AppendScrapeReply(nil, r.Transaction, countedOf(r.Hashes))
	}
	return wellAnswered(r, tracker.IPv4)
}

// scrape asks about torrents of one tracker, and waits for a while.
func (w *world) scrape(url string, hashes ...byte) []scrape.Answer {
	w.t.Helper()
	var questions []scrape.Question
	for _, h := range hashes {
		questions = append(questions, scrape.Question{Tracker: mustURL(w.t, url), Hash: tracker.InfoHash{h}})
	}
	asking := w.s.Scrape(questions)
	w.pass(time.Minute)
	out := make([]scrape.Answer, len(hashes))
	for range len(asking.Told()) {
		t := <-asking.Told()
		if out[t.Number] != nil {
			w.t.Errorf("%d was answered twice", t.Number)
		}
		out[t.Number] = t.Answer
	}
	return out
}

func TestTrackersAreScrapedOverHTTPAndUDPWithOneRequestForMany(t *testing.T) {
	inWorld(t, nil, nil, func(t *testing.T, w *world) {
		var asked [][]tracker.InfoHash
		w.serveAt(theirHost+":80", counting(&asked))
		station := w.station(theirHost+":6969", countingStation)
		want := fmt.Sprint([]scrape.Answer{scrape.Counted{Seeders: 7, Leechers: 2, Completed: 3}, scrape.Counted{Seeders: 8, Leechers: 2, Completed: 3}, scrape.Counted{Seeders: 7, Leechers: 2, Completed: 3}})
		for _, u := range []string{"http://tracker.example/announce", "udp://tracker.example:6969/announce"} {
			if got := w.scrape(u, 7, 8, 7); fmt.Sprint(got) != want {
				t.Errorf("%s: %v", u, got)
			}
		}
		connects, _ := station.asked()
		if len(asked) != 1 || len(asked[0]) != 2 || connects != 1 {
			t.Errorf("asked over HTTP for %v, and connected %d times over UDP", asked, connects)
		}
	})
}

func TestWhyATrackerCannotBeScrapedIsToldByKind(t *testing.T) {
	inWorld(t, nil, nil, func(t *testing.T, w *world) {
		w.serveAt(theirHost+":80", func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write(tracker.AppendScrape(nil, nil))
		})
		w.serveAt(otherHost+":80", func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write([]byte("d14:failure reason11:not allowede"))
		})
		w.serveAt(otherHost+":81", func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte("<html>")) })
		w.station(otherHost+":6969", func(r tracker.RequestEvidence) []byte {
			if r, is := r.(tracker.ScrapeRequest); is { // an answer of another kind
				return goodResponse.AppendAnnounceReply(nil, r.Transaction, tracker.IPv4)
			}
			return wellAnswered(r, tracker.IPv4)
		})
		for u, want := range map[string]scrape.Answer{
			"http://tracker.example/announce":      scrape.NotListed{},
			"http://" + otherHost + "/announce":    scrape.Failed{Why: core.Refused{Failure: tracker.ViewFailure("not allowed")}},
			"http://" + otherHost + ":81/announce": scrape.Failed{Why: core.Nonsense{Why: tracker.AnswerNotBencoded}},
			"udp://" + otherHost + ":6969":         scrape.Failed{Why: core.Nonsense{Why: tracker.AnswerOfUnknownKind}},
			"udp://" + otherHost + ":6970":         scrape.Failed{Why: core.TimedOut{}},
			"http://gone.example/announce":         scrape.Failed{Why: core.NoHost{}},
			"http://tracker.example/ask.php":       scrape.Unscrapable{},
		} {
			if got := w.scrape(u, 7); fmt.Sprint(got) != fmt.Sprint([]scrape.Answer{want}) {
				t.Errorf("%s: %T %v", u, got[0], got)
			}
		}
	})
}

// A name that leads to this network is no tracker's where its path is no announce
// path, for a scrape too.
func TestNoScrapeLeadsToAPrivateHostButAtAnAnnouncePath(t *testing.T) {
	inWorld(t, nil, nil, func(t *testing.T, w *world) {
		var asked [][]tracker.InfoHash
		w.serveAt(privateHost+":80", counting(&asked))
		w.serveAt(theirHost+":80", func(rw http.ResponseWriter, r *http.Request) {
			http.Redirect(rw, r, "http://"+privateHost+"/router?"+r.URL.RawQuery, http.StatusFound)
		})
		got := w.scrape("http://tracker.example/announce", 7)
		if f, is := got[0].(scrape.Failed); !is || len(asked) != 0 {
			t.Errorf("%v, and it was asked %v", f, asked)
		}
	})
}

func TestWhoCancelsAScrapeIsForgotten(t *testing.T) {
	inWorld(t, nil, nil, func(t *testing.T, w *world) {
		hangs := make(chan struct{})
		defer close(hangs)
		w.serveAt(theirHost+":80", func(http.ResponseWriter, *http.Request) { <-hangs })
		asking := w.s.Scrape([]scrape.Question{{Tracker: mustURL(t, "http://tracker.example/announce")}})
		w.pass(time.Second)
		asking.Cancel()
		w.pass(time.Minute)
		if len(asking.Told()) != 0 {
			t.Error("it was told")
		}
	})
}

// Wherever the process crashes, who asks about swarms is told, and of each once.
func TestAScrapeIsAnsweredWhereverTheProcessCrashes(t *testing.T) {
	story := func(t *testing.T, f *fuse) {
		inWorld(t, f.hook, nil, func(t *testing.T, w *world) {
			var asked [][]tracker.InfoHash
			w.serveAt(theirHost+":80", counting(&asked))
			w.station(theirHost+":6969", countingStation)
			for _, u := range []string{"http://tracker.example/announce", "udp://tracker.example:6969/announce"} {
				if got := w.scrape(u, 7); got[0] != (scrape.Counted{Seeders: 7, Leechers: 2, Completed: 3}) {
					t.Errorf("%s: %v", u, got)
				}
			}
		})
	}
	calm := &fuse{seen: map[string]int{}}
	story(t, calm)
	if len(calm.seen) < 8 {
		t.Errorf("only %v", calm.seen)
	}
	for at, passed := range calm.seen {
		for skip := range passed {
			t.Run(fmt.Sprint(at, skip), func(t *testing.T) { story(t, &fuse{at: at, skip: skip, left: 1}) })
		}
	}
}

// An answer that crashes the process each time ends the question.
func TestAScrapeThatCrashesTheProcessIsGivenUp(t *testing.T) {
	f := &fuse{at: "in step: outcome", left: 1000}
	inWorld(t, f.hook, nil, func(t *testing.T, w *world) {
		w.serveAt(theirHost+":80", func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte("d5:filesdee")) })
		got := w.scrape("http://"+netip.MustParseAddr(theirHost).String()+"/announce", 7)
		synctest.Wait()
		if f, is := got[0].(scrape.Failed); !is || w.crashed() > 4 {
			t.Errorf("%v after %d crashes", f, w.crashed())
		}
	})
}
