//go:build linux

package interop

import (
	"path/filepath"
	"slices"
	"strconv"
	"testing"
)

// tracked is a torrent whose peers find each other by a tracker of ours, which
// allows no other torrent.
type tracked struct {
	material
	tracker *child
}

// track makes a torrent that names a tracker by a scheme, and starts that.
func track(t *testing.T, scheme string) tracked {
	t.Helper()
	at, allowed := freePort(t).String(), folder(t, "allowed")
	url := scheme + "://" + at + "/announce"
	m := oneFile(1<<20+77).material(t, 64<<10, func(t *testing.T, path, torrent string, pieceLength int64) {
		for _, out := range []string{torrent, filepath.Join(allowed, "made.torrent")} {
			etorrent(t, "create", "create", path, "-o", out, "--piece-length", strconv.FormatInt(pieceLength, 10), "--tracker", url).mustExit(t, 0)
		}
	})
	c := etorrent(t, "tracker", "tracker", "--listen", at, "--json", "--allow", allowed)
	if announce := c.await(t, "where it listens", named("listening")).Announce; !slices.Contains(announce, url) {
		t.Fatalf("no %s in %q", url, announce)
	}
	return tracked{m, c}
}

// awaitSeeder waits until the tracker knows a seeder.
func (tr *tracked) awaitSeeder(t *testing.T) {
	t.Helper()
	tr.tracker.await(t, "that it knows a seeder", func(r *report) bool { return r.Event == "totals" && r.Seeders > 0 })
}

// Nobody is told of the other but by the tracker.
func TestOtherClientsFindEachOtherThroughOurTracker(t *testing.T) {
	t.Parallel()
	for _, scheme := range []string{"udp", "http"} {
		t.Run("libtorrent over "+scheme, func(t *testing.T) {
			t.Parallel()
			tr, to := track(t, scheme), folder(t, "copy")
			from := runLibtorrent(t, tr.torrent, tr.parent, roleSeed)
			tr.awaitSeeder(t)
			l := runLibtorrent(t, tr.torrent, to, roleAny)
			l.awaitDone(t)
			mustBeEqual(t, tr.parent, to)
			from.mustBeContent(t)
		})
	}
	t.Run("aria2 and libtorrent over http", func(t *testing.T) {
		t.Parallel()
		tr, to := track(t, "http"), folder(t, "copy")
		runLibtorrent(t, tr.torrent, tr.parent, roleSeed)
		tr.awaitSeeder(t)
		a, _ := aria2Fetches(t, tr.torrent, to)
		a.mustExit(t, 0)
		mustBeEqual(t, tr.parent, to)
	})
}
