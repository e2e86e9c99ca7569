package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A torrent that was fetched to a folder is fetched to another one too, which need not
// be there: nothing that is remembered was ever stored in that.
func TestATorrentIsFetchedToASecondFolder(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	peer := seeder(t, dir).address()
	get := func(to string) result {
		return runProgram(t, dir, "get", "show.torrent", "--dir", to, "--state", "get-state", "--listen", "127.0.0.1:0", "--peer", peer)
	}
	for _, to := range []string{"one", "two", filepath.Join("two", "three"), "one"} {
		if r := get(to); r.code != 0 {
			t.Fatalf("to %s: %+v", to, r)
		}
		if _, err := os.Stat(filepath.Join(dir, to, "show", "large.bin")); err != nil {
			t.Error(err)
		}
	}
	if err := os.RemoveAll(filepath.Join(dir, "one")); err != nil {
		t.Fatal(err)
	}
	if r := get("one"); r.code != int(exitDisk) || !strings.Contains(r.stderr, "it is gone") {
		t.Errorf("a folder with what is claimed is gone: %+v", r)
	}
}

// Who trusts what lies there does not lose a file that is none of the torrent's.
func TestAFileThatIsTooShortIsNotWrittenOverByTrust(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	peer := seeder(t, dir).address()
	mine := filepath.Join(dir, "copy", "show", "large.bin")
	if err := os.MkdirAll(filepath.Dir(mine), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(mine, []byte("hello\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	get := []string{"get", "show.torrent", "--dir", "copy", "--state", "get-state", "--listen", "127.0.0.1:0", "--peer", peer, "--existing"}
	if r := runProgram(t, dir, append(get, "trust")...); r.code != int(exitOverwrite) || !strings.Contains(r.stderr, "large.bin") {
		t.Errorf("%+v", r)
	}
	if b, _ := os.ReadFile(mine); string(b) != "hello\n" {
		t.Errorf("it holds %d other bytes", len(b))
	}
	if r := runProgram(t, dir, append(get, "replace")...); r.code != 0 {
		t.Errorf("%+v", r)
	}
}
