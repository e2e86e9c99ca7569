package torrent

import (
	"net/netip"
	"slices"
	"sync"

	"github.com/etorrent/etorrent/internal/core/book"
	"github.com/etorrent/etorrent/sup"
)

// inlet is where others leave what is for control. While no control process is
// there, since it restarts or the torrent rests, connections are closed rather
// than kept for it. It is a passive leaf: its lock guards a state and a list.
type inlet struct {
	box   *sup.Mailbox[toControl] // bounded by connections and dials
	taken []toControl             // out of it and not handled yet; control's

	mu    sync.Mutex
	state inletState
	named []netip.AddrPort // by a person, for the next control process too
}

type inletState uint8

const (
	inletClosed inletState = iota
	inletOpen
)

func newInlet(named []netip.AddrPort) *inlet {
	return &inlet{box: sup.NewMailbox[toControl](), named: slices.Clone(named)}
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
func (i *inlet) name(to []netip.AddrPort) {
	i.mu.Lock()
	for _, a := range to {
		if len(i.named) < book.Bound && !slices.Contains(i.named, a) {
			i.named = append(i.named, a)
		}
	}
	i.mu.Unlock()
	i.Put(toControl{named: to})
}

// open begins the time of a control process and returns the endpoints that it
// should know.
func (i *inlet) open() []netip.AddrPort {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.state = inletOpen
	return slices.Clone(i.named)
}

// take takes what was left, and next takes the first of it to be handled.
func (i *inlet) take() { i.taken = i.box.Take(i.taken) }

func (i *inlet) next() toControl {
	in := i.taken[0]
	i.taken = i.taken[1:]
	return in
}

// close ends the time of a control process. What it did not handle is discarded.
func (i *inlet) close() {
	i.mu.Lock()
	i.state = inletClosed
	i.mu.Unlock()
	for _, in := range append(i.taken, i.box.Take(nil)...) {
		in.discard()
	}
	i.taken = nil
}

// discard closes the connection that an input may bring.
func (in toControl) discard() {
	switch {
	case in.incoming != nil:
		_ = in.incoming.conn.Close()
	case in.dialled != nil && in.dialled.Conn != nil:
		_ = in.dialled.Conn.Close()
	}
}
