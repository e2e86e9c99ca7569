package screen

import (
	"fmt"
	"strings"
)

// Frames keeps count of what stands on a terminal, so that it can be drawn over.
type Frames struct{ lines []string }

const (
	clearLine  = "\x1b[K" // from the cursor on
	clearBelow = "\x1b[J"
)

// Draw returns what to write so that lines stand where the last frame stood, on a
// terminal of so many columns. What stays the same is written over and never taken
// away first, so that nothing flickers.
func (f *Frames) Draw(lines []string, width int) string {
	var out strings.Builder
	out.WriteString(f.home(width))
	for _, l := range lines {
		out.WriteString(l + clearLine + "\n")
	}
	if len(f.lines) > 0 {
		out.WriteString(clearBelow)
	}
	f.lines = lines
	return out.String()
}

// Above returns what to write so that a line stands above the frame for good.
func (f *Frames) Above(line string, width int) string {
	lines := f.lines
	out := f.home(width) + line
	if len(lines) > 0 {
		out += clearLine
	}
	f.lines = nil
	out += "\n"
	if len(lines) > 0 {
		out += f.Draw(lines, width) + clearBelow
	}
	return out
}

// Erase returns what to write so that the frame is gone.
func (f *Frames) Erase(width int) string {
	out := f.home(width)
	if out != "" {
		out += clearBelow
	}
	f.lines = nil
	return out
}

// home leads to where the frame begins. A terminal that became narrower has broken
// its lines.
func (f *Frames) home(width int) string {
	rows := 0
	for _, l := range f.lines {
		rows += max(1, (columns(unpainted(l))+width-1)/max(width, 1))
	}
	if rows == 0 {
		return ""
	}
	return fmt.Sprintf("\x1b[%dA\r", rows)
}

// unpainted is a line without its colours.
func unpainted(line string) string {
	var b strings.Builder
	for {
		before, after, painted := strings.Cut(line, "\x1b[")
		b.WriteString(before)
		if !painted {
			return b.String()
		}
		_, line, _ = strings.Cut(after, "m")
	}
}
