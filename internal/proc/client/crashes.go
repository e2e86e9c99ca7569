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
// once. It is a passive leaf: its lock guards counts.
type crashLog struct {
	c      *Client
	logger *slog.Logger
	mu     sync.Mutex
	seen   map[uint64]int // panics by their place
	others int            // at places beyond stacksKept
}

func newCrashLog(c *Client, l *slog.Logger) *crashLog {
	if l == nil {
		l = slog.New(slog.DiscardHandler)
	}
	return &crashLog{c: c, logger: l, seen: map[uint64]int{}}
}

// observe is told of every abnormal exit. That what is to be started runs
// already is none: a restarted roster finds out so.
func (l *crashLog) observe(r sup.Report) {
	if failed, is := r.Exit.(sup.StartFailed); is && errors.Is(failed.Err, sup.ErrNameTaken) {
		return
	}
	crashed := event.Crashed{
		Scope: scopeOf(r.Scope), Path: r.Path, Kind: r.Kind, Err: r.Exit.String(),
		LastMessage: r.LastMessage, Restarts: r.Restarts,
	}
	if p, ok := r.Exit.(sup.Panicked); ok {
		times, place := l.count(p)
		crashed.Times = times
		if r.Scope == sup.OfCell && rare(times) == tooOften {
			return
		}
		if place == toldApart && times == 1 {
			crashed.Stack = p.Stack
			l.logger.Error("crashed", "scope", crashed.Scope.String(), "path", r.Path, "exit", r.Exit.String(), "last", r.LastMessage, "stack", string(p.Stack))
		}
	}
	at := l.c.clock.Wall()
	l.c.events.Append(func(rev ring.Revision) event.Event {
		crashed.Head = event.Head{At: at, Revision: event.Revision(rev)}
		return crashed
	})
}

func scopeOf(s sup.Scope) event.CrashScope {
	switch s {
	case sup.OfCell:
		return event.CrashOfCell
	case sup.OfProcess:
	}
	return event.CrashOfProcess
}

// place says whether a panic's place is one of those that are told apart.
type place uint8

const (
	toldApart place = iota
	amongOthers
)

// count is how often a panic was seen at its place, this one included.
func (l *crashLog) count(p sup.Panicked) (int, place) {
	at := p.Fingerprint()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.seen[at] == 0 && len(l.seen) >= stacksKept {
		l.others++
		return l.others, amongOthers
	}
	l.seen[at]++
	return l.seen[at], toldApart
}

// frequency says whether the death of a cell is told of.
type frequency uint8

const (
	seldom frequency = iota
	tooOften
)

// rare is what has happened once, twice, four times and so on: nothing restarts cells,
// so that no intensity bounds how often they die, and what is told stays few.
func rare(times int) frequency {
	if times&(times-1) == 0 {
		return seldom
	}
	return tooOften
}
