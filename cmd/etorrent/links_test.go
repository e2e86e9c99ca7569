//go:build unix

package main

import (
	"crypto/sha1"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/etorrent/etorrent/metainfo"
)

// makeLinked makes linked.torrent, and its files below linked, but for the links.
func makeLinked(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	b, err := metainfo.NewBuilder(metainfo.Spec{
		Name: "linked", Layout: metainfo.MultiFile, PieceLength: 16 << 10,
		Files: []metainfo.SpecFile{
			{Path: []string{"lost\x1b"}, Target: []string{"nothing\x1b"}},
			{Path: []string{"bin", "run"}, Length: 5, Attributes: metainfo.Executable | metainfo.Hidden},
			{Path: []string{"latest"}, Target: []string{"bin", "run"}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	b.PushPiece(sha1.Sum([]byte("bytes")))
	write(t, filepath.Join(dir, "linked.torrent"), string(b.Build()))
	write(t, filepath.Join(dir, "linked", "bin", "run"), "bytes")
	return dir
}

func TestShowTellsOfLinksAndAttributes(t *testing.T) {
	t.Parallel()
	dir := makeLinked(t)
	const why = "it leads to no file or folder of the torrent"
	r := runProgram(t, dir, "show", "linked.torrent")
	for _, line := range []string{
		`1  0 B  lost\x1b -> nothing\x1b (left out: ` + why + ")\n", "2  5 B  bin/run (executable, hidden)\n", "3  0 B  latest -> bin/run\n",
	} {
		if !strings.Contains(r.stdout, line) {
			t.Errorf("show lacks %q: %+v", line, r)
		}
	}
	files := objects(t, runProgram(t, dir, "show", "linked.torrent", "--json").stdout)[0]["files"].([]any)
	lost, run, latest := files[0].(map[string]any), files[1].(map[string]any), files[2].(map[string]any)
	if lost["target"] != "nothing\x1b" || lost["left_out"] != why || lost["stored"] != "" {
		t.Errorf("%v", lost)
	}
	if words, is := run["attributes"].([]any); !is || len(words) != 2 || words[0] != "executable" || words[1] != "hidden" || run["target"] != nil {
		t.Errorf("%v", run)
	}
	if latest["target"] != "bin/run" || latest["stored"] != "linked/latest" || latest["left_out"] != nil {
		t.Errorf("%v", latest)
	}
}

func TestGetMakesTheLinksThatVerifyMisses(t *testing.T) {
	t.Parallel()
	dir := makeLinked(t)
	r := runProgram(t, dir, "verify", "linked.torrent")
	if r.code != int(exitDamaged) || !strings.Contains(r.stdout, "3 latest: missing\n") || !strings.Contains(r.stderr, "0 of 1 piece damaged or missing, 1 of 2 files") {
		t.Errorf("without the link: %+v", r)
	}
	r = runProgram(t, dir, "get", "linked.torrent", "--listen", "127.0.0.1:0")
	if r.code != 0 || !strings.Contains(r.stdout+r.stderr, `symbolic link left out: lost\x1b -> nothing\x1b: `) {
		t.Errorf("get: %+v", r)
	}
	if text, err := os.Readlink(filepath.Join(dir, "linked", "latest")); text != "bin/run" {
		t.Errorf("the link says %q, %v", text, err)
	}
	if r := runProgram(t, dir, "verify", "linked.torrent"); r.code != 0 {
		t.Errorf("with the link: %+v", r)
	}
	if err := os.Remove(filepath.Join(dir, "linked", "latest")); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "linked", "latest"), "bytes")
	r = runProgram(t, dir, "verify", "linked.torrent")
	if r.code != int(exitDamaged) || !strings.Contains(r.stdout, "3 latest: is not the symbolic link to bin/run\n") {
		t.Errorf("with a copy: %+v", r)
	}
	all := objects(t, runProgram(t, dir, "verify", "linked.torrent", "--json").stdout)
	files := all[len(all)-3]["files"].([]any)
	if f := files[1].(map[string]any); len(files) != 2 || f["number"] != 3.0 || f["state"] != "mislinked" {
		t.Errorf("%v", files)
	}
}
