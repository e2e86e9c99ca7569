package main

import (
	"testing"
	"time"

	"github.com/etorrent/etorrent/cmd/etorrent/internal/jsonl"
)

// withCells is a tree with a process that has cells of some names.
func withCells(started time.Time, last *jsonl.CellDeath, names ...string) jsonl.Process {
	cells := &jsonl.Cells{Alive: len(names), LastDeath: last}
	for _, n := range names {
		cells.Oldest = append(cells.Oldest, jsonl.Cell{Name: n, Kind: "conn", Path: "client/udp/" + n, State: "running", Started: started})
	}
	return jsonl.Process{Name: "client", Path: "client", Children: []jsonl.Process{
		{Name: "udp", Kind: "udp", Path: "client/udp", Cells: cells}, {Name: "other", Path: "client/other"},
	}}
}

func TestACellIsATargetUntilItIsGone(t *testing.T) {
	began := time.Unix(7, 0)
	all := appendTargets(nil, target{pid: 7, process: withCells(began, nil, "conn[1]", "conn[2]")})
	cell, err := choose(all, "udp/conn[2]")
	if err != nil || cell.sort != aCell || cell.process.Path != "client/udp/conn[2]" {
		t.Fatalf("%v: %+v", err, cell)
	}
	if process, err := choose(all, "udp"); err != nil || process.sort != aProcess {
		t.Errorf("%v: %+v", err, process)
	}
	death := &jsonl.CellDeath{Path: "client/udp/conn[2]", Exit: "failed: killed"}
	for name, x := range map[string]struct {
		root jsonl.Process
		want jsonl.Killed
		end  finality
		fate string
	}{
		"still there":     {withCells(began, nil, "conn[1]", "conn[2]"), jsonl.Killed{Outcome: "ending"}, open, "killed, and not down after 3 ms"},
		"gone":            {withCells(began, death, "conn[1]"), jsonl.Killed{Outcome: "gone", LastExit: "failed: killed"}, settled, "killed, and gone after 3 ms"},
		"followed by one": {withCells(began.Add(1), death, "conn[2]"), jsonl.Killed{Outcome: "gone", LastExit: "failed: killed"}, settled, "killed, and gone after 3 ms"},
		"with its owner":  {jsonl.Process{Path: "client"}, jsonl.Killed{Outcome: "gone"}, settled, "killed, and gone after 3 ms"},
	} {
		t.Run(name, func(t *testing.T) {
			told := jsonl.Killed{After: 3}
			end := cell.view(&x.root, &told)
			x.want.After = 3
			if told != x.want || end != x.end || fateOf(aCell, &told) != x.fate {
				t.Errorf("%+v, %v, %s", told, end, fateOf(aCell, &told))
			}
		})
	}
}
