package main

import (
	"errors"

	"github.com/etorrent/etorrent/cmd/etorrent/internal/jsonl"
)

// outputFlags are what a person chose of the output.
type outputFlags struct{ json, events, quiet, plain bool }

// output is the two readers of a command: programs, which get JSON on stdout if
// they asked for it, and people, who then are told on stderr.
type output struct {
	json     *jsonl.Writer // nil without --json
	detail   detail
	people   *people
	torrents []jsonl.EndTorrent // for the last object
}

// detail says which events programs are told.
type detail uint8

const (
	mainEvents  detail = iota
	everyDetail        // with pieces, peers and memory
)

func newOutput(h *host, f outputFlags) *output {
	o := &output{people: newPeople(h, f), torrents: []jsonl.EndTorrent{}}
	if f.json || f.events {
		o.json = jsonl.NewWriter(h.stdout, h.now)
	}
	if f.events {
		o.detail = everyDetail
	}
	return o
}

// tell writes an object for programs.
func (o *output) tell(object jsonl.Object) {
	if o.json != nil && o.json.Write(object) != nil { // which is no reason to stop
		o.tellLost(o.people.host.stdout)
	}
}

// tellLost tells people, once, that standard output could not be written.
func (o *output) tellLost(stdout *stream) {
	if lost := stdout.lost.Load(); lost != nil {
		if stdout.told.CompareAndSwap(false, true) {
			o.people.complain("etorrent: " + lost.Error())
		}
	}
}

// warn tells both of something that goes on.
func (o *output) warn(w *jsonl.Warning) {
	o.tell(w)
	line := "warning: " + w.Message
	if w.Report != "" {
		line += " (report: " + w.Report + ")"
	}
	o.people.complain(line)
}

// fail tells both of what ended a torrent or the program.
func (o *output) fail(e *jsonl.Error) {
	o.tell(e)
	o.people.complain("etorrent: " + e.Message)
}

// close says how it ended. The last object of any command is that.
func (o *output) close(err error, code exitCode) {
	o.people.eraseFrame()
	var f *failure
	var stop *interruption
	var lost *outputError
	switch {
	case err == nil, errors.As(err, &stop), errors.As(err, &lost), errors.As(err, &f) && f.told == told:
	case code == exitUsage:
		o.fail(&jsonl.Error{Message: err.Error() + " (--help tells more)"})
	default:
		o.fail(&jsonl.Error{Message: err.Error()})
	}
	o.tell(&jsonl.End{Exit: int(code), Reason: reasons[code], Torrents: o.torrents})
}
