package swarms

import (
	"net/netip"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

// AnnounceEvidence says what becomes of an announce.
type AnnounceEvidence uint8

// The outcomes. But for Announced nothing was changed.
const (
	Announced    AnnounceEvidence = iota
	Unlisted                      // the torrent is none of those that are allowed
	TorrentsFull                  // there is no room for another torrent
	TooOften                      // the address asks too often
)

// Failure is what the refused is told; the zero Failure for Announced.
func (e AnnounceEvidence) Failure() tracker.Failure {
	switch e {
	case Announced:
		return tracker.Failure{}
	case Unlisted:
		return tracker.Failure{Reason: "the torrent is not registered with this tracker", Kind: tracker.Unregistered, Retry: tracker.RetryUntold{}}
	case TorrentsFull:
		return tracker.Failure{Reason: "the tracker is full: it takes no more torrents", Kind: tracker.FailureOther, Retry: tracker.RetryAfter{Span: 10 * time.Minute}}
	case TooOften:
		return tracker.Failure{Reason: "too many requests from this address, slow down", Kind: tracker.TooOften, Retry: tracker.RetryAfter{Span: time.Minute}}
	}
	return tracker.Failure{}
}

// Told says of which families an announcer is told peers.
type Told uint8

// The choices. TellOwn is for UDP, whose answer has one family.
const (
	TellOwn  Told = iota
	TellBoth      // its own first, then the other
)

// Ask is an announce, and who makes it: where it can be reached, once the port is
// that of the announce.
type Ask struct {
	Announce *tracker.Announce
	From     netip.Addr
	Told     Told
}

// Announce takes an announce and fills the answer, whose Peers are used again. One
// with port 0 cannot be reached: it is answered, and nobody is told of it. A seeder
// is told of leechers only, since two seeders have nothing to give each other.
func (s *Swarms) Announce(now mono.Instant, a Ask, into *tracker.Response) AnnounceEvidence {
	s.expire(now)
	peers := into.Peers[:0]
	*into = tracker.Response{}
	into.Peers = peers
	w, e := s.admit(now, a)
	switch e {
	case Announced:
		s.counts.Announces++
	case Unlisted:
		s.counts.Unlisted++
	case TorrentsFull:
		s.counts.Full++
	case TooOften:
		s.counts.TooOften++
	}
	if e == Announced {
		self := s.note(now, a, w)
		s.answer(a, w, self, into)
	}
	return e
}

// admit finds the swarm of an announce, and makes it where somebody comes. It is
// none where nobody does.
func (s *Swarms) admit(now mono.Instant, a Ask) (int32, AnnounceEvidence) {
	if s.limits.take(now, a.From) == limited {
		return none, TooOften
	}
	if s.View(a.Announce.InfoHash) == NotListed {
		return none, Unlisted
	}
	if w, known := s.hashes[a.Announce.InfoHash]; known {
		return w, Announced
	}
	if !stays(a.Announce) {
		return none, Announced
	}
	return s.found(a.Announce.InfoHash)
}

// stays says whether others can be told of an announcer.
func stays(a *tracker.Announce) bool { return a.Event != tracker.Stopped && a.Port != 0 }

// found makes a swarm, if there is room.
func (s *Swarms) found(hash tracker.InfoHash) (int32, AnnounceEvidence) {
	if len(s.hashes) >= s.config.Torrents {
		if s.deserts.length == 0 {
			return none, TorrentsFull
		}
		s.forget(s.deserts.oldest)
	}
	w := s.swarms.add(swarm{hash: hash})
	s.hashes[hash] = w
	s.deserts.push(w)
	return w, Announced
}

// forget drops a swarm without peers.
func (s *Swarms) forget(w int32) {
	delete(s.hashes, s.swarms.values[w].hash)
	s.deserts.drop(w)
	s.swarms.drop(w)
}

// note writes down who announced, and says its number, none for one that does not
// stay.
func (s *Swarms) note(now mono.Instant, a Ask, w int32) int32 {
	if w == none {
		return none
	}
	k := key{addr: a.From.As16(), swarm: w, port: a.Announce.Port}
	p, known := s.keys[k]
	switch {
	case !stays(a.Announce):
		if known {
			s.leave(p)
		}
		return none
	case known:
		s.silence.drop(p)
		s.silence.push(p)
		s.peers.values[p].heard = now
		if r := roleOf(a.Announce); r != s.peers.values[p].role {
			s.ungroup(p)
			s.group(p, r)
		}
	default:
		p = s.join(k, now, roleOf(a.Announce))
	}
	s.complete(a.Announce, p)
	return p
}

// complete counts a completion, once for each peer.
func (s *Swarms) complete(a *tracker.Announce, number int32) {
	p := &s.peers.values[number]
	if a.Event == tracker.Completed && p.role == seeder && p.completion == uncounted {
		p.completion = counted
		s.swarms.values[p.key.swarm].downloaded++
		s.counts.Completed++
	}
}

// join adds a peer to its swarm.
func (s *Swarms) join(k key, now mono.Instant, r role) int32 {
	if len(s.keys) >= s.config.Peers {
		s.counts.Evicted++
		s.leave(s.silence.oldest)
	}
	if s.swarms.values[k.swarm].empty() {
		s.deserts.drop(k.swarm)
	}
	p := s.peers.add(peer{key: k, heard: now})
	s.keys[k] = p
	s.silence.push(p)
	s.group(p, r)
	return p
}

// leave takes a peer out of its swarm.
func (s *Swarms) leave(p int32) {
	k := s.peers.values[p].key
	s.ungroup(p)
	s.silence.drop(p)
	delete(s.keys, k)
	s.peers.drop(p)
	if s.swarms.values[k.swarm].empty() {
		s.deserts.push(k.swarm)
	}
}

// expire takes out who has been silent for too long.
func (s *Swarms) expire(now mono.Instant) {
	life := Lives * (s.config.Interval + s.config.Interval/spread)
	for range expireAtOnce {
		p := s.silence.oldest
		if p == none || now.Sub(s.peers.values[p].heard) <= life {
			return
		}
		s.leave(p)
	}
}
