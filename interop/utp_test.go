//go:build linux

package interop

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/testnet"
)

// transports are those that a client may use.
type transports string

const (
	overTCP transports = "tcp"
	overUTP transports = "utp"
	overAny transports = "any"
)

// stock and tuned are what libtorrent asks for its sockets, in bytes; 0 is what the
// system gives.
const (
	stock = 0
	tuned = 4 << 20
)

// args are the flags of ours.
func (o transports) args() []string { return []string{"--transport", string(o)} }

// Each copy over uTP alone must have the same bytes, in both roles.
func TestTransfersOverUTPAloneAreByteIdentical(t *testing.T) {
	t.Parallel()
	m := volumes("over utp", 10<<20+77, 3, 6<<20).material(t, 1<<20, madeByUs)
	for _, c := range []struct {
		name string
		run  func(t *testing.T, m material, to string)
	}{
		{"us to us", oursToOursOverUTP},
		{"libtorrent to us, stock buffers", func(t *testing.T, m material, to string) { libtorrentToUsOverUTP(t, m, to, stock) }},
		{"libtorrent to us, tuned buffers", func(t *testing.T, m material, to string) { libtorrentToUsOverUTP(t, m, to, tuned) }},
		{"us to libtorrent, stock buffers", func(t *testing.T, m material, to string) { usToLibtorrentOverUTP(t, m, to, stock) }},
		{"us to libtorrent, tuned buffers", func(t *testing.T, m material, to string) { usToLibtorrentOverUTP(t, m, to, tuned) }},
		{"libtorrent dials us", libtorrentDialsUsOverUTP},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			to := folder(t, "copy")
			c.run(t, m, to)
			mustBeEqual(t, m.parent, to)
		})
	}
}

// seedOverUTP shares what there is, to peers that it dials and to others.
func seedOverUTP(t *testing.T, m material, peers ...netip.AddrPort) *child {
	t.Helper()
	return seedWith(t, overUTP.args(), m.torrent, m.parent, peers...)
}

// fetchOverUTP gets a torrent to the end.
func fetchOverUTP(t *testing.T, m material, to string, from netip.AddrPort) {
	t.Helper()
	mustBeOverUTP(t, fetchWith(t, overUTP.args(), m, to, from))
}

// mustBeOverUTP fails the test unless all peers of ours were peers over uTP, and there
// was one.
func mustBeOverUTP(t *testing.T, c *child) {
	t.Helper()
	met := 0
	for _, r := range c.all() {
		switch {
		case r.Event != "peer" || r.State != "joined":
		case r.Transport != string(overUTP):
			t.Errorf("%s met %s over %q", c.name, r.Address, r.Transport)
		default:
			met++
		}
	}
	if met == 0 {
		t.Errorf("%s met nobody over uTP", c.name)
	}
}

func oursToOursOverUTP(t *testing.T, m material, to string) {
	s := seedOverUTP(t, m)
	fetchOverUTP(t, m, to, listens(t, s))
	stopSeed(t, s)
}

func libtorrentToUsOverUTP(t *testing.T, m material, to string, buffers int) {
	l := runLibtorrentWith(t, m.torrent, m.parent, roleSeed, map[string]any{"transport": overUTP, "buffers": buffers})
	fetchOverUTP(t, m, to, l.listens(t))
	l.mustBeContent(t)
}

func usToLibtorrentOverUTP(t *testing.T, m material, to string, buffers int) {
	l := runLibtorrentWith(t, m.torrent, to, roleAny, map[string]any{"transport": overUTP, "buffers": buffers})
	s := seedOverUTP(t, m, l.listens(t))
	l.awaitDone(t)
	stopSeed(t, s)
	mustBeOverUTP(t, s)
	if end := l.stop(t); end.Redundant > 0 {
		t.Errorf("%d redundant bytes were sent", end.Redundant)
	}
	l.mustBeContent(t)
}

func libtorrentDialsUsOverUTP(t *testing.T, m material, to string) {
	s := seedOverUTP(t, m)
	l := runLibtorrentWith(t, m.torrent, to, roleAny, map[string]any{"transport": overUTP})
	l.connect(t, listens(t, s))
	l.await(t, "that its peer is one over uTP", func(r *report) bool { return r.Event == "status" && r.OverUTP > 0 })
	l.awaitDone(t)
	stopSeed(t, s)
	mustBeOverUTP(t, s)
	l.mustBeContent(t)
}

// Transmission has TCP too, and knows nobody: we dial it, over uTP, in both roles.
func TestTransmissionIsDialledOverUTP(t *testing.T) {
	t.Parallel()
	needTransmission(t)
	m := volumes("dialled", 9<<20+1, 4<<20).material(t, 256<<10, madeByUs)
	for _, c := range []struct {
		name              string
		oursHas, theirHas role
	}{{"it fetches", roleSeed, roleAny}, {"it seeds", roleAny, roleSeed}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			sw, to := newSwitch(t), folder(t, "copy")
			dirs := map[role]string{roleSeed: m.parent, roleAny: to}
			they, we := plug(t, sw), plug(t, sw)
			theirs := runTransmissionOver(t, they, job{torrent: m.torrent, dir: dirs[c.theirHas], role: c.theirHas}, overAny)
			dialled := netip.AddrPortFrom(they.Addr(), peerPort)
			ours := runOursWith(t, we, job{torrent: m.torrent, dir: dirs[c.oursHas], role: c.oursHas},
				append(overUTP.args(), "--no-trackers", "--peer", dialled.String())...)
			fetcher, seeder := ours, theirs
			if c.theirHas == roleAny {
				fetcher, seeder = theirs, ours
			}
			fetcher.awaitDone(t, time.Now().Add(cellPatience), seeder)
			mustBeOverUTP(t, ours.child)
			mustBeEqual(t, m.parent, to)
		})
	}
}

func plug(t *testing.T, sw *testnet.Switch) *testnet.Port {
	t.Helper()
	p, err := sw.Plug()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// over is a client that uses transports.
func over(t *testing.T, name string, o transports) client {
	t.Helper()
	c := clientNamed(t, name)
	switch name {
	case ours:
		c.run = func(t *testing.T, at *testnet.Port, j job) *running { return runOursWith(t, at, j, o.args()...) }
	case "libtorrent":
		c.run = func(t *testing.T, at *testnet.Port, j job) *running {
			return runSession(t, at, j, map[string]any{"transport": o})
		}
	case "Transmission":
		c.run = func(t *testing.T, at *testnet.Port, j job) *running { return runTransmissionOver(t, at, j, o) }
	default:
		t.Fatalf("%s is not known to be over %s", name, o)
	}
	c.name = fmt.Sprintf("%s over %s", name, o)
	return c
}

// The seeder has uTP alone, some have TCP alone, and between them are those that have
// both: everybody must get everything.
func TestASwarmOfBothTransportsBringsEverythingToAll(t *testing.T) {
	t.Parallel()
	s := &swarm{meeting: meet(t, volumes("both", 12<<20+5, 4<<20), 256<<10, trackerOurs, "udp")}
	link := testnet.Rate{Bytes: 4_000_000}
	s.seeder = s.join(t, over(t, "libtorrent", overUTP), job{dir: s.parent, role: roleSeed}, link)
	s.awaitCounts(t, time.Now().Add(cellPatience), func(n counts) bool { return n.seeders > 0 })
	for _, c := range []client{
		over(t, ours, overAny), over(t, "libtorrent", overTCP), over(t, ours, overUTP), over(t, ours, overTCP),
		over(t, "libtorrent", overUTP), over(t, "Transmission", overAny), over(t, ours, overAny), over(t, "libtorrent", overAny),
	} {
		s.fetch(t, c, link)
	}
	s.awaitAll(t, mixedPatience)
	s.close(t)
	t.Logf("\n%s", s.table())
}
