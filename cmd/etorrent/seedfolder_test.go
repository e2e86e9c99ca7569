package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// makeFolder is a folder of torrents, of which one is garbage, and one has no files.
func makeFolder(t *testing.T) (dir string) {
	t.Helper()
	dir = makeShow(t)
	write(t, filepath.Join(dir, "gone"), "gone")
	write(t, filepath.Join(dir, "torrents", "garbage.torrent"), "no torrent")
	if r := runProgram(t, dir, "create", "gone", "-o", "torrents/gone.torrent"); r.code != 0 {
		t.Fatalf("create: %+v", r)
	}
	for _, err := range []error{
		os.Remove(filepath.Join(dir, "gone")),
		os.Link(filepath.Join(dir, "show.torrent"), filepath.Join(dir, "torrents", "show.torrent")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestATorrentOfAFolderThatCannotBeSharedDoesNotKeepTheOthersFromIt(t *testing.T) {
	t.Parallel()
	dir := makeFolder(t)
	r := runProgram(t, dir, "seed", "torrents", "--listen", "127.0.0.1:0", "--seed-time", "1s")
	if r.code != int(exitDisk) || !strings.Contains(r.stdout, "seeding show from") {
		t.Errorf("%+v", r)
	}
	for _, want := range []string{
		"warning: " + filepath.Join("torrents", "garbage.torrent") + ": bad torrent", "warning: " + filepath.Join("torrents", "gone.torrent") + ": nothing of gone is there",
		"2 torrents could not be shared",
	} {
		if !strings.Contains(r.stderr, want) {
			t.Errorf("%q is not told: %s", want, r.stderr)
		}
	}
	if err := os.Remove(filepath.Join(dir, "torrents", "gone.torrent")); err != nil {
		t.Fatal(err)
	}
	if r := runProgram(t, dir, "seed", "torrents", "--listen", "127.0.0.1:0", "--seed-time", "1s"); r.code != int(exitSource) {
		t.Errorf("only garbage left out: %+v", r)
	}
}

func TestAFolderOfWhichNothingCanBeSharedEndsAtOnce(t *testing.T) {
	t.Parallel()
	dir := makeFolder(t)
	if err := os.RemoveAll(filepath.Join(dir, "show")); err != nil {
		t.Fatal(err)
	}
	r := runProgram(t, dir, "seed", "torrents", "--listen", "127.0.0.1:0")
	if r.code != int(exitDisk) || !strings.Contains(r.stderr, "no torrent is left to share") {
		t.Errorf("%+v", r)
	}
}

func TestATorrentThatWasNamedItselfMustBeShared(t *testing.T) {
	t.Parallel()
	dir := makeFolder(t)
	for name, code := range map[string]exitCode{"gone": exitDisk, "garbage": exitSource} {
		r := runProgram(t, dir, "seed", "show.torrent", filepath.Join("torrents", name+".torrent"), "--listen", "127.0.0.1:0")
		if r.code != int(code) || strings.Contains(r.stdout, "listening") {
			t.Errorf("%s: %+v", name, r)
		}
	}
}
