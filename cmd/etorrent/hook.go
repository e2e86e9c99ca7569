package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/etorrent/etorrent/cmd/etorrent/internal/jsonl"
	"github.com/etorrent/etorrent/internal/vocab/text"
)

const (
	// hookBytes is how much of what a command writes is kept.
	hookBytes = 4 << 10
	// hookWait is how long what a command started may keep its output open once it
	// has ended.
	hookWait = time.Second
)

// hooks are the commands of --on-complete that run.
type hooks struct {
	command commandValue // none: nothing is run
	running int
	ended   chan hookEnd
}

// hookEnd is how a command ended.
type hookEnd struct {
	of  *tracked
	out []byte // the first of what it wrote
	err error
}

// runHook runs the command for a torrent that is stored.
func (c *conductor) runHook(t *tracked) {
	words := c.hooks.command.words
	if len(words) == 0 {
		return
	}
	cmd := exec.CommandContext(c.s.ctx, words[0], words[1:]...)
	cmd.Env = append(os.Environ(), "ETORRENT_NAME="+t.name(), "ETORRENT_PATH="+t.path(), "ETORRENT_INFO_HASH="+t.infoHash())
	cmd.WaitDelay = hookWait
	out := &headWriter{}
	cmd.Stdout, cmd.Stderr = out, out
	c.hooks.running++
	c.s.p.Go("on-complete", func() error {
		err := cmd.Run()
		select {
		case c.hooks.ended <- hookEnd{t, out.head.Bytes(), err}:
		case <-c.s.p.Stopping():
		}
		return nil
	})
}

// hookEnded tells people what a command wrote, and all that it failed.
func (c *conductor) hookEnded(e hookEnd) {
	c.hooks.running--
	name := text.Printable(e.of.name())
	for line := range strings.Lines(string(e.out)) {
		c.s.out.people.note("%s: --on-complete: %s", name, text.Printable(strings.TrimRight(line, "\r\n")))
	}
	if e.err != nil && context.Cause(c.s.ctx) == nil {
		head := jsonl.Head{Torrent: e.of.infoHash()}
		c.s.out.warn(&jsonl.Warning{Head: head, Message: fmt.Sprintf("%s is stored, but its --on-complete failed: %v", name, e.err)})
	}
}

// headWriter keeps the first bytes that are written.
type headWriter struct{ head bytes.Buffer }

// Write takes all and keeps what there is room for.
func (w *headWriter) Write(p []byte) (int, error) {
	w.head.Write(p[:min(len(p), hookBytes-w.head.Len())])
	return len(p), nil
}

// commandValue is a program and its arguments.
type commandValue struct {
	text  string
	words []string
}

func (v *commandValue) String() string { return v.text }
func (v *commandValue) Type() string   { return "COMMAND" }
func (v *commandValue) Set(s string) error {
	words, err := splitWords(s)
	if err != nil {
		return err
	}
	if len(words) == 0 {
		return fmt.Errorf("%q is no command", s)
	}
	if _, err := exec.LookPath(words[0]); err != nil {
		return fmt.Errorf("there is no program %q to run", words[0])
	}
	*v = commandValue{s, words}
	return nil
}

// splitWords parts words at spaces that do not stand in quotes of either kind. No
// other sign means anything.
func splitWords(s string) ([]string, error) {
	var words []string
	var word strings.Builder
	quote, begun := rune(0), false
	for _, r := range s {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '\'' || r == '"'):
			quote, begun = r, true
		case quote == 0 && (r == ' ' || r == '\t' || r == '\n'):
			if begun {
				words = append(words, word.String())
				word.Reset()
			}
			begun = false
		default:
			word.WriteRune(r)
			begun = true
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("a quote (%c) is not closed", quote)
	}
	if begun {
		words = append(words, word.String())
	}
	return words, nil
}
