package main

import (
	"fmt"
	"io"
	"time"

	"github.com/etorrent/etorrent/cmd/etorrent/internal/screen"
)

// plainEvery is how often a torrent that does not change has a line in a pipe.
const plainEvery = 10 * time.Second

// people writes for people: bars on a terminal, lines elsewhere.
type people struct {
	host   *host
	out    *stream
	mode   peopleMode
	wish   screen.Color // what the environment has of colours
	color  screen.Color // where there is something to colour
	frames screen.Frames
	lines  []plainLine // the latest, by torrent
	stood  string      // the last line of standing
}

// peopleMode says how much is written, and how.
type peopleMode uint8

const (
	quietMode peopleMode = iota // errors and warnings
	notesMode                   // and what happens
	linesMode                   // and progress, by lines
	frameMode                   // and progress, drawn
)

// plainLine is the last line of a torrent in a pipe.
type plainLine struct {
	status screen.Status
	at     time.Time
}

func newPeople(h *host, f outputFlags) *people {
	w := &people{host: h, out: h.stdout, mode: linesMode}
	terminal, _ := h.env("TERM")
	switch {
	case f.quiet:
		w.mode = quietMode
	case f.json || f.events:
		w.mode = notesMode
	case h.stdout.end == terminalEnd && !f.plain && terminal != "dumb" && h.stdout.canDraw():
		w.mode = frameMode
	}
	if f.json || f.events {
		w.out = h.stderr
	}
	if noColor, _ := h.env("NO_COLOR"); noColor == "" {
		w.wish = screen.Colored
	}
	if w.mode == frameMode {
		w.color = w.wish
	}
	return w
}

// note writes a line of what happens.
func (w *people) note(format string, args ...any) {
	if w.mode == quietMode {
		return
	}
	line := fmt.Sprintf(format, args...)
	if w.mode == frameMode {
		_, _ = io.WriteString(w.out, w.frames.Above(line, w.width()))
		return
	}
	_, _ = io.WriteString(w.out, line+"\n")
}

// complain writes a line of what is wrong, whatever the mode.
func (w *people) complain(line string) {
	if w.mode == frameMode && w.host.stderr.end == terminalEnd {
		_, _ = io.WriteString(w.out, w.frames.Above(line, w.width()))
		return
	}
	_, _ = io.WriteString(w.host.stderr, line+"\n")
}

// progress shows the state: a frame, or those lines that are due.
func (w *people) progress(s screen.State) {
	switch w.mode {
	case frameMode:
		width, height := w.out.size()
		lines := screen.Render(s, screen.Style{Width: width, Height: height, Color: w.color})
		_, _ = io.WriteString(w.out, w.frames.Draw(lines, width))
	case linesMode:
		w.progressLines(s)
	case quietMode, notesMode:
	}
}

// standing shows how something stands that has no torrents, in one line of ASCII:
// drawn over the one before it, or written where it changed.
func (w *people) standing(line string) {
	switch w.mode {
	case frameMode:
		width, _ := w.out.size()
		_, _ = io.WriteString(w.out, w.frames.Draw([]string{line[:min(width-1, len(line))]}, width))
	case linesMode:
		if line != w.stood {
			w.stood = line
			_, _ = io.WriteString(w.out, line+"\n")
		}
	case quietMode, notesMode:
	}
}

// width is the terminal's, in columns.
func (w *people) width() int {
	width, _ := w.out.size()
	return width
}

func (w *people) progressLines(s screen.State) {
	now := w.host.now()
	for len(w.lines) < len(s.Torrents) {
		w.lines = append(w.lines, plainLine{})
	}
	for i, t := range s.Torrents {
		last := &w.lines[i]
		if !last.at.IsZero() && last.status == t.Status && now.Sub(last.at) < plainEvery {
			continue
		}
		*last = plainLine{status: t.Status, at: now}
		_, _ = io.WriteString(w.out, screen.Plain(t)+"\n")
	}
}

// eraseFrame takes the frame away, so that what follows stands where it stood.
func (w *people) eraseFrame() {
	if w.mode == frameMode {
		_, _ = io.WriteString(w.out, w.frames.Erase(w.width()))
	}
}
