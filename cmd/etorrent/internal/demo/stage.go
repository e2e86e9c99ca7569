package demo

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/etorrent/etorrent/cmd/etorrent/internal/screen"
)

// Manner says how a view shows what goes on.
type Manner uint8

// The manners: lines that stay, without escapes; or frames that are drawn over.
const (
	Lines Manner = iota
	Drawn
)

// View is one who looks on: a terminal, a pipe, a recording.
type View struct {
	Out    io.Writer
	Manner Manner
	Color  screen.Color
	// Size is in columns and lines; only a Drawn view is asked.
	Size   func() (width, height int)
	frames screen.Frames
}

// Stage is where the acts are seen, by all views alike.
type Stage struct {
	views []*View
	now   func() time.Time
	told  time.Time // when Lines had the last frame
}

// NewStage makes a stage by the clock now.
func NewStage(now func() time.Time, views ...*View) *Stage { return &Stage{views: views, now: now} }

// frame is how things stand.
type frame struct {
	state  screen.State
	beside []string // to stand beside the state
	words  string   // the same in a line
}

// textKind says what a line is, which is its colour.
type textKind uint8

const (
	plainText textKind = iota
	titleText
	holdsText
	failsText
)

// sgr are the colours of kinds (ECMA-48).
var sgr = map[textKind]string{titleText: "1", holdsText: "32", failsText: "31"}

// linesEvery is how often Lines get a frame.
const linesEvery = 2 * time.Second

// say shows a line that stays.
func (s *Stage) say(kind textKind, format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	for _, v := range s.views {
		v.say(kind, line)
	}
}

// sayInLines shows a line to those who have no frames.
func (s *Stage) sayInLines(line string) {
	for _, v := range s.views {
		if v.Manner == Lines {
			v.say(plainText, line)
		}
	}
}

func (v *View) say(kind textKind, line string) {
	if v.Manner == Lines {
		_, _ = io.WriteString(v.Out, line+"\n") // one who looks away ends nothing
		return
	}
	width, _ := v.Size()
	for _, part := range wrap(line, width-1) {
		if c := sgr[kind]; c != "" && v.Color == screen.Colored {
			part = "\x1b[" + c + "m" + part + "\x1b[0m"
		}
		_, _ = io.WriteString(v.Out, v.frames.Above(part, width))
	}
}

// show shows how things stand now.
func (s *Stage) show(f frame) {
	due := s.now().Sub(s.told) >= linesEvery
	if due {
		s.told = s.now()
	}
	for _, v := range s.views {
		switch {
		case v.Manner == Drawn:
			_, _ = io.WriteString(v.Out, v.frames.Draw(v.layOut(f), v.width()))
		case due:
			_, _ = io.WriteString(v.Out, "  "+f.words+"\n")
		}
	}
}

// clear takes what stands now away, before the words that end an act.
func (s *Stage) clear() {
	s.told = time.Time{}
	for _, v := range s.views {
		if v.Manner == Drawn {
			_, _ = io.WriteString(v.Out, v.frames.Erase(v.width()))
		}
	}
}

func (s *Stage) close() { s.clear() }

// width is what the view has, in columns.
func (v *View) width() int {
	width, _ := v.Size()
	return width
}

const (
	// barsWidth is what bars need, and besideWidth what stands beside them, in columns.
	// Where there is less it stands below them.
	barsWidth   = 62
	besideWidth = 40
)

// layOut puts the bars and what is beside them into lines.
func (v *View) layOut(f frame) []string {
	width, height := v.Size()
	style := screen.Style{Width: width, Height: height - 2, Color: v.Color}
	if len(f.beside) == 0 {
		return screen.Render(f.state, style)
	}
	if width < barsWidth+besideWidth {
		bars := screen.Render(f.state, style)
		return append(bars, fit(f.beside, width-1, height-2-len(bars))...)
	}
	style.Width = max(barsWidth, width/2)
	right := fit(f.beside, width-style.Width-2, height-2)
	bars := screen.Render(f.state, screen.Style{Width: style.Width, Height: style.Height, Color: screen.Monochrome})
	colored := screen.Render(f.state, style)
	var lines []string
	for i := range max(len(bars), len(right)) {
		line, pad := "", style.Width
		if i < len(bars) {
			line, pad = colored[i], style.Width-len([]rune(bars[i]))
		}
		if i < len(right) {
			line += strings.Repeat(" ", max(1, pad)) + right[i]
		}
		lines = append(lines, line)
	}
	return lines
}

// fit cuts lines to a width and a number.
func fit(lines []string, width, most int) []string {
	var out []string
	for _, l := range lines[:max(0, min(most, len(lines)))] {
		if r := []rune(l); len(r) > width {
			l = string(r[:max(0, width-1)]) + "…"
		}
		out = append(out, l)
	}
	return out
}

// wrap breaks a line between words; what follows is indented as the line is, and
// a little more. What stands here has one column a rune.
func wrap(line string, width int) []string {
	indent := line[:len(line)-len(strings.TrimLeft(line, " "))]
	var out []string
	for len([]rune(line)) > width {
		head := string([]rune(line)[:width+1])
		at := strings.LastIndexByte(head, ' ')
		if at <= len(indent)+2 {
			break // a word of its own
		}
		out = append(out, line[:at])
		line = indent + "  " + strings.TrimLeft(line[at:], " ")
	}
	return append(out, line)
}
