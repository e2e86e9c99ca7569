package scrape

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/internal/core/announce"
	"github.com/etorrent/etorrent/internal/fuzzseed"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

func url(text string) tracker.URL {
	return tracker.ViewURL(text).(tracker.URLUsable).URL
}

// world makes the requests of a core and notes what is told.
type world struct {
	c    *Core
	now  mono.Instant
	air  []Request
	sent []Request
	told map[AskerID]map[Question][]Answer
}

func newWorld() *world {
	return &world{c: New(), now: 1, told: map[AskerID]map[Question][]Answer{}}
}

func (w *world) Send(r Request) {
	w.air = append(w.air, r)
	w.sent = append(w.sent, r)
}

func (w *world) Tell(to AskerID, q Question, a Answer) {
	if w.told[to] == nil {
		w.told[to] = map[Question][]Answer{}
	}
	w.told[to][q] = append(w.told[to][q], a)
}

func (w *world) ask(by AskerID, u tracker.URL, hashes ...byte) {
	var all []Question
	for _, h := range hashes {
		all = append(all, Question{u, tracker.InfoHash{h}})
	}
	w.c.Ask(w.now, by, all, w)
}

// land takes the oldest request out of the air.
func (w *world) land() Request {
	r := w.air[0]
	w.air = w.air[1:]
	return r
}

// honest is what a tracker answers that lists each torrent with as many seeders as
// its hash begins with.
func honest(r Request) tracker.Scraped {
	s := tracker.Scraped{}
	for _, h := range r.Hashes {
		one := tracker.Scrape{Seeders: tracker.Count(h[0]), Leechers: 2, Downloaded: 3}
		if r.Tracker.Scheme() != tracker.UDP {
			one.InfoHash = h
		}
		s.Swarms = append(s.Swarms, one)
	}
	return s
}

func (w *world) answer() {
	r := w.land()
	w.c.Answer(w.now, r.ID, honest(r), w)
}

// of is what an asker was told of a torrent, which has to be one thing.
func (w *world) of(t *testing.T, by AskerID, u tracker.URL, hash byte) Answer {
	t.Helper()
	all := w.told[by][Question{u, tracker.InfoHash{hash}}]
	if len(all) != 1 {
		t.Fatalf("%d was told %v of %d", by, all, hash)
	}
	return all[0]
}

var (
	web       = url("http://a.example/announce")
	otherWeb  = url("http://a.example/other/announce")
	datagrams = url("udp://b.example:80")
)

func TestWhatIsAskedWhileATrackerIsAskedGoesWithTheNextRequest(t *testing.T) {
	for _, u := range []tracker.URL{web, datagrams} {
		w := newWorld()
		w.ask(1, u, 1)
		w.ask(2, u, 2, 1)
		w.ask(3, u, 3)
		if len(w.sent) != 1 || len(w.sent[0].Hashes) != 1 {
			t.Fatalf("%v: sent %+v", u, w.sent)
		}
		w.answer()
		if len(w.sent) != 2 || len(w.sent[1].Hashes) != 2 {
			t.Fatalf("%v: sent %+v", u, w.sent)
		}
		w.answer()
		for by, hash := range map[AskerID]byte{1: 1, 2: 1, 3: 3} {
			if got := w.of(t, by, u, hash); got != (Counted{tracker.Count(hash), 2, 3}) {
				t.Errorf("%v: %d was told %v", u, by, got)
			}
		}
		if got := w.of(t, 2, u, 2); got != (Counted{2, 2, 3}) || len(w.air) != 0 || w.c.Waiting() != 0 {
			t.Errorf("%v: told %v, %d in the air, %d waiting", u, got, len(w.air), w.c.Waiting())
		}
	}
}

func TestARequestIsAboutAsManyTorrentsAsItCarries(t *testing.T) {
	for u, most := range map[tracker.URL]int{web: PerPage, datagrams: PerDatagram} {
		w := newWorld()
		var all []byte
		for i := range 150 {
			all = append(all, byte(i))
		}
		w.ask(1, u, all...)
		for len(w.air) > 0 {
			w.answer()
		}
		if n := len(w.sent); n != (150+most-1)/most || len(w.sent[0].Hashes) != most || len(w.told[1]) != 150 {
			t.Errorf("%v: %d requests, the first about %d; %d told", u, n, len(w.sent[0].Hashes), len(w.told[1]))
		}
	}
}

func TestAHostHasOneRequestAtATimeAndAllHaveSoMany(t *testing.T) {
	w := newWorld()
	w.ask(1, web, 1)
	w.ask(1, otherWeb, 1)
	if len(w.air) != 1 {
		t.Errorf("%d at one host", len(w.air))
	}
	for i := range 3 * InFlightAtMost {
		w.ask(1, url(fmt.Sprintf("http://t%d.example/announce", i)), 1)
	}
	if len(w.air) != InFlightAtMost {
		t.Errorf("%d in the air", len(w.air))
	}
	for len(w.air) > 0 {
		w.answer()
	}
	if len(w.told[1]) != 3*InFlightAtMost+2 {
		t.Errorf("%d told", len(w.told[1]))
	}
}

func TestATrackerWithoutTheConventionIsNotAsked(t *testing.T) {
	w := newWorld()
	w.ask(1, url("http://a.example/tracker.php?announce"), 1)
	if got := w.of(t, 1, url("http://a.example/tracker.php?announce"), 1); got != (Unscrapable{}) || len(w.sent) != 0 {
		t.Errorf("told %v, sent %v", got, w.sent)
	}
}

func TestWhatWasSaidIsRememberedForAWhile(t *testing.T) {
	w := newWorld()
	w.ask(1, web, 1)
	r := w.land()
	w.c.Answer(w.now, r.ID, tracker.Scraped{Swarms: honest(r).Swarms, MinInterval: 10 * time.Minute}, w)
	w.now = w.now.Add(10*time.Minute - 1)
	w.ask(2, web, 1)
	if len(w.sent) != 1 || w.of(t, 2, web, 1) != (Counted{1, 2, 3}) {
		t.Errorf("sent %v, told %v", w.sent, w.told)
	}
	w.now = w.now.Add(1)
	w.ask(3, web, 1)
	if len(w.sent) != 2 {
		t.Errorf("sent %v", w.sent)
	}
	w.c.Failed(w.now, w.land().ID, announce.NoHost{}, w)
	w.ask(4, web, 1)
	if len(w.sent) != 2 || w.of(t, 4, web, 1) != (Failed{announce.NoHost{}}) {
		t.Errorf("sent %v, told %v", w.sent, w.told)
	}
	w.now = w.now.Add(failureLasts)
	if w.ask(5, web, 1); len(w.sent) != 3 {
		t.Errorf("sent %v", w.sent)
	}
}

func TestADatagramIsSentTwiceAndAPageIsAskedForOnce(t *testing.T) {
	for u, want := range map[tracker.URL][]time.Duration{web: {15 * time.Second}, datagrams: {5 * time.Second, 10 * time.Second}} {
		w := newWorld()
		w.ask(1, u, 1)
		for len(w.air) > 0 {
			w.c.Failed(w.now, w.land().ID, announce.TimedOut{}, w)
		}
		var got []time.Duration
		for _, r := range w.sent {
			got = append(got, r.Patience)
		}
		if fmt.Sprint(got) != fmt.Sprint(want) || w.of(t, 1, u, 1) != (Failed{announce.TimedOut{}}) {
			t.Errorf("%v: sent with a patience of %v, told %v", u, got, w.told)
		}
	}
}

func TestATrackerThatTakesOffenceAtSeveralTorrentsIsAskedAboutOneAfterTheOther(t *testing.T) {
	no := tracker.ScrapeRefused{Failure: tracker.ViewFailure("one at a time")}
	for name, first := range map[string]func(Request) tracker.ScrapeReplyEvidence{
		"refuses":                 func(Request) tracker.ScrapeReplyEvidence { return no },
		"answers nonsense":        func(Request) tracker.ScrapeReplyEvidence { return tracker.ScrapeNonsense{Fault: tracker.AnswerEmpty} },
		"looks at one only":       func(r Request) tracker.ScrapeReplyEvidence { return tracker.Scraped{Swarms: honest(r).Swarms[2:]} },
		"looks at the first only": func(r Request) tracker.ScrapeReplyEvidence { return tracker.Scraped{Swarms: honest(r).Swarms[:1]} },
	} {
		w := newWorld()
		w.ask(1, web, 1, 2, 3)
		r := w.land()
		w.c.Answer(w.now, r.ID, first(r), w)
		for len(w.air) > 0 {
			if len(w.air[0].Hashes) != 1 {
				t.Errorf("%s: asked about %v", name, w.air[0].Hashes)
			}
			w.answer()
		}
		for hash := range byte(3) {
			if got := w.of(t, 1, web, hash+1); got != (Counted{tracker.Count(hash + 1), 2, 3}) {
				t.Errorf("%s: told %v", name, got)
			}
		}
	}
}

func TestWhatATrackerLeavesOutIsNotListedAndWhatNobodyAskedForIsPassedOver(t *testing.T) {
	w := newWorld()
	w.ask(1, web, 1, 2, 3)
	r := w.land()
	s := honest(r)
	s.Swarms[2].InfoHash = tracker.InfoHash{9}
	s.Swarms = append(s.Swarms, tracker.Scrape{InfoHash: tracker.InfoHash{1}, Seeders: 99}) // a second time
	w.c.Answer(w.now, r.ID, s, w)
	if w.of(t, 1, web, 1) != (Counted{1, 2, 3}) || w.of(t, 1, web, 3) != (NotListed{}) || len(w.told[1]) != 3 {
		t.Errorf("told %v", w.told)
	}
	w.ask(1, datagrams, 1, 2)
	r = w.land()
	s = honest(r)
	s.Swarms = append(s.Swarms[:1], s.Swarms[0])
	s.Swarms = append(s.Swarms, s.Swarms...)
	w.c.Answer(w.now, r.ID, s, w)
	if w.of(t, 1, datagrams, 2) != (Counted{1, 2, 3}) || len(w.told[1]) != 5 {
		t.Errorf("told %v", w.told)
	}
}

func TestQuestionsThatWaitAreBounded(t *testing.T) {
	w := newWorld()
	for i := range WaitingAtMost + 1 {
		w.c.Ask(w.now, 1, []Question{{web, tracker.InfoHash{byte(i), byte(i >> 8), byte(i >> 16)}}}, w)
	}
	if w.c.Waiting() != WaitingAtMost || len(w.told[1]) != 1 {
		t.Errorf("%d wait, %v told", w.c.Waiting(), w.told)
	}
	w.c.Cancel(1)
	if w.c.Waiting() != 0 || len(w.c.queue) != 0 {
		t.Errorf("%d wait still, of %d trackers", w.c.Waiting(), len(w.c.queue))
	}
}

func TestAnswersThatAreRememberedAreBounded(t *testing.T) {
	w := newWorld()
	for i := range 2 * RememberedAtMost {
		w.c.Ask(w.now, 1, []Question{{datagrams, tracker.InfoHash{byte(i), byte(i >> 8)}}}, w)
		for len(w.air) > 0 {
			w.answer()
		}
	}
	if len(w.c.memory.said) > RememberedAtMost || len(w.c.memory.order) != len(w.c.memory.said) {
		t.Errorf("%d are remembered, in an order of %d", len(w.c.memory.said), len(w.c.memory.order))
	}
}

// Whatever is asked and answered, whoever did not leave is told of each question once,
// and nothing is left.
func TestWhoAsksIsToldOfEachQuestionOnce(t *testing.T) { rapid.Check(t, play) }

func play(t *rapid.T) {
	w := newWorld()
	pool := []tracker.URL{web, otherWeb, datagrams, url("udp://b.example:81"), url("http://c.example/scrapeless")}
	asked, gone := map[AskerID]map[Question]int{}, map[AskerID]bool{}
	last := AskerID(0)
	land := func() {
		i := rapid.IntRange(0, len(w.air)-1).Draw(t, "which")
		r := w.air[i]
		w.air = append(w.air[:i:i], w.air[i+1:]...)
		switch rapid.IntRange(0, 4).Draw(t, "outcome") {
		case 0:
			w.c.Failed(w.now, r.ID, announce.TimedOut{}, w)
		case 1:
			w.c.Answer(w.now, r.ID, tracker.ScrapeRefused{Failure: tracker.ViewFailure("no")}, w)
		case 2:
			s := honest(r)
			s.Swarms = s.Swarms[:rapid.IntRange(0, len(s.Swarms)).Draw(t, "told")]
			w.c.Answer(w.now, r.ID, s, w)
		default:
			w.c.Answer(w.now, r.ID, honest(r), w)
		}
		w.c.Answer(w.now, r.ID, honest(r), w) // a second time, which is nobody's
	}
	for range rapid.IntRange(1, 60).Draw(t, "steps") {
		w.now = w.now.Add(time.Duration(rapid.IntRange(0, 90).Draw(t, "seconds")) * time.Second)
		switch what := rapid.IntRange(0, 3).Draw(t, "step"); {
		case what == 0 && len(w.air) > 0:
			land()
		case what == 1 && last > 0:
			by := AskerID(rapid.IntRange(1, int(last)).Draw(t, "who leaves"))
			w.c.Cancel(by)
			gone[by] = true
		default:
			last++
			asked[last] = map[Question]int{}
			var all []Question
			for range rapid.IntRange(1, 4).Draw(t, "questions") {
				q := Question{rapid.SampledFrom(pool).Draw(t, "tracker"), tracker.InfoHash{byte(rapid.IntRange(0, 4).Draw(t, "torrent"))}}
				all = append(all, q)
				asked[last][q]++
			}
			w.c.Ask(w.now, last, all, w)
		}
		hosts := map[string]int{}
		for _, r := range w.air {
			if hosts[r.Tracker.Host()]++; hosts[r.Tracker.Host()] > 1 {
				t.Fatalf("two requests at %s", r.Tracker.Host())
			}
		}
	}
	for len(w.air) > 0 {
		land()
	}
	for by, questions := range asked {
		for q, n := range questions {
			if got := len(w.told[by][q]); !gone[by] && got != n || got > n {
				t.Fatalf("%d asked %d times and was told %d times", by, n, got)
			}
		}
	}
	if w.c.Waiting() != 0 || len(w.c.lines) != 0 || len(w.c.queue) != 0 || len(w.c.busy) != 0 {
		t.Fatalf("left: %+v", w.c)
	}
}

// FuzzScrapes plays what the bytes say.
func FuzzScrapes(f *testing.F) {
	fuzzseed.Add(f)
	f.Fuzz(rapid.MakeFuzz(play))
}
