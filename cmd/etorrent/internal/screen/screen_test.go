package screen_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/cmd/etorrent/internal/screen"
	"github.com/etorrent/etorrent/cmd/etorrent/internal/screen/terminal"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

var update = flag.Bool("update", false, "write the golden files anew")

// shown has a torrent in every status, and names that a terminal must not see.
func shown() screen.State {
	return screen.State{Port: 51413, Torrents: []screen.Torrent{
		{Name: "opening", Status: screen.Opening, Wanted: 100},
		{Name: "debian-12.9.0-amd64-netinst.iso", Status: screen.Checking, Wanted: 663 << 20, Checked: 812, ToCheck: 2532, Pieces: 2532, Durable: 12},
		{
			Name: "ubuntu-24.04.2-desktop-amd64-with-a-long-name.iso", Status: screen.Fetching, Wanted: 6 << 30, Stored: 4 << 30, Down: 12_900_000,
			Up: 1 << 20, Peers: 3, Known: 12, OverUTP: 2, Left: 166 * time.Second, Pieces: 6144, Durable: 4096, Bad: 1,
		},
		{Name: "слон \x1b[31m\u202e象の本", Status: screen.Fetching, Wanted: 5000, Known: 1, Pieces: 1},
		{Name: "show", Status: screen.Sharing, Wanted: 256 << 20, Stored: 256 << 20, Up: 90 << 20, Peers: 8, Known: 8, OverUTP: 5, Pieces: 256, Durable: 256},
		{Name: "full", Status: screen.Paused, Why: "write \"/mnt/full/a\": no space left on device", Wanted: 10, Stored: 5, Pieces: 1},
		{Name: "theirs", Status: screen.Refused, Why: "would overwrite /home/x/theirs: it is not empty", Wanted: 10, Pieces: 1},
	}}
}

func TestFramesLookAsTheyShould(t *testing.T) {
	for _, width := range []int{40, 80, 200} {
		for color, name := range map[screen.Color]string{screen.Monochrome: "plain", screen.Colored: "color"} {
			lines := screen.Render(shown(), screen.Style{Width: width, Height: 24, Color: color})
			golden(t, fmt.Sprintf("%d-%s", width, name), strings.Join(lines, "\n")+"\n")
		}
	}
	var plain strings.Builder
	for _, tr := range shown().Torrents {
		plain.WriteString(screen.Plain(tr) + "\n")
	}
	golden(t, "pipe", plain.String())
}

func TestTheLastLineTellsHowManyTrackersAnswer(t *testing.T) {
	s := screen.State{Port: 6881, Trackers: screen.Trackers{All: 3, Working: 1}}
	lines := screen.Render(s, screen.Style{Width: 100, Height: 24})
	if got := lines[len(lines)-1]; !strings.Contains(got, ", 1 of 3 trackers answer, port 6881") {
		t.Errorf("%q", got)
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s (go test -update writes it anew): got\n%s\nwant\n%s", file, got, want)
	}
}

// A line of runes that take one column each is never wider than the terminal,
// and never lets the name's escapes through.
func TestLinesFitEveryTerminal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringOf(rapid.RuneFrom([]rune("abc é\x1b\n\u202e"))).Draw(t, "name")
		wanted := rapid.Int64Range(0, 1<<50).Draw(t, "wanted")
		tr := screen.Torrent{
			Name: name, Status: screen.Status(rapid.IntRange(0, 5).Draw(t, "status")), Why: name,
			Wanted: wanted, Stored: rapid.Int64Range(0, wanted).Draw(t, "stored"),
			Down: rapid.Int64Range(0, 1<<40).Draw(t, "down"), Up: rapid.Int64Range(0, 1<<40).Draw(t, "up"),
			Peers: rapid.IntRange(0, 4000).Draw(t, "peers"), Known: rapid.IntRange(0, 1<<20).Draw(t, "known"), OverUTP: rapid.IntRange(0, 4000).Draw(t, "over uTP"),
			Left: time.Duration(rapid.Int64Range(0, 1<<60).Draw(t, "left")), ToCheck: rapid.IntRange(0, 1<<20).Draw(t, "check"),
		}
		st := screen.Style{Width: rapid.IntRange(11, 250).Draw(t, "width"), Height: rapid.IntRange(1, 50).Draw(t, "height")}
		n := rapid.IntRange(1, 60).Draw(t, "torrents")
		var s screen.State
		for range n {
			s.Torrents = append(s.Torrents, tr)
		}
		lines := screen.Render(s, st)
		if len(lines) > max(st.Height, 2) {
			t.Fatalf("%d lines on %d", len(lines), st.Height)
		}
		for _, l := range lines {
			if utf8.RuneCountInString(l) >= st.Width || strings.ContainsAny(l, "\x1b\n\u202e") {
				t.Fatalf("%d columns of %d: %q", utf8.RuneCountInString(l), st.Width, l)
			}
		}
	})
}

func TestAPileOfCombiningMarksIsCut(t *testing.T) {
	pile := strings.Repeat("\u0301", 100_000)
	lines := screen.Render(screen.State{Torrents: []screen.Torrent{{Name: "e" + pile + "nd" + pile, Wanted: 1}}}, screen.Style{Width: 80, Height: 24})
	if len(lines[0]) > 400 || !strings.HasPrefix(lines[0], "e\u0301\u0301") || !strings.Contains(lines[0], "\u0301nd\u0301") {
		t.Errorf("%d bytes: %.100q", len(lines[0]), lines[0])
	}
}

func TestManyTorrentsLeaveALineThatCountsTheRest(t *testing.T) {
	s := screen.State{Torrents: make([]screen.Torrent, 30)}
	lines := screen.Render(s, screen.Style{Width: 80, Height: 10})
	if len(lines) != 9 || lines[7] != "and 23 more" {
		t.Errorf("%d lines, the last but one %q", len(lines), lines[len(lines)-2])
	}
}

func TestAFrameIsDrawnOverTheLastOne(t *testing.T) {
	var f screen.Frames
	got := f.Draw([]string{"a", "b"}, 80) + "|" + f.Draw([]string{"c"}, 80) + "|" + f.Above("note", 80) + "|" + f.Erase(80) + "|" + f.Erase(80) + f.Above("end", 80)
	if want := "a\x1b[K\nb\x1b[K\n|\x1b[2A\rc\x1b[K\n\x1b[J|\x1b[1A\rnote\x1b[K\nc\x1b[K\n\x1b[J|\x1b[1A\r\x1b[J|end\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// What a terminal shows is the frame alone, also with names that take two columns a
// rune, and nothing of it is taken away to be drawn again.
func TestAFrameNeitherWrapsNorFlickers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringOf(rapid.RuneFrom([]rune("ab é象の한e\u0301\x1b\u202e")))
		width, height := rapid.IntRange(20, 120).Draw(t, "width"), rapid.IntRange(4, 20).Draw(t, "height")
		color := screen.Color(rapid.IntRange(0, 1).Draw(t, "color"))
		shows := terminal.New(width, height)
		var f screen.Frames
		count := rapid.IntRange(1, 30).Draw(t, "torrents")
		for range rapid.IntRange(1, 5).Draw(t, "frames") {
			var s screen.State
			for range count {
				s.Torrents = append(s.Torrents, screen.Torrent{
					Name: name.Draw(t, "name"), Status: screen.Status(rapid.IntRange(0, 5).Draw(t, "status")), Why: name.Draw(t, "why"),
					Wanted: 1 << 30, Stored: rapid.Int64Range(0, 1<<30).Draw(t, "stored"), Down: rapid.Int64Range(0, 1<<30).Draw(t, "down"),
				})
			}
			lines := screen.Render(s, screen.Style{Width: width, Height: height, Color: color})
			if _, err := shows.Write([]byte(f.Draw(lines, width))); err != nil {
				t.Fatal(err)
			}
			if got := shows.Screen(); len(got) != len(lines) || len(shows.Scrolled) > 0 || shows.Wraps > 0 || shows.Blinks > 0 {
				t.Fatalf("%d lines shown of %d, %d scrolled, %d wrapped, %d blinked:\n%s", len(got), len(lines), len(shows.Scrolled), shows.Wraps, shows.Blinks, strings.Join(got, "\n"))
			}
		}
		if (shows.Colors > 0) && color == screen.Monochrome {
			t.Fatal("coloured")
		}
	})
}

func TestALineAboveAFrameTakesNothingAwayFirst(t *testing.T) {
	shows := terminal.New(30, 10)
	var f screen.Frames
	frame := []string{"first line", "second line"}
	for _, s := range []string{f.Draw(frame, 30), f.Above("a note", 30), f.Above(strings.Repeat("x", 40), 30), f.Draw(frame, 30)} {
		if _, err := shows.Write([]byte(s)); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"a note", strings.Repeat("x", 30), strings.Repeat("x", 10), "first line", "second line"}
	if got := shows.Screen(); !slices.Equal(got, want) || shows.Blinks > 0 {
		t.Errorf("%d blinked:\n%s", shows.Blinks, strings.Join(got, "\n"))
	}
}

func TestATerminalThatBecomesNarrowerShowsOneFrame(t *testing.T) {
	shows := terminal.New(100, 20)
	var f screen.Frames
	for _, width := range []int{100, 70, 40, 90} {
		shows.Resize(width)
		lines := screen.Render(shown(), screen.Style{Width: width, Height: 20, Color: screen.Colored})
		if _, err := shows.Write([]byte(f.Draw(lines, width))); err != nil {
			t.Fatal(err)
		}
		if got := shows.Screen(); len(got) != len(lines) || len(shows.Scrolled) > 0 {
			t.Errorf("%d columns: %d lines of %d, %d scrolled\n%s", width, len(got), len(lines), len(shows.Scrolled), strings.Join(got, "\n"))
		}
	}
}

func TestAMapOfThePiecesStandsWhereThereIsRoom(t *testing.T) {
	pieces := pieceset.New(128)
	for i := range 40 {
		pieces.Add(pieceset.Index(i))
	}
	pieces.Add(45)
	pieces.Add(127)
	s := screen.State{Torrents: []screen.Torrent{{Name: "a", Status: screen.Fetching, Pieces: 128, Durable: 42, Map: pieces}}}
	summary := func(width int) string {
		lines := screen.Render(s, screen.Style{Width: width, Height: 24})
		return lines[len(lines)-1]
	}
	wide := "  42 of 128 pieces stored, 0 bad  [" + strings.Repeat("█", 20) + "  ▒" + strings.Repeat(" ", 40) + "▒]"
	if got := summary(200); got != wide {
		t.Errorf("got %q, want %q", got, wide)
	}
	if got := summary(40); strings.Contains(got, "[") {
		t.Errorf("40 columns: %q", got)
	}
	s.Torrents = append(s.Torrents, s.Torrents[0])
	if got := summary(200); strings.Contains(got, "[") {
		t.Errorf("two torrents: %q", got)
	}
}
