package main

import (
	"context"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"golang.org/x/term"

	"github.com/etorrent/etorrent/sup"
)

// watch takes the signals while a command runs.
type watch struct {
	host      *host
	interrupt context.CancelCauseFunc
	hangups   <-chan chan<- os.Signal
	told      chan<- os.Signal // who hears of hangups; nil: they end the program
	rule      hangupRule
	stopping  stopState
}

// hangupRule says what becomes of a hangup that nobody wants to hear of.
type hangupRule uint8

const (
	hangupIgnored hangupRule = iota
	hangupStops
)

// stopState says whether the program was told to stop.
type stopState uint8

const (
	goingOn stopState = iota
	toldToStop
)

// watchSignals stops the command in order at the first signal and ends the program
// at the second. A hangup stops it too, but where somebody wants to hear of hangups
// and the terminal is still there; a terminal that closes sends more than one, which
// hurry nothing. Where hangups were ignored before the program began (nohup(1)), they
// stop nothing.
func watchSignals(p *sup.Process, h *host, w *watch) {
	w.host = h
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if len(hangups) > 0 && !signal.Ignored(hangups[0]) {
		w.rule = hangupStops
		signal.Notify(signals, hangups...)
	}
	p.Go("signals", func() error {
		defer h.release(signals)
		for {
			select {
			case got := <-signals:
				if slices.Contains(hangups, got) {
					w.hangup(got)
				} else {
					w.stop(got)
				}
			case w.told = <-w.hangups:
				signal.Notify(signals, hangups...)
			case <-p.Stopping():
				return nil
			}
		}
	})
}

// stop stops the command, and at the second time the program.
func (w *watch) stop(got os.Signal) {
	stop := &interruption{signal: got}
	if w.stopping == toldToStop {
		w.host.abort(int(stop.code()))
	}
	w.stopping = toldToStop
	w.interrupt(stop)
}

// hangup tells whoever wants to hear of it, or stops the command.
func (w *watch) hangup(got os.Signal) {
	closed := w.rule == hangupStops && w.host.terminal() == terminalClosed
	switch {
	case w.told != nil && !closed:
		select {
		case w.told <- got:
		default: // one is on its way
		}
	case w.rule == hangupStops && w.stopping == goingOn:
		w.stop(got)
	}
}

// terminalState says what became of the terminal that the program was started on.
type terminalState uint8

const (
	terminalThere terminalState = iota // or there was none
	terminalClosed
)

// terminalOf looks at terminals now and returns how to look at them later.
func terminalOf(files ...*os.File) func() terminalState {
	var on []int
	for _, f := range files {
		if fd := int(f.Fd()); term.IsTerminal(fd) {
			on = append(on, fd)
		}
	}
	return func() terminalState {
		for _, fd := range on {
			if !term.IsTerminal(fd) {
				return terminalClosed
			}
		}
		return terminalThere
	}
}

// outliveReaders has a write fail that nobody reads, where it would have ended the
// program: what is fetched and shared is the point, not what is told of it. Programs
// that are started have the signal as it was.
func outliveReaders() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }
