package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/etorrent/etorrent/cmd/etorrent/internal/jsonl/schema"
)

// running is a program that was started and tells JSON.
type running struct {
	t      *testing.T
	schema schema.Schema
	cmd    *exec.Cmd
	lines  *bufio.Scanner
	stderr bytes.Buffer
	seen   []map[string]any
}

func start(t *testing.T, dir string, args ...string) *running {
	t.Helper()
	return startWith(t, dir, func(*exec.Cmd) {}, args...)
}

// startWith starts a program that something is changed of before.
func startWith(t *testing.T, dir string, change func(*exec.Cmd), args ...string) *running {
	t.Helper()
	r := &running{t: t, cmd: program(t, dir, append(args, "--json")...)}
	change(r.cmd)
	r.schema = schema.Read(t, filepath.Join("..", "..", "docs", "events.schema.json"))
	r.cmd.Stderr = &r.stderr
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	r.lines = bufio.NewScanner(out)
	r.lines.Buffer(nil, 1<<20)
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if r.cmd.ProcessState == nil {
			_ = r.cmd.Process.Kill()
			_ = r.cmd.Wait()
		}
	})
	return r
}

// until reads objects up to the first that is wanted.
func (r *running) until(wanted func(map[string]any) bool) map[string]any {
	r.t.Helper()
	for r.lines.Scan() {
		var o map[string]any
		if err := json.Unmarshal(r.lines.Bytes(), &o); err != nil {
			r.t.Fatalf("%q: %v", r.lines.Bytes(), err)
		}
		if faults := r.schema.Faults(o); len(faults) > 0 {
			r.t.Errorf("%s\n%s", r.lines.Bytes(), strings.Join(faults, "\n"))
		}
		r.seen = append(r.seen, o)
		if wanted(o) {
			return o
		}
	}
	r.t.Fatalf("it ended before: %v\n%s", r.seen, r.stderr.String())
	return nil
}

func event(name string) func(map[string]any) bool {
	return func(o map[string]any) bool { return o["event"] == name }
}

// port waits until the program listens.
func (r *running) address() string {
	r.t.Helper()
	return r.until(event("listening"))["addresses"].([]any)[0].(string)
}

// stop sends a signal and returns the exit code and the last object.
func (r *running) stop(s os.Signal) (int, map[string]any) {
	r.t.Helper()
	if err := r.cmd.Process.Signal(s); err != nil {
		r.t.Fatal(err)
	}
	return r.end()
}

func (r *running) end() (int, map[string]any) {
	r.t.Helper()
	end := r.until(event("end"))
	if r.lines.Scan() {
		r.t.Errorf("after the end: %s", r.lines.Bytes())
	}
	_ = r.cmd.Wait()
	return r.cmd.ProcessState.ExitCode(), end
}

// seeder shares the torrent of makeShow.
func seeder(t *testing.T, dir string, more ...string) *running {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("no signals stop a program here")
	}
	return start(t, dir, append([]string{"seed", "show.torrent", "--state", "seed-state", "--listen", "127.0.0.1:0"}, more...)...)
}

// slowSeeder is a seeder of whom the torrent of makeShow is not had before giveAtOnce,
// however long a test takes until then. A piece comes every other second.
func slowSeeder(t *testing.T, dir string) *running {
	t.Helper()
	return seeder(t, dir, "--up", "8K")
}

// giveAtOnce has another seeder in place of a slow one, for who listens at an address.
func giveAtOnce(t *testing.T, dir, at string, slow *running) {
	t.Helper()
	slow.stop(os.Interrupt)
	seeder(t, dir, "--peer", at)
}

func TestAFetchedTorrentEqualsTheSeeders(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	s := seeder(t, dir)
	peer := s.address()
	r := runProgram(t, dir, "show.torrent", "--dir", "copy", "--state", "get-state", "--listen", "127.0.0.1:0", "--peer", peer, "--events")
	if r.code != 0 || !strings.Contains(r.stderr, "Stored show") || !strings.Contains(r.stderr, "etorrent seed show.torrent --dir ") {
		t.Fatalf("%+v", r)
	}
	all := objects(t, r.stdout)
	var kinds []string
	durable := 0
	for _, o := range all {
		kinds = append(kinds, o["event"].(string))
		if o["event"] == "piece" && o["state"] == "durable" {
			durable++
		}
	}
	for _, kind := range []string{"listening", "added", "peer", "progress", "complete"} {
		if !slices.Contains(kinds, kind) {
			t.Errorf("no %s in %v", kind, kinds)
		}
	}
	last := all[len(all)-1]
	of := last["torrents"].([]any)[0].(map[string]any)
	if kinds[0] != "listening" || last["event"] != "end" || of["stored"] != of["wanted"] || float64(durable) != of["pieces"] {
		t.Errorf("%d durable, end %v", durable, last)
	}
	if r := runProgram(t, dir, "verify", "show.torrent", "--dir", "copy"); r.code != 0 {
		t.Errorf("%+v", r)
	}
	if code, end := s.stop(os.Interrupt); code != 130 || end["reason"] != "interrupted" {
		t.Errorf("the seeder: exit %d, %v", code, end)
	}
}

func TestAStoppedFetchGoesOnWithWhatIsClaimed(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	s := slowSeeder(t, dir)
	get := []string{"get", "show.torrent", "--dir", "copy", "--state", "get-state", "--listen", "127.0.0.1:0", "--peer", s.address(), "--events"}
	first := start(t, dir, get...)
	first.until(func(o map[string]any) bool { return o["event"] == "piece" && o["state"] == "durable" })
	code, end := first.stop(syscall.SIGTERM)
	stored := end["torrents"].([]any)[0].(map[string]any)["stored"]
	if code != 143 || end["reason"] != "terminated" || !strings.Contains(first.stderr.String(), "To go on: ") {
		t.Errorf("exit %d, %v, %s", code, end, first.stderr.String())
	}
	second := start(t, dir, get...)
	at := second.address()
	if added := second.until(event("added")); added["claimed_bytes"].(float64) < stored.(float64) {
		t.Errorf("claimed %v after %v stored", added["claimed_bytes"], stored)
	}
	held := runProgram(t, dir, get...)
	if held.code != int(exitHeld) || !strings.Contains(held.stderr, "held by another etorrent") {
		t.Errorf("%+v", held)
	}
	giveAtOnce(t, dir, at, s)
	if code, _ := second.end(); code != 0 {
		t.Errorf("exit %d: %s", code, second.stderr.String())
	}
}

func TestOnlySelectedFilesAreFetched(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	peer := seeder(t, dir).address()
	get := []string{"get", "show.torrent", "--dir", "copy", "--state", "get-state", "--listen", "127.0.0.1:0", "--peer", peer}
	for _, bad := range []string{"9", "*.nothing"} {
		if r := runProgram(t, dir, append(get, "--select", bad)...); r.code != int(exitUsage) || !strings.Contains(r.stderr, "names no file") {
			t.Errorf("--select %s: %+v", bad, r)
		}
	}
	if r := runProgram(t, dir, append(get, "--select", "1", "--exclude", "*.bin")...); r.code != int(exitUsage) || !strings.Contains(r.stderr, "leave no file") {
		t.Errorf("%+v", r)
	}
	if r := runProgram(t, dir, append(get, "--exclude", "9")...); r.code != int(exitUsage) || !strings.Contains(r.stderr, "--exclude 9 names no file") {
		t.Errorf("%+v", r)
	}
	if r := runProgram(t, dir, append(get, "--exclude", "large.bin")...); r.code != 0 {
		t.Errorf("%+v", r)
	}
	if _, err := os.Stat(filepath.Join(dir, "copy", "show", "large.bin")); err == nil {
		t.Error("what is excluded was fetched")
	}
	if r := runProgram(t, dir, append(get, "--select", "small*")...); r.code != 0 {
		t.Fatalf("%+v", r)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "copy", "show", "nested", "small.bin")); err != nil || string(got) != "small" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestASeederSaysWhatItFoundAndWhatItDidNot(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	r := runProgram(t, dir, "seed", "show.torrent", "--dir", "nowhere", "--state", "s")
	if r.code != int(exitDisk) || !strings.Contains(r.stderr, filepath.Join("nowhere", "show")) {
		t.Errorf("%+v", r)
	}
	s := seeder(t, dir, "--dir", "show")
	s.until(event("complete"))
	if code, _ := s.stop(os.Interrupt); code != 130 || !strings.Contains(s.stderr.String(), "itself") || !strings.Contains(s.stderr.String(), "seeding show") {
		t.Errorf("exit %d: %s", code, s.stderr.String())
	}
}

func TestAPeerIsFoundByItsName(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	s := seeder(t, dir, "--listen", "localhost:0")
	address := s.address()
	byName := "localhost" + address[strings.LastIndexByte(address, ':'):]
	r := runProgram(t, dir, "get", "show.torrent", "--dir", "copy", "--state", "g", "--listen", "127.0.0.1:0", "--peer", byName)
	if r.code != 0 {
		t.Errorf("%+v", r)
	}
}
