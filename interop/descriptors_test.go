//go:build linux

package interop

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// starved starts the program with few descriptors. It needs 17 to start, one more
// where it listens on both families of addresses, and 32 to have some for
// everything.
func starved(t *testing.T, descriptors int, name string, args ...string) *child {
	t.Helper()
	need(t, "prlimit (util-linux)", "prlimit", "--version")
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	limit := fmt.Sprintf("--nofile=%d:%d", descriptors, descriptors)
	return start(t, name, "prlimit", append([]string{limit, path, name}, args...)...)
}

// mustBeUnharmed fails if a program told of anything worse than that descriptors
// ran out. It returns how often it told of that.
func mustBeUnharmed(t *testing.T, c *child, state string) int {
	t.Helper()
	told := 0
	for _, r := range c.all() {
		switch {
		case r.Event == "warning" && strings.Contains(r.Message, "too many open files"):
			told++
		case r.Event == "warning", r.Event == "error":
			t.Errorf("%s: %s", c.name, r.line())
		}
	}
	if reports, _ := os.ReadDir(filepath.Join(state, "crashes")); len(reports) > 0 {
		t.Errorf("%s left crash reports", c.name)
	}
	return told
}

// More peers and files than descriptors: what does not fit waits, and the download
// completes.
func TestADownloadWithFewDescriptorsCompletes(t *testing.T) {
	t.Parallel()
	m := small(200).material(t, 64<<10, madeByUs)
	var peers []netip.AddrPort
	for range 10 {
		peers = append(peers, listens(t, seed(t, m.torrent, m.parent)))
	}
	for _, n := range []int{32, 48} {
		to, state := folder(t, "copy"), folder(t, "state")
		g := starved(t, n, "get", append([]string{m.torrent, "--seed"}, engine(to, state, peers...)...)...)
		complete(t, g)
		stopSeed(t, g)
		mustBeEqual(t, m.parent, to)
		if told := mustBeUnharmed(t, g, state); told > 0 {
			t.Errorf("of %d descriptors it used more than it has: told %d times", n, told)
		}
	}
}

// A seed whose last descriptors are taken by peers that do nothing says so, and
// lets one in that does. With how many descriptors it comes to that depends on the
// machine: with more of them the connections that it allows itself suffice.
func TestASeedWithoutDescriptorsShedsIdlePeers(t *testing.T) {
	t.Parallel()
	m := small(200).material(t, 64<<10, madeByUs)
	for descriptors := 24; descriptors >= 18; descriptors-- {
		told, shed := besiege(t, m, descriptors)
		t.Logf("%d descriptors: told %d times that they ran out, %d idle peers were shed", descriptors, told, shed)
		if told > 0 && shed > 0 {
			return
		}
	}
	t.Error("descriptors never ran out, or nobody was shed")
}

// besiege lets more peers that do nothing come to a seed than it has descriptors for,
// and one that fetches all. It returns how often the seed told that they ran out,
// and how many idle peers left for that.
func besiege(t *testing.T, m material, descriptors int) (told, shed int) {
	t.Helper()
	state := folder(t, "state")
	s := starved(t, descriptors, "seed", append([]string{m.torrent}, engine(m.parent, state)...)...)
	at := listens(t, s)
	complete(t, s)
	hello := handshake(infoHash(parse(t, m.torrent)))
	for range 30 {
		attack(t, at).send(hello)
	}
	to := folder(t, "copy")
	get(t, m.torrent, to, folder(t, "state"), at).mustExit(t, 0)
	mustBeEqual(t, m.parent, to)
	stopSeed(t, s)
	for _, r := range s.all() {
		if r.Event == "peer" && r.State == "left" && strings.Contains(r.Reason, "descriptors ran out") {
			shed++
		}
	}
	return mustBeUnharmed(t, s, state), shed
}
