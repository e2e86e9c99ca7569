package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestUtpCatWritesATraceOfItsConnectionThatUtpTraceShows(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := utpSocket(t)
	cmd := program(t, dir, "utp", "cat", s.Addr().String(), "--trace", "t.jsonl")
	cmd.Stdin = strings.NewReader(strings.Repeat("0123456789abcdef", 100_000))
	catted := make(chan result, 1)
	go func() { catted <- finish(t, cmd) }()
	c := accept(t, s)
	if b, err := io.ReadAll(c); err != nil || len(b) != 1_600_000 {
		t.Errorf("%d bytes, %v", len(b), err)
	}
	_ = c.Close()
	if r := <-catted; r.code != 0 || r.stdout != "" || r.stderr != "" {
		t.Fatalf("%+v", r)
	}
	text := readText(t, filepath.Join(dir, "t.jsonl"))
	seen := followsTraceSchema(t, text)
	for _, event := range []string{"trace", "flow", "connected", "closed"} {
		if seen[event] != 1 {
			t.Errorf("%d lines tell of %s: %v", seen[event], event, seen)
		}
	}
	if !strings.Contains(text, `"acked":1600000,`) || !strings.Contains(text, `"reason":"finished"`) {
		t.Errorf("it does not end with what was sent:\n%s", text)
	}
	r := runProgram(t, dir, "utp", "trace", "t.jsonl", "--picture", "p.svg")
	if r.code != 0 || !strings.Contains(r.stdout, s.Addr().String()+"  ledbat++") || !strings.HasPrefix(readText(t, filepath.Join(dir, "p.svg")), "<svg ") {
		t.Errorf("%+v", r)
	}
}

func TestATraceOfUtpCatThatCannotBeWrittenIsAFaultOfTheDisk(t *testing.T) {
	t.Parallel()
	if r := runProgram(t, t.TempDir(), "utp", "cat", "--listen", "127.0.0.1:0", "--trace", "no/such"); r.code != int(exitDisk) || !strings.Contains(r.stderr, "no") || strings.Contains(r.stderr, "listening") {
		t.Errorf("%+v", r)
	}
	if r := runProgram(t, t.TempDir(), "utp", "cat", "--listen", "127.0.0.1:0", "--trace", "-"); r.code != int(exitUsage) || !strings.Contains(r.stderr, "--trace needs a file") {
		t.Errorf("%+v", r)
	}
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip(err)
	}
	s := utpSocket(t)
	cmd := program(t, t.TempDir(), "utp", "cat", s.Addr().String(), "--trace", "/dev/full")
	cmd.Stdin = strings.NewReader("question")
	catted := make(chan result, 1)
	go func() { catted <- finish(t, cmd) }()
	c := accept(t, s)
	if b, err := io.ReadAll(c); string(b) != "question" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	_, _ = io.WriteString(c, "answer")
	_ = c.Close()
	if r := <-catted; r.code != int(exitDisk) || r.stdout != "answer" || !strings.Contains(r.stderr, "/dev/full: no space left") {
		t.Errorf("%+v", r)
	}
}
