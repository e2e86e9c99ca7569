//go:build linux

package interop

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	// pairsVariable is "all" to run every pair instead of those of CI.
	pairsVariable = "ETORRENT_PAIRS"
	// pairsAtOnce is how many pairs run at the same time.
	pairsAtOnce = 6
	// cellPatience is how long a pair may take.
	cellPatience = 2 * time.Minute
)

// cell is a pair of clients that find each other by one kind of tracker, over one
// protocol.
type cell struct {
	seeder, fetcher string
	tracker         trackerKind
	scheme          string
	order           order
}

// order says who starts first.
type order string

const (
	seederFirst  order = ""
	fetcherFirst order = ", fetcher first"
)

func (c *cell) String() string {
	return fmt.Sprintf("%s to %s by %s over %s%s", c.seeder, c.fetcher, c.tracker.name, c.scheme, c.order)
}

// pairContent has several files, odd sizes, names beyond ASCII, and empty files at
// its begin and in a block.
var pairContent = tree{name: "pairs ✓ Größe", files: []file{
	{"empty", 0}, {"one.bin", 5<<20 + 12345}, {"two/empty", 0}, {"two/Ünïcödé.bin", 3<<20 + 1}, {"two/日本語", 1},
	{"with space/e\u0301 decomposed.dat", 16<<10 - 1}, {"with space/last.bin", 700_001},
}}

// contentFor is what a client that fetches can bear.
func contentFor(fetcher client) tree {
	tr := pairContent
	if fetcher.empty == failsAtEmpty {
		tr.files = slices.DeleteFunc(slices.Clone(tr.files), func(f file) bool { return f.path == "two/empty" })
	}
	return tr
}

const pairPiece = 128 << 10

func TestPairsOfClientsFindEachOtherByATracker(t *testing.T) {
	t.Parallel()
	cells := fewCells()
	if os.Getenv(pairsVariable) == "all" {
		cells = allCells()
	}
	runCells(t, cells)
}

// fewCells are those that CI runs: us with ourselves, and with each of the others in
// both directions and by both trackers, over each protocol by turns, and some where the
// fetcher has to wait until it is found. Transmission is first, since it takes longest.
// make interop-full has allCells.
func fewCells() []cell {
	var out []cell
	for n, name := range []string{"Transmission", "libtorrent", "qBittorrent", "aria2", "rTorrent", "anacrolix"} {
		from, to := schemes[n%2], schemes[(n+1)%2]
		out = append(out, cell{name, ours, trackerOurs, from, seederFirst}, cell{ours, name, trackerOpen, to, seederFirst})
	}
	return append(out,
		cell{ours, ours, trackerOurs, "udp", fetcherFirst}, cell{ours, ours, trackerOpen, "http", seederFirst},
		cell{"libtorrent", ours, trackerOpen, "http", fetcherFirst}, cell{ours, "libtorrent", trackerOurs, "http", fetcherFirst},
		cell{"rTorrent", "anacrolix", trackerOurs, "udp", seederFirst}, cell{"aria2", "qBittorrent", trackerOurs, "http", seederFirst},
	)
}

// allCells are all pairs by each tracker over each protocol. Who starts first differs
// between the protocols. rTorrent 0.9.8 gives aria2 1.36 a few hundred
// KiB and then nothing, with nobody of us about: that pair is left out.
func allCells() []cell {
	var out []cell
	for _, s := range clients {
		for _, f := range clients {
			if s.name == "rTorrent" && f.name == "aria2" {
				continue
			}
			out = append(out,
				cell{s.name, f.name, trackerOurs, "http", seederFirst}, cell{s.name, f.name, trackerOurs, "udp", fetcherFirst},
				cell{s.name, f.name, trackerOpen, "http", fetcherFirst}, cell{s.name, f.name, trackerOpen, "udp", seederFirst},
			)
		}
	}
	return out
}

// runCells runs a few cells at a time, whatever -parallel says: most of what a pair
// takes is waiting.
func runCells(t *testing.T, cells []cell) {
	t.Helper()
	if _, err := program(); err != nil {
		t.Fatal(err)
	}
	next := make(chan cell)
	var workers sync.WaitGroup
	for range pairsAtOnce {
		workers.Go(func() {
			for c := range next {
				t.Run(strings.ReplaceAll(c.String(), "/", " "), c.run)
			}
		})
	}
	for _, c := range cells {
		next <- c
	}
	close(next)
	workers.Wait()
}

// run has the pair share the content, and compares the copies.
func (c *cell) run(t *testing.T) {
	deadline := time.Now().Add(cellPatience)
	seeder, fetcher := clientNamed(t, c.seeder), clientNamed(t, c.fetcher)
	seeder.need(t)
	fetcher.need(t)
	g, to := meet(t, contentFor(fetcher), pairPiece, c.tracker, c.scheme), folder(t, "copy")
	share := func() *running {
		s := seeder.run(t, g.plug(t), job{torrent: g.torrent, dir: g.parent, role: roleSeed})
		g.awaitCounts(t, deadline, func(n counts) bool { return n.seeders > 0 }, s)
		g.tells(t, "the seeder is known")
		return s
	}
	fetch := func() *running {
		f := fetcher.run(t, g.plug(t), job{torrent: g.torrent, dir: to, role: roleAny})
		g.awaitCounts(t, deadline, func(n counts) bool { return c.order == seederFirst || n.leechers > 0 }, f)
		g.tells(t, "the fetcher runs")
		return f
	}
	var s, f *running
	switch c.order {
	case seederFirst:
		s = share()
		f = fetch()
	case fetcherFirst:
		f = fetch()
		s = share()
	}
	f.awaitDone(t, deadline, s)
	g.tells(t, "the fetcher has everything")
	mustBeCopy(t, fetcher, g.material, to)
}

// mustBeCopy compares the content with what a client fetched of it, but for what
// the client leaves out, and for files of its own that lie beside.
func mustBeCopy(t *testing.T, by client, m material, to string) {
	t.Helper()
	name := parse(t, m.torrent).Name
	want, got := sums(t, filepath.Join(m.parent, name)), sums(t, filepath.Join(to, name))
	for path, sum := range want {
		switch {
		case got[path] == sum:
		case got[path] != "":
			t.Errorf("%q is %s, want %s", path, got[path], sum)
		case by.empty != omitsEmpty || !strings.HasPrefix(sum, "0 bytes"):
			t.Errorf("%q is missing", path)
		}
	}
	for path, sum := range got {
		if want[path] == "" {
			t.Errorf("%q should not be there (%s)", path, sum)
		}
	}
}
