package main

import (
	"os"
	"strings"
	"testing"

	"github.com/etorrent/etorrent/cmd/etorrent/internal/screen/terminal"
)

func TestAWatchOnATerminalIsDrawnOverAndFits(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	seeder(t, dir).until(event("complete"))
	p, shows := openPTY(t, 50, 12), terminal.New(50, 12)
	cmd := program(t, dir, "ps", "--state", "seed-state", "--watch")
	cmd.Env = append(cmd.Env, "TERM=xterm", "NO_COLOR=1")
	p.start(cmd)
	buf := make([]byte, 4096)
	var frame []string
	for drawn := 0; drawn < 3; {
		n, err := p.keyboard.Read(buf)
		if err != nil {
			t.Fatalf("%v: %q", err, shows.Screen())
		}
		said := strings.ReplaceAll(string(buf[:n]), "\r\n", "\n")
		if _, err := shows.Write([]byte(said)); err != nil {
			t.Fatal(err)
		}
		drawn += strings.Count(said, "more lines")
		frame = shows.Screen()
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if _ = cmd.Wait(); cmd.ProcessState.ExitCode() != 130 {
		t.Errorf("%v", cmd.ProcessState)
	}
	if len(frame) != 11 || !strings.Contains(frame[10], "more lines") || !strings.HasPrefix(frame[2], "client (rest_for_one)") {
		t.Errorf("%d lines: %q", len(frame), frame)
	}
	if shows.Wraps != 0 || shows.Colors != 0 || len(shows.Scrolled) != 0 {
		t.Errorf("%d lines wrapped, %d colours, %d lines scrolled away", shows.Wraps, shows.Colors, len(shows.Scrolled))
	}
}
