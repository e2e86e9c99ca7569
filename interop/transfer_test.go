//go:build linux

package interop

import (
	"net/netip"
	"testing"
)

// Every torrent goes in every direction between us and the others; each copy
// must have the same bytes and no file more.
func TestTransfersWithOtherClientsAreByteIdentical(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name        string
		tree        tree
		pieceLength int64
		by          maker
	}{
		{"one file with a short last piece", oneFile(3<<20 + 777), 256 << 10, madeByUs},
		{"300 nested files with Unicode names", nested(300), 16 << 10, madeByLibtorrent},
		{"pieces over many files, some empty", small(200), 256 << 10, madeByMktorrent},
		{"pieces of 4 MiB", volumes("four", 5<<20, 0, 9<<20+1), 4 << 20, madeByMktorrent},
		{"pieces of 16 MiB", volumes("sixteen", 10<<20, 13<<20), 16 << 20, madeByUs},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := c.tree.material(t, c.pieceLength, c.by)
			for _, d := range directions {
				t.Run(d.name, func(t *testing.T) {
					t.Parallel()
					to := folder(t, "copy")
					d.run(t, m, to)
					mustBeEqual(t, m.parent, to)
				})
			}
		})
	}
}

var directions = []struct {
	name string
	run  func(t *testing.T, m material, to string)
}{
	{"libtorrent to us", libtorrentToUs},
	{"us to libtorrent", usToLibtorrent},
	{"aria2 to us", aria2ToUs},
	{"us to aria2", usToAria2},
	{"us to us", usToUs},
}

func libtorrentToUs(t *testing.T, m material, to string) {
	l := runLibtorrent(t, m.torrent, m.parent, roleSeed)
	fetch(t, m, to, l.listens(t))
	l.mustBeContent(t)
}

func usToLibtorrent(t *testing.T, m material, to string) {
	s := seed(t, m.torrent, m.parent)
	l := runLibtorrent(t, m.torrent, to, roleAny)
	l.connect(t, listens(t, s))
	l.awaitDone(t)
	stopSeed(t, s)
	if end := l.stop(t); end.Redundant > 0 {
		t.Errorf("%d redundant bytes were sent", end.Redundant)
	}
	l.mustBeContent(t)
}

func aria2ToUs(t *testing.T, m material, to string) {
	fetch(t, m, to, aria2Seeds(t, m.torrent, m.parent))
}

func usToAria2(t *testing.T, m material, to string) {
	a, at := aria2Fetches(t, m.torrent, to)
	s := seed(t, m.torrent, m.parent, at)
	a.mustExit(t, 0)
	stopSeed(t, s)
}

func usToUs(t *testing.T, m material, to string) {
	s := seed(t, m.torrent, m.parent)
	fetch(t, m, to, listens(t, s))
	stopSeed(t, s)
}

// fetch gets a torrent from a peer to the end, and checks what is told of it.
func fetch(t *testing.T, m material, to string, from netip.AddrPort) {
	t.Helper()
	fetchWith(t, nil, m, to, from)
}

// fetchWith does so with more flags.
func fetchWith(t *testing.T, flags []string, m material, to string, from netip.AddrPort) *child {
	t.Helper()
	args := append([]string{"get", m.torrent}, engine(to, folder(t, "state"), from)...)
	g := etorrent(t, "get", append(args, flags...)...)
	g.mustExit(t, 0)
	if end := endOf(t, g); end.Torrents[0].Stored != m.size || end.Torrents[0].Downloaded != m.size {
		t.Errorf("of %d bytes: %s", m.size, end.line())
	}
	g.await(t, "that it is complete", named("complete"))
	return g
}

// stopSeed ends a seeder as a user would.
func stopSeed(t *testing.T, s *child) {
	t.Helper()
	s.interrupt()
	s.mustExit(t, 130)
}
