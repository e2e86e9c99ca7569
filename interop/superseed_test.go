//go:build linux

package interop

import (
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/testnet"
)

const (
	// superRate is what each link carries upwards, in bytes a second. Where the seeder
	// is faster, libtorrent's ends by a fault of its own now and then.
	superRate = 4_000_000
	// superPatience is how long a swarm may take.
	superPatience = 5 * time.Minute
	superFetchers = 10
	// superCopies is how often our first seeder gives the content at most.
	superCopies = 1.25
)

var superContent = volumes("first", 15<<20+11, 4<<20+333, 1<<20)

// The first seeder of ten fetchers of libtorrent gives little more than one copy
// until all have everything; what libtorrent's own super seeding gives is printed
// beside by make interop-full.
func TestOurFirstSeederGivesLittleMoreThanOneCopy(t *testing.T) {
	t.Parallel()
	t.Run("libtorrent", func(t *testing.T) {
		if fromEnv(t, swarmsVariable, usualSwarms) == usualSwarms {
			return // it shows nothing of ours
		}
		c := clientNamed(t, "libtorrent")
		c.run = func(t *testing.T, at *testnet.Port, j job) *running {
			t.Helper()
			return runSession(t, at, j, map[string]any{"super": true})
		}
		superSwarm(t, c)
	})
	t.Run("ours", func(t *testing.T) {
		c := clientNamed(t, ours)
		c.run = func(t *testing.T, at *testnet.Port, j job) *running {
			t.Helper()
			return runOursWith(t, at, j, "--super-seed")
		}
		if copies := superSwarm(t, c); copies > superCopies {
			t.Errorf("it gave %.3f copies", copies)
		}
	})
}

// superSwarm runs ten fetchers with one seeder, and returns how many copies that gave
// until all have everything.
func superSwarm(t *testing.T, seeder client) float64 {
	t.Helper()
	s := &swarm{meeting: meet(t, superContent, 128<<10, trackerOurs, "http")}
	link := testnet.Rate{Bytes: superRate}
	s.seeder = s.join(t, seeder, job{dir: s.parent, role: roleSeed}, link)
	s.awaitCounts(t, time.Now().Add(cellPatience), func(n counts) bool { return n.seeders > 0 })
	for range superFetchers {
		s.fetch(t, clientNamed(t, "libtorrent"), link)
	}
	s.awaitAll(t, superPatience)
	s.close(t)
	t.Logf("%.1f MiB, %d bytes a second upwards\n%s", mebi(s.size), superRate, s.table())
	t.Logf("%s gave %.3f copies", seeder.name, s.copies())
	return s.copies()
}
