package demo

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"os/exec"
	"strconv"
)

// told is one object that the child program prints. docs/events.schema.json has
// them; those of other fields are left out.
type told struct {
	Event     string   `json:"event"`
	Addresses []string `json:"addresses"` // of listening
	Claimed   string   `json:"claimed"`   // of added, in hex
	Pieces    int      `json:"pieces"`
	Index     int      `json:"index"` // of piece
	State     string   `json:"state"`
	Status    string   `json:"status"` // of progress
	Wanted    int64    `json:"wanted"`
	Stored    int64    `json:"stored"`
	Down      int64    `json:"down"`
	Up        int64    `json:"up"`
	Peers     int      `json:"peers"`
	Known     int      `json:"known"`
	Durable   int      `json:"durable"`
	Message   string   `json:"message"` // of warning and error

	run  int  // which start of the child told it
	gone bool // the run is over
	exit int
}

// longestLine bounds a line of the child: a bitfield in hex is the longest.
const longestLine = 16 << 20

// run is one run of the child program.
type run struct {
	number int
	cmd    *exec.Cmd
	over   chan struct{} // closed when it was waited for
}

// startRun starts the child, and has what it tells handed over until the act is over.
func (w *swarm) startRun(ctx context.Context, a *actor, number int) (*run, error) {
	d := w.d
	args := []string{
		"get", d.material.torrent, "--dir", a.dir, "--state", a.dir + ".state", "--listen", loopback[0], "--no-trackers",
		"--events", "--down", strconv.FormatInt(d.Rate, 10),
	}
	for _, peer := range w.known() {
		if peer.IsValid() {
			args = append(args, "--peer", peer.String())
		}
	}
	r := &run{number: number, cmd: exec.CommandContext(ctx, d.Program, args...), over: make(chan struct{})}
	r.cmd.Env = d.Environ
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := r.cmd.Start(); err != nil {
		return nil, err
	}
	d.p.Go("child", func() error {
		defer close(r.over)
		lines := bufio.NewScanner(out)
		lines.Buffer(nil, longestLine)
		for lines.Scan() {
			t := &told{run: number}
			if json.Unmarshal(bytes.TrimSpace(lines.Bytes()), t) == nil {
				w.hand(heard{by: a, told: t})
			}
		}
		_ = r.cmd.Wait() // the exit code says it
		w.hand(heard{by: a, told: &told{run: number, gone: true, exit: r.cmd.ProcessState.ExitCode()}})
		return nil
	})
	return r, nil
}

// hand gives something to the act, unless that is over.
func (w *swarm) hand(h heard) {
	select {
	case w.heard <- h:
	case <-w.ctx.Done():
	}
}
