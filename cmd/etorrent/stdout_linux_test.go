package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// intoFull runs the program with a standard output that takes nothing.
func intoFull(t *testing.T, dir string, args ...string) result {
	t.Helper()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer func() { _ = full.Close() }()
	var errs strings.Builder
	cmd := program(t, dir, args...)
	cmd.Stdout, cmd.Stderr = full, &errs
	_ = cmd.Run() // its code tells
	return result{code: cmd.ProcessState.ExitCode(), stderr: errs.String()}
}

const lostWords = "etorrent: standard output could not be written: no space left on device\n"

func TestStandardOutputThatCannotBeWrittenIsAFaultOfTheDisk(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	for _, args := range []string{
		"show show.torrent", "show show.torrent --json", "create show -o -", "create show -o x.torrent", "create show --dry-run",
		"version", "version --json", "--help", "completion bash", "cat show.torrent 3 --listen 127.0.0.1:0", "verify show.torrent", "sim --peers 2 --seeds 1 --pieces 1",
	} {
		if r := intoFull(t, dir, strings.Fields(args)...); r.code != int(exitDisk) || strings.Count(r.stderr, lostWords) != 1 || strings.Contains(r.stderr, "report") {
			t.Errorf("%s: %+v", args, r)
		}
	}
}

func TestADownloadGoesOnWhereNothingCanBeToldOfIt(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	peer := seeder(t, dir).address()
	for _, how := range []string{"--json", "--plain"} {
		r := intoFull(t, dir, "get", "show.torrent", how, "--dir", how, "--listen", "127.0.0.1:0", "--peer", peer)
		got, err := os.ReadFile(filepath.Join(dir, how, "show", "large.bin"))
		if err != nil || len(got) != 640_000 || r.code != int(exitDisk) || strings.Count(r.stderr, lostWords) != 1 {
			t.Errorf("%s: %d bytes, %v, exit %d, %s", how, len(got), err, r.code, r.stderr)
		}
	}
	r := intoFull(t, dir, "get", "absent.torrent", "--json")
	if r.code != int(exitSource) || strings.Count(r.stderr, lostWords) != 1 || !strings.Contains(r.stderr, "no such file") {
		t.Errorf("another failure keeps its code: %+v", r)
	}
}

func TestTreesThatCannotBeWrittenAreAFaultOfTheDisk(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	seeder(t, dir).address()
	for _, args := range [][]string{{"ps", "--state", "seed-state"}, {"ps", "--state", "seed-state", "--json"}, {"ps", "--state", "seed-state", "--watch"}} {
		if r := intoFull(t, dir, args...); r.code != int(exitDisk) || r.stderr != lostWords {
			t.Errorf("%v: %+v", args, r)
		}
	}
}
