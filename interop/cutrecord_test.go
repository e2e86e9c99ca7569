//go:build linux

package interop

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/etorrent/etorrent/interop/knife"
)

const (
	cutPiece = 32 << 10
	cutRate  = "400K" // a second, so that there are many group commits
)

// recorded is a story with what came of it.
type recorded struct {
	material
	*knife.Recording
	base, dl, state string
	from            netip.AddrPort    // who has the content
	keeps           map[string][]byte // files of others, that nothing may change
}

// record runs a story under strace.
func (s cutStory) record(t *testing.T) *recorded {
	t.Helper()
	need(t, "strace", "strace", "-V")
	m := s.tree.material(t, cutPiece, madeByUs)
	from := listens(t, seed(t, m.torrent, m.parent))
	if s.fault == "" {
		return s.recordOnce(t, m, from, "")
	}
	for _, when := range s.when {
		r := s.recordOnce(t, m, from, fmt.Sprintf(s.fault, when))
		if syncs, others := r.Failures(); syncs+others > 0 {
			return r
		}
	}
	t.Fatal("nothing failed")
	return nil
}

func (s cutStory) recordOnce(t *testing.T, m material, from netip.AddrPort, fault string) *recorded {
	t.Helper()
	base := fastFolder(t)
	r := &recorded{material: m, base: base, dl: filepath.Join(base, "deep", "dl"), state: filepath.Join(base, "kept", "st"), from: from}
	if s.lies != nil {
		if err := os.MkdirAll(r.dl, 0o755); err != nil {
			t.Fatal(err)
		}
		s.lies(t, r)
	}
	var err error
	if r.Recording, err = knife.Start(base); err != nil {
		t.Fatal(err)
	}
	for _, span := range s.runs {
		r.run(t, "", afterSpan(span))
	}
	for n := range s.kills {
		r.run(t, fmt.Sprintf("fsync:signal=KILL:when=%d", n+1), whenComplete)
	}
	if fault != "" {
		r.run(t, fault, whenComplete)
	}
	r.run(t, "", toItsEnd)
	mustBeEqual(t, m.parent, r.dl)
	syncs, others := r.Failures()
	t.Logf("%d changes, %d syncs; failed: %d syncs, %d others", r.Changes(), r.Syncs(), syncs, others)
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

// theDisk is the exit code of a program that the disk failed.
const theDisk = 7

// An ending decides when a recorded program is stopped. It is given the file that
// the program writes its events to, and returns early when ended is closed.
type ending func(output string, ended <-chan struct{})

// toItsEnd lets the program end by itself.
func toItsEnd(_ string, ended <-chan struct{}) { <-ended }

func afterSpan(span time.Duration) ending {
	return func(_ string, ended <-chan struct{}) {
		select {
		case <-ended:
		case <-time.After(span):
		}
	}
}

// whenComplete waits for the program to say that all is stored.
func whenComplete(output string, ended <-chan struct{}) {
	limit := time.After(patience)
	for {
		if b, err := os.ReadFile(output); err != nil || bytes.Contains(b, []byte(`"event":"complete"`)) {
			return
		}
		select {
		case <-ended:
			return
		case <-limit:
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// run runs the program once, with a fault injected or "", and adds what it did to
// the recording.
func (r *recorded) run(t *testing.T, fault string, until ending) {
	t.Helper()
	dir := t.TempDir()
	trace, output := filepath.Join(dir, "trace"), filepath.Join(dir, "out")
	out, err := os.Create(output)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	args := []string{"-f", "-y", "-xx", "-s", "4000000", "-e", "trace=" + knife.Calls, "-o", trace}
	more := []string{"--down", cutRate, "--peer", r.from.String()}
	if fault != "" {
		args, more = append(args, "-e", "inject="+fault), append(more, "--seed")
	}
	c := exec.Command("strace", append(args, r.command(t, more...)...)...)
	c.Stdout = out
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		if until(output, ended); !isClosed(ended) {
			_ = syscall.Kill(-c.Process.Pid, syscall.SIGTERM)
		}
	}()
	err = c.Wait()
	close(ended)
	<-stopped
	var how syscall.WaitStatus
	if err != nil {
		how, _ = c.ProcessState.Sys().(syscall.WaitStatus)
	}
	switch {
	case err == nil, how.ExitStatus() == 143, how.Signaled() && how.Signal() == syscall.SIGTERM:
	case fault != "" && (how.ExitStatus() == theDisk || how.Signaled() && how.Signal() == syscall.SIGKILL):
	default:
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
	if err := r.Differs(r.base); err != nil {
		t.Fatalf("the recording is not all that happened: %v", err)
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
