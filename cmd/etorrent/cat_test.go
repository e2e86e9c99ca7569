package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCatWritesAFileWhileItIsFetchedAndStoresIt(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	peer := seeder(t, dir).address()
	want, err := os.ReadFile(filepath.Join(dir, "show", "large.bin"))
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"large.bin", "1"} {
		r := runProgram(t, dir, "cat", "show.torrent", word, "--dir", "copy", "--state", "cat-state", "--listen", "127.0.0.1:0", "--peer", peer)
		if r.code != 0 || r.stdout != string(want) {
			t.Fatalf("%s: exit %d, %d bytes\n%s", word, r.code, len(r.stdout), r.stderr)
		}
		if !strings.Contains(r.stderr, "Stored show (625 KiB)") {
			t.Errorf("%s: it ends before the file is stored:\n%s", word, r.stderr)
		}
	}
	got, err := os.ReadFile(filepath.Join(dir, "copy", "show", "large.bin"))
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("stored %d bytes, %v", len(got), err)
	}
	if _, err := os.Stat(filepath.Join(dir, "copy", "show", "nested", "small.bin")); err == nil {
		t.Error("another file was made")
	}
}

func TestCatNeedsTheNameOfOneFile(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	for _, x := range []struct {
		words []string
		want  string
	}{
		{nil, "has 3 files"},
		{[]string{"*.mkv"}, "names no file"},
		{[]string{"*.bin"}, "names 2 files"},
		{[]string{"re:("}, "no regular expression"},
		{[]string{"1", "2"}, "one argument too many"},
		{[]string{"1", "--json"}, "unknown flag"},
	} {
		r := runProgram(t, dir, append([]string{"cat", "show.torrent"}, x.words...)...)
		if r.code != int(exitUsage) || !strings.Contains(r.stderr+r.stdout, x.want) {
			t.Errorf("%q: %+v", x.words, r)
		}
	}
}

// Whoever reads the head of a file ends the program in order and without a word.
func TestCatEndsQuietlyWhenNobodyReadsAnyMore(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	peer := seeder(t, dir).address()
	cmd := program(t, dir, "cat", "show.torrent", "large.bin", "--dir", "copy", "--state", "cat-state", "--listen", "127.0.0.1:0", "--peer", peer, "-q")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	head := make([]byte, 32)
	if _, err := io.ReadFull(out, head); err != nil || string(head) != "0123456789abcdef0123456789abcdef" {
		t.Fatalf("%q, %v", head, err)
	}
	_ = out.Close()
	if err := cmd.Wait(); err != nil || errs.Len() > 0 {
		t.Errorf("%v: %s", err, errs.String())
	}
}

func TestCatEndsWithTheCodesOfGet(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	r := runProgram(t, dir, "cat", "show.torrent", "1", "--dir", "copy", "--state", "s", "--listen", "127.0.0.1:0", "--stall-timeout", "1s")
	if r.code != int(exitStalled) || r.stdout != "" || !strings.Contains(r.stderr, "stalled") {
		t.Errorf("%+v", r)
	}
	write(t, filepath.Join(dir, "other", "show", "large.bin"), strings.Repeat("x", 700_000))
	r = runProgram(t, dir, "cat", "show.torrent", "1", "--dir", "other", "--state", "s2", "--listen", "127.0.0.1:0")
	if r.code != int(exitOverwrite) || r.stdout != "" || strings.Count(r.stderr, "would overwrite") != 1 {
		t.Errorf("%+v", r)
	}
	if r = runProgram(t, dir, "cat", "absent.torrent"); r.code != int(exitSource) {
		t.Errorf("%+v", r)
	}
}

func TestCatReadsWhatIsThere(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	r := runProgram(t, dir, "cat", "show.torrent", "small.bin", "--listen", "127.0.0.1:0")
	if r.code != 0 || r.stdout != "small" {
		t.Errorf("%+v", r)
	}
}
