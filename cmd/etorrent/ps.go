package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/etorrent/etorrent/cmd/etorrent/internal/control"
	"github.com/etorrent/etorrent/cmd/etorrent/internal/jsonl"
	"github.com/etorrent/etorrent/cmd/etorrent/internal/screen"
)

// watchEvery is how often ps --watch looks.
const watchEvery = time.Second

// psFlags are those of ps.
type psFlags struct {
	state  string
	watch  bool
	kill   string
	output outputFlags
}

func newPs(s *session) *cobra.Command {
	var f psFlags
	c := &cobra.Command{
		Use:   "ps",
		Short: "Show the processes of running programs, or kill one of them",
		Long: `Show the tree of processes of each program that runs with a state folder: who
supervises whom and how, in what state each is and why, how often it was started
again since the program began, for how long it has run since, how many messages
wait for it, and how it last ended.

--kill NAME[@PID] kills one process, for a demonstration or a lecture, and says what
came of it. NAME is its path or the end of it, with brackets or without:
"torrent[1]/control", "disk". It loses its state, its supervisor starts it again,
and the transfer goes on. Of a supervisor the processes below it are stopped first;
a torrent that is killed as a whole is put aside for a minute. A peer that is killed
is followed by one of another name, if at all.

A process that has many small things to do has a cell for each: a crash in one ends
that cell alone. The oldest ten are shown by name, the others are counted. A cell that
is killed dies when it is next touched.

The exit code is 3 if no program runs or none answers, and 2 if NAME is none of a
process, or of several.`,
		Example: `  etorrent ps
  etorrent ps --watch
  etorrent ps --kill torrent[1]/control
  etorrent ps --kill store@4242`,
		Args: arguments(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			s.out = newOutput(s.host, f.output)
			if err := judgeState(f.state); err != nil {
				return err
			}
			switch {
			case c.Flags().Changed("kill") && f.watch:
				return usageError("--kill and --watch do not go together")
			case c.Flags().Changed("kill"):
				return killByName(s, &f)
			case f.watch:
				return watchTrees(s, &f)
			}
			return showTrees(s, &f)
		},
	}
	flags := c.Flags()
	flags.StringVar(&f.state, "state", stateFolder(s.host), "state folder of the programs")
	flags.BoolVar(&f.watch, "watch", false, "look again each second, until stopped")
	flags.StringVar(&f.kill, "kill", "", "kill the process of this name, NAME or NAME@PID")
	flags.BoolVar(&f.output.json, "json", false, "tell programs: one JSON object on stdout for each program, and an end")
	flags.BoolVar(&f.output.plain, "plain", false, "plain lines also on a terminal")
	return c
}

// sight is what was found at the sockets of a state folder: the trees of the programs that
// answered, and how many did not.
type sight struct {
	trees  []*jsonl.Tree
	silent int
}

// nothing is the end where no program showed its processes.
func (f *psFlags) nothing(silent int) error {
	if silent > 0 {
		return failed(exitSource, "of %d that run with the state folder %s none answers", silent, f.state)
	}
	return failed(exitSource, "no etorrent runs with the state folder %s", f.state)
}

// lookAt asks all programs that run. One that does not answer is warned of.
func lookAt(s *session, f *psFlags) sight {
	var seen sight
	for _, g := range control.Programs(s.ctx, f.state) {
		t, err := g.Tree()
		_ = g.Close()
		if err != nil {
			s.out.warn(&jsonl.Warning{Message: fmt.Sprintf("%s: %v", g.Path, reasonOf(err))})
			seen.silent++
			continue
		}
		seen.trees = append(seen.trees, t)
	}
	return seen
}

func showTrees(s *session, f *psFlags) error {
	seen := lookAt(s, f)
	if len(seen.trees) == 0 {
		return f.nothing(seen.silent)
	}
	return writeTrees(s, seen.trees)
}

// writeTrees writes trees once, for programs or for people.
func writeTrees(s *session, trees []*jsonl.Tree) error {
	if s.out.json != nil {
		for _, t := range trees {
			if err := s.out.json.Write(t); err != nil {
				return err
			}
		}
		return nil
	}
	st := screen.Style{Color: s.out.people.color}
	if s.out.people.mode == frameMode {
		st.Width, _ = s.host.stdout.size()
	}
	text := strings.Join(screen.Trees(trees, st), "\n") + "\n"
	_, err := io.WriteString(s.host.stdout, text)
	return err
}

// watchTrees shows the trees each second, drawn over the last ones on a terminal. It
// waits for programs while none runs.
func watchTrees(s *session, f *psFlags) error {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		seen := lookAt(s, f)
		var err error
		switch w := s.out.people; {
		case w.mode == frameMode:
			err = w.redraw(seen.trees, f.nothing(seen.silent))
		case len(seen.trees) > 0:
			err = writeTrees(s, seen.trees)
		default:
			s.out.people.complain(f.nothing(seen.silent).Error())
		}
		if err == nil && s.out.people.mode == linesMode {
			_, err = io.WriteString(s.host.stdout, "\n")
		}
		if err != nil {
			return err
		}
		select {
		case <-s.ctx.Done():
			return causeOf(s.ctx)
		case <-tick.C:
		}
	}
}

// redraw draws trees over what was drawn before, or why there are none.
func (w *people) redraw(trees []*jsonl.Tree, none error) error {
	width, height := w.out.size()
	lines := screen.Trees(trees, screen.Style{Width: width, Height: height, Color: w.color})
	if len(trees) == 0 {
		lines = []string{screen.Fit(none.Error(), width)}
	}
	_, err := io.WriteString(w.out, w.frames.Draw(lines, width))
	return err
}
