package screen

import (
	"slices"
	"strings"

	"github.com/etorrent/etorrent/cmd/etorrent/internal/amount"
	"github.com/etorrent/etorrent/internal/vocab/text"
)

// grid is the columns that all lines of a frame share. A bar of 0 columns is
// left out, and so are fields of what is fetched of a rank above most, for which one
// of these lines has no room.
type grid struct{ width, name, bar, most int }

// layOut gives names and bars their share of a width.
func layOut(torrents []Torrent, width int) grid {
	g := grid{width: width, bar: min(width/8, 40)}
	switch {
	case width < 60:
		g.bar = 0
	case width < 100:
		g.bar = 7 // what is behind it says more
	}
	for _, t := range torrents {
		g.name = max(g.name, columns(text.Printable(t.Name)))
	}
	g.name = min(g.name, max(12, width/5), 40, width)
	g.most = lastRank
	for _, t := range torrents {
		if t.Status == Fetching {
			g.most = min(g.most, highestRank(g.fit(t)))
		}
	}
	return g
}

// lastRank is above that of every field.
const lastRank = 9

// room is what a line has behind name and bar.
func (g grid) room() int {
	if g.bar > 0 {
		return g.width - g.name - 1 - g.bar
	}
	return g.width - g.name
}

// fit leaves out fields of a torrent until there is room for the others.
func (g grid) fit(t Torrent) []field {
	fields := fieldsOf(t)
	if t.Status == Fetching {
		fields = slices.DeleteFunc(fields, func(f field) bool { return f.rank > g.most })
	}
	for len(fields) > 1 && columnsOfFields(fields) > g.room() {
		worst := highestRank(fields)
		fields = slices.DeleteFunc(fields, func(f field) bool { return f.rank == worst })
	}
	return fields
}

// field is one part of a torrent's line. The higher its rank, the sooner it is
// left out where the line is narrow.
type field struct {
	text string
	rank int
}

// line is a torrent's line: name, bar, then the fields that there is room for.
func (g grid) line(t Torrent) string {
	start := padRight(cut(text.Printable(t.Name), g.name), g.name)
	if g.bar > 0 {
		start += " " + drawBar(t, g.bar)
	}
	fields := g.fit(t)
	if len(fields) == 1 && columnsOfFields(fields) > g.room() {
		fields[0].text = cut(fields[0].text, g.room()-1)
	}
	for _, f := range fields {
		start += f.spaced()
	}
	return strings.TrimRight(start, " ")
}

// spaced is the field with the space before it; nothing where there is nothing to tell.
func (f field) spaced() string {
	if f.text == "" {
		return ""
	}
	return " " + f.text
}

// columnsOfFields counts the space before each field too.
func columnsOfFields(fields []field) int {
	n := 0
	for _, f := range fields {
		n += columns(f.spaced())
	}
	return n
}

func highestRank(fields []field) int {
	rank := 0
	for _, f := range fields {
		rank = max(rank, f.rank)
	}
	return rank
}

// fieldsOf are the fields behind the bar, in their order.
func fieldsOf(t Torrent) []field {
	switch t.Status {
	case Opening:
		return []field{{"opening", 1}}
	case Checking:
		return []field{
			{padLeft(percent(int64(t.Checked), int64(t.ToCheck)), 4), 1}, {"checking", 2},
			{amount.Of(t.Checked, t.ToCheck, "piece"), 3},
		}
	case Fetching:
		return []field{
			{padLeft(percent(t.Stored, t.Wanted), 4), 1}, {shortDone(t), 4}, {down(t), 2}, {up(t), 6}, {peers(t), 5}, {overUTP(t), 7}, {left(t), 3},
		}
	case Sharing:
		return []field{
			{padLeft(percent(t.Stored, t.Wanted), 4), 1}, {amount.Size(t.Stored), 3}, {up(t), 2}, {peers(t), 4}, {overUTP(t), 6}, {"sharing", 5},
		}
	case Paused, Refused:
		return []field{{t.Status.String() + ": " + text.Printable(t.Why), 1}}
	}
	return nil
}

// shortDone is done, with a unit that both share said once.
func shortDone(t Torrent) string {
	stored, unit, _ := strings.Cut(amount.Size(t.Stored), " ")
	if whole := amount.Size(t.Wanted); strings.HasSuffix(whole, " "+unit) {
		return stored + " of " + whole
	}
	return done(t)
}

func down(t Torrent) string { return "↓" + padLeft(amount.Rate(t.Down), 10) }

func up(t Torrent) string { return "↑" + padLeft(amount.Rate(t.Up), 10) }

func left(t Torrent) string {
	if t.Left <= 0 {
		return "ETA -"
	}
	return "ETA " + amount.Duration(t.Left)
}

// drawBar is a bar of so many columns.
func drawBar(t Torrent, width int) string {
	inside := width - len("[]")
	part, whole := t.Stored, t.Wanted
	switch t.Status {
	case Checking:
		part, whole = int64(t.Checked), int64(t.ToCheck)
	case Opening, Fetching, Sharing, Paused, Refused:
	}
	full := inside
	if whole > 0 {
		full = min(inside, int(float64(part)/float64(whole)*float64(inside)))
	}
	if full == inside {
		return "[" + strings.Repeat("=", inside) + "]"
	}
	return "[" + strings.Repeat("=", full) + ">" + strings.Repeat(" ", inside-full-1) + "]"
}

// The colours, as SGR parameters (ECMA-48).
const (
	red   = "31"
	green = "32"
	cyan  = "36"
	dim   = "2"
	none  = ""
)

func colorOf(s Status) string {
	switch s {
	case Fetching:
		return cyan
	case Sharing:
		return green
	case Paused, Refused:
		return red
	case Opening, Checking:
	}
	return none
}

func paint(s, sgr string, c Color) string {
	if c == Monochrome || sgr == none {
		return s
	}
	return "\x1b[" + sgr + "m" + s + "\x1b[0m"
}
