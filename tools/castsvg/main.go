// Command castsvg makes a moving picture of a recorded terminal session: an SVG of
// an asciicast of version 2. It knows the escapes that etorrent writes, and no others.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"os"
	"strconv"
	"strings"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: castsvg FILE.cast FILE.svg")
		os.Exit(2)
	}
	if err := convert(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "castsvg:", err)
		os.Exit(1)
	}
}

func convert(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	width, height, stills, err := read(in)
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	return os.WriteFile(to, []byte(picture(width, height, stills)), 0o666)
}

const (
	stillEvery = 1.5 // seconds
	lastStays  = 8.0 // seconds, before it begins again
)

// still is the screen at a moment, and in seconds how long it stands.
type still struct {
	rows  [][]cell
	until float64
}

// read plays a cast and keeps stills of it.
func read(in io.Reader) (width, height int, stills []still, err error) {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 16<<20)
	var head struct{ Version, Width, Height int }
	if !lines.Scan() || json.Unmarshal(lines.Bytes(), &head) != nil || head.Version != 2 || head.Width < 1 || head.Height < 1 {
		return 0, 0, nil, fmt.Errorf("this is no asciicast of version 2")
	}
	t, next, at := newTerminal(head.Width, head.Height), stillEvery, 0.0
	for lines.Scan() {
		var row [3]json.RawMessage
		var kind, text string
		if json.Unmarshal(lines.Bytes(), &row) != nil || json.Unmarshal(row[0], &at) != nil ||
			json.Unmarshal(row[1], &kind) != nil || json.Unmarshal(row[2], &text) != nil {
			return 0, 0, nil, fmt.Errorf("%q is no event", lines.Text())
		}
		for ; at >= next; next += stillEvery {
			stills = append(stills, still{t.copy(), next})
		}
		if kind == "o" {
			t.write(text)
		}
	}
	return head.Width, head.Height, append(stills, still{t.copy(), next + lastStays}), lines.Err()
}

// cell is a rune with its SGR parameter.
type cell struct {
	r   rune
	sgr string
}

// terminal is a screen that scrolls.
type terminal struct {
	width, height int
	rows          [][]cell
	row, column   int
	sgr           string
}

func newTerminal(width, height int) *terminal {
	return &terminal{width: width, height: height, rows: make([][]cell, height)}
}

func (t *terminal) copy() [][]cell {
	out := make([][]cell, len(t.rows))
	for i, r := range t.rows {
		out[i] = append([]cell{}, r...)
	}
	return out
}

func (t *terminal) write(text string) {
	for runes := []rune(text); len(runes) > 0; {
		if n := t.escape(runes); n > 0 {
			runes = runes[n:]
			continue
		}
		switch r := runes[0]; r {
		case '\r':
			t.column = 0
		case '\n':
			t.down()
		default:
			t.put(r)
		}
		runes = runes[1:]
	}
}

// escape obeys a control sequence, and returns its length.
func (t *terminal) escape(runes []rune) int {
	if len(runes) < 3 || runes[0] != '\x1b' || runes[1] != '[' {
		return 0
	}
	for i := 2; i < len(runes); i++ {
		if r := runes[i]; r >= '@' && r <= '~' {
			t.obey(r, string(runes[2:i]))
			return i + 1
		}
	}
	return len(runes)
}

func (t *terminal) obey(command rune, parameter string) {
	switch command {
	case 'A':
		n, _ := strconv.Atoi(parameter)
		t.row = max(0, t.row-n)
	case 'J':
		t.rows[t.row] = t.rows[t.row][:min(t.column, len(t.rows[t.row]))]
		for i := t.row + 1; i < t.height; i++ {
			t.rows[i] = nil
		}
	case 'm':
		t.sgr = strings.TrimPrefix(parameter, "0")
	}
}

func (t *terminal) down() {
	if t.row++; t.row == t.height {
		t.rows, t.row = append(t.rows[1:], nil), t.height-1
	}
}

func (t *terminal) put(r rune) {
	if t.column == t.width {
		t.column = 0
		t.down()
	}
	row := t.rows[t.row]
	for len(row) <= t.column {
		row = append(row, cell{r: ' '})
	}
	row[t.column] = cell{r, t.sgr}
	t.rows[t.row] = row
	t.column++
}

// The measures of the picture, in pixels.
const (
	columnWidth = 7.8
	rowHeight   = 17
	margin      = 12
)

// classes are the styles of SGR parameters.
var classes = map[string]string{"1": "b", "2": "d", "31": "r", "32": "g", "36": "c"}

const style = `text{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;fill:#d6dbe0;white-space:pre}` +
	`.b{font-weight:bold;fill:#fff}.d{fill:#8a929a}.r{fill:#ff7b72}.g{fill:#7ee787}.c{fill:#79c0ff}`

// picture shows the stills one after the other, and the last one where nothing moves.
func picture(width, height int, stills []still) string {
	var b strings.Builder
	w, h := int(float64(width)*columnWidth)+2*margin, height*rowHeight+2*margin
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-label="etorrent demo in a terminal"><style>%s`, w, h, style)
	all := stills[len(stills)-1].until
	from := 0.0
	for i, s := range stills {
		fmt.Fprintf(&b, `@keyframes k%d{0%%{visibility:hidden}%.3f%%{visibility:visible}%.3f%%{visibility:hidden}}`+
			`#s%[1]d{animation:k%[1]d %.1fs step-end infinite}`, i, 100*from/all, 100*s.until/all, all)
		from = s.until
	}
	fmt.Fprintf(&b, `</style><rect width="%d" height="%d" rx="8" fill="#0d1117"/>`+"\n", w, h)
	for i, s := range stills {
		hidden := ` visibility="hidden"`
		if i == len(stills)-1 {
			hidden = ""
		}
		fmt.Fprintf(&b, `<g id="s%d"%s>`+"\n", i, hidden)
		for y, row := range s.rows {
			if line := drawRow(row); line != "" {
				fmt.Fprintf(&b, `<text x="%d" y="%d">%s</text>`+"\n", margin, margin+(y+1)*rowHeight-4, line)
			}
		}
		b.WriteString("</g>\n")
	}
	return b.String() + "</svg>\n"
}

// drawRow writes the runs of one style in a row.
func drawRow(row []cell) string {
	var b strings.Builder
	for len(row) > 0 {
		n := 1
		for n < len(row) && row[n].sgr == row[0].sgr {
			n++
		}
		var text strings.Builder
		for _, c := range row[:n] {
			text.WriteRune(c.r)
		}
		words := html.EscapeString(text.String())
		if class := classes[row[0].sgr]; class != "" {
			words = `<tspan class="` + class + `">` + words + `</tspan>`
		}
		b.WriteString(words)
		row = row[n:]
	}
	return b.String()
}
