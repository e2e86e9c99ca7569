package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/etorrent/etorrent"
)

func TestACrashOfTheRealProgramEndsWithTheCodeOfABugAndItsReport(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd := program(t, dir, "get", "-", "--json", "--state", "own")
	cmd.Env = append(cmd.Env, asProgram+"="+crashing)
	r := finish(t, cmd)
	_, path, named := strings.Cut(r.stderr, "report: ")
	report, err := os.ReadFile(filepath.Join(dir, strings.TrimSpace(path)))
	all := objects(t, r.stdout)
	if len(all) != 2 || all[0]["report"] != strings.TrimSpace(path) || all[1]["exit"] != 1.0 {
		t.Errorf("%v", all)
	}
	if r.code != int(exitBug) || !named || err != nil || !strings.Contains(string(report), "boom") || !strings.HasPrefix(strings.TrimSpace(path), filepath.Join("own", "crashes")) {
		t.Errorf("%v: %+v", err, r)
	}
}

// reportsOf are the crash reports in a state folder, which must have all that a report
// tells.
func reportsOf(t *testing.T, state, child string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(state, "crashes", "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		report, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range []string{"child " + child, "last message ", "restarts ", "planted", "goroutine ", "sup."} {
			if !strings.Contains(string(report), part) {
				t.Errorf("%s lacks %q:\n%s", name, part, report)
			}
		}
	}
	return names
}

func TestACrashThatTheEngineContainsIsReportedAndTheTransferGoesOn(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	peer := seeder(t, dir).address()
	g := startWith(t, dir, func(cmd *exec.Cmd) { cmd.Env = append(cmd.Env, asProgram+"="+panicsIn+" control 1") },
		"get", "show.torrent", "--dir", "copy", "--state", "g", "--listen", "127.0.0.1:0", "--peer", peer)
	w := g.until(event("warning"))
	code, _ := g.end()
	names := reportsOf(t, filepath.Join(dir, "g"), "client/torrents/pool/torrent[1]/control (control)")
	if code != 0 || len(names) != 1 || w["report"] == nil || filepath.Base(w["report"].(string)) != filepath.Base(names[0]) || !strings.Contains(g.stderr.String(), "report: "+w["report"].(string)) {
		t.Errorf("exit %d, reports %q, warning %v\n%s", code, names, w, g.stderr.String())
	}
}

// The end of an engine is the fault of a process, not of a cell that died meanwhile.
func TestTheDeathOfACellIsReportedAndAllElseGoesOn(t *testing.T) {
	h, _, stderr := testHost(t, nil)
	state := t.TempDir()
	c := newConductor(&engine{s: &session{host: h, out: newOutput(h, outputFlags{})}, state: state}, untilStored)
	process := etorrent.CrashedEvent{Path: "client/net/udp", Kind: "udp", Err: "failed: x"}
	c.hear(heard{event: process})
	c.hear(heard{event: etorrent.CrashedEvent{
		Scope: etorrent.CrashOfCell, Times: 1, Path: "client/net/udp/conn[1]", Kind: "conn", Err: "panicked: planted", LastMessage: "datagrams", Stack: []byte("goroutine 1 [running]:\nsup.x()\n"),
	}})
	names := reportsOf(t, state, "client/net/udp/conn[1] (conn)")
	if len(names) != 1 || !strings.Contains(stderr.String(), "client/net/udp/conn[1] panicked: planted; all else goes on (report: "+names[0]) {
		t.Errorf("%q\n%s", names, stderr)
	}
	if c.crash.path != process.Path {
		t.Errorf("the last crash is that of %s", c.crash.path)
	}
}

// Where a process crashes whatever it is asked, that is a bug, and no fault of the
// disk: for one torrent, and for so many that the engine gives up.
func TestCrashesThatDoNotEndAreABug(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	var many []string
	for i := range 40 {
		name := strconv.Itoa(i)
		write(t, filepath.Join(dir, "other", name), name)
		if r := runProgram(t, dir, "create", filepath.Join("other", name), "-o", name+".torrent"); r.code != 0 {
			t.Fatalf("%+v", r)
		}
		many = append(many, name+".torrent")
	}
	for _, x := range []struct {
		kind    string
		sources []string
		says    string
	}{
		{"roster", []string{"show.torrent"}, "roster is down"}, {"store", []string{"show.torrent"}, "store is down"}, {"roster", many, "the engine gave up"},
	} {
		t.Run(x.kind+" "+x.says, func(t *testing.T) {
			t.Parallel()
			state := t.TempDir()
			args := append([]string{"get", "--dir", "copy", "--state", state, "--listen", "127.0.0.1:0", "--json"}, x.sources...)
			cmd := program(t, dir, args...)
			cmd.Env = append(cmd.Env, asProgram+"="+panicsIn+" "+x.kind+" 1000000000")
			r := finish(t, cmd)
			names := reportsOf(t, state, "client/")
			if r.code != int(exitBug) || len(names) == 0 || !strings.Contains(r.stderr, "report: "+names[0]) || !strings.Contains(r.stderr, x.says) {
				t.Errorf("exit %d, reports %q\n%s", r.code, names, r.stderr)
			}
		})
	}
}
