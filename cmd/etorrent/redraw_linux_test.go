package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/etorrent/etorrent/cmd/etorrent/internal/screen/terminal"
)

// writesOf are what each call wrote.
func writesOf(t *testing.T, file string) (out []string) {
	t.Helper()
	kept, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(kept)) {
		var p []byte
		if err := json.Unmarshal([]byte(line), &p); err != nil {
			t.Fatal(err)
		}
		out = append(out, string(p))
	}
	return out
}

var (
	upwards   = regexp.MustCompile(`\x1b\[[0-9]+A`)
	sequences = regexp.MustCompile(`\x1b\[[0-9;]*[A-Za-z]`)
	// whole are what clears the screen, or leads to its corner to write it all anew.
	whole = []string{"\x1b[2J", "\x1b[1J", "\x1b[3J", "\x1b[H", "\x1b[1;1H", "\x1bc", "\x1b[?1049h"}
)

// judgeRedraw fails unless a write draws a whole frame over the last one, and nothing
// else. Its lines are shorter than the terminal is wide: in its last column some wrap.
func judgeRedraw(t *testing.T, write string, columns int) {
	t.Helper()
	if at := upwards.FindAllStringIndex(write, -1); len(at) != 1 || strings.Trim(write[:at[0][0]], "\r") != "" {
		t.Errorf("it does not begin where the last one stood: %q", write)
	}
	text := sequences.ReplaceAllString(write, "")
	lines := strings.Split(strings.TrimSuffix(strings.TrimLeft(text, "\r"), "\n"), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], "a long name") && !strings.Contains(lines[0], "…") || !strings.Contains(lines[1], "pieces stored") {
		t.Errorf("it is no whole frame: %q", write)
	}
	for _, line := range lines {
		if n := utf8.RuneCountInString(line); n >= columns {
			t.Errorf("%d columns of %d: %q", n, columns, line)
		}
	}
}

// Each redraw on a real terminal is one write, so that no half of one shows; it clears no
// screen; and no line of it is longer than the terminal, whatever a torrent is called.
func TestARedrawIsOneWriteThatFitsTheTerminal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	name := strings.Repeat("a long name ", 18)[:200]
	write(t, filepath.Join(dir, name, "large.bin"), strings.Repeat("0123456789abcdef", 40_000))
	if r := runProgram(t, dir, "create", name, "-o", "show.torrent"); r.code != 0 {
		t.Fatalf("create: %+v", r)
	}
	for _, columns := range []int{40, 80, 200} {
		place := fmt.Sprint(columns)
		p := openPTY(t, uint16(columns), 24)
		cmd := program(t, dir, "get", "show.torrent", "--dir", place+"/copy", "--state", place+"/g", "--listen", "127.0.0.1:0")
		kept := filepath.Join(t.TempDir(), "writes")
		cmd.Env = append(cmd.Env, "TERM=xterm", recordFile+"="+kept)
		p.start(cmd)
		play(t, p, terminal.New(columns, 24), 3, func(at string) { seeder(t, dir, "--state", place+"/s", "--peer", at) })
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
		shows, redraws, wraps := terminal.New(columns, 24), 0, 0
		for _, w := range writesOf(t, kept) {
			if at := slices.IndexFunc(whole, func(s string) bool { return strings.Contains(w, s) }); at >= 0 {
				t.Errorf("%d columns: %q clears the screen: %q", columns, whole[at], w)
			}
			if _, err := shows.Write([]byte(w)); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(w, "pieces stored") && upwards.MatchString(w) && !strings.Contains(w, "Stored ") {
				redraws++
				judgeRedraw(t, w, columns)
				if shows.Wraps > wraps {
					t.Errorf("%d columns: a line wraps: %q", columns, w)
				}
			}
			wraps = shows.Wraps // of notes, which may
		}
		if redraws < 2 || shows.Blinks > 0 {
			t.Errorf("%d columns: %d redraws, %d blinks", columns, redraws, shows.Blinks)
		}
	}
}
