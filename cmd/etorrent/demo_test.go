package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/etorrent/etorrent/cmd/etorrent/internal/demo"
)

// smallDemo runs a demo that is as short as one can be, in a folder of its own,
// and fails if that is not empty afterwards. On a machine that has no time left for it a
// verdict that fails by time alone, and that it does not end with 0 then, is taken for one that
// holds.
func smallDemo(t *testing.T, more ...string) result {
	t.Helper()
	dir := t.TempDir()
	cmd := program(t, dir, append([]string{"demo", "--peers", "4", "--size", "6M", "--rate", "1M"}, more...)...)
	cmd.Env = append(cmd.Env, "TMPDIR="+dir, "TMP="+dir, "ETORRENT_SELECT=nothing-of-the-child")
	before := machineNow()
	r := finish(t, cmd)
	idle := before.idleShare()
	left, err := filepath.Glob(filepath.Join(dir, "etorrent-demo-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
	if failed := ofTime.FindAllString(r.stdout, -1); len(failed) > 0 && idle < idleEnough {
		t.Logf("nobody used %.0f %% of this machine:\n%s", 100*idle, r.stdout)
		if want := fmt.Sprintf("%d of 5 verdicts do not hold", len(failed)); r.code == int(exitBug) && strings.Contains(r.stderr, want) {
			r.code, r.stderr = 0, ""
		}
		r.stdout = ofTime.ReplaceAllString(r.stdout, "  verdict: ")
	}
	return r
}

// idleEnough is what part of the machine is idle beside a demo that is not held up.
const idleEnough = 0.2

// ofTime is how a verdict begins that fails also where a machine gives no time: what has
// nothing to do with time is judged before, and nobody may fetch all without what crashed.
// What crashes disturb is shown in virtual time, by the tests of the engine.
var ofTime = regexp.MustCompile(`(?m)^  VERDICT FAILS: expected (the rates of the others to stay above|what crashed to)[^;]*; seen: `)

// mustShow fails unless each pattern matches a line.
func mustShow(t *testing.T, out string, patterns ...string) {
	t.Helper()
	for _, p := range patterns {
		if !regexp.MustCompile(`(?m)^  verdict: ` + p).MatchString(out) {
			t.Errorf("no verdict is %q:\n%s", p, out)
		}
	}
}

// ofSeven is the SHA-256 of the 6 MiB that follow from the random seed 7.
const ofSeven = `ee10f36d1ecd311a7a410d9298076294444e8224ab88348f3c2893305dfb4da2`

func TestTheDemoShowsWhatIsPromisedAndEndsWithZero(t *testing.T) {
	t.Parallel()
	cast := filepath.Join(t.TempDir(), "demo.cast")
	r := smallDemo(t, "--record", cast, "--plain", "--random-seed", "7")
	if r.code != 0 || r.stderr != "" {
		t.Fatalf("%d %s\n%s", r.code, r.stderr, r.stdout)
	}
	mustShow(t, r.stdout,
		`4 of 4 leechers have everything; the seeder sent \d\.\d\d copies, the leechers sent each other \d\.\d\d`,
		`16 of 16 copies are equal to the original, SHA-256 `+ofSeven+`\.$`)
	for _, verdict := range faultVerdicts {
		mustShow(t, r.stdout, verdict.made)
	}
	for _, part := range []string{"restarts 1, last panicked: injected by the demo", "child client/torrents/pool/torrent[1]/control (control), restarts 0", "Peak memory", "Try next:"} {
		if !strings.Contains(r.stdout, part) {
			t.Errorf("nothing says %q:\n%s", part, r.stdout)
		}
	}
	if strings.ContainsAny(r.stdout, "\x1b\r") {
		t.Errorf("there are escapes in a pipe: %q", r.stdout)
	}
	mustBeCast(t, cast)
}

// mustBeCast fails unless a file is an asciicast of the whole demo.
func mustBeCast(t *testing.T, name string) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
	var head struct {
		Version, Width, Height int
		Timestamp              int64
	}
	if err := json.Unmarshal([]byte(lines[0]), &head); err != nil || head.Version != 2 || head.Width != 110 || head.Height != 30 || head.Timestamp == 0 {
		t.Errorf("%s: %+v %v", lines[0], head, err)
	}
	before, all := 0.0, ""
	for _, line := range lines[1:] {
		var event []any
		if err := json.Unmarshal([]byte(line), &event); err != nil || len(event) != 3 || event[1] != "o" {
			t.Fatalf("%q is no event: %v", line, err)
		}
		if at := event[0].(float64); at < before {
			t.Fatalf("%v comes after %v", at, before)
		} else {
			before = at
		}
		all += event[2].(string)
	}
	for _, part := range []string{"\x1b[1mAct 1 of 4", "A\r\x1b[J", "leecher 4", "Try next:\r\n", "\x1b[32m  verdict: "} {
		if !strings.Contains(all, part) {
			t.Errorf("the recording lacks %q", part)
		}
	}
}

// faultVerdicts are the verdicts of an act with its fault and without it.
var faultVerdicts = map[string]struct{ made, left string }{
	"panic": {
		`3 of 3 panics were contained; what crashed was back within \d+\.\d s; the others kept \d+ % of their rates at least; 4 of 4`,
		`nothing was made to panic, 0 processes crashed, 4 of 4`,
	},
	"kill": {
		`after kill 1: [1-9]\d* pieces claimed, [1-9]\d* right, 0 rechecked; after kill 2: [1-9]\d* pieces claimed, [1-9]\d* right, 0 rechecked; it ended with 0, and 4 of 4`,
		`the child was not killed and started again 0 times; it ended with 0, and 4 of 4`,
	},
	"liar": {
		`(127\.0\.0\.2|::1) lied and is banned by [1-4] of 4 leechers, nobody else is; [1-9]`,
		`nobody lied, 0 bans, 0 corrupt pieces; 4 of 4`,
	},
}

// Each fault works alone, and makes the verdict of its act and of no other: the
// verdicts of the others are those of a demo without a fault.
func TestWithoutAFaultTheVerdictOfItsActIsAnother(t *testing.T) {
	for _, made := range []string{"none", "panic", "kill", "liar"} {
		if testing.Short() && made != "none" {
			continue
		}
		t.Run(made, func(t *testing.T) {
			t.Parallel()
			r := smallDemo(t, "--fault", made)
			if r.code != 0 {
				t.Fatalf("%d %s\n%s", r.code, r.stderr, r.stdout)
			}
			mustShow(t, r.stdout, `16 of 16 copies are equal`)
			for fault, verdict := range faultVerdicts {
				if fault == made {
					mustShow(t, r.stdout, verdict.made)
				} else {
					mustShow(t, r.stdout, verdict.left)
				}
			}
			if strings.Contains(r.stdout, "crash report") != (made == "panic") {
				t.Errorf("a crash report:\n%s", r.stdout)
			}
		})
	}
}

func TestADemoThatWouldShowNothingIsRefused(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"--peers", "2"}, {"--peers", "31"}, {"--size", "1K"}, {"--rate", "0"}, {"--rate", "1G"}, {"--fault", "fire"}, {"--size", "x"},
	} {
		if r := runProgram(t, t.TempDir(), append([]string{"demo"}, args...)...); r.code != int(exitUsage) || !strings.Contains(r.stderr, args[0]) {
			t.Errorf("%v: %+v", args, r)
		}
	}
}

func TestFaultsAreChosenByName(t *testing.T) {
	for text, want := range map[string]demo.Faults{
		"none": 0, "all": demo.AllFaults, "kill": demo.Kill, "panic, liar": demo.Panic | demo.Liar, "none,kill": demo.Kill,
	} {
		var v faultsValue
		if err := v.Set(text); err != nil || demo.Faults(v) != want {
			t.Errorf("%s: %s %v", text, v.String(), err)
		}
	}
}

func TestAVerdictThatFailsEndsTheProgramWithOne(t *testing.T) {
	if code := codeOf(&demo.FailedError{Failed: 1, All: 5}); code != exitBug {
		t.Errorf("exit %d", code)
	}
}

// The commands that the demo ends with are those of the program.
func TestTheDemoNamesCommandsThatExist(t *testing.T) {
	h, _, _ := testHost(t, nil)
	root := newRoot(&session{host: h, out: newOutput(h, outputFlags{})})
	for _, line := range demo.NextCommands {
		words := strings.Fields(line)
		c, rest, err := root.Find(words[1:])
		if err != nil || c == root || c.ParseFlags(rest) != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
}

func TestASignalEndsADemoCleanly(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("no signals stop a program here")
	}
	dir := t.TempDir()
	cmd := program(t, dir, "demo", "--peers", "3", "--size", "6M", "--rate", "1M", "--fault", "kill")
	cmd.Env = append(cmd.Env, "TMPDIR="+dir)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.Contains(lines.Text(), "started again") {
			if err := cmd.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != int(exitInterrupted) {
		t.Errorf("exit %d", code)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "etorrent-demo-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// The first key shows the second act, and the one that interrupts ends it all there.
func TestAHeldDemoGoesOnByAKeyAndEndsByTheOneThatInterrupts(t *testing.T) {
	t.Parallel()
	cmd := program(t, t.TempDir(), "demo", "--peers", "3", "--size", "6M", "--rate", "1M", "--hold", "--fault", "none")
	cmd.Stdin = strings.NewReader("x\x03")
	r := finish(t, cmd)
	if r.code != int(exitInterrupted) || strings.Count(r.stdout, "verdict") != 2 || !strings.Contains(r.stdout, "Act 2") || strings.Contains(r.stdout, "Act 3") {
		t.Errorf("exit %d, and not at the second hold:\n%s", r.code, r.stdout)
	}
}
