package screen_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/cmd/etorrent/internal/screen"
)

var update = flag.Bool("update", false, "write the golden files anew")

// shown has a torrent in every status, and names that a terminal must not see.
func shown() screen.State {
	return screen.State{Port: 51413, Torrents: []screen.Torrent{
		{Name: "opening", Status: screen.Opening, Wanted: 100},
		{Name: "debian-12.9.0-amd64-netinst.iso", Status: screen.Checking, Wanted: 663 << 20, Checked: 812, ToCheck: 2532, Pieces: 2532, Durable: 12},
		{
			Name: "ubuntu-24.04.2-desktop-amd64-with-a-long-name.iso", Status: screen.Fetching, Wanted: 6 << 30, Stored: 4 << 30, Down: 12_900_000,
			Up: 1 << 20, Peers: 3, Known: 12, Left: 166 * time.Second, Pieces: 6144, Durable: 4096, Bad: 1,
		},
		{Name: "слон \x1b[31m\u202e象の本", Status: screen.Fetching, Wanted: 5000, Known: 1, Pieces: 1},
		{Name: "show", Status: screen.Sharing, Wanted: 256 << 20, Stored: 256 << 20, Up: 90 << 20, Peers: 8, Known: 8, Pieces: 256, Durable: 256},
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
			Peers: rapid.IntRange(0, 4000).Draw(t, "peers"), Known: rapid.IntRange(0, 1<<20).Draw(t, "known"),
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

func TestManyTorrentsLeaveALineThatCountsTheRest(t *testing.T) {
	s := screen.State{Torrents: make([]screen.Torrent, 30)}
	lines := screen.Render(s, screen.Style{Width: 80, Height: 10})
	if len(lines) != 9 || lines[7] != "and 23 more" {
		t.Errorf("%d lines, the last but one %q", len(lines), lines[len(lines)-2])
	}
}

func TestAFrameIsDrawnOverTheLastOne(t *testing.T) {
	var f screen.Frames
	got := f.Draw([]string{"a", "b"}) + "|" + f.Draw([]string{"c"}) + "|" + f.Above("note") + "|" + f.Erase() + "|" + f.Erase() + f.Above("end")
	if want := "a\nb\n|\x1b[2A\r\x1b[Jc\n|\x1b[1A\r\x1b[Jnote\nc\n|\x1b[1A\r\x1b[J|end\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
