package demo

import (
	"fmt"
	"strings"

	"github.com/etorrent/etorrent/sup"
)

// drawTree draws a live tree: the branch of the torrents with every process, the
// others by how many they have.
func drawTree(s sup.Snapshot) []string {
	lines := []string{s.Root.Name}
	for i := range s.Root.Children {
		n := &s.Root.Children[i]
		if n.Name == "torrents" {
			lines = append(lines, draw(n, "  ")...)
			continue
		}
		lines = append(lines, fmt.Sprintf("  %s (%d below)", n.Name, processes(n)))
	}
	return lines
}

func draw(n *sup.Node, indent string) []string {
	line := indent + n.Name
	if n.Restarts > 0 {
		line += fmt.Sprintf("  restarts %d", n.Restarts)
	}
	if n.LastExit != nil {
		line += fmt.Sprintf(", last %v", n.LastExit)
	}
	lines := []string{line}
	for i := range n.Children {
		lines = append(lines, draw(&n.Children[i], indent+"  ")...)
	}
	return lines
}

// processes counts those below a supervisor.
func processes(n *sup.Node) int {
	if len(n.Children) == 0 {
		return 1
	}
	sum := 0
	for i := range n.Children {
		sum += processes(&n.Children[i])
	}
	return sum
}

// framesShown is how much of a stack a report shows.
const framesShown = 5

// shorten keeps of a stack the functions of this project, the innermost first, each
// with its file and line.
func shorten(stack []byte) []string {
	var out []string
	lines := strings.Split(string(stack), "\n")
	for i := 0; i+1 < len(lines) && len(out) < framesShown; i++ {
		name, _, isCall := strings.Cut(lines[i], "(0x")
		for _, arguments := range []string{"({", "(...)"} {
			if !isCall {
				name, _, isCall = strings.Cut(lines[i], arguments)
			}
		}
		if !isCall || !strings.Contains(name, "etorrent/") || strings.Contains(name, "/sup.") {
			continue
		}
		place, _, _ := strings.Cut(strings.TrimSpace(lines[i+1]), " +0x")
		out = append(out, name[strings.LastIndexByte(name, '/')+1:]+"  "+place[strings.LastIndexAny(place, `/\`)+1:])
	}
	return out
}
