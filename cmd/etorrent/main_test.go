package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/etorrent/etorrent/cmd/etorrent/internal/jsonl/schema"
	"github.com/etorrent/etorrent/sup"
)

// asProgram makes the test binary be the program: tests of exit codes and
// signals run real ones.
const asProgram = "ETORRENT_TEST_IS_PROGRAM"

// crashing as its value has it crash where it reads standard input.
const crashing = "crashing"

// panicsIn, with a kind of processes and how many times behind it, as its value has
// those of its engine panic where they receive.
const panicsIn = "panics in"

// panicking is the hook that an environment asks for, nil for none.
func panicking(value string) sup.Hook {
	var kind string
	var times int64
	if _, err := fmt.Sscanf(value, panicsIn+" %s %d", &kind, &times); err != nil {
		return nil
	}
	var left atomic.Int64
	left.Store(times)
	return func(at sup.Point) {
		if at.Kind == kind && at.At == sup.OnReceive && left.Add(-1) >= 0 {
			panic("planted")
		}
	}
}

// signalledLate as its value has it interrupted between its command and its exit.
const signalledLate = "signalled late"

func TestMain(m *testing.M) {
	if words := os.Getenv(deaf); words != "" && os.Getenv(asProgram) != "" {
		os.Args = append(os.Args[:1], without(words, os.Args[1:])...)
	}
	switch os.Getenv(asProgram) {
	case "":
	case crashing:
		h := thisHost()
		h.stdin = panics{}
		keepTold(h, os.Args[1:])
		os.Exit(int(run(h, os.Args[1:])))
	case signalledLate:
		code := run(thisHost(), os.Args[1:])
		self, err := os.FindProcess(os.Getpid())
		if err == nil {
			time.Sleep(20 * time.Millisecond) // what the command leaves behind has its chance
			err = self.Signal(os.Interrupt)
		}
		if err != nil {
			panic(err)
		}
		time.Sleep(20 * time.Millisecond)
		os.Exit(int(code))
	default:
		limitMemory()
		h := thisHost()
		h.hook = panicking(os.Getenv(asProgram))
		keepWrites(h)
		keepTold(h, os.Args[1:])
		os.Exit(int(run(h, os.Args[1:])))
	}
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f.Value.String() == f.DefValue {
		_ = f.Value.Set("12") // what these tests do most is wait for programs
	}
	code := m.Run()
	if faults := runs.judge(); code == 0 && len(faults) > 0 {
		fmt.Println(strings.Join(faults, "\n"))
		code = 1
	}
	os.Exit(code)
}

// objects reads JSON lines, which must be what the schema says.
func objects(t *testing.T, stdout string) []map[string]any {
	t.Helper()
	promised := schema.Read(t, filepath.Join("..", "..", "docs", "events.schema.json"))
	var out []map[string]any
	for line := range strings.Lines(stdout) {
		var o map[string]any
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if faults := promised.Faults(o); len(faults) > 0 {
			t.Errorf("%s%s", line, strings.Join(faults, "\n"))
		}
		out = append(out, o)
	}
	return out
}

// readUntil reads up to a text, and returns all that it read.
func readUntil(t *testing.T, from io.Reader, text string) string {
	t.Helper()
	var all bytes.Buffer
	piece := make([]byte, 4096)
	for !strings.Contains(all.String(), text) {
		n, err := from.Read(piece)
		all.Write(piece[:n])
		if err != nil {
			t.Fatalf("%v before %q:\n%s", err, text, &all)
		}
	}
	return all.String()
}

// testHost is a host without a terminal whose output is kept.
func testHost(t *testing.T, env map[string]string) (h *host, stdout, stderr *bytes.Buffer) {
	t.Helper()
	if env == nil {
		env = map[string]string{}
	}
	if env["ETORRENT_STATE"] == "" {
		env["ETORRENT_STATE"] = t.TempDir()
	}
	return hostFor(env)
}

func hostFor(env map[string]string) (h *host, stdout, stderr *bytes.Buffer) {
	stdout, stderr = &bytes.Buffer{}, &bytes.Buffer{}
	return &host{
		stdin: strings.NewReader(""), stdout: &stream{Writer: stdout, fd: -1}, stderr: &stream{Writer: stderr, fd: -1},
		env: func(name string) (string, bool) { v, has := env[name]; return v, has },
		now: time.Now, goos: "linux", typed: []string{"etorrent"}, abort: func(int) {}, terminal: terminalOf(), release: signal.Stop,
	}, stdout, stderr
}

// write makes a file with folders on its way.
func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
}

// show is a folder of files, and a torrent of it beside it.
func makeShow(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	write(t, filepath.Join(dir, "show", "large.bin"), strings.Repeat("0123456789abcdef", 40_000))
	write(t, filepath.Join(dir, "show", "nested", "small.bin"), "small")
	write(t, filepath.Join(dir, "show", "nested", "empty"), "")
	if r := runProgram(t, dir, "create", "show", "-o", "show.torrent"); r.code != 0 {
		t.Fatalf("create: %+v", r)
	}
	return dir
}

type panics struct{}

func (panics) Read([]byte) (int, error) { panic("boom") }

var _ io.Reader = panics{}

func TestACrashOfTheProgramIsReported(t *testing.T) {
	h, _, stderr := testHost(t, nil)
	h.stdin = panics{}
	if code := run(h, []string{"show", "-"}); code != exitBug {
		t.Errorf("exit %d", code)
	}
	state, _ := h.env("ETORRENT_STATE")
	reports, err := filepath.Glob(filepath.Join(state, "crashes", "*.txt"))
	if err != nil || len(reports) != 1 {
		t.Fatalf("reports %v, error %v", reports, err)
	}
	report, err := os.ReadFile(reports[0])
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(stderr.String(), "report: "+reports[0]) {
		t.Errorf("stderr %q", stderr)
	}
	for _, part := range []string{"child etorrent/command (command)", "reason panicked: boom", "restarts 0", "panics.Read"} {
		if !strings.Contains(string(report), part) {
			t.Errorf("the report lacks %q:\n%s", part, report)
		}
	}
}
