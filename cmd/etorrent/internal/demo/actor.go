package demo

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/etorrent/etorrent"
)

// actor is one engine of the swarm, or the child program, which has no client here.
type actor struct {
	name    string
	role    role
	dir     string
	client  *etorrent.Client
	torrent *etorrent.Torrent
	at      netip.AddrPort
	stats   etorrent.Stats
	past    history
	// down and up are the rates that the child tells of.
	down, up int64
}

// role says what an actor is there for.
type role uint8

const (
	seeder role = iota
	leecher
	liar
)

// casting is who joins a swarm.
type casting struct {
	name string
	role role
	dir  string // of its copy; empty: one of its own
	// options say what is special of the engine.
	options etorrent.Options
	add     []etorrent.AddOption
}

// swarm are the actors of one act.
type swarm struct {
	d      *director
	dir    string
	actors []*actor
	heard  chan heard
	ctx    context.Context // of the act
	end    context.CancelFunc
}

// heard is what an actor tells: an event of an engine, or an object of the child.
type heard struct {
	by    *actor
	event etorrent.Event // nil: told
	told  *told
}

// swarm opens an act, which is over when ctx ends or close is called.
func (d *director) swarm(ctx context.Context, name string) *swarm {
	ctx, end := context.WithCancel(ctx)
	return &swarm{d: d, dir: filepath.Join(d.dir, name), heard: make(chan heard), ctx: ctx, end: end}
}

// loopback has the addresses of those who are not banned with the liar: a ban is of
// an address. Where the first one of the liar cannot be listened on, the next is
// tried.
var (
	loopback     = []string{"127.0.0.1:0"}
	liarLoopback = []string{"127.0.0.2:0", "[::1]:0"}
)

const (
	// tryWithin is how long to wait for a listener where there is another address, and
	// listenWithin where there is none.
	tryWithin    = 2 * time.Second
	listenWithin = 10 * time.Second
)

// ListenError says that an engine cannot accept connections.
type ListenError struct{ Err error }

// Error tells why.
func (e *ListenError) Error() string { return "cannot listen: " + e.Err.Error() }

// Unwrap returns the reason.
func (e *ListenError) Unwrap() error { return e.Err }

// join starts an engine, which knows those who joined before it.
func (w *swarm) join(c casting) (*actor, error) {
	a := &actor{name: c.name, role: c.role, dir: c.dir}
	if a.dir == "" {
		a.dir = filepath.Join(w.dir, c.name)
	}
	if err := os.MkdirAll(a.dir, 0o777); err != nil {
		return nil, err
	}
	at := loopback
	if c.role == liar {
		at = liarLoopback
	}
	if err := w.start(a, c.options, at); err != nil {
		return nil, fmt.Errorf("%s: %w", c.name, err)
	}
	add := c.add
	if c.role == leecher {
		add = append(add, etorrent.WithPeers(w.known()...))
	} else {
		add = append(add, etorrent.ShareOnly())
	}
	w.actors = append(w.actors, a)
	t, err := a.client.Add(w.ctx, etorrent.FromMetainfo(w.d.material.meta), add...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.name, err)
	}
	a.torrent = t
	if err := t.Wait(w.ctx, etorrent.FilesOpen); err != nil {
		return nil, fmt.Errorf("%s: %w", c.name, err)
	}
	w.listenTo(a)
	return a, nil
}

// start starts the client of an actor at the first address that it can have.
func (w *swarm) start(a *actor, o etorrent.Options, at []string) error {
	o.Dir, o.RandomSeed = a.dir, w.d.RandomSeed+uint64(len(w.actors))+1
	failed := errors.New("no address")
	for i, address := range at {
		o.Listen = []string{address}
		client, err := etorrent.New(w.ctx, o)
		if err != nil {
			return err
		}
		within := tryWithin
		if i == len(at)-1 {
			within = listenWithin
		}
		ctx, cancel := context.WithTimeout(w.ctx, within)
		addrs, err := client.Listening(ctx)
		cancel()
		if err == nil && len(addrs) > 0 {
			a.client, a.at = client, addrs[0]
			return nil
		}
		_ = client.Close()
		if w.ctx.Err() != nil {
			return context.Cause(w.ctx)
		}
		if err != nil {
			failed = err
		}
	}
	return &ListenError{Err: failed}
}

// known are the endpoints of those who joined.
func (w *swarm) known() []netip.AddrPort {
	var all []netip.AddrPort
	for _, a := range w.actors {
		all = append(all, a.at)
	}
	return all
}

// listenTo hands the events of an actor over until the act is over.
func (w *swarm) listenTo(a *actor) {
	w.d.p.Go("events of "+a.name, func() error {
		for e, err := range a.client.Events(w.ctx, 0) {
			if err != nil {
				continue // only the verdicts know what was missed
			}
			select {
			case w.heard <- heard{by: a, event: e}:
			case <-w.ctx.Done():
				return nil
			}
		}
		return nil
	})
}

// stopWithin bounds the clean stop of one engine.
const stopWithin = 5 * time.Second

// close ends the act: engines stop, and copies are hashed and removed.
func (w *swarm) close(err error) error {
	w.end()
	for _, a := range w.actors {
		if a.client == nil {
			continue
		}
		ctx, cancel := context.WithTimeout(context.Background(), stopWithin)
		if err != nil || a.client.Shutdown(ctx) != nil {
			_ = a.client.Close()
		}
		cancel()
	}
	if err == nil {
		err = w.keepSums()
	}
	if gone := os.RemoveAll(w.dir); err == nil {
		err = gone
	}
	return err
}

// keepSums hashes the copies of those who finished.
func (w *swarm) keepSums() error {
	for _, a := range w.leechers() {
		if !a.finished() {
			continue
		}
		c, err := sumOf(a.name+" of "+filepath.Base(w.dir), a.dir)
		if err != nil {
			return err
		}
		w.d.copies = append(w.d.copies, c)
	}
	return nil
}

func (w *swarm) leechers() []*actor {
	var out []*actor
	for _, a := range w.actors {
		if a.role == leecher {
			out = append(out, a)
		}
	}
	return out
}

// finishedLeechers counts those that have all.
func (w *swarm) finishedLeechers() int {
	n := 0
	for _, a := range w.leechers() {
		if a.finished() {
			n++
		}
	}
	return n
}

func (a *actor) finished() bool { return a.stats.Wanted > 0 && a.stats.Stored == a.stats.Wanted }
