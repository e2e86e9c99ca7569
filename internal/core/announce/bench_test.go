package announce

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

// quick takes requests and lookups, and drops the rest.
type quick struct {
	sent    []Request
	lookups []string
}

func (q *quick) Lookup(host string)                                   { q.lookups = append(q.lookups, host) }
func (q *quick) Send(r Request)                                       { q.sent = append(q.sent, r) }
func (q *quick) Peers(ident.TorrentID, []netip.AddrPort, tracker.URL) {}
func (q *quick) Drop(ident.TorrentID, tracker.URL)                    {}
func (q *quick) ExternalIP(netip.Addr, tracker.URL)                   {}
func (q *quick) Report(ident.TorrentID, Report)                       {}
func (q *quick) Save(ident.TorrentID)                                 {}
func (q *quick) Gone(ident.TorrentID, Saved)                          {}

// round rings once and answers all that was sent.
func (q *quick) round(c *Core, now mono.Instant) mono.Instant {
	now = max(now, c.NextDeadline())
	c.Tick(now, q)
	for _, host := range q.lookups {
		c.Resolved(now, host, OnlyIPv4, q)
	}
	for i := 0; i < len(q.sent); i++ {
		c.Answer(now, q.sent[i].ID, tracker.Answered{Response: plain()}, q)
	}
	q.sent, q.lookups = q.sent[:0], q.lookups[:0]
	return now
}

// filled is a core with torrents that all have been announced.
func filled(torrents int) (*Core, *quick, mono.Instant) {
	c, q, now := New(Config{}, rand.New(rand.NewPCG(1, 2))), &quick{}, start
	var of [300][][]tracker.URL
	for i := range of {
		of[i] = tiers(fmt.Sprintf("http://t%d.example/announce", i), fmt.Sprintf("udp://u%d.example:80", i))
	}
	for id := range ident.TorrentID(torrents) {
		c.Add(now, id, Torrent{Tiers: of[int(id)%len(of)]}, Restored{}, q)
	}
	for c.last < RequestID(torrents) {
		now = q.round(c, now)
	}
	return c, q, now
}

// What an announce costs, from the bell over the request to the answer, must not grow
// with the number of torrents but by its logarithm.
func BenchmarkAnAnnounceAmong(b *testing.B) {
	for _, torrents := range []int{1000, 10_000, 100_000} {
		b.Run(fmt.Sprint(torrents), func(b *testing.B) {
			c, q, now := filled(torrents)
			b.ReportAllocs()
			b.ResetTimer()
			for before := c.last; c.last < before+RequestID(b.N); {
				now = q.round(c, now)
			}
		})
	}
}

// Progress is what comes most often.
func BenchmarkProgress(b *testing.B) {
	c, _, _ := filled(1000)
	b.ReportAllocs()
	for n := range b.N {
		c.Progress(ident.TorrentID(n%1000), Counters{Uploaded: int64(n)}, WantsPeers)
	}
}
