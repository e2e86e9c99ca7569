package main

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/etorrent/etorrent/cmd/etorrent/internal/jsonl/schema"
)

// toldFile names a file in which a program of a test keeps what it writes for programs,
// whoever reads that.
const toldFile = "ETORRENT_TEST_TOLD"

// keepTold has a host keep it, if the command line asks for JSON.
func keepTold(h *host, args []string) {
	name, _ := h.env(toldFile)
	asked := guessedOutput(h, args)
	if name == "" || !asked.json && !asked.events {
		return
	}
	f, err := os.Create(name)
	if err != nil {
		panic(err)
	}
	h.stdout.Writer = io.MultiWriter(f, h.stdout.Writer)
}

// judgeTold compares, when a program has ended, all that it told programs with the
// schema. A line that was cut off by its end, where it was killed, is none. The last is
// the end.
func judgeTold(t *testing.T, name string, cmd *exec.Cmd) {
	b, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		t.Error(err)
	}
	promised := schema.Read(t, filepath.Join("..", "..", "docs", "events.schema.json"))
	last := ""
	for line := range strings.Lines(string(b)) {
		var o map[string]any
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			if strings.HasSuffix(line, "\n") {
				t.Errorf("%v: %q: %v", cmd.Args[1:], line, err)
			}
			return
		}
		if last == "end" {
			t.Errorf("%v: after the end: %s", cmd.Args[1:], line)
		}
		if faults := promised.Faults(o); len(faults) > 0 {
			t.Errorf("%v: %s%s", cmd.Args[1:], line, strings.Join(faults, "\n"))
		}
		last, _ = o["event"].(string)
	}
	if cmd.ProcessState.Exited() && cmd.ProcessState.ExitCode() != int(exitInterrupted) && last != "end" {
		t.Errorf("%v: exit %d, and the last was %q", cmd.Args[1:], cmd.ProcessState.ExitCode(), last)
	}
}
