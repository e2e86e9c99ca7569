package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// jsonCommands is a run of each command that has --json, its exit code, and the kinds of
// its objects in their order: what comes once a second, or as often as it happens, is left
// out.
var jsonCommands = []struct {
	command string
	code    exitCode
	objects string
}{
	{"show show.torrent", exitDone, "torrent end"},
	{"show show.torrent show.torrent", exitDone, "torrent torrent end"},
	{"show show.torrent nowhere.torrent", exitSource, "torrent error end"},
	{"create show -o again.torrent", exitDone, "torrent end"},
	{"create nowhere", exitSource, "error end"},
	{"create show --format v2", exitUsage, "error end"},
	{"verify show.torrent", exitDone, "checking verified end"},
	{"verify show.torrent --dir nowhere", exitDamaged, "checking verified error end"},
	{"version", exitDone, "version end"},
	{"version too much", exitUsage, "error end"},
	{"ps --state nowhere", exitSource, "error end"},
	{"ps --state seed-state", exitDone, "tree end"},
	{"ps --state seed-state --kill dial", exitDone, "killed end"},
	{"ps --state seed-state --kill nobody", exitUsage, "error end"},
	{"get show.torrent --state g --listen 127.0.0.1:0", exitDone, "listening added checking complete end"},
	{"seed show.torrent --state s --listen 127.0.0.1:0 --seed-time 1s", exitDone, "listening added checking complete end"},
	{"tracker --listen 127.0.0.1", exitUsage, "error end"},
}

// The last object of each command that programs may read is its end, whatever comes of it.
func TestTheLastObjectOfEveryCommandIsItsEnd(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	seeder(t, dir).until(event("complete"))
	tested := map[string]bool{}
	for _, c := range jsonCommands {
		words := strings.Fields(c.command)
		tested[words[0]] = true
		r := runProgram(t, dir, append(words, "--json")...)
		var told []string
		all := objects(t, r.stdout)
		for _, o := range all {
			if kind := o["event"].(string); !slices.Contains([]string{"progress", "file", "hashing", "peer", "tracker"}, kind) {
				told = append(told, kind)
			}
		}
		if got := strings.Join(told, " "); r.code != int(c.code) || got != c.objects {
			t.Errorf("%s: exit %d, %s; want %d, %s", c.command, r.code, got, c.code, c.objects)
			continue
		}
		if end := all[len(all)-1]; end["exit"] != float64(c.code) || end["reason"] != reasons[c.code] {
			t.Errorf("%s: %v", c.command, end)
		}
	}
	for _, c := range allCommands(newRoot(&session{host: thisHost()})) {
		if has := c.Flags().Lookup("json") != nil; has != tested[wordsOf(c)] {
			t.Errorf("%s: has --json %t, has a row %t", wordsOf(c), has, tested[wordsOf(c)])
		}
	}
}

func TestVersionTellsProgramsWhatItIs(t *testing.T) {
	t.Parallel()
	r := runProgram(t, t.TempDir(), "version", "--json")
	line, _, _ := strings.Cut(r.stdout, "\n")
	var v struct{ Event, Version, Go, OS, Arch string }
	if err := json.Unmarshal([]byte(line), &v); err != nil {
		t.Fatal(err)
	}
	people := runProgram(t, t.TempDir(), "version").stdout
	if v.Event != "version" || !strings.HasPrefix(people, "etorrent "+v.Version) || !strings.Contains(people, "("+v.Go+", "+v.OS+"/"+v.Arch+")") {
		t.Errorf("%+v, for people %q", v, people)
	}
}
