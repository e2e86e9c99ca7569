// Package jsonl writes what --json promises: one JSON object a line, each at
// once. docs/events.schema.json describes the objects.
package jsonl

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/etorrent/etorrent/internal/vocab/text"
)

// Format is the "v" of every object. It changes when the meaning of a field
// does, not when fields are added.
const Format = 1

// Head is what every object has. Write fills V, Event and, where it is zero,
// Time.
type Head struct {
	V       int       `json:"v"`
	Event   string    `json:"event"`
	Time    time.Time `json:"time"`
	Torrent string    `json:"torrent,omitempty"` // info-hash in hex, where it fits
}

func (h *Head) stamp(event string, now time.Time) {
	h.V, h.Event = Format, event
	if h.Time.IsZero() {
		h.Time = now
	}
	h.Time = h.Time.UTC().Truncate(time.Millisecond)
}

// Object is one of the types of this package, by pointer.
type Object interface {
	event() string
	stamp(event string, now time.Time)
}

// Writer writes objects, one at a time.
type Writer struct {
	out  io.Writer
	now  func() time.Time
	line []byte // of the last Piece, to be used again
}

// appender is an object of which there are many; it appends the line that
// encoding/json would make of it, and nothing that a terminal would obey.
type appender interface{ appendLine(to []byte) []byte }

// NewWriter returns a writer to out that stamps by the clock now.
func NewWriter(out io.Writer, now func() time.Time) *Writer { return &Writer{out: out, now: now} }

// Write writes one object as one line by one call of the underlying writer.
func (w *Writer) Write(o Object) error {
	o.stamp(o.event(), w.now())
	if a, many := o.(appender); many {
		w.line = a.appendLine(w.line[:0])
		_, err := w.out.Write(w.line)
		return err
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(o); err != nil {
		return err
	}
	_, err := w.out.Write(harmless(b.Bytes()))
	return err
}

// harmless writes runes that a terminal would obey as \u escapes. In JSON they
// stand in strings only, and the escape means the same.
func harmless(line []byte) []byte {
	body := line[:len(line)-1] // without the line's end
	var out []byte
	for i := 0; i < len(body); {
		r, size := utf8.DecodeRune(body[i:])
		if text.ClassOf(r) != text.Plain {
			if out == nil {
				out = append(out, body[:i]...)
			}
			out = appendEscape(out, r)
		} else if out != nil {
			out = append(out, body[i:i+size]...)
		}
		i += size
	}
	if out == nil {
		return line
	}
	return append(out, '\n')
}

func appendEscape(out []byte, r rune) []byte {
	if r < 0x10000 {
		return fmt.Appendf(out, `\u%04x`, r)
	}
	high, low := utf16.EncodeRune(r)
	return fmt.Appendf(out, `\u%04x\u%04x`, high, low)
}
