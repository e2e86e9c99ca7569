package main

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestQuietCommandsSayNothingThatIsNoError(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	for _, args := range [][]string{
		{"get", "show.torrent", "--listen", "127.0.0.1:0", "-q"},
		{"verify", "show.torrent", "--quiet"},
		{"create", "show", "-o", "again.torrent", "--json", "--quiet"},
		{"cat", "show.torrent", "nested/empty", "--listen", "127.0.0.1:0", "-q"},
	} {
		r := runProgram(t, dir, args...)
		if said := r.stderr; r.code != 0 || said != "" || args[0] != "create" && r.stdout != "" {
			t.Errorf("%v: %+v", args, r)
		}
	}
	if runtime.GOOS == "windows" {
		t.Skip("no signals stop a program here")
	}
	s := seeder(t, dir, "-q")
	s.until(event("complete"))
	s.stop(os.Interrupt)
	if s.stderr.Len() > 0 {
		t.Errorf("seed: %s", s.stderr.String())
	}
	p := startTracker(t, dir, "--listen", "127.0.0.1:0", "-q", "--json", "--plain")
	p.line()
	if _, code := p.interrupt(); code != int(exitInterrupted) || p.errs.Len() > 0 {
		t.Errorf("tracker: exit %d, %s", code, &p.errs)
	}
}

func TestASequentialFetchHasThePiecesInTheirOrder(t *testing.T) {
	t.Parallel()
	for _, flags := range [][]string{{"--sequential"}, {"--picker", "sequential"}} {
		fetchInOrder(t, flags...)
	}
	if r := runProgram(t, makeShow(t), "get", "show.torrent", "--sequential", "--picker", "random"); r.code != int(exitUsage) {
		t.Errorf("two orders at once: %+v", r)
	}
}

func fetchInOrder(t *testing.T, flags ...string) {
	t.Helper()
	dir := makeShow(t)
	r := runProgram(t, dir, append([]string{"get", "show.torrent", "--dir", "copy", "--state", "g", "--listen", "127.0.0.1:0",
		"--peer", seeder(t, dir, "--up", "8M").address(), "--up", "1M", "--events"}, flags...)...)
	place, far := 0, 0
	for _, o := range objects(t, r.stdout) {
		if o["event"] == "piece" && o["state"] == "verified" {
			if off := int(o["index"].(float64)) - place; off > 8 || off < -8 {
				far++
			}
			place++
		}
	}
	// Those come first that the seeder allows before it unchokes.
	if r.code != 0 || place != 40 || far > 12 {
		t.Errorf("exit %d, %d of %d pieces were far from their places", r.code, far, place)
	}
}

// Who chokes everybody gives the few pieces only that beginners may have, of 40.
func TestWhoChokesEverybodyGivesNobodyAll(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	get := func(name string, more ...string) []string {
		return append([]string{"get", "show.torrent", "--dir", name, "--state", name + "-state", "--listen", "127.0.0.1:0"}, more...)
	}
	if r := runProgram(t, dir, get("a", "--peer", seeder(t, dir, "--choker", "none").address(), "--stall-timeout", "2s")...); r.code != int(exitStalled) {
		t.Errorf("of a seeder that serves nobody: %+v", r)
	}
	mean := start(t, dir, get("b", "--peer", seeder(t, makeShow(t), "--choker", "rotation").address(), "--seed", "--choker", "none")...)
	at := mean.address()
	mean.until(event("complete"))
	if r := runProgram(t, dir, get("c", "--peer", at, "--stall-timeout", "2s")...); r.code != int(exitStalled) {
		t.Errorf("of one that fetched and serves nobody: %+v", r)
	}
	if r := runProgram(t, dir, get("d", "--choker", "best")...); r.code != int(exitUsage) || !strings.Contains(r.stderr, "first-come, none, rotation, tft") {
		t.Errorf("an unknown name: %+v", r)
	}
}

func TestASeederConnectsToThePeersThatItIsTold(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	get := start(t, dir, "get", "show.torrent", "--dir", "copy", "--state", "g", "--listen", "127.0.0.1:0")
	s := seeder(t, dir, "--peer", get.address(), "--existing", "trust", "--down", "1M", "--max-peers", "3", "--plain")
	if code, end := get.end(); code != 0 {
		t.Errorf("exit %d, %v", code, end)
	}
	s.stop(os.Interrupt)
	for _, o := range s.seen {
		if o["event"] == "checking" {
			t.Errorf("what is trusted was checked: %v", o)
		}
	}
}

func TestCatHeedsTheFlagsOfItsEngine(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	write(t, filepath.Join(dir, "list.p2p"), "This machine:127.0.0.0-127.255.255.255\n")
	peer := seeder(t, dir).address()
	cat := func(state string, more ...string) result {
		args := []string{"cat", "show.torrent", "small.bin", "--dir", state, "--state", state + "-state", "--listen", "127.0.0.1:0", "--peer", peer}
		return runProgram(t, dir, append(args, more...)...)
	}
	if r := cat("limited", "--down", "1M", "--up", "1M"); r.code != 0 || r.stdout != "small" {
		t.Errorf("%+v", r)
	}
	if r := cat("filtered", "--ip-filter", "list.p2p", "--stall-timeout", "1s"); r.code != int(exitStalled) {
		t.Errorf("from a peer that is filtered: %+v", r)
	}
	write(t, filepath.Join(dir, "there", "show", "nested", "small.bin"), "small")
	if r := cat("there", "--existing", "refuse"); r.code != int(exitOverwrite) {
		t.Errorf("what lies there is taken: %+v", r)
	}
}

func TestTheWorldOfASimulationIsAsItsFlagsSay(t *testing.T) {
	t.Parallel()
	run := func(more ...string) string {
		r := runProgram(t, t.TempDir(), small(append([]string{"--random-seed", "7"}, more...)...)...)
		if r.code != 0 {
			t.Fatalf("%v: %+v", more, r)
		}
		return r.stdout
	}
	usual := run()
	for _, flag := range []string{"--rate 300K", "--seed-rate 400K", "--latency 400ms", "--stays 1s", "--seeds 3", "--pieces 24", "--free-riders 50%"} {
		if run(strings.Fields(flag)...) == usual {
			t.Errorf("%s changes nothing", flag)
		}
	}
}
