package demo

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
)

// The size of a recording, in columns and lines.
const (
	RecordedWidth  = 110
	RecordedHeight = 30
)

// Recording writes what a terminal is sent as an asciicast of version 2
// (docs.asciinema.org/manual/asciicast/v2): a line of JSON of what it is, then one
// for each write with its time in seconds.
type Recording struct {
	out   io.Writer
	now   func() time.Time
	begun time.Time
	err   error
}

// NewRecording begins one, by the clock now.
func NewRecording(out io.Writer, now func() time.Time) *Recording {
	r := &Recording{out: out, now: now, begun: now()}
	r.write(map[string]any{
		"version": 2, "width": RecordedWidth, "height": RecordedHeight, "timestamp": r.begun.Unix(),
		"title": "etorrent demo", "env": map[string]string{"TERM": "xterm-256color"},
	})
	return r
}

// Size is the size of the terminal that is recorded.
func (r *Recording) Size() (width, height int) { return RecordedWidth, RecordedHeight }

// Write takes whole runes. A terminal in its usual mode makes a carriage return of
// each line's end; here it is written. Err tells of what failed.
func (r *Recording) Write(b []byte) (int, error) {
	at := r.now().Sub(r.begun).Seconds()
	r.write([]any{json.RawMessage(fmt.Sprintf("%.3f", at)), "o", strings.ReplaceAll(string(b), "\n", "\r\n")})
	return len(b), nil
}

func (r *Recording) write(line any) {
	b, err := json.Marshal(line)
	if err == nil && r.err == nil {
		_, err = r.out.Write(append(b, '\n'))
	}
	if r.err == nil {
		r.err = err
	}
}

// Err is the first failure of a write.
func (r *Recording) Err() error { return r.err }
