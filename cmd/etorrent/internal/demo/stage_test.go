package demo

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/etorrent/etorrent/cmd/etorrent/internal/screen"
	"github.com/etorrent/etorrent/sup"
)

func bars() frame {
	return frame{
		state:  screen.State{Torrents: []screen.Torrent{{Name: "leecher 1", Status: screen.Fetching, Wanted: 10, Stored: 5}}},
		beside: []string{"client", "  torrents, and a name that is far too long for what is beside the bars of a terminal"}, words: "half of it",
	}
}

func TestWhatIsDrawnFitsItsTerminal(t *testing.T) {
	for _, width := range []int{40, 80, 103, 160} {
		v := &View{Manner: Drawn, Size: func() (int, int) { return width, 24 }}
		lines := v.layOut(bars())
		for _, l := range lines {
			if n := len([]rune(l)); n >= width {
				t.Errorf("%d columns in %d: %s", n, width, l)
			}
		}
		if all := strings.Join(lines, "\n"); !strings.Contains(all, "leecher 1") || !strings.Contains(all, "client") {
			t.Errorf("%d columns:\n%s", width, all)
		}
	}
	if lines := wrap("  one two three", 9); strings.Join(lines, "|") != "  one two|    three" {
		t.Errorf("%q", lines)
	}
}

func TestAPipeGetsLinesWithoutEscapesAndARecordingGetsFrames(t *testing.T) {
	var pipe, cast bytes.Buffer
	now := time.Unix(1000, 0)
	clock := func() time.Time { return now }
	r := NewRecording(&cast, clock)
	s := NewStage(clock, &View{Out: &pipe}, &View{Out: r, Manner: Drawn, Color: screen.Colored, Size: r.Size})
	s.say(titleText, "Act")
	for range 30 {
		now = now.Add(100 * time.Millisecond)
		s.show(bars())
	}
	s.clear()
	if pipe.String() != "Act\n  half of it\n  half of it\n" {
		t.Errorf("%q", pipe.String())
	}
	for _, part := range []string{`{"env":{"TERM":`, `"version":2`, `[0.000,"o","\u001b[1mAct\u001b[0m\r\n"]`, `[3.000,"o",`} {
		if !strings.Contains(cast.String(), part) {
			t.Errorf("the recording lacks %s:\n%s", part, cast.String())
		}
	}
	failing := NewRecording(broken{}, clock)
	if _, err := failing.Write([]byte("x")); err != nil || failing.Err() == nil {
		t.Errorf("%v %v", err, failing.Err())
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("full") }

func TestAFuseMakesTheNextOfItsKindPanicOnce(t *testing.T) {
	f := newFuse()
	blow(f.peers, 1)
	panicked := func(p sup.Point) (did any) {
		defer func() { did = recover() }()
		f.pass(p)
		return nil
	}
	for _, p := range []sup.Point{{Kind: "control", At: sup.OnReceive}, {Kind: "peer", At: sup.InStep}, {Kind: "disk", At: sup.OnReceive}} {
		if panicked(p) != nil {
			t.Errorf("%+v panicked", p)
		}
	}
	if peer := (sup.Point{Kind: "peer", At: sup.OnReceive}); panicked(peer) == nil || panicked(peer) != nil {
		t.Error("not one panic, once")
	}
}

func TestAReportShowsTheFunctionsOfTheProject(t *testing.T) {
	const stack = "goroutine 7 [running]:\npanic({0x1, 0x2})\n\t/go/panic.go:1 +0x1\n" +
		"github.com/etorrent/etorrent/sup.(*Process).Receive(0xc0)\n\t/x/sup/process.go:9 +0x1\n" +
		"github.com/etorrent/etorrent/internal/proc/torrent.(*control).step(0xc0)\n\t/x/control.go:153 +0x2f\n"
	if got := shorten([]byte(stack)); len(got) != 1 || got[0] != "torrent.(*control).step  control.go:153" {
		t.Errorf("%q", got)
	}
}

func TestOnlyThosePiecesAreRightThatAreOnTheDisk(t *testing.T) {
	dir := t.TempDir()
	m, err := makeMaterial(filepath.Join(dir, "original"), 1<<20+1, 7)
	if err != nil {
		t.Fatal(err)
	}
	n := m.meta.PieceCount()
	all := bytes.Repeat([]byte{0xff}, (n+7)/8)
	if claimed, right, err := m.rightOf(filepath.Join(m.dir, fileName), all); err != nil || claimed != n || right != n {
		t.Errorf("%d of %d pieces of the original are right: %v", right, claimed, err)
	}
	if err := m.spoil(filepath.Join(dir, "spoilt"), rand.New(rand.NewPCG(1, 1))); err != nil {
		t.Fatal(err)
	}
	if _, right, err := m.rightOf(filepath.Join(dir, "spoilt", fileName), all); err != nil || right != n/2 {
		t.Errorf("%d of %d pieces of what is spoilt are right: %v", right, n, err)
	}
	if claimed, right, err := m.rightOf(filepath.Join(dir, "nowhere"), []byte{0x80}); err != nil || claimed != 1 || right != 0 {
		t.Errorf("of no file %d of %d: %v", right, claimed, err)
	}
	one, err := sumOf("one", m.dir)
	if err != nil || one.sum != m.sum {
		t.Errorf("%x %x %v", one.sum, m.sum, err)
	}
}
