package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/etorrent/etorrent/cmd/etorrent/internal/control"
	"github.com/etorrent/etorrent/cmd/etorrent/internal/jsonl"
	"github.com/etorrent/etorrent/internal/vocab/text"
	"github.com/etorrent/etorrent/sup"
)

const (
	// backWithin is how long a killed process is waited for, pooledWithin one of a
	// pool: another of these mostly has another name.
	backWithin, pooledWithin = 10 * time.Second, time.Second
	// backEvery is how often is looked whether it is there.
	backEvery = 5 * time.Millisecond
	// nearShown is how many names are told that are like one that is none.
	nearShown = 5
)

// target is what a name may mean: a process, or a cell, of which process has the name,
// the path and the start.
type target struct {
	program *control.Program
	pid     int
	process jsonl.Process
	sort    targetSort
	within  time.Duration
}

type targetSort uint8

const (
	aProcess targetSort = iota
	aCell
)

// name is what means it alone.
func (t target) name() string {
	return text.Printable(fmt.Sprintf("%s@%d", t.process.Path, t.pid))
}

// killByName kills the one process that a name means, and says what came of it.
func killByName(s *session, f *psFlags) error {
	all, running := targetsOf(s, f)
	defer func() {
		for _, g := range running {
			_ = g.Close()
		}
	}()
	if len(all) == 0 {
		return f.nothing(len(running))
	}
	t, err := choose(all, f.kill)
	if err != nil {
		return err
	}
	began := s.host.now()
	if err := t.program.Kill(t.process.Path); err != nil {
		var fault *control.Fault
		if errors.As(err, &fault) && fault.Why == control.Unkillable {
			return usageError("%s: %w", t.name(), err)
		}
		return failed(exitSource, "%s: %w", t.name(), err)
	}
	told := &jsonl.Killed{PID: t.pid, Path: t.process.Path}
	if err := awaitReturn(s, t, began, told); err != nil {
		return err
	}
	s.out.tell(told)
	s.out.people.note("%s: %s", t.name(), fateOf(t.sort, told))
	return nil
}

// targetsOf are the processes, and the cells that are told, of all programs that run.
func targetsOf(s *session, f *psFlags) ([]target, []*control.Program) {
	var all []target
	running := control.Programs(s.ctx, f.state)
	for _, g := range running {
		t, err := g.Tree()
		if err != nil {
			s.out.warn(&jsonl.Warning{Message: fmt.Sprintf("%s: %v", g.Path, reasonOf(err))})
			continue
		}
		all = appendTargets(all, target{program: g, pid: t.PID, process: t.Root, within: backWithin})
	}
	return all, running
}

func appendTargets(to []target, t target) []target {
	to = append(to, t)
	within := backWithin
	if t.process.Strategy == sup.Dynamic.String() {
		within = pooledWithin
	}
	if cells := t.process.Cells; cells != nil {
		for i := range cells.Oldest {
			c := &cells.Oldest[i]
			cell := jsonl.Process{Name: c.Name, Kind: c.Kind, Path: c.Path, State: c.State, Started: &c.Started}
			to = append(to, target{program: t.program, pid: t.pid, process: cell, sort: aCell, within: backWithin})
		}
	}
	for _, c := range t.process.Children {
		to = appendTargets(to, target{program: t.program, pid: t.pid, process: c, within: within})
	}
	return to
}

// choose is the one process that a word means: by its whole path, or else by the end
// of it, in which what tells processes of a kind apart may be left out everywhere.
func choose(all []target, word string) (target, error) {
	name, pid := splitPID(word)
	var ends []target
	for _, t := range all {
		switch path := t.process.Path; {
		case pid != 0 && t.pid != pid:
		case path == name, strings.HasSuffix(path, "/"+name), strings.HasSuffix("/"+withoutBrackets(path), "/"+name):
			ends = append(ends, t)
		}
	}
	if whole := slices.DeleteFunc(slices.Clone(ends), func(t target) bool { return t.process.Path != name }); len(whole) > 0 {
		ends = whole
	}
	switch len(ends) {
	case 0:
		return target{}, usageError("no process is named %s; near are %s", text.Printable(word), listed(nearest(all, name)))
	case 1:
		return ends[0], nil
	}
	return target{}, usageError("%s names %d processes: %s", text.Printable(word), len(ends), listed(ends))
}

// withoutBrackets leaves out of each name of a path what stands in brackets.
func withoutBrackets(path string) string {
	names := strings.Split(path, "/")
	for i, n := range names {
		names[i], _, _ = strings.Cut(n, "[")
	}
	return strings.Join(names, "/")
}

// splitPID takes the number of a program off a name; 0 is any.
func splitPID(word string) (name string, pid int) {
	if at := strings.LastIndexByte(word, '@'); at >= 0 {
		if pid, err := strconv.Atoi(word[at+1:]); err == nil && pid > 0 {
			return word[:at], pid
		}
	}
	return word, 0
}

func listed(all []target) string {
	var names []string
	for _, t := range all[:min(len(all), nearShown)] {
		names = append(names, t.name())
	}
	if more := len(all) - nearShown; more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(names, ", ")
}

// nearest are the processes whose names are most like one.
func nearest(all []target, name string) []target {
	levels := strings.Count(name, "/") + 1
	far := func(t target) int {
		parts := strings.Split(t.process.Path, "/")
		end := strings.Join(parts[max(0, len(parts)-levels):], "/")
		return min(distance(name, end), 1+distance(name, t.process.Kind))
	}
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b target) int { return cmp.Compare(far(a), far(b)) })
	return all[:min(len(all), nearShown)]
}

// distance is how many bytes are to be changed, put in or left out to make one word of
// another, of the first hundred of each.
func distance(a, b string) int {
	a, b = a[:min(len(a), 100)], b[:min(len(b), 100)]
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := before
			if a[i] != b[j] {
				change++
			}
			before = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// awaitReturn looks until the process that was killed is there again, a cell is gone, or
// it has been waited for long enough.
func awaitReturn(s *session, t target, began time.Time, told *jsonl.Killed) error {
	tick := time.NewTicker(backEvery)
	defer tick.Stop()
	for {
		tree, err := t.program.Tree()
		after := s.host.now().Sub(began)
		told.After = after.Milliseconds()
		if err != nil {
			told.Outcome = "ended"
			return nil
		}
		if t.view(&tree.Root, told) == settled || after > t.within {
			return nil
		}
		select {
		case <-s.ctx.Done():
			return causeOf(s.ctx)
		case <-tick.C:
		}
	}
}

// finality says whether looking again may show something else.
type finality uint8

const (
	open finality = iota
	settled
)

// view looks in a tree for what became of what was killed.
func (t target) view(root *jsonl.Process, told *jsonl.Killed) finality {
	switch t.sort {
	case aCell:
		return viewCell(root, t.process, told)
	case aProcess:
	}
	return view(root, t.process, told)
}

// view looks for a process that was killed, and for the one in its place, below a
// node.
func view(at *jsonl.Process, was jsonl.Process, told *jsonl.Killed) finality {
	told.Outcome = "gone"
	for _, p := range at.ByPath(was.Path, nil) {
		told.Restarts, told.LastExit = p.Restarts, p.LastExit
		again := p.Restarts != was.Restarts || p.Started != nil && (was.Started == nil || !p.Started.Equal(*was.Started))
		switch {
		case p.State == "quarantined":
			told.Outcome = p.State
		case again && (p.State == "running" || p.State == "degraded"):
			told.Outcome = "back"
			return settled
		case !again && p.State != "idle":
			told.Outcome = "ending"
		}
	}
	if told.Outcome == "quarantined" {
		return settled
	}
	return open
}

// viewCell looks for a cell that was killed: it dies at its next step, and none takes
// its place.
func viewCell(at *jsonl.Process, was jsonl.Process, told *jsonl.Killed) finality {
	if at.Cells != nil {
		if last := at.Cells.LastDeath; last != nil && last.Path == was.Path {
			told.LastExit = last.Exit
		}
		for _, c := range at.Cells.Oldest {
			if c.Path == was.Path && c.Started.Equal(*was.Started) {
				told.Outcome = "ending"
				return open
			}
		}
	}
	for i := range at.Children {
		if viewCell(&at.Children[i], was, told) == open {
			return open
		}
	}
	told.Outcome = "gone"
	return settled
}

// fateOf tells people.
func fateOf(sort targetSort, k *jsonl.Killed) string {
	switch k.Outcome {
	case "back":
		return fmt.Sprintf("killed, and back after %d ms with restarts %d", k.After, k.Restarts)
	case "quarantined":
		return "killed, and put aside for a while"
	case "ending":
		return fmt.Sprintf("killed, and not down after %d ms", k.After)
	case "ended":
		return "killed, and the program ended"
	}
	if sort == aCell {
		return fmt.Sprintf("killed, and gone after %d ms", k.After)
	}
	return fmt.Sprintf("killed, and none of its name came within %d ms", k.After)
}
