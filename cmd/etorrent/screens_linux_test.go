package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/etorrent/etorrent/cmd/etorrent/internal/screen/terminal"
)

var update = flag.Bool("update", false, "write the golden files anew")

// played is what a program showed on a terminal.
type played struct {
	fetching []string // the frame at the last moment that a torrent was being fetched
	blinks   int      // until then
	end      string   // all that stood there, without line breaks
}

// listensAt is where a fetch on a terminal listens.
var listensAt = regexp.MustCompile(`listening on (127\.0\.0\.1:[0-9]+)`)

// play shows what a program writes up to its end. When so many frames of a fetch have
// been there begin is called, with where it listens.
func play(t *testing.T, p *pty, shows *terminal.Terminal, frames int, begin func(at string)) (out played) {
	t.Helper()
	piece := make([]byte, 64<<10)
	for {
		n, err := p.keyboard.Read(piece)
		if err != nil { // the program has ended
			out.end = strings.Join(append(shows.Scrolled, shows.Screen()...), "")
			return out
		}
		frames -= strings.Count(string(piece[:n]), "pieces stored")
		// A terminal makes carriage returns of line breaks.
		if _, err := shows.Write([]byte(strings.ReplaceAll(string(piece[:n]), "\r\n", "\n"))); err != nil {
			t.Fatal(err)
		}
		if now := shows.Screen(); len(now) > 1 && strings.Contains(now[len(now)-2], "%") && strings.Contains(now[len(now)-2], "↓") {
			out.fetching, out.blinks = now[len(now)-2:], shows.Blinks
			if frames <= 0 && begin != nil {
				begin(listensAt.FindStringSubmatch(strings.Join(append(slices.Clone(shows.Scrolled), now...), "\n"))[1])
				begin = nil
			}
		}
	}
}

// steady replaces what differs from run to run.
var steady = []struct {
	what *regexp.Regexp
	by   string
}{
	{regexp.MustCompile(`port [0-9]*…?`), "port N"},
	{regexp.MustCompile(`ETA [-0-9a-z]+`), "ETA TIME"},
	{regexp.MustCompile(` *[0-9.]+ ([KM]i)?B/s`), " RATE"},
	{regexp.MustCompile(` *[0-9]+%`), " N%"},
	{regexp.MustCompile(`(port N +)\[[ ░▒▓█]*\]`), "$1[MAP]"},
	{regexp.MustCompile(`\[[=> ]*\]`), "[BAR]"},
	{regexp.MustCompile(`[0-9.]+( [KM]?i?B)? of 6`), "SIZE of 6"},
	{regexp.MustCompile(`[0-9]+ of ([0-9]+) pieces stored`), "N of $1 pieces stored"},
	{regexp.MustCompile(`[0-9] of [0-9] peers?`), "1 of 1 peer"},
}

func golden(t *testing.T, name string, lines []string) {
	t.Helper()
	got := strings.Join(lines, "\n") + "\n"
	for _, s := range steady {
		got = s.what.ReplaceAllString(got, s.by)
	}
	file := filepath.Join("testdata", name+".golden")
	if *update {
		write(t, file, got)
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s (go test -update writes it anew): got\n%s\nwant\n%s", file, got, want)
	}
}

func TestAFetchOnATerminalLooksAsItShould(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	for _, columns := range []int{40, 80, 200} {
		for _, noColor := range []string{"", "1"} {
			t.Run(fmt.Sprintf("%d columns, NO_COLOR %q", columns, noColor), func(t *testing.T) {
				t.Parallel()
				p := openPTY(t, uint16(columns), 24)
				place := fmt.Sprintf("%d%s", columns, noColor)
				cmd := program(t, dir, "get", "show.torrent", "--dir", place+"/copy", "--state", place+"/g", "--listen", "127.0.0.1:0",
					"--down", "450K")
				cmd.Env = append(cmd.Env, "TERM=xterm", "NO_COLOR="+noColor)
				p.start(cmd)
				shows := terminal.New(columns, 24)
				got := play(t, p, shows, 1, func(at string) { seeder(t, dir, "--state", place+"/s", "--peer", at) })
				if err := cmd.Wait(); err != nil {
					t.Error(err)
				}
				if got.blinks > 0 || (shows.Colors > 0) == (noColor != "") {
					t.Errorf("%d blinked, %d changes of colour", got.blinks, shows.Colors)
				}
				golden(t, fmt.Sprintf("get-%d", columns), got.fetching)
				for _, words := range []string{"Stored show (625 KiB) in ", "checked against its hash and synced", "etorrent seed show.torrent --dir "} {
					if !strings.Contains(strings.ReplaceAll(got.end, " ", ""), strings.ReplaceAll(words, " ", "")) {
						t.Errorf("no %q in\n%s", words, got.end)
					}
				}
			})
		}
	}
}
