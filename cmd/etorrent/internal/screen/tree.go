package screen

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/etorrent/etorrent/cmd/etorrent/internal/amount"
	"github.com/etorrent/etorrent/cmd/etorrent/internal/jsonl"
	"github.com/etorrent/etorrent/internal/vocab/text"
)

// twig is one process as a line: its columns, and the colour of the line.
type twig struct {
	columns [6]string
	color   string
}

// The columns of a twig, and their heads.
const (
	nameColumn = iota
	stateColumn
	restartsColumn
	ageColumn
	mailColumn
	saidColumn // why it is in its state, and how it last ended
)

var heads = twig{columns: [6]string{"PROCESS", "STATE", "RESTARTS", "AGE", "MAIL", "REASON, LAST EXIT"}}

// Trees draws the trees of programs, one process a line, below a line for each
// program. A style of no width cuts nothing; one of no height leaves nothing out.
func Trees(trees []*jsonl.Tree, st Style) []string {
	var lines []string
	for i, t := range trees {
		if i > 0 {
			lines = append(lines, "")
		}
		lines = append(lines, tree(t, st)...)
	}
	if room := st.Height - 1; st.Height > 0 && len(lines) > max(room, 2) {
		room = max(room, 2)
		more := len(lines) - room + 1
		lines = append(lines[:room-1], Fit("and "+amount.Count(more, "more line"), st.Width))
	}
	return lines
}

func tree(t *jsonl.Tree, st Style) []string {
	head := fmt.Sprintf("pid %d: %s", t.PID, text.Printable(t.Command))
	lines := []string{Fit(head, st.Width)}
	twigs := appendTwigs([]twig{heads}, &t.Root, "")
	var widths [6]int
	for _, w := range twigs {
		for i, c := range w.columns {
			widths[i] = max(widths[i], columns(c))
		}
	}
	if st.Width > 0 {
		widths[nameColumn] = min(widths[nameColumn], max(st.Width/2, 20))
	}
	for _, w := range twigs {
		lines = append(lines, paint(Fit(w.line(widths), st.Width), w.color, st.Color))
	}
	if t.LeftOut > 0 {
		lines = append(lines, Fit(leftOut(t.LeftOut), st.Width))
	}
	return lines
}

func leftOut(n int) string {
	if n == 1 {
		return "and 1 process more"
	}
	return fmt.Sprintf("and %d processes more", n)
}

// Fit cuts a line to a terminal, in whose last column it would wrap.
func Fit(line string, width int) string {
	if width <= 0 {
		return line
	}
	return cut(line, max(width-1, 10))
}

// line has numbers on the right of their columns.
func (w twig) line(widths [6]int) string {
	var b strings.Builder
	for i, c := range w.columns {
		switch i {
		case restartsColumn, ageColumn, mailColumn:
			b.WriteString(padLeft(c, widths[i]))
		default:
			b.WriteString(padRight(cut(c, widths[i]), widths[i]))
		}
		b.WriteString("  ")
	}
	return strings.TrimRight(b.String(), " ")
}

func appendTwigs(to []twig, p *jsonl.Process, indent string) []twig {
	name := indent + text.Printable(p.Name)
	if p.Strategy != "" {
		name += " (" + text.Printable(p.Strategy) + ")"
	}
	w := twig{columns: [6]string{nameColumn: name, stateColumn: text.Printable(p.State), saidColumn: said(p)}, color: colorOfState(p.State)}
	w.columns[restartsColumn] = strconv.Itoa(p.Restarts)
	if p.Started != nil {
		w.columns[ageColumn] = amount.Duration(time.Duration(p.Age) * time.Millisecond)
	}
	if p.Mailboxes > 0 {
		w.columns[mailColumn] = strconv.Itoa(p.Waiting)
	}
	to = append(to, w)
	if p.Cells != nil {
		to = appendCells(to, p.Cells, indent+"  ")
	}
	for i := range p.Children {
		to = appendTwigs(to, &p.Children[i], indent+"  ")
	}
	return to
}

// appendCells has a line for each cell that is named, and one for the others.
func appendCells(to []twig, all *jsonl.Cells, indent string) []twig {
	for _, c := range all.Oldest {
		state := "cell"
		if c.State != "running" {
			state = text.Printable(c.State)
		}
		w := twig{columns: [6]string{nameColumn: indent + text.Printable(c.Name), stateColumn: state}, color: colorOfState(c.State)}
		w.columns[ageColumn] = amount.Duration(time.Duration(c.Age) * time.Millisecond)
		to = append(to, w)
	}
	if more := all.Alive - len(all.Oldest); more > 0 {
		to = append(to, twig{columns: [6]string{nameColumn: indent + "and " + amount.Count(more, "cell") + " more"}})
	}
	return to
}

func said(p *jsonl.Process) string {
	var parts []string
	if p.Reason != "" {
		parts = append(parts, text.Printable(p.Reason))
	}
	if p.Until != nil {
		parts = append(parts, "until "+p.Until.Local().Format(time.TimeOnly))
	}
	if p.LastExit != "" {
		parts = append(parts, "last exit: "+text.Printable(p.LastExit))
	}
	if c := p.Cells; c != nil && c.LastDeath != nil {
		parts = append(parts, fmt.Sprintf("%s died, the last %s: %s", amount.Count(c.Died, "cell"), text.Printable(nameIn(p.Path, c.LastDeath.Path)), text.Printable(c.LastDeath.Exit)))
	}
	return strings.Join(parts, "; ")
}

// nameIn is the name of a cell at a path below its owner's.
func nameIn(owner, path string) string {
	return strings.TrimPrefix(path, owner+"/")
}

func colorOfState(state string) string {
	switch state {
	case "degraded", "stuck", "quarantined":
		return red
	case "starting", "stopping":
		return cyan
	case "idle":
		return dim
	}
	return none
}
