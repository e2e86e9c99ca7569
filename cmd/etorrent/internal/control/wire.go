package control

import (
	"fmt"

	"github.com/etorrent/etorrent/cmd/etorrent/internal/jsonl"
)

// version is the "v" of requests and answers.
const version = 1

// Task is what a request asks for.
type Task string

// The tasks.
const (
	TellTree    Task = "tree"
	KillProcess Task = "kill" // the one at Path
)

// Request is what a guest asks.
type Request struct {
	V    int    `json:"v"`
	Do   Task   `json:"do"`
	Path string `json:"path,omitempty"`
}

// Answer is what a program answers: the tree, or a fault, or nothing, which means
// that it did what was asked.
type Answer struct {
	V     int         `json:"v"`
	Tree  *jsonl.Tree `json:"tree,omitempty"`
	Fault *Fault      `json:"fault,omitempty"`
}

// Fault is why a request was not done.
type Fault struct {
	Why     Reason `json:"why"`
	Message string `json:"message"`
}

// Reason is the sort of a fault.
type Reason string

// The reasons.
const (
	Malformed  Reason = "malformed"  // no request, or too long a one
	Foreign    Reason = "foreign"    // of another version
	Busy       Reason = "busy"       // too many guests
	Unkillable Reason = "unkillable" // nothing runs at the path, or it is the root
)

// Error tells it.
func (f *Fault) Error() string { return f.Message }

func faultOf(why Reason, format string, args ...any) Answer {
	return Answer{V: version, Fault: &Fault{Why: why, Message: shorten(fmt.Sprintf(format, args...))}}
}

// shorten cuts a text to what is told of it, between two runes.
func shorten(s string) string {
	if len(s) <= longestText {
		return s
	}
	end := longestText
	for end > 0 && s[end]&0xc0 == 0x80 {
		end--
	}
	return s[:end] + "…"
}
