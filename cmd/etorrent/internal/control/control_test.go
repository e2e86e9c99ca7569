package control

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/etorrent/etorrent/sup"
)

// hasty is the patience of tests in which somebody lets it run out.
var hasty = patience{ask: 20 * time.Millisecond, answer: 20 * time.Millisecond, look: 20 * time.Millisecond, retry: time.Millisecond}

// world is a tree of two workers, one of them degraded, and a server that tells of it.
type world struct {
	*testing.T
	state  string
	tree   *sup.Tree
	server *Server
}

func newWorld(t *testing.T, children int, pa patience) *world {
	t.Helper()
	body := func(p *sup.Process) error {
		if p.Path() == "client/a[1]" {
			p.Degraded(errors.New("no room"))
		}
		p.Ready()
		<-p.Stopping()
		return nil
	}
	var spec sup.Supervisor
	for i := range children {
		spec.Children = append(spec.Children, sup.Child{Name: fmt.Sprintf("a[%d]", i), Kind: "a", Run: body})
	}
	tree, err := sup.Start(t.Context(), "client", spec, sup.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{T: t, state: t.TempDir(), tree: tree}
	t.Cleanup(func() { _ = tree.Stop(context.Background()) })
	w.server = w.serve(7, pa)
	return w
}

// serve starts a server for a program of some number.
func (w *world) serve(pid int, pa patience) *Server {
	w.Helper()
	s, err := start(w.Context(), Config{
		Folder: w.state, PID: pid, Version: "1", Command: "etorrent get x", Tree: w.tree.Snapshot, Kill: w.tree.Kill,
		Observe: func(r sup.Report) { w.Errorf("%s: %v", r.Path, r.Exit) },
	}, pa)
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { w.stop(s) })
	return s
}

func (w *world) stop(s *Server) {
	if err := s.Stop(context.Background()); err != nil {
		w.Error(err)
	}
}

func (w *world) opened(s *Server) {
	w.Helper()
	if err := s.Opening(w.Context()); err != nil {
		w.Fatal(err)
	}
}

// programs are those that can be connected to.
func (w *world) programs() []*Program {
	all := Programs(w.Context(), w.state)
	w.Cleanup(func() {
		for _, g := range all {
			_ = g.Close()
		}
	})
	return all
}

func (w *world) files() []string {
	entries, err := os.ReadDir(folderOf(w.state))
	if err != nil {
		w.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

// eventually waits until something is so.
func (w *world) eventually(what string, so func() bool) {
	w.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for range 20_000 {
		if so() {
			return
		}
		<-tick.C
	}
	w.Fatal("never: " + what)
}

// honest says whether a guest is answered.
func (w *world) honest() bool {
	all := w.programs()
	if len(all) != 1 {
		return false
	}
	defer all[0].Close()
	t, err := all[0].Tree()
	return err == nil && t.PID == 7
}

func (w *world) dial() net.Conn {
	w.Helper()
	conn, err := connect(filepath.Join(folderOf(w.state), "7.sock"))
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { _ = conn.Close() })
	return conn
}

func TestAGuestIsToldTheTreeAndMayKillAProcess(t *testing.T) {
	w := newWorld(t, 2, usualPatience)
	w.opened(w.server)
	all := w.programs()
	if len(all) != 1 {
		t.Fatalf("%d programs", len(all))
	}
	tree, err := all[0].Tree()
	if err != nil {
		t.Fatal(err)
	}
	root := tree.Root
	if tree.PID != 7 || tree.Command != "etorrent get x" || root.Strategy != "one_for_one" || len(root.Children) != 2 {
		t.Errorf("%+v", tree)
	}
	if a := root.Children[1]; a.State != "degraded" || a.Reason != "no room" || a.Path != "client/a[1]" || a.Kind != "a" || a.Started == nil {
		t.Errorf("%+v", a)
	}
	if err := all[0].Kill("client/a[1]"); err != nil {
		t.Fatal(err)
	}
	w.eventually("it is back", func() bool {
		tree, err := all[0].Tree()
		return err == nil && tree.Root.Children[1].Restarts == 1 && strings.Contains(tree.Root.Children[1].LastExit, "killed by its name")
	})
	for _, path := range []string{"client", "client/x", ""} {
		var fault *Fault
		if err := all[0].Kill(path); !errors.As(err, &fault) || fault.Why != Unkillable {
			t.Errorf("%q: %v", path, err)
		}
	}
}

func TestOnlyTheOwnerCanReachTheSocket(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("permissions are those of the folder above here")
	}
	w := newWorld(t, 1, usualPatience)
	w.opened(w.server)
	// A folder that others may enter is closed to them.
	if err := os.Chmod(folderOf(w.state), 0o755); err != nil {
		t.Fatal(err)
	}
	w.opened(w.serve(8, usualPatience))
	for name, want := range map[string]os.FileMode{"": 0o700 | os.ModeDir, "7.sock": 0o600 | os.ModeSocket, "8.sock": 0o600 | os.ModeSocket} {
		info, err := os.Lstat(filepath.Join(folderOf(w.state), name))
		if err != nil || info.Mode() != want {
			t.Errorf("%q: %v, %v", name, info.Mode(), err)
		}
	}
}

func TestSocketsOfTheDeadAreRemovedAndNothingElseIs(t *testing.T) {
	w := newWorld(t, 1, usualPatience)
	w.opened(w.server)
	folder := folderOf(w.state)
	for _, name := range []string{"1.sock", "2.sock", "9-1.sock"} {
		l, err := net.ListenUnix("unix", &net.UnixAddr{Name: short(t, filepath.Join(folder, name))})
		if err != nil {
			t.Fatal(err)
		}
		l.SetUnlinkOnClose(false)
		_ = l.Close() // as the kernel does for a program that was killed
	}
	for _, name := range []string{"3.sock", "notes.txt"} {
		if err := os.WriteFile(filepath.Join(folder, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := w.programs(); len(got) != 1 {
		t.Errorf("%d programs", len(got))
	}
	if got := strings.Join(w.files(), " "); got != "3.sock 7.sock notes.txt" {
		t.Errorf("left are %s", got)
	}
	w.stop(w.server)
	if got := strings.Join(w.files(), " "); got != "3.sock notes.txt" {
		t.Errorf("after the end are left %s", got)
	}
}

func short(t *testing.T, path string) string {
	name, release, err := shortName(path)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(release)
	return name
}

// Containers that share a state folder each have a program 1.
func TestASocketThatIsAboutToOpenIsNotTakenForOneOfTheDead(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("it has its name before it is open there")
	}
	state := t.TempDir()
	over := make(chan struct{})
	var sweeping sync.WaitGroup
	sweeping.Go(func() {
		for {
			select {
			case <-over:
				return
			default:
				sweep(folderOf(state))
			}
		}
	})
	defer sweeping.Wait()
	defer close(over)
	for n := range 2_000 {
		s, err := openSocket(state, 7)
		if err != nil {
			t.Fatal(err)
		}
		if s.there() == elsewhere {
			t.Errorf("the socket is gone that was opened as number %d", n)
		}
		_ = s.Close()
	}
}

func TestTwoProgramsOfOneNumberHaveASocketEach(t *testing.T) {
	w := newWorld(t, 1, usualPatience)
	w.opened(w.server)
	second := w.serve(7, usualPatience)
	w.opened(second)
	if got := strings.Join(w.files(), " "); got != "7-1.sock 7.sock" {
		t.Errorf("%s", got)
	}
	w.stop(second)
	if !w.honest() {
		t.Error("the first one's socket is gone with the second")
	}
}

func TestASocketThatIsTakenAwayIsOpenedAgain(t *testing.T) {
	w := newWorld(t, 1, hasty)
	w.opened(w.server)
	for range 3 {
		if err := os.Remove(filepath.Join(folderOf(w.state), "7.sock")); err != nil {
			t.Fatal(err)
		}
		w.eventually("it is there again", w.honest)
	}
}

func TestASocketThatCannotBeOpenedIsDegradedAndTriedAgain(t *testing.T) {
	w := newWorld(t, 1, hasty)
	w.opened(w.server)
	w.stop(w.server)
	folder := folderOf(w.state)
	if err := os.Remove(folder); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(folder, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s := w.serve(7, hasty)
	if err := s.Opening(t.Context()); err == nil || !strings.Contains(err.Error(), folder) {
		t.Fatalf("%v", err)
	}
	w.eventually("it is degraded", func() bool {
		for _, n := range s.tree.Snapshot().Root.Children {
			if d, is := n.State.(sup.Degraded); is && n.Name == "door" && strings.Contains(d.Err.Error(), folder) {
				return true
			}
		}
		return false
	})
	if err := os.Remove(folder); err != nil {
		t.Fatal(err)
	}
	w.eventually("it is open", w.honest)
}

func TestALongPathIsNoObstacle(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("a long path has no short name here")
	}
	w := newWorld(t, 1, usualPatience)
	w.state = filepath.Join(w.state, strings.Repeat("long", 50), strings.Repeat("longer", 40))
	if err := os.MkdirAll(w.state, 0o700); err != nil {
		t.Fatal(err)
	}
	w.opened(w.serve(7, usualPatience))
	if !w.honest() {
		t.Error("nobody answers")
	}
}

func TestOfALargeTreeTheRestIsCounted(t *testing.T) {
	w := newWorld(t, processesShown+10, usualPatience)
	w.opened(w.server)
	tree, err := w.programs()[0].Tree()
	if err != nil || len(tree.Root.Children) != processesShown-1 || tree.LeftOut != 11 {
		t.Errorf("%d left out, %v", tree.LeftOut, err)
	}
}

func TestLongTextsAreCutBetweenRunes(t *testing.T) {
	for _, pad := range []string{"", "x", "xx"} {
		got := shorten(pad + strings.Repeat("象", longestText))
		if !strings.HasSuffix(got, "象…") || len(got) > longestText+len("…") {
			t.Errorf("%q", got)
		}
	}
	if got := shorten("short"); got != "short" {
		t.Errorf("%q", got)
	}
}
