package swarms

import "github.com/etorrent/etorrent/internal/vocab/tracker"

// List are the torrents that are allowed. It is not changed once it is given away.
type List map[tracker.InfoHash]struct{}

// ListingEvidence says whether a torrent is tracked.
type ListingEvidence uint8

// The kinds.
const (
	Allowed ListingEvidence = iota
	NotListed
)

// listing is what is tracked.
type listing struct {
	kind listingKind
	list List
}

type listingKind uint8

const (
	everything listingKind = iota
	listedOnly
)

// View says whether a torrent is tracked.
func (s *Swarms) View(hash tracker.InfoHash) ListingEvidence {
	if _, listed := s.listing.list[hash]; s.listing.kind == listedOnly && !listed {
		return NotListed
	}
	return Allowed
}

// Allow tracks the torrents of a list and no others from now on. Swarms of others
// end.
func (s *Swarms) Allow(l List) {
	s.listing = listing{listedOnly, l}
	for hash, w := range s.hashes {
		if s.View(hash) == NotListed {
			s.disband(w)
		}
	}
}

// disband ends a swarm with all its peers.
func (s *Swarms) disband(w int32) {
	for f := range families {
		for r := range roles {
			for {
				g := s.swarms.values[w].groups[f][r]
				if len(g) == 0 {
					break
				}
				s.leave(g[len(g)-1])
			}
		}
	}
	s.forget(w)
}
