package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

// makeZeros makes a torrent of 32 MiB that takes no room: its bytes are enough for
// a low rate to be noticed.
func makeZeros(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	write(t, filepath.Join(dir, "zeros", "a"), "")
	if err := os.Truncate(filepath.Join(dir, "zeros", "a"), 32<<20); err != nil {
		t.Fatal(err)
	}
	if r := runProgram(t, dir, "create", "zeros", "-o", "show.torrent", "--piece-length", "64K"); r.code != 0 {
		t.Fatalf("%+v", r)
	}
	return dir
}

// serving starts a command that shares what lies in dir, and returns where it listens.
// What it writes to stdout is not read.
func serving(t *testing.T, dir string, args ...string) (address string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("a file that is open cannot be removed here")
	}
	cmd := program(t, dir, append(args, "--state", t.TempDir(), "--listen", "127.0.0.1:0", "--plain")...)
	from, err := cmd.StdoutPipe()
	if args[0] == "cat" {
		_ = from.Close()
		cmd.Stdout = nil
		if _, err = cmd.StdoutPipe(); err == nil {
			from, err = cmd.StderrPipe()
		}
	}
	if err = errors.Join(err, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	said := ""
	for said = readUntil(t, from, "\n"); !strings.Contains(said, "listening on "); {
		said = readUntil(t, from, "\n")
	}
	_, at, _ := strings.Cut(said, "listening on ")
	at, _, _ = strings.Cut(at, "\n")
	go func() { _, _ = io.Copy(io.Discard, from) }()
	return at
}

// fetchFrom has get fetch of one peer, and returns its exit code.
func fetchFrom(t *testing.T, dir, peer string, more ...string) exitCode {
	t.Helper()
	place := t.TempDir()
	args := []string{"get", "show.torrent", "--dir", place, "--state", place, "--listen", "127.0.0.1:0", "--peer", peer}
	return exitCode(runProgram(t, dir, append(args, more...)...).code)
}

// Who is allowed so little sends or takes less than a block in two seconds, after what
// may come at once.
func TestALowRateStallsWhoFetches(t *testing.T) {
	t.Parallel()
	dir := makeZeros(t)
	for _, command := range [][]string{{"get", "show.torrent", "--seed"}, {"cat", "show.torrent", "1"}, {"seed", "show.torrent"}} {
		for _, limit := range []string{"--up=1K", "--down=4"} {
			if limit == "--down=4" && command[0] != "seed" {
				continue // that is of what they fetch themselves
			}
			t.Run(command[0]+" "+limit, func(t *testing.T) {
				t.Parallel()
				at := serving(t, dir, append(command, limit)...)
				if code := fetchFrom(t, dir, at, "--stall-timeout", "2s"); code != exitStalled {
					t.Errorf("who fetches from it ends with %d", code)
				}
			})
		}
	}
	t.Run("fetching", func(t *testing.T) {
		t.Parallel()
		at := serving(t, dir, "seed", "show.torrent")
		if code := fetchFrom(t, dir, at, "--down", "64", "--stall-timeout", "2s"); code != exitStalled {
			t.Errorf("get: exit %d", code)
		}
		r := runProgram(t, dir, "cat", "show.torrent", "1", "--dir", "other", "--state", "o", "--listen", "127.0.0.1:0", "--peer", at, "--stall-timeout", "2s", "--down", "64")
		if r.code != int(exitStalled) {
			t.Errorf("cat: exit %d", r.code)
		}
		if code := fetchFrom(t, dir, at); code != 0 {
			t.Errorf("without a limit: exit %d", code)
		}
	})
}

func TestEachCommandListensAndRemembersWhereItIsTold(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("there is one address of this machine only")
	}
	dir := makeShow(t)
	for _, command := range [][]string{{"get", "show.torrent"}, {"cat", "show.torrent", "small.bin"}, {"seed", "show.torrent", "--seed-time", "1s"}} {
		state := filepath.Join(dir, "state of "+command[0])
		r := runProgram(t, dir, append(command, "--listen", "127.0.0.3:0", "--state", state)...)
		if r.code != 0 || !strings.Contains(r.stdout+r.stderr, "listening on 127.0.0.3:") {
			t.Errorf("%v: %+v", command, r)
		}
		if _, err := os.Stat(filepath.Join(state, "state.db")); err != nil {
			t.Errorf("%v: %v", command, err)
		}
	}
}

// What lies there is written over where that is asked for, by each command that fetches.
func TestForeignFilesAreReplacedWhereThatIsAskedFor(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	peer := seeder(t, dir).address()
	want, err := os.ReadFile(filepath.Join(dir, "show", "large.bin"))
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range [][]string{{"get", "show.torrent"}, {"cat", "show.torrent", "large.bin"}} {
		there := filepath.Join(dir, command[0], "show", "large.bin")
		write(t, there, "somebody's")
		r := runProgram(t, dir, append(command, "--dir", command[0], "--state", command[0]+"-state", "--listen", "127.0.0.1:0", "--peer", peer, "--existing", "replace")...)
		if got, err := os.ReadFile(there); r.code != 0 || err != nil || !bytes.Equal(got, want) {
			t.Errorf("%v: exit %d, %d bytes, %v", command, r.code, len(got), err)
		}
	}
}

// get is asked first: it has what the torrent's own tracker is asked for.
func TestTheTrackersOfATorrentAreLeftOutWhereThatIsAskedFor(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("no signals stop a program here")
	}
	dir := makeShow(t)
	own := startLedger(t)
	if r := runProgram(t, dir, "create", "show", "-o", "tracked.torrent", "--tracker", own.url); r.code != 0 {
		t.Fatalf("%+v", r)
	}
	for _, command := range [][]string{
		{"cat", "tracked.torrent", "1", "--dir", "nowhere", "--stall-timeout", "1m"}, {"seed", "tracked.torrent", "--seed-time", "1m"},
	} {
		given := startLedger(t)
		cmd := program(t, dir, append(command, "--state", command[0], "--listen", "127.0.0.1:0", "--no-trackers", "--tracker", given.url)...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		go func() {
			_ = cmd.Wait() // by a signal
			close(ended)
		}()
		select {
		case <-given.first:
			_ = cmd.Process.Signal(os.Interrupt)
			<-ended
		case <-ended:
			t.Errorf("%v: the tracker that is named heard nothing", command)
		}
		if len(own.events()) > 0 {
			t.Errorf("%v: the torrent's own heard %q, the other %q", command, own.events(), given.events())
		}
	}
}

func TestSharingEndsByTheGoalThatIsMetFirst(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	if r := runProgram(t, dir, "seed", "show.torrent", "--listen", "127.0.0.1:0", "--ratio", "5", "--seed-time", "1s"); r.code != 0 || !strings.Contains(r.stdout, "it was shared for") {
		t.Errorf("%+v", r)
	}
	g := start(t, dir, "get", "show.torrent", "--state", "g", "--listen", "127.0.0.1:0", "--ratio", "0.9", "--seed-time", "1h")
	if code := fetchFrom(t, dir, g.address()); code != 0 {
		t.Errorf("exit %d", code)
	}
	if code, _ := g.end(); code != 0 || !strings.Contains(g.stderr.String(), "times its size was given") {
		t.Errorf("exit %d: %s", code, g.stderr.String())
	}
}

func TestTheIntervalOfATrackerIsToldToPeers(t *testing.T) {
	t.Parallel()
	p := startTracker(t, t.TempDir(), "--listen", "127.0.0.1:0", "--json", "--interval", "7h")
	at := ""
	for _, u := range objects(t, p.line())[0]["announce"].([]any) {
		if strings.HasPrefix(u.(string), "http://") {
			at = u.(string)
		}
	}
	// It is spread a little, so that peers do not come at once.
	if got := announceTo(t, at, [20]byte{1}); !regexp.MustCompile(`8:intervali2[0-9]{4}e`).MatchString(got) {
		t.Errorf("answered %q", got)
	}
	p.interrupt()
}

func TestFormatsThatAreNotBuiltAreRefused(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	for _, format := range []string{"v2", "hybrid"} {
		r := runProgram(t, dir, "create", "show", "-o", "other.torrent", "--format", format)
		if _, err := os.Stat(filepath.Join(dir, "other.torrent")); r.code != int(exitUsage) || !strings.Contains(r.stderr, format) || err == nil {
			t.Errorf("--format %s: %+v, %v", format, r, err)
		}
	}
}
