package announce

import (
	"slices"

	"github.com/etorrent/etorrent/internal/core/announce"
	"github.com/etorrent/etorrent/internal/core/scrape"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

// crashesAtMost is how often questions are put again after the process crashed: one of
// their answers may be what it crashes on.
const crashesAtMost = 2

// Asking are questions about swarms that somebody wants answered.
type Asking struct {
	s         *Service
	questions []scrape.Question
	told      chan ScrapeTold
	missing   map[int]struct{} // questions without an answer; the process's
	id        scrape.AskerID   // the process's, as what follows
	crashes   int
}

// ScrapeTold is the answer to one question, by its number.
type ScrapeTold struct {
	Number int
	Answer scrape.Answer
}

// Scrape has trackers asked about swarms. Each question is answered within a moment
// of what its tracker takes, as long as the process is kept alive.
func (s *Service) Scrape(questions []scrape.Question) *Asking {
	a := &Asking{s: s, questions: questions, told: make(chan ScrapeTold, len(questions)), missing: map[int]struct{}{}}
	for i := range questions {
		a.missing[i] = struct{}{}
	}
	s.commands.Put(scrapeFor{a})
	return a
}

// Told has as many values as there are questions, in any order.
func (a *Asking) Told() <-chan ScrapeTold { return a.told }

// Cancel says that nobody waits for answers any more.
func (a *Asking) Cancel() { a.s.commands.Put(unscrapeFor{a}) }

// scrapes is what one incarnation of the process is asked about swarms.
type scrapes struct {
	core    *scrape.Core
	finding map[string][]*flight // that wait for the addresses of a host
}

func newScrapes() scrapes { return scrapes{scrape.New(), map[string][]*flight{}} }

// scrapeFor puts the questions that are not answered.
func (x *process) scrapeFor(a *Asking) {
	x.state.askers++
	a.id = x.state.askers
	x.state.asking = append(x.state.asking, a)
	x.putQuestions(a)
}

func (x *process) putQuestions(a *Asking) {
	var open []scrape.Question
	for i, q := range a.questions {
		if _, is := a.missing[i]; is && !slices.Contains(open, q) {
			open = append(open, q)
		}
	}
	x.scrapes.core.Ask(x.now(), a.id, open, scrapeEffects{&x.batch})
}

// scrapeAgain puts questions that a former process had.
func (x *process) scrapeAgain() {
	for _, a := range slices.Clone(x.state.asking) {
		if a.crashes++; a.crashes <= crashesAtMost {
			x.putQuestions(a)
			continue
		}
		for i := range a.questions {
			x.answerAsker(a, i, scrape.Failed{Why: announce.Unreachable{Reason: "asking it failed again and again"}})
		}
	}
}

func (x *process) unscrapeFor(a *Asking) {
	x.scrapes.core.Cancel(a.id)
	x.state.asking = slices.DeleteFunc(x.state.asking, func(o *Asking) bool { return o == a })
}

// answerAsker tells of one question, once.
func (x *process) answerAsker(a *Asking, number int, e scrape.Answer) {
	if _, is := a.missing[number]; !is {
		return
	}
	delete(a.missing, number)
	a.told <- ScrapeTold{number, e} // which has room for each
	if len(a.missing) == 0 {
		x.state.asking = slices.DeleteFunc(x.state.asking, func(o *Asking) bool { return o == a })
	}
}

// scrapeSend and scrapeTell are what the core of scrapes wants done.
type scrapeSend struct{ request scrape.Request }

type scrapeTell struct {
	to       scrape.AskerID
	question scrape.Question
	answer   scrape.Answer
}

func (scrapeSend) effect() {}
func (scrapeTell) effect() {}

// scrapeEffects has the batch take what the core of scrapes wants done.
type scrapeEffects struct{ b *batch }

// Send makes a request.
func (s scrapeEffects) Send(r scrape.Request) { s.b.put(scrapeSend{r}) }

// Tell answers a question.
func (s scrapeEffects) Tell(to scrape.AskerID, q scrape.Question, a scrape.Answer) {
	s.b.put(scrapeTell{to, q, a})
}

func (x *process) tellAsker(e scrapeTell) {
	i := slices.IndexFunc(x.state.asking, func(a *Asking) bool { return a.id == e.to })
	if i < 0 {
		return
	}
	a := x.state.asking[i]
	for number, q := range a.questions {
		if q == e.question {
			x.answerAsker(a, number, e.answer)
		}
	}
}

// scrape makes a request, once its host is known.
func (x *process) scrape(r scrape.Request) {
	now := x.now()
	f := &flight{to: r.Tracker, family: tracker.AnyFamily, until: now.Add(r.Patience), job: tally{r}}
	host := r.Tracker.Host()
	if at := x.names.found[host]; at != nil && len(at.addrs) > 0 && now.Sub(at.at) < nameFresh {
		x.call(f)
		return
	}
	x.scrapes.finding[host] = append(x.scrapes.finding[host], f)
	x.names.want(host)
}

// foundFor makes the requests that waited for a host.
func (x *process) foundFor(host string) {
	waited := x.scrapes.finding[host]
	delete(x.scrapes.finding, host)
	for _, f := range waited {
		f.until = x.now().Add(f.job.(tally).r.Patience)
		x.call(f)
	}
}

// tally is a scrape as a job.
type tally struct{ r scrape.Request }

// scraped is a scrape that a tracker said something to.
type scraped struct {
	id    scrape.RequestID
	reply tracker.ScrapeReplyEvidence
}

// unscraped is one that has no answer.
type unscraped struct {
	id    scrape.RequestID
	host  string
	fault announce.Fault
}

func (t tally) page() string {
	switch e := t.r.Tracker.ViewScrape(t.r.Hashes).(type) {
	case tracker.ScrapeByURL:
		return e.URL
	case tracker.ScrapeByDatagram, tracker.NoScrape: // of which the core makes no page
	}
	panic("announce: no URL to scrape")
}

func (t tally) packet(c tracker.Connection, n tracker.Transaction) []byte {
	return tracker.AppendScrapeRequest(nil, c, n, t.r.Hashes)
}

func (t tally) viewPage(r tracker.HTTPReply) outcome {
	return scraped{t.r.ID, tracker.ViewScrapeReply(r)}
}

func (t tally) viewReply(e tracker.ReplyEvidence) outcome {
	switch e := e.(type) {
	case tracker.ScrapeReply:
		return scraped{t.r.ID, tracker.Scraped{Swarms: e.Swarms}}
	case tracker.ErrorReply:
		return scraped{t.r.ID, tracker.ScrapeRefused{Failure: e.Failure}}
	case tracker.ReplyMalformed:
		return scraped{t.r.ID, tracker.ScrapeNonsense{Fault: e.Fault}}
	case tracker.ConnectReply, tracker.AnnounceReply:
	}
	return scraped{t.r.ID, tracker.ScrapeNonsense{Fault: tracker.AnswerOfUnknownKind}}
}

func (t tally) failed(why announce.Fault) outcome {
	return unscraped{t.r.ID, t.r.Tracker.Host(), why}
}
