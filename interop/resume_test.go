//go:build linux

package interop

import (
	"os"
	"path/filepath"
	"testing"
)

// inFlight is what may be under way from one peer at a clean stop: the pipeline
// of 64 blocks, and what its kernel and ours hold.
const inFlight = 64*16<<10 + 4<<20

// A download that is interrupted goes on where it was: partial pieces
// included, nothing is checked or fetched again.
func TestAnInterruptedDownloadGoesOn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name        string
		pieceLength int64
	}{
		{"pieces of 64 KiB", 64 << 10},
		{"pieces of 4 MiB", 4 << 20},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := volumes("resumed", 3<<20, 14<<20+9).material(t, c.pieceLength, madeByUs)
			to, state := folder(t, "copy"), folder(t, "state")
			l := runLibtorrent(t, m.torrent, m.parent, roleSeed)
			l.limit(t, 3<<20, unchanged)
			at := l.listens(t)

			first := get(t, m.torrent, to, state, at)
			stored := int64(0)
			first.await(t, "that some is stored", func(r *report) bool {
				if r.Event == "piece" && r.State == "durable" {
					stored += c.pieceLength
				}
				return stored > m.size/6
			})
			first.interrupt()
			first.mustExit(t, 130)
			l.limit(t, 0, unchanged)

			again := get(t, m.torrent, to, state, at)
			again.mustExit(t, 0)
			mustBeEqual(t, m.parent, to)
			mustHaveKept(t, first, again)
			a, b := endOf(t, first).Torrents[0].Downloaded, endOf(t, again).Torrents[0].Downloaded
			if a+b > m.size {
				t.Errorf("%d and %d bytes were fetched of %d", a, b, m.size)
			}
			if given := l.stop(t).Uploaded; given > m.size+inFlight {
				t.Errorf("the seeder gave %d bytes of %d", given, m.size)
			}
		})
	}
}

// mustHaveKept fails the test unless the second run claims what the first
// called durable, and checks nothing.
func mustHaveKept(t *testing.T, first, again *child) {
	t.Helper()
	added := again.await(t, "what it claims", named("added"))
	claimed := claims(t, &added)
	for i := range durable(first) {
		if !claimed[i] {
			t.Errorf("piece %d was durable and is not claimed", i)
		}
	}
	for _, r := range again.all() {
		if r.Event == "checking" && r.Pieces > 0 {
			t.Errorf("checked again: %s", r.line())
		}
	}
}

// durable are the pieces of which a program told that they are.
func durable(c *child) map[int]bool {
	set := map[int]bool{}
	for _, r := range c.all() {
		if r.Event == "piece" && r.State == "durable" {
			set[r.Index] = true
		}
	}
	return set
}

// A copy that is complete is found to be so, whether the state knows it or not.
func TestACompleteCopyIsNotFetchedAgain(t *testing.T) {
	t.Parallel()
	m := small(50).material(t, 64<<10, madeByMktorrent)
	state := folder(t, "state")
	for run, checks := range []int{1, 0} {
		g := get(t, m.torrent, m.parent, state)
		g.mustExit(t, 0)
		n := 0
		for _, r := range g.all() {
			if r.Event == "checking" && r.Pieces > 0 {
				n++
			}
		}
		if n != checks {
			t.Errorf("run %d checked %d times, want %d", run, n, checks)
		}
	}
	if v := etorrent(t, "verify", "verify", m.torrent, "--dir", m.parent); v.exit(t) != 0 {
		t.Error("verify found damage")
	}
	if err := os.WriteFile(filepath.Join(m.parent, "small", "f0005"), []byte("damage"), 0o644); err != nil {
		t.Fatal(err)
	}
	if v := etorrent(t, "verify", "verify", m.torrent, "--dir", m.parent); v.exit(t) != 8 {
		t.Error("verify did not find the damage")
	}
}
