package swarms

import (
	"net/netip"

	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

// ScrapeEvidence says what becomes of a scrape.
type ScrapeEvidence uint8

// The outcomes.
const (
	Scraped ScrapeEvidence = iota
	ScrapeTooOften
)

// Scrape appends how the swarms stand that are asked for, in that order, with
// nothing told of torrents that are not tracked.
func (s *Swarms) Scrape(now mono.Instant, from netip.Addr, hashes []tracker.InfoHash, into []tracker.Scrape) ([]tracker.Scrape, ScrapeEvidence) {
	s.expire(now)
	if s.limits.take(now, from) == limited {
		s.counts.TooOften++
		return into, ScrapeTooOften
	}
	s.counts.Scrapes++
	for _, hash := range hashes {
		into = append(into, s.standing(hash))
	}
	return into, Scraped
}

func (s *Swarms) standing(hash tracker.InfoHash) tracker.Scrape {
	if s.View(hash) == NotListed {
		return tracker.Scrape{InfoHash: hash, Seeders: tracker.Untold, Leechers: tracker.Untold, Downloaded: tracker.Untold}
	}
	w, known := s.hashes[hash]
	if !known {
		return tracker.Scrape{InfoHash: hash}
	}
	of := &s.swarms.values[w]
	return tracker.Scrape{
		InfoHash: hash, Seeders: tracker.Count(of.size(seeder)), Leechers: tracker.Count(of.size(leecher)), Downloaded: of.downloaded,
	}
}
