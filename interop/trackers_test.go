//go:build linux

package interop

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/testnet"
	"github.com/etorrent/etorrent/metainfo"
)

// A trackerKind is a program that brings clients together, at the hub of a switch.
type trackerKind struct {
	name string
	need func(t *testing.T)
	run  func(t *testing.T, at *testnet.Host, listen netip.AddrPort, m material) *child
}

var (
	trackerOurs  = trackerKind{"etorrent", func(*testing.T) {}, runOurTracker}
	trackerOpen  = trackerKind{"opentracker", needOpentracker, runOpentracker}
	trackerKinds = []trackerKind{trackerOurs, trackerOpen}
	schemes      = []string{"http", "udp"}
)

const trackerPort = 6969

func needOpentracker(t *testing.T) {
	t.Helper()
	need(t, "opentracker", "sh", "-c", "command -v opentracker")
}

// runOurTracker allows no other torrent.
func runOurTracker(t *testing.T, at *testnet.Host, listen netip.AddrPort, m material) *child {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	return startOn(t, at, "our tracker", m.parent, path, "tracker", "--listen", listen.String(), "--json", "--allow", filepath.Dir(m.torrent))
}

// runOpentracker gives it the torrent's info-hash: Debian's serves no other.
func runOpentracker(t *testing.T, at *testnet.Host, listen netip.AddrPort, m material) *child {
	t.Helper()
	// It makes the folder its root and gives up its rights before it reads the list.
	dir, err := os.MkdirTemp("", "etorrent-opentracker-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	hash := metainfoHash(t, m)
	list := filepath.Join(dir, "whitelist")
	err = errors.Join(os.Chmod(dir, 0o755), os.WriteFile(list, []byte(hex.EncodeToString(hash[:])+"\n"), 0o644))
	if err != nil {
		t.Fatal(err)
	}
	port := fmt.Sprint(listen.Port())
	return startOn(t, at, "opentracker", dir, "opentracker", "-i", listen.Addr().String(), "-p", port, "-P", port, "-d", dir, "-u", "nobody", "-w", filepath.Base(list))
}

func metainfoHash(t *testing.T, m material) metainfo.InfoHash {
	t.Helper()
	return parse(t, m.torrent).ID().V1
}

// counts are who a tracker knows of one torrent.
type counts struct{ seeders, leechers int }

// meeting is a torrent and the tracker by which its clients meet, on one switch.
type meeting struct {
	material
	sw      *testnet.Switch
	tracker *child
	listen  netip.AddrPort
	web     *http.Client // asks the tracker
	begin   time.Time
}

// meet makes a torrent that names a tracker, and starts that at the switch's hub.
func meet(t *testing.T, content tree, pieceLength int64, kind trackerKind, scheme string) *meeting {
	t.Helper()
	kind.need(t)
	g := &meeting{sw: newSwitch(t), begin: time.Now()}
	hub, addr := g.sw.Hub()
	g.listen, g.web = netip.AddrPortFrom(addr, trackerPort), caller(hub)
	g.material = content.material(t, pieceLength, madeFor(fmt.Sprintf("%s://%s/announce", scheme, g.listen)))
	g.tracker = kind.run(t, hub, g.listen, g.material)
	g.awaitCounts(t, g.begin.Add(cellPatience), func(counts) bool { return true })
	return g
}

// madeFor makes a torrent that names a tracker.
func madeFor(url string) maker {
	return func(t *testing.T, path, torrent string, pieceLength int64) {
		t.Helper()
		etorrent(t, "create", "create", path, "-o", torrent, "--piece-length", fmt.Sprint(pieceLength), "--tracker", url).mustExit(t, 0)
	}
}

func newSwitch(t *testing.T) *testnet.Switch {
	t.Helper()
	sw, err := testnet.NewSwitch()
	var no *testnet.Unavailable
	switch {
	case errors.As(err, &no) && os.Getenv("CI") != "true":
		t.Skip(err)
	case err != nil:
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sw.Close(); err != nil {
			t.Error(err)
		}
	})
	return sw
}

// plug makes a host for a client.
func (g *meeting) plug(t *testing.T) *testnet.Port {
	t.Helper()
	p, err := g.sw.Plug()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// awaitCounts asks the tracker until it knows enough. The end of a program that is to
// announce itself, or of the tracker, fails the test.
func (g *meeting) awaitCounts(t *testing.T, deadline time.Time, enough func(counts) bool, who ...*running) {
	t.Helper()
	hash := metainfoHash(t, g.material)
	alive := []*child{g.tracker}
	for _, r := range who {
		alive = append(alive, r.child)
	}
	for {
		known, err := scrape(g.web, g.listen, hash)
		if err == nil && enough(known) {
			return
		}
		for _, c := range alive {
			select {
			case <-c.ended:
				t.Fatalf("%s ended: %v", c.name, c.cmd.ProcessState)
			default:
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s knows of %+v, %v", g.tracker.name, known, err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// tells logs how long something took.
func (g *meeting) tells(t *testing.T, what string) {
	t.Helper()
	t.Logf("%.1f s: %s", time.Since(g.begin).Seconds(), what)
}

// scrape asks a tracker over HTTP.
func scrape(web *http.Client, listen netip.AddrPort, hash metainfo.InfoHash) (counts, error) {
	resp, err := web.Get(fmt.Sprintf("http://%s/scrape?info_hash=%s", listen, url.QueryEscape(string(hash[:]))))
	if err != nil {
		return counts{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
	if err != nil {
		return counts{}, err
	}
	var known counts
	for _, c := range []struct {
		name string
		into *int
	}{{"complete", &known.seeders}, {"incomplete", &known.leechers}} {
		found := regexp.MustCompile(fmt.Sprintf(`%d:%si(\d+)e`, len(c.name), c.name)).FindSubmatch(body)
		switch {
		case bytes.Contains(body, []byte("5:filesde")):
			return counts{}, nil // opentracker leaves out what nobody shares
		case found == nil:
			return counts{}, fmt.Errorf("no %s in %q", c.name, body)
		}
		if *c.into, err = strconv.Atoi(string(found[1])); err != nil {
			return counts{}, err
		}
	}
	return known, nil
}
