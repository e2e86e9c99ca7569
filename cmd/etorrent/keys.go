package main

import (
	"context"
	"errors"
	"io"
	"os"

	"golang.org/x/term"
)

// interruptKey is what a terminal that is read key by key gives for Ctrl-C (ETX).
const interruptKey = 0x03

// keys waits for keys on standard input.
type keys struct{ s *session }

func newKeys(s *session) *keys { return &keys{s: s} }

// await waits for one key, or the end of the input.
func (k *keys) await(ctx context.Context) error {
	k.s.out.people.note("  (a key goes on)")
	if f, is := k.s.host.stdin.(*os.File); is && term.IsTerminal(int(f.Fd())) {
		if before, err := term.MakeRaw(int(f.Fd())); err == nil {
			defer func() { _ = term.Restore(int(f.Fd()), before) }() // it was so before
		}
	}
	pressed := make(chan error, 1)
	k.s.p.Go("key", func() error {
		var b [1]byte
		_, err := k.s.host.stdin.Read(b[:])
		if err == nil && b[0] == interruptKey {
			err = &interruption{signal: os.Interrupt}
		}
		pressed <- err
		return nil
	})
	select {
	case <-ctx.Done():
		return causeOf(ctx)
	case err := <-pressed:
		if errors.Is(err, io.EOF) {
			return nil
		}
		return err
	}
}
