package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/etorrent/etorrent/cmd/etorrent/internal/jsonl"
	"github.com/etorrent/etorrent/utp"
)

// ps runs it on a state folder, and returns the trees that it tells.
func ps(t *testing.T, dir, state string) []*jsonl.Tree {
	t.Helper()
	r := runProgram(t, dir, "ps", "--state", state, "--json")
	if r.code != 0 {
		t.Fatalf("%+v", r)
	}
	objects(t, r.stdout)
	var out []*jsonl.Tree
	for line := range strings.Lines(r.stdout) {
		var tree jsonl.Tree
		if err := json.Unmarshal([]byte(line), &tree); err != nil {
			t.Fatal(err)
		}
		if tree.Event == "tree" {
			out = append(out, &tree)
		}
	}
	return out
}

// architecture is the part of ARCHITECTURE.md between two marks.
func architecture(t *testing.T, from, to string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "ARCHITECTURE.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, part, found := strings.Cut(string(text), from)
	part, _, ends := strings.Cut(part, to)
	if !found || !ends {
		t.Fatalf("ARCHITECTURE.md has nothing between %q and %q", from, to)
	}
	return part
}

var inBrackets = regexp.MustCompile(`\[.*\]`)

// drawTree draws processes as ARCHITECTURE.md does, those of a kind once, and notes their
// kinds.
func drawTree(b *strings.Builder, indent string, processes []jsonl.Process, kinds map[string]bool) {
	var names []string
	below, heads := map[string][]jsonl.Process{}, map[string]string{}
	for _, p := range processes {
		kinds[p.Kind] = true
		if p.Cells != nil {
			for _, c := range p.Cells.Oldest {
				kinds[c.Kind] = true
			}
		}
		name := inBrackets.ReplaceAllString(p.Name, "[*]")
		if _, seen := heads[name]; !seen {
			names = append(names, name)
			heads[name] = name
			if p.Strategy != "" {
				heads[name] += " (" + p.Strategy + ")"
			}
		}
		below[name] = append(below[name], p.Children...)
	}
	for _, name := range names {
		b.WriteString(indent + heads[name] + "\n")
		drawTree(b, indent+"  ", below[name], kinds)
	}
}

func TestPsShowsTheTreeThatIsDrawnWithEveryKindOfProcess(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	s := slowSeeder(t, dir)
	g := start(t, dir, "get", "show.torrent", "--dir", "copy", "--state", "g", "--listen", "127.0.0.1:0", "--peer", s.address(), "--events")
	at := g.address()
	stranger, err := net.Dial("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	other, err := utp.Dial(t.Context(), "udp4", at)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if _, err := other.Write([]byte{19}); err != nil {
		t.Fatal(err)
	}
	g.until(func(o map[string]any) bool { return o["event"] == "piece" })
	trees := ps(t, dir, "g")
	if len(trees) != 1 || trees[0].PID != g.cmd.Process.Pid || !strings.Contains(trees[0].Command, " get show.torrent --dir copy ") {
		t.Fatalf("%+v", trees)
	}
	var b strings.Builder
	kinds := map[string]bool{}
	drawTree(&b, "", []jsonl.Process{trees[0].Root}, kinds)
	if drawn := architecture(t, "```tree\n", "```"); b.String() != drawn {
		t.Errorf("ARCHITECTURE.md draws\n%s\nbut ps shows\n%s", drawn, b.String())
	}
	rows := 0
	for row := range strings.Lines(architecture(t, "| kind | what its crash may disturb |\n| --- | --- |\n", "\n\n")) {
		rows++
		if kind := strings.TrimSpace(strings.Split(row, "|")[1]); !kinds[kind] {
			t.Errorf("no %s in\n%s", kind, b.String())
		}
	}
	if rows < 10 {
		t.Errorf("the table of crashes has %d rows", rows)
	}
	people := runProgram(t, dir, "ps", "--state", "g")
	if !strings.Contains(people.stdout, "\n        control  ") || !strings.Contains(people.stdout, fmt.Sprintf("pid %d: ", g.cmd.Process.Pid)) {
		t.Errorf("%+v", people)
	}
}

func TestAnyProcessMayBeKilledByNameAndTheTransferEndsAlike(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	s := slowSeeder(t, dir)
	get := []string{"get", "show.torrent", "--dir", "copy", "--state", "g", "--listen", "127.0.0.1:0", "--peer", s.address(), "--events"}
	g := start(t, dir, get...)
	at := g.address()
	g.until(func(o map[string]any) bool { return o["event"] == "piece" && o["state"] == "durable" })
	for _, name := range []string{"peer", "torrent[1]/assign", "disk", "choker", "store", "dial", "roster", "torrent/control", "disks", "pool", "storage"} {
		if name == "peer" {
			g.until(func(o map[string]any) bool { return o["event"] == "progress" && o["peers"].(float64) > 0 })
		}
		r := runProgram(t, dir, "ps", "--state", "g", "--kill", name, "--json")
		if r.code != 0 {
			t.Fatalf("%s: %+v", name, r)
		}
		killed := objects(t, r.stdout)[0]
		restarts := killed["restarts"].(float64)
		if want := map[bool]string{true: "gone", false: "back"}[name == "peer"]; killed["outcome"] != want || want == "back" && restarts < 1 {
			t.Errorf("%s: %v", name, killed)
		}
	}
	hold := besiege(t, filepath.Join(dir, "g", "control", fmt.Sprintf("%d.sock", g.cmd.Process.Pid)))
	defer hold()
	giveAtOnce(t, dir, at, s)
	if code, end := g.end(); code != 0 {
		t.Fatalf("exit %d, %v: %s", code, end, g.stderr.String())
	}
	told := map[string]int{}
	for _, o := range g.seen {
		told[o["event"].(string)]++
	}
	if told["added"] != 1 || told["reopened"] < 2 || told["complete"] != 1 { // disk and control were killed
		t.Errorf("it told %v", told)
	}
	for _, name := range []string{"large.bin", filepath.Join("nested", "small.bin")} {
		a, errA := os.ReadFile(filepath.Join(dir, "show", name))
		b, errB := os.ReadFile(filepath.Join(dir, "copy", "show", name))
		if errA != nil || errB != nil || string(a) != string(b) {
			t.Errorf("%s differs: %v, %v", name, errA, errB)
		}
	}
	if left, _ := os.ReadDir(filepath.Join(dir, "g", "control")); len(left) != 0 {
		t.Errorf("left are %v", left)
	}
}

// besiege opens many connections to a socket that send nonsense, or nothing, and do not
// read. The result ends them.
func besiege(t *testing.T, path string) (end func()) {
	t.Helper()
	if name, err := filepath.Rel(mustGetwd(t), path); err == nil && len(path) > 100 {
		path = name
	}
	var all []net.Conn
	for i := range 100 {
		conn, err := net.Dial("unix", path)
		if err != nil {
			t.Errorf("no way to the socket: %v", err)
			break
		}
		all = append(all, conn)
		switch i % 3 {
		case 0:
			_, _ = io.WriteString(conn, strings.Repeat("x", 10_000)) // fails where it is refused
		case 1:
			_, _ = io.WriteString(conn, strings.Repeat("{\"v\":1,\"do\":\"tree\"}\n", 50))
		}
	}
	return func() {
		for _, c := range all {
			_ = c.Close()
		}
	}
}

func mustGetwd(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestTwoProgramsOfOneStateFolderAreToldApartAndTheDeadAreForgotten(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	write(t, filepath.Join(dir, "other"), "of another torrent")
	if r := runProgram(t, dir, "create", "other", "-o", "other.torrent"); r.code != 0 {
		t.Fatalf("%+v", r)
	}
	first := seeder(t, dir)
	first.address()
	second := start(t, dir, "seed", "other.torrent", "--state", "seed-state", "--listen", "127.0.0.1:0")
	second.until(event("complete"))
	var pids []int
	for _, tree := range ps(t, dir, "seed-state") {
		pids = append(pids, tree.PID)
	}
	one, two := first.cmd.Process.Pid, second.cmd.Process.Pid
	slices.Sort(pids)
	if want := []int{min(one, two), max(one, two)}; !slices.Equal(pids, want) {
		t.Fatalf("%v, want %v", pids, want)
	}
	r := runProgram(t, dir, "ps", "--state", "seed-state", "--kill", "store")
	if r.code != int(exitUsage) || !strings.Contains(r.stderr, fmt.Sprintf("client/storage/store@%d", one)) || !strings.Contains(r.stderr, fmt.Sprintf("client/storage/store@%d", two)) {
		t.Errorf("%+v", r)
	}
	r = runProgram(t, dir, "ps", "--state", "seed-state", "--kill", fmt.Sprintf("store@%d", two))
	if want := fmt.Sprintf("client/storage/store@%d: killed, and back after ", two); r.code != 0 || !strings.HasPrefix(r.stdout, want) || !strings.HasSuffix(r.stdout, " ms with restarts 1\n") {
		t.Errorf("%+v", r)
	}
	if err := first.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = first.cmd.Wait()
	socket := filepath.Join(dir, "seed-state", "control", fmt.Sprintf("%d.sock", one))
	if _, err := os.Lstat(socket); err != nil {
		t.Errorf("the killed program took its socket away: %v", err)
	}
	if trees := ps(t, dir, "seed-state"); len(trees) != 1 || trees[0].PID != two {
		t.Errorf("%+v", trees)
	}
	if _, err := os.Lstat(socket); err == nil {
		t.Error("the socket of the killed program is there still")
	}
}

func TestANameThatNoProcessHasIsRefusedWithThoseThatAreNear(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	s := seeder(t, dir)
	s.until(event("complete"))
	for name, near := range map[string]string{
		"contrl": "torrent[1]/control@", "torrent[2]/control": "torrent[1]/control@", "rooster": "torrents/roster@", "store@1": "client/storage/store@",
		"client": "is the root", "": "near are", "/": "near are",
	} {
		r := runProgram(t, dir, "ps", "--state", "seed-state", "--kill", name)
		if r.code != int(exitUsage) || !strings.Contains(r.stderr, near) {
			t.Errorf("%q: %+v", name, r)
		}
	}
	if r := runProgram(t, dir, "ps", "--state", "seed-state", "--kill", "torrent[1]"); r.code != 0 || !strings.Contains(r.stdout, "put aside") {
		t.Errorf("%+v", r)
	}
	if r := runProgram(t, dir, "ps", "--state", "seed-state"); !regexp.MustCompile(`torrent\[1\] \(rest_for_one\) +quarantined .*until `).MatchString(r.stdout) {
		t.Errorf("%+v", r)
	}
}

func TestWhereNothingRunsPsSaysSo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, args := range [][]string{{"ps", "--state", "none"}, {"ps", "--state", "none", "--kill", "store"}} {
		if r := runProgram(t, dir, args...); r.code != 3 || !strings.Contains(r.stderr, "no etorrent runs with the state folder none") {
			t.Errorf("%v: %+v", args, r)
		}
	}
	if r := runProgram(t, dir, "ps", "--kill", "x", "--watch"); r.code != int(exitUsage) {
		t.Errorf("%+v", r)
	}
	if _, err := os.Stat(filepath.Join(dir, "none")); err == nil {
		t.Error("it made the state folder")
	}
}

func TestWhoRunsAndDoesNotAnswerIsNotTakenForNobody(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "s", "control"), 0o700); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join("s", "control", "7.sock")
	path, err := filepath.Rel(mustGetwd(t), filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Skip(err) // the path is too long, or there are no such sockets
	}
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_ = conn.Close()
		}
	}()
	for _, args := range [][]string{{"ps", "--state", "s"}, {"ps", "--state", "s", "--kill", "store"}} {
		r := runProgram(t, dir, args...)
		if r.code != int(exitSource) || !strings.Contains(r.stderr, "of 1 that run with the state folder s none answers") || !strings.Contains(r.stderr, name) {
			t.Errorf("%v: %+v", args, r)
		}
	}
}

func TestAWatchInAPipeIsPlain(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	seeder(t, dir).until(event("complete"))
	cmd := program(t, dir, "ps", "--state", "seed-state", "--watch", "--plain")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines, trees := bufio.NewScanner(out), 0
	for trees < 2 && lines.Scan() {
		if strings.Contains(lines.Text(), "\x1b") {
			t.Fatalf("%q", lines.Text())
		}
		if strings.HasPrefix(lines.Text(), "client (rest_for_one)") {
			trees++
		}
	}
	if trees < 2 {
		t.Fatal("it ended")
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, out)
	if _ = cmd.Wait(); cmd.ProcessState.ExitCode() != 130 {
		t.Errorf("%v", cmd.ProcessState)
	}
}

// A program whose state folder has no room for a socket says so and works all the
// same.
func TestWithoutASocketATransferGoesOn(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("no signals stop a program here")
	}
	dir := makeShow(t)
	write(t, filepath.Join(dir, "g", "control"), "somebody's file")
	peer := seeder(t, dir).address()
	r := runProgram(t, dir, "get", "show.torrent", "--dir", "copy", "--state", "g", "--listen", "127.0.0.1:0", "--peer", peer, "--json")
	all := objects(t, r.stdout)
	if r.code != 0 || all[0]["event"] != "warning" || !strings.Contains(all[0]["message"].(string), "etorrent ps cannot look at this program") {
		t.Errorf("%+v", r)
	}
}

func TestHowFarOneNameIsFromAnother(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"a", "", 1}, {"", "abc", 3}, {"store", "store", 0}, {"contrl", "control", 1}, {"rooster", "roster", 1}, {"kitten", "sitting", 3}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("%q, %q: %d", c.a, c.b, got)
		}
	}
}
