package main

import (
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func TestForeignFilesAreNotOverwritten(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	write(t, filepath.Join(dir, "other", "show", "large.bin"), "mine")
	for _, existing := range []string{"check", "refuse"} {
		r := runProgram(t, dir, "get", "show.torrent", "--dir", "other", "--state", existing, "--existing", existing, "--listen", "127.0.0.1:0")
		if r.code != int(exitOverwrite) {
			t.Errorf("--existing %s: %+v", existing, r)
		}
	}
	if got, err := os.ReadFile(filepath.Join(dir, "other", "show", "large.bin")); err != nil || string(got) != "mine" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestATakenPortGivesWayAndAForeignAddressDoesNot(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("no signals stop a program here")
	}
	dir := makeShow(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	s := start(t, dir, "seed", "show.torrent", "--state", "s", "--listen", taken.Addr().String())
	if got := s.address(); got == taken.Addr().String() {
		t.Errorf("listens on %s", got)
	}
	if w := s.until(event("warning")); !strings.Contains(w["message"].(string), "is taken") {
		t.Errorf("%v", w)
	}
	s.stop(os.Interrupt)
	// 192.0.2.0/24 is no machine's (RFC 5737).
	r := runProgram(t, dir, "get", "show.torrent", "--state", "g", "--listen", "192.0.2.1:4000")
	if r.code != int(exitListen) {
		t.Errorf("%+v", r)
	}
}

func TestANameThatNobodyHasIsNoPlaceToListen(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	// RFC 2606 gives .invalid to nobody.
	r := runProgram(t, dir, "get", "show.torrent", "--dir", "copy", "--state", "g", "--listen", "nobody.invalid:1729")
	if r.code != int(exitListen) || !strings.Contains(r.stderr, "nobody.invalid") {
		t.Errorf("%+v", r)
	}
}

func TestAFetchWithoutPeersStalls(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	r := runProgram(t, dir, "get", "show.torrent", "--dir", "copy", "--state", "g", "--listen", "127.0.0.1:0", "--stall-timeout", "1s")
	if r.code != int(exitStalled) || !strings.Contains(r.stdout, "To go on: ") {
		t.Errorf("%+v", r)
	}
}

func TestAFolderThatCannotBeOpenedEndsAFetchWithItsName(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("no such folders here")
	}
	dir := makeShow(t)
	for from, to := range map[string]string{"loop": "pool", "pool": "loop"} {
		if err := os.Symlink(to, filepath.Join(dir, from)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "locked"), 0); err != nil {
		t.Fatal(err)
	}
	for folder, reason := range map[string]string{
		"show.torrent": "not a folder", "show.torrent/below": "not a directory", "loop": "levels of symbolic links", "locked": "permission denied",
	} {
		if folder == "locked" && os.Getuid() == 0 {
			continue // root may open everything
		}
		r := runProgram(t, dir, "get", "show.torrent", "--dir", folder, "--state", "g", "--listen", "127.0.0.1:0", "--json")
		var told []string
		for _, o := range objects(t, r.stdout) {
			if o["event"] == "error" {
				told = append(told, o["message"].(string))
			}
		}
		if r.code != int(exitDisk) || len(told) != 1 || !strings.Contains(told[0], filepath.Join(dir, folder)) || !strings.Contains(told[0], reason) {
			t.Errorf("--dir %s: exit %d, %q", folder, r.code, told)
		}
	}
}

func TestOfSeveralTorrentsThoseThatStallAreNamed(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	write(t, filepath.Join(dir, "other", "file"), "of another torrent")
	write(t, filepath.Join(dir, "copy", "third"), "it is there")
	for name, path := range map[string]string{"other.torrent": "other", "third.torrent": filepath.Join("copy", "third")} {
		if r := runProgram(t, dir, "create", path, "-o", name); r.code != 0 {
			t.Fatalf("%+v", r)
		}
	}
	r := runProgram(t, dir, "get", "show.torrent", "other.torrent", "third.torrent", "--dir", "copy", "--state", "g",
		"--listen", "127.0.0.1:0", "--stall-timeout", "1s", "--json")
	var told []string
	for _, o := range objects(t, r.stdout) {
		if o["event"] == "error" && o["torrent"] != nil {
			told = append(told, o["message"].(string))
		}
	}
	slices.Sort(told)
	if want := []string{"other stalled: no wanted byte came for 1s", "show stalled: no wanted byte came for 1s"}; r.code != int(exitStalled) || !slices.Equal(told, want) {
		t.Errorf("exit %d, told %q", r.code, told)
	}
}
