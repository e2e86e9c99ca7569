package tracker

import (
	"time"

	"github.com/etorrent/etorrent/bencode"
)

// ScrapeReplyEvidence says what the answer to a scrape is.
//
//sumtype:decl
type ScrapeReplyEvidence interface{ scrapeReplyEvidence() }

// Scraped tells of swarms, MaxScrape at most, not all of which need have been asked
// for. MinInterval is how long to wait with the next scrape; 0: not told.
type Scraped struct {
	Swarms      []Scrape
	MinInterval time.Duration
}

// ScrapeRefused is a tracker that says no.
type ScrapeRefused struct{ Failure Failure }

// ScrapeNonsense is no answer of a tracker.
type ScrapeNonsense struct{ Fault AnswerFault }

func (Scraped) scrapeReplyEvidence()        {}
func (ScrapeRefused) scrapeReplyEvidence()  {}
func (ScrapeNonsense) scrapeReplyEvidence() {}

// ViewScrapeReply looks at what came of a scrape over HTTP (BEP 48).
func ViewScrapeReply(r HTTPReply) ScrapeReplyEvidence {
	top, refusal := viewReply(r)
	switch refusal := refusal.(type) {
	case Refused:
		return ScrapeRefused(refusal)
	case Nonsense:
		return ScrapeNonsense{refusal.Fault}
	case Answered, nil:
	}
	files := top.Get("files")
	if files.Kind() != bencode.Dict {
		return ScrapeNonsense{AnswerEmpty}
	}
	s := Scraped{MinInterval: seconds(top.Get("flags").Get("min_request_interval"))}
	for hash, one := range files.Pairs() {
		if len(hash) != len(InfoHash{}) || one.Kind() != bencode.Dict {
			continue
		}
		if len(s.Swarms) == MaxScrape {
			break
		}
		s.Swarms = append(s.Swarms, Scrape{
			InfoHash:   InfoHash(hash),
			Seeders:    count(one.Get("complete")),
			Leechers:   count(one.Get("incomplete")),
			Downloaded: count(one.Get("downloaded")),
		})
	}
	return s
}
