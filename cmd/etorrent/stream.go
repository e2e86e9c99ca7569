package main

import (
	"io"
	"os"

	"golang.org/x/term"
)

// stream is where the program writes, and what is at its end.
type stream struct {
	io.Writer
	end streamEnd
	fd  int
}

// streamEnd says what reads a stream.
type streamEnd uint8

const (
	pipeEnd streamEnd = iota
	terminalEnd
)

func fileStream(f *os.File) *stream {
	s := &stream{Writer: f, fd: int(f.Fd())}
	if term.IsTerminal(s.fd) {
		s.end = terminalEnd
	}
	return s
}

// size is the terminal's, in columns and lines.
func (s *stream) size() (width, height int) {
	width, height, err := term.GetSize(s.fd)
	if err != nil || width <= 0 || height <= 0 {
		return 80, 24
	}
	return width, height
}
