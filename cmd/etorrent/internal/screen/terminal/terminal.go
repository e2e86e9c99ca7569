// Package terminal is a small terminal in memory, by which tests see what a program
// that draws shows, and what would show in between. It is for tests.
package terminal

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Terminal is a screen of characters. It knows what this program writes and no more:
// everything else is a fault.
type Terminal struct {
	width, height int
	cells         [][]rune // rows of columns; 0 is blank, and continued the second half of a wide one
	row, column   int
	rest          []byte // of a sequence or rune that was cut
	// Scrolled are the lines that left the screen at its top.
	Scrolled []string
	// Wraps is how often a line was longer than the screen.
	Wraps int
	// Colors is how often the colour was changed.
	Colors int
	// Blinks is how many characters were taken away by a Write that put another into
	// their place: they would flicker.
	Blinks int
	blank  map[[2]int]bool // taken away by this Write
}

// continued stands in the second column of a wide rune.
const continued = -1

// New returns an empty terminal.
func New(width, height int) *Terminal {
	t := &Terminal{width: width, height: height}
	for range height {
		t.cells = append(t.cells, make([]rune, width))
	}
	return t
}

// Write shows what a program wrote. The error is a fault of the program.
func (t *Terminal) Write(p []byte) (int, error) {
	t.blank = map[[2]int]bool{}
	b := append(t.rest, p...)
	for len(b) > 0 {
		n, err := t.step(b)
		if err != nil {
			return 0, err
		}
		if n == 0 {
			break
		}
		b = b[n:]
	}
	t.rest = append([]byte(nil), b...)
	return len(p), nil
}

// step takes the first rune or sequence and returns its length, 0 if it is cut.
func (t *Terminal) step(b []byte) (int, error) {
	switch {
	case b[0] == '\x1b':
		return t.sequence(b)
	case b[0] == '\r':
		t.column = 0
		return 1, nil
	case b[0] == '\n': // what a terminal makes of it for a program
		t.column = 0
		t.down()
		return 1, nil
	case !utf8.FullRune(b):
		return 0, nil
	}
	r, n := utf8.DecodeRune(b)
	if unicode.IsControl(r) || unicode.In(r, unicode.Cf) {
		return 0, fmt.Errorf("control character %U", r)
	}
	t.put(r)
	return n, nil
}

func (t *Terminal) sequence(b []byte) (int, error) {
	if len(b) < 3 {
		return 0, nil
	}
	end := strings.IndexFunc(string(b[2:]), func(r rune) bool { return r >= '@' })
	if end < 0 {
		return 0, nil
	}
	end += 2
	n, err := strconv.Atoi("0" + string(b[2:end]))
	switch {
	case b[1] != '[' || err != nil:
	case b[end] == 'A' && n > 0 && n <= t.row:
		t.row -= n
		return end + 1, nil
	case b[end] == 'K' && n == 0:
		t.clear(t.row, t.column)
		return end + 1, nil
	case b[end] == 'J' && n == 0:
		t.clear(t.row, t.column)
		for row := t.row + 1; row < t.height; row++ {
			t.clear(row, 0)
		}
		return end + 1, nil
	case b[end] == 'm':
		t.Colors++
		return end + 1, nil
	}
	return 0, fmt.Errorf("sequence %q in row %d", b[:end+1], t.row)
}

func (t *Terminal) clear(row, from int) {
	for column := from; column < t.width; column++ {
		if t.cells[row][column] != 0 {
			t.blank[[2]int{row, column}] = true
		}
		t.cells[row][column] = 0
	}
}

func (t *Terminal) down() {
	if t.row++; t.row < t.height {
		return
	}
	t.row--
	t.Scrolled = append(t.Scrolled, t.line(0))
	t.cells = append(t.cells[1:], make([]rune, t.width))
	t.blank = map[[2]int]bool{}
}

func (t *Terminal) put(r rune) {
	width := 1
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me):
		return // it stands on the one before
	case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul):
		width = 2
	}
	if t.column+width > t.width {
		t.Wraps++
		t.column = 0
		t.down()
	}
	for i := range width {
		at := [2]int{t.row, t.column + i}
		if t.blank[at] && r != ' ' {
			t.Blinks++
		}
		t.cells[t.row][t.column+i] = continued
	}
	t.cells[t.row][t.column] = r
	t.column += width
}

func (t *Terminal) line(row int) string {
	var b strings.Builder
	for _, r := range t.cells[row] {
		switch r {
		case continued:
		case 0:
			b.WriteByte(' ')
		default:
			b.WriteRune(r)
		}
	}
	return strings.TrimRight(b.String(), " ")
}

// Screen is what stands on the screen, line by line, without the empty ones at its
// end.
func (t *Terminal) Screen() []string {
	var out []string
	for row := range t.cells {
		out = append(out, t.line(row))
	}
	for len(out) > 0 && out[len(out)-1] == "" {
		out = out[:len(out)-1]
	}
	return out
}

// Resize gives the screen another width, and breaks longer lines anew as terminals
// do.
func (t *Terminal) Resize(width int) {
	old, cursor := t.cells, t.row
	t.cells, t.width = nil, width
	for row, line := range old {
		used := len(line)
		for used > 0 && line[used-1] == 0 {
			used--
		}
		for begin := 0; begin == 0 || begin < used; begin += width {
			fresh := make([]rune, width)
			copy(fresh, line[begin:min(used, begin+width)])
			t.cells = append(t.cells, fresh)
		}
		if row == cursor {
			t.row = len(t.cells) - 1
		}
	}
	for len(t.cells) > t.height {
		if t.row == t.height-1 || t.row >= len(t.cells)-1 {
			t.Scrolled = append(t.Scrolled, t.line(0))
			t.cells, t.row = t.cells[1:], t.row-1
			continue
		}
		t.cells = t.cells[:len(t.cells)-1]
	}
	t.column = min(t.column, width-1)
}
