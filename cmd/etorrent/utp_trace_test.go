package main

import (
	"encoding/json"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/etorrent/etorrent/cmd/etorrent/internal/jsonl/schema"
	"github.com/etorrent/etorrent/internal/vocab/utptrace"
)

// traced is a trace that takes a moment.
func traced(more ...string) []string {
	return append([]string{"utp", "trace", "--for", "10s"}, more...)
}

func TestFlowsOfUtpAreTracedTheSameWayAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	usual := []string{"--loss", "0.5%", "--jitter", "1ms"}
	one := runProgram(t, dir, traced(usual...)...)
	if one.code != 0 || !strings.HasPrefix(one.stdout, "20 Mbit/s, round trip 50 ms, queue 250 ms, 0.5% lost, jitter 1 ms\n") ||
		!strings.Contains(one.stdout, "uTP 2  ledbat++") || !strings.Contains(one.stdout, "Jain's index 0.") || !strings.Contains(one.stdout, " from 5s to 10s\n") {
		t.Fatalf("%+v", one)
	}
	if again := runProgram(t, dir, traced(usual...)...); again.stdout != one.stdout {
		t.Errorf("%s\nand then\n%s", one.stdout, again.stdout)
	}
	for _, other := range [][]string{
		{"--random-seed", "2"}, {"--rate", "10mbit"}, {"--rtt", "20ms"}, {"--queue", "60ms"}, {"--loss", "2%"}, {"--jitter", "2ms"}, {"--flows", "3"},
		{"--late", "2s"}, {"--profile", "ledbat"}, {"--beside", "reno"}, {"--beside", "cubic"}, {"--for", "12s"},
	} {
		r := runProgram(t, dir, traced(append(slices.Clone(usual), other...)...)...)
		if r.code != 0 || r.stdout == one.stdout {
			t.Errorf("%v changes nothing: %+v", other, r)
		}
		// what the title names may not be all that is other
		if _, table, _ := strings.Cut(r.stdout, "\n"); strings.Contains(one.stdout, table) {
			t.Errorf("%v changes the title alone", other)
		}
	}
}

func TestATraceOfUtpIsWhatItsSchemaSaysAndIsShownAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	args := traced("--late", "4s", "--loss", "1%", "--beside", "reno", "--trace", "t.jsonl", "--picture", "one.svg")
	r := runProgram(t, dir, args...)
	if r.code != 0 || !strings.Contains(r.stdout, "TCP Reno") {
		t.Fatalf("%+v", r)
	}
	seen := followsTraceSchema(t, readText(t, filepath.Join(dir, "t.jsonl")))
	for event, least := range map[string]int{"trace": 1, "flow": 3, "sample": 200, "link": 100, "connected": 2, "lost": 10, "slowdown": 1} {
		if seen[event] < least {
			t.Errorf("%d lines tell of %s", seen[event], event)
		}
	}
	again := runProgram(t, dir, "utp", "trace", "t.jsonl", "--picture", "two.svg")
	if again.code != 0 || again.stdout != r.stdout {
		t.Errorf("%s\nand of the file\n%s", r.stdout, again.stdout)
	}
	one := readText(t, filepath.Join(dir, "one.svg"))
	if two := readText(t, filepath.Join(dir, "two.svg")); one != two || !strings.HasPrefix(one, "<svg ") || !strings.HasSuffix(one, "</svg>\n") {
		t.Errorf("%.100q and %.100q", one, two)
	}
	cmd := program(t, dir, "utp", "trace", "-")
	cmd.Stdin = strings.NewReader(readText(t, filepath.Join(dir, "t.jsonl")))
	if r := finish(t, cmd); r.code != 0 || r.stdout != again.stdout {
		t.Errorf("%+v", r)
	}
	few := runProgram(t, dir, traced("--every", "1s", "--trace", "few.jsonl")...)
	if n := strings.Count(readText(t, filepath.Join(dir, "few.jsonl")), `"sample"`); few.code != 0 || n < 15 || n > 25 {
		t.Errorf("%d samples, %+v", n, few)
	}
}

// followsTraceSchema wants each line to be as the schema says, and counts their events.
func followsTraceSchema(t *testing.T, text string) map[string]int {
	t.Helper()
	promised := schema.Read(t, filepath.Join("..", "..", "docs", "utptrace.schema.json"))
	seen := map[string]int{}
	for line := range strings.Lines(text) {
		var o map[string]any
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		seen[o["event"].(string)]++
		if faults := promised.Faults(o); len(faults) > 0 {
			t.Fatalf("%s%s", line, strings.Join(faults, "\n"))
		}
	}
	return seen
}

// Every record has a place in the schema, also those that a simulation has none of.
func TestEveryLineOfATraceIsInItsSchema(t *testing.T) {
	promised := schema.Read(t, filepath.Join("..", "..", "docs", "utptrace.schema.json"))
	all := []utptrace.Record{
		utptrace.Head{Title: "t", Interval: 1e9}, utptrace.Flow{Number: 1, Name: "a", Control: "b"}, utptrace.Link{At: 1e9, Queued: 1e9, Most: 1e9, Dropped: 1, Lost: 1},
		utptrace.Sample{At: 1e9, Flow: 64, Stage: utptrace.Ending, Window: 1, Flying: 1, Rate: 1, RTT: 1e9, Queued: 1e9, Base: 1e9, Target: 1e9, Acked: 1, Lost: 1, Timeouts: 1, Packet: 1, Remote: 1, Unsent: 1},
		utptrace.Sample{Flow: 1},
	}
	for kind := range utptrace.Gap + 1 {
		m := utptrace.Mark{Flow: 1, Kind: kind}
		switch kind {
		case utptrace.Lost:
			m.Packets = 1
		case utptrace.Closed:
			m.Reason = "r"
		case utptrace.Gap:
			m.Lines = 1
		case utptrace.Connected, utptrace.Undone, utptrace.TimedOut, utptrace.SlowdownMark:
		}
		all = append(all, m)
	}
	seen := map[string]bool{}
	for _, r := range all {
		line := utptrace.Append(nil, r)
		var o map[string]any
		if err := json.Unmarshal(line, &o); err != nil {
			t.Fatal(err)
		}
		seen[o["event"].(string)] = true
		if faults := promised.Faults(o); len(faults) > 0 {
			t.Errorf("%s%s", line, strings.Join(faults, "\n"))
		}
	}
	for _, name := range promised.Alternatives() {
		if !seen[name] {
			t.Errorf("nothing is a %s", name)
		}
	}
}

func TestTracesThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "bad.jsonl"), `{"v":1,"event":"trace"}`+"\n"+`{"v":1,"event":"link","at_us":-1}`+"\n")
	write(t, filepath.Join(dir, "good.jsonl"), `{"v":1,"event":"trace"}`+"\n")
	for args, want := range map[string]struct {
		code exitCode
		says string
	}{
		"--flows 0": {exitUsage, "--flows"}, "--flows 17": {exitUsage, "--flows"}, "--rate 1K": {exitUsage, "--rate"}, "--rate 2gbit": {exitUsage, "--rate"},
		"--rtt 0s": {exitUsage, "--rtt"}, "--rtt 11s": {exitUsage, "--rtt"}, "--queue 0s": {exitUsage, "--queue"}, "--rate 1gbit --queue 10s": {exitUsage, "--queue"},
		"--loss 51%": {exitUsage, "--loss"}, "--loss NaN": {exitUsage, "--loss"}, "--jitter 2s": {exitUsage, "--jitter"}, "--for 0s": {exitUsage, "--for"},
		"--rate 1gbit --for 24h": {exitUsage, "--for"}, "--late 2m": {exitUsage, "--late"}, "--every 1ms": {exitUsage, "--every"},
		"--profile best": {exitUsage, "is none of ledbat, ledbat++"}, "--beside bbr": {exitUsage, "none, reno, cubic"}, "a b": {exitUsage, "one argument too many"},
		"good.jsonl --rate 1mbit": {exitUsage, "--rate: nothing is simulated"}, "none.jsonl": {exitSource, "none.jsonl"},
		"bad.jsonl":                        {exitSource, "bad.jsonl: line 2 has number -1 as at_us"},
		"--for 1s --trace no/such":         {exitDisk, "no/such"},
		"--for 1s --picture no/such":       {exitDisk, "no/such"},
		"good.jsonl --picture no/such.svg": {exitDisk, "no/such.svg"},
	} {
		if r := runProgram(t, dir, append([]string{"utp", "trace"}, strings.Fields(args)...)...); r.code != int(want.code) || !strings.Contains(r.stderr, want.says) {
			t.Errorf("%s: %+v", args, r)
		}
	}
	if r := runProgram(t, dir, "utp", "nonsense"); r.code != int(exitUsage) || !strings.Contains(r.stderr, "nonsense") {
		t.Errorf("%+v", r)
	}
	if r := runProgram(t, dir, "utp"); r.code != 0 || !regexp.MustCompile(`(?m)^ +trace +Show`).MatchString(r.stdout) {
		t.Errorf("%+v", r)
	}
}
