package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/cmd/etorrent/internal/amount"
	"github.com/etorrent/etorrent/cmd/etorrent/internal/demo"
	"github.com/etorrent/etorrent/internal/create"
	"github.com/etorrent/etorrent/internal/vocab/pattern"
)

// exitCode is what the program ends with. Scripts know the numbers.
type exitCode int

// The exit codes.
const (
	exitDone        exitCode = 0
	exitBug         exitCode = 1
	exitUsage       exitCode = 2
	exitSource      exitCode = 3
	exitStalled     exitCode = 4
	exitRefused     exitCode = 5
	exitOverwrite   exitCode = 6
	exitDisk        exitCode = 7
	exitDamaged     exitCode = 8
	exitListen      exitCode = 9
	exitHeld        exitCode = 10
	exitInterrupted exitCode = 130
	exitTerminated  exitCode = 143
)

var reasons = map[exitCode]string{
	exitDone: "done", exitBug: "bug", exitUsage: "usage", exitSource: "bad source", exitStalled: "stalled",
	exitRefused: "refused by the trackers", exitOverwrite: "would overwrite", exitDisk: "disk", exitDamaged: "damaged", exitListen: "cannot listen",
	exitHeld: "held", exitInterrupted: "interrupted", exitTerminated: "terminated",
}

// failure is an error with its exit code.
type failure struct {
	code exitCode
	err  error
	told telling
}

// telling says whether people and programs have been told of a failure.
type telling uint8

const (
	untold telling = iota
	told
)

// Error is that of the cause.
func (f *failure) Error() string { return f.err.Error() }

// Unwrap returns the cause.
func (f *failure) Unwrap() error { return f.err }

func failed(code exitCode, format string, args ...any) error {
	return &failure{code: code, err: fmt.Errorf(format, args...)}
}

func usageError(format string, args ...any) error { return failed(exitUsage, format, args...) }

// interruption is the end by a signal.
type interruption struct{ signal os.Signal }

// Error names the signal.
func (i *interruption) Error() string { return "stopped by " + i.signal.String() }

func (i *interruption) code() exitCode {
	if i.signal == os.Interrupt {
		return exitInterrupted
	}
	return exitTerminated
}

// codeOf says with which code an error ends the program. One that nobody
// foresaw is a bug.
func codeOf(err error) exitCode {
	var (
		known    *failure
		stop     *interruption
		source   *etorrent.SourceError
		conflict *etorrent.ConflictError
		disk     *etorrent.StorageError
		held     *etorrent.HeldError
		listen   *demo.ListenError
		size     *amount.Error
		glob     *pattern.Error
		path     *create.PathError
		lost     *outputError
	)
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &known):
		return known.code
	case errors.As(err, &stop):
		return stop.code()
	case errors.As(err, &source):
		return exitSource
	case errors.As(err, &conflict):
		return exitOverwrite
	case errors.As(err, &held):
		return exitHeld
	case errors.As(err, &listen):
		return exitListen
	case errors.As(err, &size), errors.As(err, &glob):
		return exitUsage
	case errors.As(err, &path):
		return codeOfPath(path)
	case errors.As(err, &disk), errors.As(err, &lost):
		return exitDisk
	}
	return exitBug
}

// codeOfPath tells a tree that no torrent can be made of from one that cannot
// be read.
func codeOfPath(err error) exitCode {
	for _, bad := range []error{create.ErrSymlink, create.ErrSpecial, create.ErrNotUTF8, create.ErrNothing, create.ErrChanged} {
		if errors.Is(err, bad) {
			return exitSource
		}
	}
	return exitDisk
}
