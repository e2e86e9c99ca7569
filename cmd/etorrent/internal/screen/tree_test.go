package screen_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/cmd/etorrent/internal/jsonl"
	"github.com/etorrent/etorrent/cmd/etorrent/internal/screen"
)

// trees has a process in every state, and names that a terminal must not see.
func trees() []*jsonl.Tree {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.Local)
	node := func(name, state string, more ...func(*jsonl.Process)) jsonl.Process {
		p := jsonl.Process{Name: name, State: state, Started: &at, Age: 61_400, Mailboxes: 1}
		for _, m := range more {
			m(&p)
		}
		return p
	}
	below := func(strategy string, c ...jsonl.Process) func(*jsonl.Process) {
		return func(p *jsonl.Process) { p.Strategy, p.Children, p.Mailboxes = strategy, c, 0 }
	}
	root := node("client", "running", below("rest_for_one",
		node("storage", "running", below("one_for_one",
			node("store", "degraded", func(p *jsonl.Process) { p.Reason = "disk full\x1b[31m" }),
			node("disks", "running", below("dynamic", node("disk[слон 象]", "running", func(p *jsonl.Process) {
				p.Restarts, p.Age, p.Waiting, p.LastExit = 12, 70, 431, "panicked: a\nb\u202e"
			}))),
		)),
		node("starting", "starting"), node("stopping", "stopping"),
		node("idle", "idle", func(p *jsonl.Process) { p.Started = nil; p.Mailboxes = 0; p.LastExit = "normal" }),
		node("stuck", "stuck", func(p *jsonl.Process) { p.Reason = "body, close" }),
		node("udp", "running", func(p *jsonl.Process) {
			p.Path = "client/udp"
			p.Cells = &jsonl.Cells{
				Alive: 10_000, Died: 12, LastDeath: &jsonl.CellDeath{Path: "client/udp/conn[c]", Exit: "panicked: a\nb"},
				Oldest: []jsonl.Cell{{Name: "conn[a]", State: "running", Age: 61_400}, {Name: "conn[b\x1b]", State: "stopping", Age: 70}},
			}
		}),
		node("torrent[7]", "quarantined", func(p *jsonl.Process) { p.Until = &at; p.Started = nil }),
	))
	return []*jsonl.Tree{
		{PID: 4242, Command: "etorrent get 'a b' --dir \x1b[2J", Root: root},
		{PID: 7, Command: "etorrent seed x", LeftOut: 3, Root: node("client", "running")},
	}
}

func TestTreesLookAsTheyShould(t *testing.T) {
	for name, st := range map[string]screen.Style{
		"tree-pipe": {}, "tree-100": {Width: 100, Height: 40}, "tree-60-color": {Width: 60, Height: 40, Color: screen.Colored},
	} {
		golden(t, name, strings.Join(screen.Trees(trees(), st), "\n")+"\n")
	}
}

func TestTreesFitEveryTerminal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringOf(rapid.RuneFrom([]rune("abc é\x1b\n\u202e"))).Draw(t, "name")
		p := jsonl.Process{Name: name, State: name, Reason: name, LastExit: name, Strategy: name, Restarts: rapid.Int().Draw(t, "restarts")}
		root := p
		for range rapid.IntRange(0, 60).Draw(t, "children") {
			root.Children = append(root.Children, p)
		}
		st := screen.Style{Width: rapid.IntRange(11, 250).Draw(t, "width"), Height: rapid.IntRange(3, 50).Draw(t, "height")}
		lines := screen.Trees([]*jsonl.Tree{{Command: name, Root: root}}, st)
		if len(lines) >= st.Height {
			t.Fatalf("%d lines on %d", len(lines), st.Height)
		}
		for _, l := range lines {
			if utf8.RuneCountInString(l) >= st.Width || strings.ContainsAny(l, "\x1b\n\u202e") {
				t.Fatalf("%d columns of %d: %q", utf8.RuneCountInString(l), st.Width, l)
			}
		}
	})
}
