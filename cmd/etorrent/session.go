package main

import (
	"context"
	"errors"
	"os"
	"strconv"
	"strings"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/sup"
)

// session is one command line while it runs.
type session struct {
	host *host
	p    *sup.Process
	ctx  context.Context // ends with an *interruption as its cause
	out  *output
	// network is what sources are fetched over; nil: the host's
	network etorrent.Network
	// hangups takes who wants to hear of hangups that are to end nothing
	hangups chan chan<- os.Signal
}

// guessedOutput is, until the flags are read, the best guess of where errors belong.
func guessedOutput(h *host, args []string) outputFlags {
	root := newRoot(&session{host: h})
	c, _, err := root.Find(withDefaultCommand(root, args))
	if err != nil || c.Flags().Lookup("json") == nil {
		return outputFlags{} // such as cat, whose stdout is a file's
	}
	return outputFlags{json: guessed(h, args, "json"), events: guessed(h, args, "events")}
}

// guessed says whether a flag without a value is given, or its variable.
func guessed(h *host, args []string, name string) bool {
	value, _ := h.env("ETORRENT_" + strings.ToUpper(name))
	for _, a := range args {
		if a == "--" {
			break
		}
		switch text, given := strings.CutPrefix(a, "--"+name); {
		case given && text == "":
			value = "true"
		case given && text[0] == '=':
			value = text[1:]
		}
	}
	is, _ := strconv.ParseBool(value)
	return is
}

// guessedState is the state folder that a command line names, or the usual one.
func guessedState(h *host, args []string) string {
	folder := stateFolder(h)
	for i, a := range args {
		named, given := strings.CutPrefix(a, "--state")
		switch {
		case a == "--":
			return folder
		case given && named == "" && i+1 < len(args):
			folder = args[i+1]
		case given && strings.HasPrefix(named, "="):
			folder = named[1:]
		}
	}
	return folder
}

// execute runs a command line, says how it failed, and returns the exit code.
func execute(p *sup.Process, h *host, args []string) exitCode {
	ctx, interrupt := context.WithCancelCause(p.Context())
	defer interrupt(nil)
	hangups := make(chan chan<- os.Signal)
	watchSignals(p, h, &watch{interrupt: interrupt, hangups: hangups})
	s := &session{host: h, p: p, ctx: ctx, out: newOutput(h, guessedOutput(h, args)), hangups: hangups}
	root := newRoot(s)
	root.SetArgs(withDefaultCommand(root, args))
	root.SetIn(h.stdin)
	root.SetErr(h.stderr)
	err := root.ExecuteContext(ctx)
	if cause := context.Cause(ctx); errors.Is(err, context.Canceled) && cause != nil {
		err = cause
	}
	return s.end(err)
}

// end says how the command ended. One that did what it was asked to, but could not say it
// on standard output, ends with the code of that.
func (s *session) end(err error) exitCode {
	stdout := s.host.stdout
	if lost := stdout.lost.Load(); err == nil && lost != nil {
		err = lost
	}
	code := codeOf(err)
	s.out.close(err, code)
	s.out.tellLost(stdout)
	if code == exitDone && stdout.lost.Load() != nil { // it was the last words
		return exitDisk
	}
	return code
}
