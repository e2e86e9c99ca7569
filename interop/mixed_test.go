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
	// usualSwarms is how many are run when none is given, with half of the content: the
	// ratios of one say little. make interop-full has five.
	usualSwarms = 1
	// fetcherRate is what the link of each fetcher carries upwards in bytes a second, and
	// seederRate that of the seeder: fetchers wait for each other, not for it.
	fetcherRate = 2_000_000
	seederRate  = 6_000_000
	// seederCopies is how often the seeder gives the content to all ten together at most.
	// It is stopped at fewCopies when every piece is elsewhere too, and at manyCopies
	// though one is not: what it has given is asked for now and then only. Of one swarm,
	// which is small and may share its machine, that is late by more: lateCopies.
	seederCopies = 1.2
	lateCopies   = 2.5
	fewCopies    = 1.05
	manyCopies   = 1.17
	// fullRatio is what ours give at least for what they take, in the median of several
	// swarms. oneRatio is that of one swarm, in parts of what the others give for it.
	fullRatio = 1
	oneRatio  = 0.8
	// mixedPatience is how long a swarm may take.
	mixedPatience = 5 * time.Minute
)

// mixedContent is what a fetcher's link carries in some 30 s.
func mixedContent(swarms int) tree {
	if swarms == usualSwarms {
		return volumes("mixed", 20<<20+11, 6<<20+333, 1<<20)
	}
	return volumes("mixed", 40<<20+11, 13<<20+333, 1<<20)
}

// mixed are who fetches.
var mixed = []string{
	ours, "libtorrent", "qBittorrent", ours, "Transmission", "aria2", ours, "rTorrent", "anacrolix", "libtorrent",
}

// Ten clients of seven kinds fetch from a seeder that gives little more than one
// copy, and stay until the last has everything: they live by trading. Ours must give
// no less than they take; in one swarm, of which that is a matter of chance, hardly less
// than the others.
func TestAMixedSwarmLivesOnLittleMoreThanOneCopy(t *testing.T) {
	t.Parallel()
	var ratios, others []float64
	swarms := fromEnv(t, swarmsVariable, usualSwarms)
	for range swarms {
		t.Run("swarm", func(t *testing.T) {
			s := mixedSwarm(t, swarms)
			for _, m := range s.members {
				if m.client.name == ours {
					ratios = append(ratios, m.ratio())
				} else {
					others = append(others, m.ratio())
				}
			}
		})
		if t.Failed() || len(ratios) == 0 {
			return
		}
	}
	least := float64(fullRatio)
	if swarms == usualSwarms {
		least = min(fullRatio, oneRatio*mean(others))
	}
	t.Logf("%d of ours gave %.2f of what they took (median), the others %.2f (mean)", len(ratios), median(ratios), mean(others))
	if median(ratios) < least {
		t.Errorf("ours gave %.2f for what they took, want %.2f in the median", ratios, least)
	}
}

// copiesOf is how often the seeder gives the content at most, in one of so many swarms.
func copiesOf(swarms int) float64 {
	if swarms == usualSwarms {
		return lateCopies
	}
	return seederCopies
}

// mixedSwarm runs one of so many swarms.
func mixedSwarm(t *testing.T, swarms int) *swarm {
	t.Helper()
	s := &swarm{meeting: meet(t, mixedContent(swarms), 256<<10, trackerOurs, "http")}
	s.seeder = s.join(t, firstSeeder(t, s.size), job{dir: s.parent, role: roleSeed}, testnet.Rate{Bytes: seederRate})
	s.awaitCounts(t, time.Now().Add(cellPatience), func(n counts) bool { return n.seeders > 0 })
	for _, name := range mixed {
		s.fetch(t, clientNamed(t, name), testnet.Rate{Bytes: fetcherRate})
	}
	s.awaitAll(t, mixedPatience)
	s.close(t)
	t.Logf("%.1f MiB, %d bytes a second upwards\n%s", mebi(s.size), fetcherRate, s.table())
	t.Logf("the seeder gave %.3f copies; ours gave %.2f of what they took (median)", s.copies(), median(s.ratios(ours)))
	if most := copiesOf(swarms); s.copies() > most {
		t.Errorf("the seeder gave %.3f copies", s.copies())
	}
	return s
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

func mean(of []float64) float64 {
	sum := 0.0
	for _, x := range of {
		sum += x
	}
	return sum / float64(max(1, len(of)))
}

func median(of []float64) float64 {
	if len(of) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(of))
	return sorted[len(sorted)/2]
}
