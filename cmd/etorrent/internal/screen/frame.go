package screen

import (
	"fmt"
	"strings"
)

// Frames keeps count of what stands on a terminal, so that it can be drawn over.
type Frames struct{ lines []string }

// Draw returns what to write so that lines stand where the last frame stood.
func (f *Frames) Draw(lines []string) string {
	out := f.Erase()
	f.lines = lines
	return out + strings.Join(lines, "\n") + "\n"
}

// Above returns what to write so that a line stands above the frame for good.
func (f *Frames) Above(line string) string {
	lines := f.lines
	return f.Erase() + line + "\n" + f.again(lines)
}

// Erase returns what to write so that the frame is gone.
func (f *Frames) Erase() string {
	n := len(f.lines)
	f.lines = nil
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("\x1b[%dA\r\x1b[J", n)
}

func (f *Frames) again(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return f.Draw(lines)
}
