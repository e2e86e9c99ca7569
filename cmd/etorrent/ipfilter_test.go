//go:build unix

package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestTheFilterIsReadAgainAtAHangup(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	list := filepath.Join(dir, "list.p2p")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(list, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("This machine:127.0.0.0-127.255.255.255\n")
	s := seeder(t, dir, "--ip-filter", "list.p2p")
	at := s.address()
	get := func(more ...string) (int, map[string]any) {
		t.Helper()
		args := []string{"get", "show.torrent", "--dir", "copy", "--state", "get-state", "--listen", "127.0.0.1:0", "--peer", at}
		return start(t, dir, append(args, more...)...).end()
	}
	if code, _ := get("--stall-timeout", "2s"); code != int(exitStalled) {
		t.Errorf("one that is filtered ends with %d", code)
	}
	hangUp := func() {
		t.Helper()
		if err := s.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	write("hello\n")
	hangUp()
	if w := s.until(event("warning")); !strings.Contains(w["message"].(string), "list.p2p: line 1") {
		t.Errorf("%v", w)
	}
	write("# nobody\n")
	hangUp()
	if code, end := get(); code != int(exitDone) {
		t.Errorf("without a filter it ends with %d, %v", code, end)
	}
	if code, _ := s.stop(os.Interrupt); code != int(exitInterrupted) {
		t.Errorf("the seeder ends with %d", code)
	}
}

func TestAFilterThatCannotBeReadIsAUsageError(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	if err := os.WriteFile(filepath.Join(dir, "bad.dat"), []byte("# x\n1.2.3.4 - 1.2.3.5 , x , y\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"bad.dat", "none.dat", "."} {
		code, end := start(t, dir, "get", "show.torrent", "--ip-filter", file).end()
		if code != int(exitUsage) || !strings.Contains(end["reason"].(string), "usage") {
			t.Errorf("%s: %d, %v", file, code, end)
		}
	}
	r := start(t, dir, "get", "show.torrent", "--ip-filter", "bad.dat")
	if e := r.until(event("error")); !strings.Contains(e["message"].(string), "bad.dat: line 2") {
		t.Errorf("%v", e)
	}
}
