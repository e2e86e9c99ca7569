//go:build linux

package interop

import (
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/etorrent/etorrent/interop/knife"
)

// cutStory is a download whose system calls are recorded.
type cutStory struct {
	name string
	tree tree
	// runs is how long each run but the last goes on before it is stopped.
	runs []time.Duration
	// lies is what is in the download folder before.
	lies func(t *testing.T, m material, dir string)
}

// cutStories differ in how data and rows come to be: new folders, files over
// pieces, a stop and its partial pieces, data that was there.
var cutStories = []cutStory{
	{name: "nested", tree: volumes("cut", 200_000, 0, 150_000, 333_333, 1, 600_000)},
	{name: "one file", tree: oneFile(1_300_000)},
	{name: "stopped and resumed", tree: volumes("cut", 500_000, 700_000), runs: []time.Duration{1200 * time.Millisecond, 900 * time.Millisecond}},
	{name: "half was there", tree: volumes("cut", 400_000, 400_000, 400_000), lies: func(t *testing.T, m material, dir string) {
		t.Helper()
		if err := os.CopyFS(dir, os.DirFS(m.parent)); err != nil {
			t.Fatal(err)
		}
		half := filepath.Join(dir, "cut", "volume 1", "data")
		if err := os.Truncate(half, 200_000); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(dir, "cut", "volume 2", "data")); err != nil {
			t.Fatal(err)
		}
	}},
}

const (
	cutPiece = 32 << 10
	cutRate  = "400K" // a second, so that there are many group commits
)

// recorded is a story with what came of it.
type recorded struct {
	material
	*knife.Recording
	base, dl, state string
}

// record runs a story under strace.
func (s cutStory) record(t *testing.T) *recorded {
	t.Helper()
	need(t, "strace", "strace", "-V")
	m := s.tree.material(t, cutPiece, madeByUs)
	base := fastFolder(t)
	r := &recorded{material: m, base: base, dl: filepath.Join(base, "deep", "dl"), state: filepath.Join(base, "st")}
	if s.lies != nil {
		if err := os.MkdirAll(r.dl, 0o755); err != nil {
			t.Fatal(err)
		}
		s.lies(t, m, r.dl)
	}
	from := listens(t, seed(t, m.torrent, m.parent))
	var err error
	if r.Recording, err = knife.Start(base); err != nil {
		t.Fatal(err)
	}
	for _, span := range append(s.runs, 0) {
		r.run(t, span, from)
	}
	mustBeEqual(t, m.parent, r.dl)
	t.Logf("%d changes, %d syncs", r.Changes(), r.Syncs())
	return r
}

// fastFolder is a folder in memory where there is one.
func fastFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "etorrent-cut-")
	if err != nil {
		return folder(t, "base")
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// command is the program under test with this story's folders.
func (r *recorded) command(t *testing.T, more ...string) []string {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	return append([]string{path, "get", r.torrent, "--dir", r.dl, "--state", r.state,
		"--listen", netip.AddrPortFrom(address(), 0).String(), "--no-trackers", "--events"}, more...)
}

// run runs the program once, stopped after a while (0: to its end), and adds what
// it did to the recording.
func (r *recorded) run(t *testing.T, span time.Duration, from netip.AddrPort) {
	t.Helper()
	dir := t.TempDir()
	trace, output := filepath.Join(dir, "trace"), filepath.Join(dir, "out")
	out, err := os.Create(output)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	strace := []string{"-f", "-y", "-xx", "-s", "4000000", "-e", "trace=" + knife.Calls, "-o", trace}
	c := exec.Command("strace", append(strace, r.command(t, "--down", cutRate, "--peer", from.String())...)...)
	c.Stdout = out
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if span > 0 {
		stop := time.AfterFunc(span, func() { _ = syscall.Kill(-c.Process.Pid, syscall.SIGTERM) })
		defer stop.Stop()
	}
	if err := c.Wait(); err != nil && (span == 0 || c.ProcessState.ExitCode() != 143 && !strings.Contains(err.Error(), "terminated")) {
		t.Fatalf("%v: %v", c.Args, err)
	}
	in, err := os.Open(trace)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if err := r.Add(in, r.base, output); err != nil {
		t.Fatal(err)
	}
}
