package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/sup"
)

// session is one command line while it runs.
type session struct {
	host *host
	p    *sup.Process
	ctx  context.Context // ends with an *interruption as its cause
	out  *output
	// network is what sources are fetched over; nil: the host's
	network etorrent.Network
}

// execute runs a command line, says how it failed, and returns the exit code.
func execute(p *sup.Process, h *host, args []string) exitCode {
	ctx, interrupt := context.WithCancelCause(p.Context())
	defer interrupt(nil)
	watchSignals(p, h, interrupt)
	// Until the flags are read this is the best guess of where errors belong.
	guess := outputFlags{json: slices.Contains(args, "--json"), events: slices.Contains(args, "--events")}
	s := &session{host: h, p: p, ctx: ctx, out: newOutput(h, guess)}
	root := newRoot(s)
	root.SetArgs(withDefaultCommand(root, args))
	root.SetIn(h.stdin)
	root.SetOut(h.stdout)
	root.SetErr(h.stderr)
	err := root.ExecuteContext(ctx)
	if cause := context.Cause(ctx); errors.Is(err, context.Canceled) && cause != nil {
		err = cause
	}
	code := codeOf(err)
	s.out.close(err, code)
	return code
}

// watchSignals interrupts at the first signal and ends the program at the
// second.
func watchSignals(p *sup.Process, h *host, interrupt context.CancelCauseFunc) {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	p.Go("signals", func() error {
		defer h.release(signals)
		for first := true; ; first = false {
			select {
			case got := <-signals:
				stop := &interruption{signal: got}
				if !first {
					h.abort(int(stop.code()))
				}
				interrupt(stop)
			case <-p.Stopping():
				return nil
			}
		}
	})
}
