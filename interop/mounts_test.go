//go:build linux

package interop

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// cave is a mount namespace of its own. What is mounted in it is gone with it.
type cave struct {
	pid  string
	base string // a folder for mounts, as the namespace has it
}

// newCave makes a namespace until the test ends. Without the right to, the test
// fails under CI=true and is skipped elsewhere.
func newCave(t *testing.T) *cave {
	t.Helper()
	need(t, "nsenter (util-linux)", "nsenter", "--version")
	holder := exec.Command("cat") // until its input ends
	holder.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	in, err := holder.StdinPipe()
	if err == nil {
		err = holder.Start()
	}
	switch {
	case err != nil && os.Getenv("CI") == "true":
		t.Fatalf("no mount namespace: %v", err)
	case err != nil:
		t.Skipf("no mount namespace: %v", err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = holder.Wait()
	})
	return &cave{pid: fmt.Sprint(holder.Process.Pid), base: t.TempDir()}
}

// enter is a command line inside.
func (c *cave) enter(args ...string) []string {
	return append([]string{"nsenter", "-t", c.pid, "-m", "--"}, args...)
}

// try runs a command inside.
func (c *cave) try(args ...string) error {
	args = c.enter(args...)
	if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
		return fmt.Errorf("%v: %w: %s", args, err, strings.TrimSpace(string(out)))
	}
	return nil
}

func (c *cave) do(t *testing.T, args ...string) {
	t.Helper()
	if err := c.try(args...); err != nil {
		t.Fatal(err)
	}
}

// seen is how a path inside is reached from here.
func (c *cave) seen(path string) string { return filepath.Join("/proc", c.pid, "root", path) }

// folder makes a folder inside.
func (c *cave) folder(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(c.base, name)
	c.do(t, "mkdir", "-p", path)
	return path
}

// tmpfs mounts one.
func (c *cave) tmpfs(t *testing.T, name string) string {
	t.Helper()
	path := c.folder(t, name)
	c.do(t, "mount", "-t", "tmpfs", "-o", "size=64m", "etorrent-test", path)
	return path
}

// run starts the program inside, with all events.
func (c *cave) run(t *testing.T, name, torrent, dir, state string, more ...string) *child {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	args := append([]string{path, name, torrent}, engine(dir, state)...)
	args = c.enter(append(args, more...)...)
	return start(t, name, args[0], args[1:]...)
}

// fill copies the content of a torrent to a folder inside.
func (c *cave) fill(t *testing.T, m material, dir string) {
	t.Helper()
	if err := os.CopyFS(c.seen(dir), os.DirFS(m.parent)); err != nil {
		t.Fatal(err)
	}
}

// files are the names below a folder inside.
func (c *cave) files(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(c.seen(dir))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// peer are the flags that name a peer.
func peer(at netip.AddrPort) []string { return []string{"--peer", at.String()} }

// pausedFor waits until the program says that it is paused, with these words, and
// shows it.
func pausedFor(t *testing.T, c *child, words string) {
	t.Helper()
	c.await(t, "why it is paused: "+words, func(r *report) bool {
		return r.Event == "warning" && strings.Contains(r.Message, "is paused until this is mended") && strings.Contains(r.Message, words)
	})
	c.await(t, "that it is paused", func(r *report) bool { return r.Event == "progress" && r.Status == "paused" })
}

// complete waits until the program says that all is stored.
func complete(t *testing.T, c *child) {
	t.Helper()
	c.await(t, "that all is stored", named("complete"))
}
