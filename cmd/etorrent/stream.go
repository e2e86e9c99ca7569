package main

import (
	"io"
	"os"
	"sync/atomic"

	"golang.org/x/term"
)

// stream is where the program writes, and what is at its end.
type stream struct {
	io.Writer
	end streamEnd
	fd  int
	// lost is the first write that failed though somebody reads; nil: none.
	lost atomic.Pointer[outputError]
	told atomic.Bool // of it
}

// outputError is that standard output could not be written.
type outputError struct{ err error }

// Error says why.
func (e *outputError) Error() string {
	return "standard output could not be written: " + reasonOf(e.err).Error()
}

// Unwrap returns the system's error.
func (e *outputError) Unwrap() error { return e.err }

// Write writes on. Its error is an *outputError, of which the first is kept that is not of
// a reader that is gone: nothing is lost by that.
func (s *stream) Write(p []byte) (int, error) {
	n, err := s.Writer.Write(p)
	if err == nil {
		return n, nil
	}
	lost := &outputError{err}
	if !isPipeClosed(err) {
		s.lost.CompareAndSwap(nil, lost)
	}
	return n, lost
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
