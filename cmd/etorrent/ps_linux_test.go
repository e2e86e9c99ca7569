package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// terminal is a pseudo-terminal: what is written to its end can be read.
func terminal(t *testing.T, width, height uint16) (reader, end *os.File) {
	t.Helper()
	reader, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip(err)
	}
	fd := int(reader.Fd())
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: height, Col: width})
	}
	if err == nil {
		end, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = reader.Close(), end.Close() })
	return reader, end
}

func TestAWatchOnATerminalIsDrawnOverAndFits(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	seeder(t, dir).until(event("complete"))
	reader, end := terminal(t, 50, 12)
	cmd := program(t, dir, "ps", "--state", "seed-state", "--watch")
	cmd.Env = append(cmd.Env, "TERM=xterm", "NO_COLOR=1")
	cmd.Stdout = end
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var shown strings.Builder
	buf := make([]byte, 4096)
	for strings.Count(shown.String(), "\x1b[11A\r\x1b[J") < 2 {
		n, err := reader.Read(buf)
		if err != nil {
			t.Fatalf("%v: %q", err, shown.String())
		}
		shown.Write(buf[:n])
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if _ = cmd.Wait(); cmd.ProcessState.ExitCode() != 130 {
		t.Errorf("%v", cmd.ProcessState)
	}
	frame := strings.Split(shown.String(), "\x1b[11A\r\x1b[J")[1]
	lines := strings.Split(strings.TrimSuffix(frame, "\r\n"), "\r\n")
	if len(lines) != 11 || !strings.Contains(lines[10], "more lines") || !strings.HasPrefix(lines[2], "client (rest_for_one)") {
		t.Errorf("%d lines: %q", len(lines), lines)
	}
	for _, l := range lines {
		if len([]rune(l)) >= 50 || strings.Contains(l, "\x1b") {
			t.Errorf("%q", l)
		}
	}
}
