//go:build linux

package interop

import (
	"net/netip"
	"path/filepath"
	"testing"
	"time"
)

// freeAddress is where nobody listens yet.
func freeAddress() netip.AddrPort { return netip.AddrPortFrom(address(), 6881) }

// seedAt shares what lies below dir at an address that was chosen before.
func seedAt(t *testing.T, m material, at netip.AddrPort, more ...string) *child {
	t.Helper()
	args := []string{"seed", m.torrent, "--dir", m.parent, "--state", folder(t, "state"), "--listen", at.String(), "--no-trackers", "--events"}
	return etorrent(t, "seed", append(args, more...)...)
}

// What is whole on a medium for reading only is served from there, by seed and by
// get; nothing has to be written, not even a folder.
func TestWholeDataOnAReadOnlyMountIsServed(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"file system", "mount"} {
		for _, command := range []string{"seed", "get"} {
			t.Run(how+", "+command, func(t *testing.T) {
				t.Parallel()
				m := volumes("read only", 300_000, 0, 500_000).material(t, cutPiece, madeByUs)
				c := newCave(t)
				dir := c.tmpfs(t, "medium")
				c.fill(t, m, dir)
				if how == "file system" {
					c.do(t, "mount", "-o", "remount,ro", dir)
				} else {
					c.do(t, "mount", "--bind", dir, dir)
					c.do(t, "mount", "-o", "remount,bind,ro", dir)
				}
				if err := c.try("touch", filepath.Join(dir, "x")); err == nil {
					t.Fatal("it can be written")
				}
				var more []string
				if command == "get" {
					more = []string{"--seed"}
				}
				state := folder(t, "state")
				s := c.run(t, command, m.torrent, dir, state, more...)
				complete(t, s)
				to := folder(t, "copy")
				get(t, m.torrent, to, folder(t, "state"), listens(t, s)).mustExit(t, 0)
				mustBeEqual(t, m.parent, to)
				stopSeed(t, s)
				again := c.run(t, command, m.torrent, dir, state, more...)
				complete(t, again)
				for _, r := range append(s.all(), again.all()...) {
					if r.Event == "warning" || r.Event == "error" {
						t.Errorf("it told: %s", r.line())
					}
				}
				for _, r := range again.all() {
					if r.Event == "checking" {
						t.Errorf("the second run checks again: %s", r.line())
					}
				}
			})
		}
	}
}

// A file system that becomes one for reading only pauses a download until it can
// be written again.
func TestADownloadWaitsWhileItsFileSystemIsReadOnly(t *testing.T) {
	t.Parallel()
	m := volumes("frozen", 700_000, 900_000).material(t, cutPiece, madeByUs)
	c := newCave(t)
	dir := c.tmpfs(t, "medium")
	at := freeAddress()
	g := c.run(t, "get", m.torrent, dir, folder(t, "state"), append(peer(at), "--seed")...)
	g.await(t, "that it fetches", func(r *report) bool { return r.Event == "progress" && r.Status == "fetching" })
	c.do(t, "mount", "-o", "remount,ro", dir)
	seedAt(t, m, at)
	pausedFor(t, g, "read-only file system")
	if d := durable(g); len(d) > 0 {
		t.Errorf("%d pieces are called durable", len(d))
	}
	c.do(t, "mount", "-o", "remount,rw", dir)
	complete(t, g)
	mustBeEqual(t, m.parent, c.seen(dir))
	stopSeed(t, g)
}

// until repeats what may be refused for a moment.
func until(t *testing.T, what string, try func() error) {
	t.Helper()
	var err error
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if err = try(); err == nil {
			return
		}
	}
	t.Fatalf("%s: %v", what, err)
}

// half fetches a part of a torrent and stops. It returns what is durable then.
func half(t *testing.T, c *cave, m material, dir, state string, from netip.AddrPort) map[int]bool {
	t.Helper()
	g := c.run(t, "get", m.torrent, dir, state, append(peer(from), "--down", "400K")...)
	n := 0
	g.await(t, "that some is durable", func(r *report) bool {
		if r.Event == "piece" && r.State == "durable" {
			n++
		}
		return n >= 10
	})
	g.interrupt()
	g.mustExit(t, 130)
	return durable(g)
}

// away waits until the program finds another volume in the place of its files, and
// looks that nothing is written there and nothing is given up.
func away(t *testing.T, c *cave, g *child, dir string) {
	t.Helper()
	pausedFor(t, g, "stored on another volume")
	if found := c.files(t, dir); len(found) > 0 {
		t.Errorf("%v were made in the empty mount point", found)
	}
}

// mustHaveKeptAll fails unless a program claimed all that was durable before, and
// fetched none of it again.
func mustHaveKeptAll(t *testing.T, g *child, before map[int]bool) {
	t.Helper()
	for _, r := range g.all() {
		if r.Event == "piece" && before[r.Index] {
			t.Errorf("piece %d was durable and is %s again", r.Index, r.State)
		}
		if r.Event != "added" {
			continue
		}
		claimed := claims(t, &r)
		for i := range before {
			if !claimed[i] {
				t.Errorf("piece %d was durable and is not claimed", i)
			}
		}
	}
}

// A volume that is unmounted while a download is paused is waited for; the empty
// mount point is not written to, and no claim is given up.
func TestAnUnmountedVolumeIsWaitedFor(t *testing.T) {
	t.Parallel()
	m := volumes("away", 700_000, 900_000).material(t, cutPiece, madeByUs)
	c := newCave(t)
	medium, dir, state, at := c.tmpfs(t, "medium"), c.folder(t, "mounted"), folder(t, "state"), freeAddress()
	c.do(t, "mount", "--bind", medium, dir)
	s := seedAt(t, m, at)
	before := half(t, c, m, dir, state, listens(t, s))
	stopSeed(t, s)

	g := c.run(t, "get", m.torrent, dir, state, append(peer(at), "--seed")...)
	g.await(t, "that it fetches", func(r *report) bool { return r.Event == "progress" && r.Status == "fetching" })
	c.do(t, "mount", "-o", "remount,bind,ro", dir)
	seedAt(t, m, at)
	pausedFor(t, g, "read-only file system")
	until(t, "to unmount", func() error { return c.try("umount", dir) })
	away(t, c, g, dir)
	c.do(t, "mount", "--bind", medium, dir)
	complete(t, g)
	mustBeEqual(t, m.parent, c.seen(dir))
	stopSeed(t, g)
	mustHaveKeptAll(t, g, before)
}

// A volume that is taken out of the tree while the program has files open on it is
// written to until they are closed; what is claimed is there when it is back.
func TestAVolumeThatIsUnmountedLazilyKeepsWhatIsClaimed(t *testing.T) {
	t.Parallel()
	m := volumes("lazily", 700_000, 900_000).material(t, cutPiece, madeByUs)
	c := newCave(t)
	medium, dir, state := c.tmpfs(t, "medium"), c.folder(t, "mounted"), folder(t, "state")
	c.do(t, "mount", "--bind", medium, dir)
	from := listens(t, seed(t, m.torrent, m.parent))
	g := c.run(t, "get", m.torrent, dir, state, append(peer(from), "--seed", "--down", "400K")...)
	n := 0
	g.await(t, "that some is durable", func(r *report) bool {
		if r.Event == "piece" && r.State == "durable" {
			n++
		}
		return n >= 10
	})
	c.do(t, "umount", "-l", dir)
	n = 0
	g.await(t, "that more is durable, or why not", func(r *report) bool {
		if r.Event == "piece" && r.State == "durable" {
			n++
		}
		return n >= 15 || r.Event == "warning"
	})
	stopSeed(t, g)
	if found := c.files(t, dir); len(found) > 0 {
		t.Errorf("%v were made in the empty mount point", found)
	}
	before := durable(g)
	meta := parse(t, m.torrent)
	for i := range before {
		if !pieceIsRight(t, meta, c.seen(medium), i) {
			t.Errorf("piece %d was durable and is not on the volume", i)
		}
	}

	again := c.run(t, "get", m.torrent, dir, state, append(peer(from), "--seed")...)
	away(t, c, again, dir)
	c.do(t, "mount", "--bind", medium, dir)
	complete(t, again)
	mustBeEqual(t, m.parent, c.seen(dir))
	stopSeed(t, again)
	mustHaveKeptAll(t, again, before)
}

// A file system that gives up writing because of a fault pauses a download in the
// middle, its files are closed so that it can be unmounted, and what was called
// durable is there when it is mounted again.
func TestADownloadOutlivesAFileSystemThatGaveUp(t *testing.T) {
	t.Parallel()
	need(t, "mke2fs (e2fsprogs)", "mke2fs", "-V")
	m := volumes("gave up", 2_500_000, 1_500_000).material(t, cutPiece, madeByUs)
	c := newCave(t)
	image, dir := filepath.Join(folder(t, "image"), "ext4"), c.folder(t, "medium")
	run(t, "truncate", "-s", "32M", image)
	run(t, "mke2fs", "-q", "-t", "ext4", image)
	mount := []string{"mount", "-o", "loop,errors=remount-ro", image, dir}
	if err := c.try(mount...); err != nil {
		t.Skipf("this machine has no loop devices: %v", err)
	}
	c.do(t, "rmdir", filepath.Join(dir, "lost+found"))
	from := listens(t, seed(t, m.torrent, m.parent))
	g := c.run(t, "get", m.torrent, dir, folder(t, "state"), append(peer(from), "--seed", "--down", "500K")...)
	n := 0
	g.await(t, "that some is durable", func(r *report) bool {
		if r.Event == "piece" && r.State == "durable" {
			n++
		}
		return n >= 20
	})
	c.do(t, "mount", "-o", "remount,abort", dir)
	pausedFor(t, g, "")
	before := durable(g)
	until(t, "to unmount", func() error { return c.try("umount", dir) })
	away(t, c, g, dir)
	c.do(t, mount...)
	meta := parse(t, m.torrent)
	for i := range before {
		if !pieceIsRight(t, meta, c.seen(dir), i) {
			t.Errorf("piece %d was durable and is not on the disk", i)
		}
	}
	complete(t, g)
	mustBeEqual(t, m.parent, c.seen(dir))
	stopSeed(t, g)
}
