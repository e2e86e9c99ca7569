package main

import (
	"bytes"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// pty is a terminal: what is written to its keyboard the program reads, and what the
// program writes is read from it.
type pty struct {
	t        *testing.T
	keyboard *os.File
	line     *os.File // the program's end
}

func openPTY(t *testing.T, columns, rows uint16) *pty {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = master.Close() })
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	line, err := os.OpenFile("/dev/pts/"+strconv.Itoa(number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = line.Close() })
	p := &pty{t, master, line}
	p.resize(columns, rows)
	return p
}

func (p *pty) resize(columns, rows uint16) {
	p.t.Helper()
	if err := unix.IoctlSetWinsize(int(p.keyboard.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Col: columns, Row: rows}); err != nil {
		p.t.Fatal(err)
	}
}

// start starts a program that the terminal controls.
func (p *pty) start(cmd *exec.Cmd) {
	p.t.Helper()
	cmd.Stdin, cmd.Stdout, cmd.Stderr = p.line, p.line, p.line
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	_ = p.line.Close()
	p.t.Cleanup(func() {
		if cmd.ProcessState == nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	})
}

// until reads what the program writes, up to a text.
func (p *pty) until(text string) string {
	p.t.Helper()
	return readUntil(p.t, p.keyboard, text)
}

// read reads what the program writes next, as a terminal would: with carriage returns
// that it made of line breaks taken out again.
func (p *pty) read() []byte {
	p.t.Helper()
	piece := make([]byte, 64<<10)
	n, err := p.keyboard.Read(piece)
	if err != nil {
		p.t.Fatal(err)
	}
	return bytes.ReplaceAll(piece[:n], []byte("\r\n"), []byte("\n"))
}
