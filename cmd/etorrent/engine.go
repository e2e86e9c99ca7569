package main

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/cmd/etorrent/internal/control"
	"github.com/etorrent/etorrent/cmd/etorrent/internal/jsonl"
	"github.com/etorrent/etorrent/sqlitestate"
)

const (
	// listenWithin is how long to wait for a listening address before giving up.
	listenWithin = 5 * time.Second
	// stopWithin bounds a clean stop: writing and syncing what is under way.
	stopWithin = 30 * time.Second
)

// engine is a client that listens.
type engine struct {
	s      *session
	client *etorrent.Client
	state  string
	again  seedAgain
	addrs  []netip.AddrPort
	// filters are the address filter, each time that it was read again; nil: never
	filters <-chan filterRead
	control *control.Server // tells ps of the processes; nil: nobody does
}

// startEngine opens the state and starts a client, and tells where it listens.
func startEngine(s *session, f *engineFlags) (*engine, error) {
	outliveReaders()
	filters := rereadAtHangups(s, f.ipFilter)
	filter, err := readFilter(f.ipFilter)
	if err != nil {
		return nil, err
	}
	if filter != nil {
		s.out.people.note("%s", filteredWords(filter))
	}
	state, err := sqlitestate.Open(f.state)
	if err != nil {
		return nil, failed(exitDisk, "%w", err)
	}
	options := f.options(state, filter)
	options.Hook = s.host.hook
	client, err := etorrent.New(s.ctx, options)
	if err != nil {
		return nil, errors.Join(err, state.Close())
	}
	e := &engine{s: s, client: client, state: f.state, again: f.seedAgain(), filters: filters}
	e.openControl()
	if err := e.listen(f); err != nil {
		return nil, errors.Join(err, e.stop())
	}
	return e, nil
}

func (e *engine) listen(f *engineFlags) error {
	ctx, cancel := context.WithTimeout(e.s.ctx, listenWithin)
	defer cancel()
	addrs, err := e.client.Listening(ctx)
	if stopped := context.Cause(e.s.ctx); stopped != nil {
		return stopped
	}
	if crash := e.client.Err(); crash != nil {
		return e.gaveUp(crash, lastCrash(e.client))
	}
	if err != nil || len(addrs) == 0 {
		return failed(exitListen, "cannot listen on %s: %w", f.listenWords(), withoutTimeout(err))
	}
	e.addrs = addrs
	e.s.out.tell(&jsonl.Listening{Addresses: texts(addrs)})
	e.s.out.people.note("listening on %s", strings.Join(texts(addrs), ", "))
	if port := f.listen.port(); port != 0 && addrs[0].Port() != port {
		e.s.out.warn(&jsonl.Warning{Message: "port " + portText(port) + " is taken; listening on port " + portText(addrs[0].Port())})
	}
	return nil
}

// gaveUp reports that the engine could not be kept alive. last is what crashed last.
func (e *engine) gaveUp(err error, last crash) error {
	last.exit = err.Error()
	path, reportErr := writeCrash(e.state, last, e.s.host.now())
	e.s.out.fail(&jsonl.Error{Message: err.Error() + "; " + whereReport(path, reportErr), Report: path})
	return &failure{code: exitBug, err: err, told: told}
}

// withoutTimeout takes our own deadline out of a joined error, which leaves the
// system's reason.
func withoutTimeout(err error) error {
	joined, is := err.(interface{ Unwrap() []error })
	if !is {
		return err
	}
	for _, part := range joined.Unwrap() {
		if !errors.Is(part, context.DeadlineExceeded) {
			return part
		}
	}
	return err
}

// stop stops the client, at most for a while, also after an interruption.
func (e *engine) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopWithin)
	defer cancel()
	defer e.closeControl()
	return e.client.Shutdown(ctx)
}

func texts(addrs []netip.AddrPort) []string {
	out := []string{}
	for _, a := range addrs {
		out = append(out, a.String())
	}
	return out
}
