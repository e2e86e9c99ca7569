//go:build linux

package interop

import (
	"encoding/hex"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/testnet"
)

const (
	// swarmsVariable is how many mixed swarms are run.
	swarmsVariable = "ETORRENT_SWARMS"
	// usualSwarms is how many are run when none is given: the ratios of one say little.
	usualSwarms = 2
	// fetcherRate is what the link of each fetcher carries upwards in bytes a second, and
	// seederRate that of the seeder: fetchers wait for each other, not for it.
	fetcherRate = 2_000_000
	seederRate  = 6_000_000
	// seederCopies is how often the seeder gives the content at most. It is stopped at
	// fewCopies when every piece is elsewhere too, and at manyCopies though one is not:
	// what it has given is asked for now and then only.
	seederCopies = 1.2
	fewCopies    = 1.05
	manyCopies   = 1.17
	// mixedPatience is how long a swarm may take.
	mixedPatience = 150 * time.Second
)

// mixedContent is what a fetcher's link carries in some 30 s.
var mixedContent = volumes("mixed", 40<<20+11, 13<<20+333, 1<<20)

// mixed are who fetches.
var mixed = []string{
	ours, "libtorrent", "qBittorrent", ours, "Transmission", "aria2", ours, "rTorrent", "anacrolix", "libtorrent",
}

// Ten clients of seven kinds fetch from a seeder that gives little more than one
// copy, and stay until the last has everything: they live by trading. Ours must give
// no less than they take.
func TestAMixedSwarmLivesOnLittleMoreThanOneCopy(t *testing.T) {
	var ratios []float64
	for range fromEnv(t, swarmsVariable, usualSwarms) {
		t.Run("swarm", func(t *testing.T) { ratios = append(ratios, mixedSwarm(t)...) })
		if t.Failed() || len(ratios) == 0 {
			return
		}
	}
	t.Logf("%d of ours gave %.2f of what they took (median)", len(ratios), median(ratios))
	if median(ratios) < 1 {
		t.Errorf("ours gave less than they took: %.2f", ratios)
	}
}

// mixedSwarm runs one swarm and returns the ratios of ours.
func mixedSwarm(t *testing.T) []float64 {
	t.Helper()
	s := &swarm{meeting: meet(t, mixedContent, 256<<10, trackerOurs, "http")}
	s.seeder = s.join(t, firstSeeder(t, s.size), job{dir: s.parent, role: roleSeed}, testnet.Rate{Bytes: seederRate})
	s.awaitCounts(t, time.Now().Add(cellPatience), func(n counts) bool { return n.seeders > 0 })
	for _, name := range mixed {
		s.fetch(t, clientNamed(t, name), testnet.Rate{Bytes: fetcherRate})
	}
	s.awaitAll(t, mixedPatience)
	s.close(t)
	t.Logf("%.1f MiB, %d bytes a second upwards\n%s", mebi(s.size), fetcherRate, s.table())
	t.Logf("the seeder gave %.3f copies; ours gave %.2f of what they took (median)", s.copies(), median(s.ratios(ours)))
	if s.copies() > seederCopies {
		t.Errorf("the seeder gave %.3f copies", s.copies())
	}
	return s.ratios(ours)
}

// firstSeeder is rTorrent where it shows every piece to one peer at first ("initial
// seeding"), until it has given enough of a content's size. libtorrent 2.0.8 cannot
// stand in for it: as a fast super seeder it ends by a fault of its own every other
// time.
func firstSeeder(t *testing.T, size int64) client {
	t.Helper()
	c := clientNamed(t, "rTorrent")
	c.run = func(t *testing.T, at *testnet.Port, j job) *running {
		t.Helper()
		r, socket := runRTorrentWith(t, at, j, "protocol.connection.seed.set = initial_seed\n")
		ask := r.poll
		r.poll = func() (standing, error) {
			now, err := ask()
			if copies := float64(now.up) / float64(size); copies < fewCopies || copies < manyCopies && !allSeen(socket) {
				return now, err
			}
			_, stop := scgi(socket, "d.multicall2", "", "main", "d.stop=")
			return now, errors.Join(err, stop)
		}
		return r
	}
	return c
}

// allSeen says whether rTorrent knows a peer for every piece of its torrent.
func allSeen(socket string) bool {
	values, err := scgi(socket, "d.multicall2", "", "main", "d.chunks_seen=")
	if err != nil || len(values) != 1 {
		return false
	}
	peers, err := hex.DecodeString(values[0])
	return err == nil && len(peers) > 0 && !slices.Contains(peers, 0)
}

func median(of []float64) float64 {
	if len(of) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(of))
	return sorted[len(sorted)/2]
}
