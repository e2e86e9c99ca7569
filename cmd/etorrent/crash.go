package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/sup"
)

// crash is what a crash report holds.
type crash struct {
	path, kind, exit, last string
	restarts               int
	stack                  []byte
}

// crashOf is the crash of the program's own process.
func crashOf(r sup.Report) crash {
	c := crash{path: r.Path, kind: r.Kind, exit: r.Exit.String(), last: r.LastMessage, restarts: r.Restarts}
	if p, panicked := r.Exit.(sup.Panicked); panicked {
		c.stack = p.Stack
	}
	return c
}

// crashOfEvent is a crash that the engine contained.
func crashOfEvent(e etorrent.CrashedEvent) crash {
	return crash{path: e.Path, kind: e.Kind, exit: e.Err, last: e.LastMessage, restarts: e.Restarts, stack: e.Stack}
}

// lastCrash is the process that crashed last in an engine that is down.
func lastCrash(c *etorrent.Client) (last crash) {
	for e, err := range c.Events(context.Background(), 0) {
		if crashed, is := e.(etorrent.CrashedEvent); is && err == nil && crashed.Scope == etorrent.CrashOfProcess {
			last = crashOfEvent(crashed)
		}
	}
	return last
}

// writeCrash writes a report below the state folder and returns its path. A crash
// at the same place replaces the report of the last one, so that remotes who can
// cause a crash cannot fill the disk.
func writeCrash(state string, c crash, now time.Time) (string, error) {
	if err := judgeState(state); err != nil {
		return "", err
	}
	folder := filepath.Join(state, "crashes")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", err
	}
	place := sup.Panicked{Stack: c.stack}.Fingerprint()
	path := filepath.Join(folder, fmt.Sprintf("%s-%016x.txt", fileWord(c.kind), place))
	report := fmt.Sprintf("etorrent %s\ntime %s\nchild %s (%s)\nreason %s\nlast message %s\nrestarts %d\n\n%s\n",
		etorrent.Version, now.UTC().Format(time.RFC3339), c.path, c.kind, c.exit, c.last, c.restarts, c.stack)
	return path, replaceFile(path, report)
}

// replaceFile writes a file as a whole: a reader sees the old one or the new.
func replaceFile(path, text string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".report-*")
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// fileWord keeps of a word what every file system takes in a name.
func fileWord(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(s))
}

// whereReport tells people of a report.
func whereReport(path string, err error) string {
	if err != nil {
		return "its report could not be written: " + err.Error()
	}
	return "report: " + path
}
