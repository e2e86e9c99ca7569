package main

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// small is a world that takes a moment.
func small(more ...string) []string {
	return append([]string{"sim", "--peers", "8", "--pieces", "16"}, more...)
}

func TestASwarmIsSimulatedTheSameWayAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	one := runProgram(t, dir, small("--free-riders", "50%", "--random-seed", "7")...)
	if one.code != 0 || !strings.Contains(one.stdout, "leech") || !strings.Contains(one.stdout, "free rider") ||
		!strings.Contains(one.stdout, "picker rarest, choker tft, random seed 7") ||
		!strings.Contains(one.stdout, " copies when 6 were complete; entropy of the copies of the pieces 0.") {
		t.Fatalf("%+v", one)
	}
	if again := runProgram(t, dir, small("--free-riders", "50%", "--random-seed", "7")...); again.stdout != one.stdout {
		t.Errorf("%s\nand then\n%s", one.stdout, again.stdout)
	}
	for _, other := range [][]string{{"--random-seed", "8"}, {"--picker", "sequential"}, {"--choker", "first-come"}, {"--liars", "50%"}, {"--slots", "1"}, {"--super-seed"}} {
		args := small(append([]string{"--free-riders", "50%", "--random-seed", "7"}, other...)...)
		if r := runProgram(t, dir, args...); r.code != 0 || r.stdout == one.stdout {
			t.Errorf("%v changes nothing: %+v", other, r)
		}
	}
}

func TestTheProgressOfASimulatedSwarmCanBePlotted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := runProgram(t, dir, small("--trace", "t.csv", "--log", "t.log")...)
	if r.code != 0 {
		t.Fatalf("%+v", r)
	}
	f, err := os.Open(filepath.Join(dir, "t.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || strings.Join(rows[0], " ") != "seconds node role pieces" {
		t.Fatalf("%v %v", rows, err)
	}
	before, has := 0.0, map[string]int{}
	for _, row := range rows[1:] {
		at, errAt := strconv.ParseFloat(row[0], 64)
		pieces, errPieces := strconv.Atoi(row[3])
		if errAt != nil || errPieces != nil || at < before || pieces <= has[row[1]] {
			t.Fatalf("%v after %v and %d pieces", row, before, has[row[1]])
		}
		before, has[row[1]] = at, pieces
	}
	if len(has) != 6 {
		t.Errorf("%d nodes fetch", len(has))
	}
	for node, n := range has {
		if n != 16 {
			t.Errorf("node %s ends with %d pieces", node, n)
		}
	}
	if log, err := os.ReadFile(filepath.Join(dir, "t.log")); err != nil || !strings.Contains(string(log), "connects to") {
		t.Errorf("%.200s %v", log, err)
	}
}

func TestAWorldThatCannotBeIsRefused(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"--peers", "1"}, {"--peers", "501"}, {"--seeds", "0"}, {"--seeds", "30"}, {"--pieces", "0"}, {"--picker", "best"},
		{"--choker", "best"}, {"--free-riders", "101%"}, {"--liars", "100%"}, {"--slots", "0"}, {"--rate", "10"}, {"--latency", "0s"},
		{"--stays", "-1s"}, {"--seed-rate", "1"},
	} {
		if r := runProgram(t, t.TempDir(), append([]string{"sim"}, args...)...); r.code != int(exitUsage) || !strings.Contains(r.stderr, args[0]) {
			t.Errorf("%v: %+v", args, r)
		}
	}
	r := runProgram(t, t.TempDir(), small("--choker", "none")...)
	if r.code != int(exitStalled) || !strings.Contains(r.stderr, "no end in sight") || !strings.Contains(r.stdout, "never") {
		t.Errorf("nobody gives anything: %+v", r)
	}
	if r := runProgram(t, t.TempDir(), small("--trace", "no/such/folder")...); r.code != int(exitDisk) {
		t.Errorf("a trace that cannot be written: %+v", r)
	}
}
