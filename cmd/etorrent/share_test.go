package main

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// Of the two the first that is met ends it: the other would take an hour.
func TestSharingEndsWhenItWasEnough(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	s := seeder(t, dir, "--ratio", "1", "--seed-time", "1h")
	r := runProgram(t, dir, "get", "show.torrent", "--dir", "copy", "--state", "g", "--listen", "127.0.0.1:0", "--peer", s.address(), "--ratio", "5", "--seed-time", "1s")
	if r.code != 0 || !strings.Contains(r.stdout, "was shared enough: it was shared for") || !strings.Contains(r.stdout, "Stored show") {
		t.Errorf("%+v", r)
	}
	code, end := s.end()
	of := end["torrents"].([]any)[0].(map[string]any)
	if code != 0 || of["uploaded"].(float64) < of["stored"].(float64) || !strings.Contains(s.stderr.String(), "1.00 times its size was given") {
		t.Errorf("the seeder: exit %d, %v\n%s", code, end, s.stderr.String())
	}
}

func TestACommandIsRunWhenATorrentIsStored(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("no such scripts here")
	}
	dir := makeShow(t)
	write(t, filepath.Join(dir, "hook"), "#!/bin/sh\nprintf '%s\\n' \"$@\" \"$ETORRENT_NAME\" \"$ETORRENT_PATH\" \"$ETORRENT_INFO_HASH\" >told\necho \"a\x1b[2Jb\"\nexit $1\n")
	if err := os.Chmod(filepath.Join(dir, "hook"), 0o755); err != nil {
		t.Fatal(err)
	}
	hash := readTorrentFile(t, filepath.Join(dir, "show.torrent")).ID().String()
	for code, warns := range map[string]bool{"0": false, "7": true} {
		r := runProgram(t, dir, "get", "show.torrent", "--listen", "127.0.0.1:0", "--json", "--on-complete", "./hook "+code+` "a b" ; '$x'`)
		told, err := os.ReadFile(filepath.Join(dir, "told"))
		if err != nil || r.code != 0 {
			t.Fatalf("%v: %+v", err, r)
		}
		want := []string{code, "a b", ";", "$x", "show", filepath.Join(dir, "show"), hash}
		if got := strings.Split(strings.TrimSpace(string(told)), "\n"); !slices.Equal(got, want) {
			t.Errorf("told %q, want %q", got, want)
		}
		if !strings.Contains(r.stderr, `show: --on-complete: a\x1b[2Jb`) {
			t.Errorf("what it wrote is not told: %s", r.stderr)
		}
		all := objects(t, r.stdout)
		if at := slices.IndexFunc(all, event("warning")); (at >= 0) != warns || warns && !strings.Contains(all[at]["message"].(string), "its --on-complete failed: exit status 7") {
			t.Errorf("ended with %s: %s", code, r.stdout)
		}
	}
}

func TestWordsArePartedAtSpacesThatStandInNoQuotes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"a b":          {"a", "b"},
		"  a\tb\n":     {"a", "b"},
		`"a b" 'c "d'`: {"a b", `c "d`},
		`C:\x\y.exe a`: {`C:\x\y.exe`, "a"},
		`a"b c"d ''`:   {"ab cd", ""},
		"":             nil,
	} {
		if got, err := splitWords(text); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	if _, err := splitWords(`a "b`); err == nil {
		t.Error("an open quote is taken")
	}
}
