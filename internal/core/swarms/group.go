package swarms

import (
	"time"

	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

// tight is the size below which a group gives no room back.
const tight = 16

// group puts a peer into the group of its role.
func (s *Swarms) group(number int32, r role) {
	p := &s.peers.values[number]
	g := &s.swarms.values[p.key.swarm].groups[p.family()][r]
	p.role, p.at = r, int32(len(*g))
	*g = append(*g, number)
	s.present[r]++
}

// ungroup takes a peer out of its group, whose last one takes its place. A group
// that shrank gives its room back: else one crowd that moves from torrent to
// torrent would take room in each.
func (s *Swarms) ungroup(number int32) {
	p := &s.peers.values[number]
	g := &s.swarms.values[p.key.swarm].groups[p.family()][p.role]
	last := len(*g) - 1
	s.swap(*g, int(p.at), last)
	*g = (*g)[:last]
	s.present[p.role]--
	switch {
	case last == 0:
		*g = nil
	case cap(*g) > tight && last < cap(*g)/4:
		*g = append(make([]int32, 0, 2*last), *g...)
	}
}

func (s *Swarms) swap(g []int32, i, j int) {
	g[i], g[j] = g[j], g[i]
	s.peers.values[g[i]].at, s.peers.values[g[j]].at = int32(i), int32(j)
}

// answer fills an answer. Self is the announcer, none if it does not stay.
func (s *Swarms) answer(a Ask, w, self int32, into *tracker.Response) {
	into.Interval = s.interval()
	into.MinInterval = s.config.Interval / 2
	into.ExternalIP = a.From.Unmap()
	if w == none {
		return
	}
	torrent := &s.swarms.values[w]
	into.Seeders, into.Leechers = tracker.Count(torrent.size(seeder)), tracker.Count(torrent.size(leecher))
	into.Downloaded = torrent.downloaded
	most := wanted(a.Announce)
	own := familyOf(a.From)
	s.tell(&torrent.groups[own], roleOf(a.Announce), self, into, most)
	switch a.Told {
	case TellOwn:
	case TellBoth:
		s.tell(&torrent.groups[own.other()], roleOf(a.Announce), none, into, most)
	}
}

// interval is until the next announce: in whole seconds, as it is told.
func (s *Swarms) interval() time.Duration {
	span := s.config.Interval
	if more := span / spread; more >= time.Second {
		span += time.Duration(s.rand.Int64N(int64(more)))
	}
	return span.Truncate(time.Second)
}

// wanted is how many peers an announcer is told.
func wanted(a *tracker.Announce) int {
	switch {
	case a.Event == tracker.Stopped:
		return 0
	case a.NumWant < 0:
		return WantDefault
	}
	return min(int(a.NumWant), WantMost)
}
