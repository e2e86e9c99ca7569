package torrent

import (
	"slices"
	"sync"

	coreannounce "github.com/etorrent/etorrent/internal/core/announce"
	"github.com/etorrent/etorrent/internal/core/book"
	"github.com/etorrent/etorrent/sup"
)

// inlet is where others leave what is for control. While no control process is
// there, since it restarts or the torrent rests, connections are closed rather
// than kept for it. It is a passive leaf: its lock guards a state and a list.
type inlet struct {
	box   *sup.Mailbox[toControl] // bounded by connections and dials, and ten times a second one shed
	taken sup.Taken[toControl]    // out of it and not handled yet; control's

	mu    sync.Mutex
	state inletState
	named named // for the next control process too
}

type inletState uint8

const (
	inletClosed inletState = iota
	inletOpen
)

func newInlet(n named) *inlet {
	return &inlet{box: sup.NewMailbox[toControl](), named: n.clone()}
}

// Put leaves an input for the control process that is there now.
func (i *inlet) Put(in toControl) {
	if i.offer(in) == inletClosed {
		in.discard()
	}
}

func (i *inlet) offer(in toControl) inletState {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.state == inletOpen {
		i.box.Put(in)
	}
	return i.state
}

// name remembers endpoints that a person named, and tells control.
func (i *inlet) name(n named) {
	i.mu.Lock()
	i.named.addrs = addNew(i.named.addrs, n.addrs, book.Bound)
	i.named.names = addNew(i.named.names, n.names, book.Bound)
	i.named.trackers = addTrackers(i.named.trackers, n.trackers)
	i.mu.Unlock()
	n = n.clone()
	i.Put(toControl{named: &n})
}

// addNew adds those that are new, up to a bound.
func addNew[T comparable](to, from []T, bound int) []T {
	for _, x := range from {
		if len(to) < bound && !slices.Contains(to, x) {
			to = append(to, x)
		}
	}
	return to
}

// addTrackers adds trackers up to as many as are used. One may be there twice: which
// counts depends on its tier.
func addTrackers(to, from []Tracker) []Tracker {
	return append(to, from[:max(0, min(len(from), coreannounce.MaxTrackers-len(to)))]...)
}

func (n named) clone() named {
	return named{addrs: slices.Clone(n.addrs), names: slices.Clone(n.names), trackers: slices.Clone(n.trackers)}
}

// added are the trackers that a person named.
func (i *inlet) added() []Tracker {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Clone(i.named.trackers)
}

// open begins the time of a control process and returns the endpoints that it
// should know.
func (i *inlet) open() named {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.state = inletOpen
	return i.named.clone()
}

// allNamed are the endpoints that a person named.
func (i *inlet) allNamed() named {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.named.clone()
}

// close ends the time of a control process. What it did not handle is discarded.
func (i *inlet) close() {
	i.mu.Lock()
	i.state = inletClosed
	i.mu.Unlock()
	for i.taken.Take(i.box); i.taken.Left() > 0; {
		i.taken.Next().discard()
	}
}

// discard closes the connection that an input may bring.
func (in toControl) discard() {
	switch {
	case in.incoming != nil:
		_ = in.incoming.conn.Close()
	case in.progress != nil && in.progress.result != nil && in.progress.result.Conn != nil:
		_ = in.progress.result.Conn.Close()
	}
}
