package client

import (
	"errors"
	"log/slog"
	"sync"

	"github.com/etorrent/etorrent/internal/leaf/ring"
	"github.com/etorrent/etorrent/internal/vocab/event"
	"github.com/etorrent/etorrent/sup"
)

// stacksKept bounds how many different stacks are told apart: remotes may cause
// crashes.
const stacksKept = 256

// crashLog turns reports of abnormal exits into events. Each stack is told
// once. It is a passive leaf: its lock guards a set.
type crashLog struct {
	c      *Client
	logger *slog.Logger
	mu     sync.Mutex
	seen   map[uint64]struct{}
}

func newCrashLog(c *Client, l *slog.Logger) *crashLog {
	if l == nil {
		l = slog.New(slog.DiscardHandler)
	}
	return &crashLog{c: c, logger: l, seen: map[uint64]struct{}{}}
}

// observe is told of every abnormal exit. That what is to be started runs
// already is none: a restarted roster finds out so.
func (l *crashLog) observe(r sup.Report) {
	if failed, is := r.Exit.(sup.StartFailed); is && errors.Is(failed.Err, sup.ErrNameTaken) {
		return
	}
	crashed := event.Crashed{
		Path: r.Path, Kind: r.Kind, Err: r.Exit.String(),
		LastMessage: r.LastMessage, Restarts: r.Restarts,
	}
	if p, ok := r.Exit.(sup.Panicked); ok && l.isNew(p) {
		crashed.Stack = p.Stack
		l.logger.Error("process crashed", "path", r.Path, "exit", r.Exit.String(), "last", r.LastMessage, "stack", string(p.Stack))
	}
	at := l.c.clock.Wall()
	l.c.events.Append(func(rev ring.Revision) event.Event {
		crashed.Head = event.Head{At: at, Revision: event.Revision(rev)}
		return crashed
	})
}

// isNew says whether a stack is told for the first time.
func (l *crashLog) isNew(p sup.Panicked) bool {
	place := p.Fingerprint()
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, known := l.seen[place]; known || len(l.seen) >= stacksKept {
		return false
	}
	l.seen[place] = struct{}{}
	return true
}
