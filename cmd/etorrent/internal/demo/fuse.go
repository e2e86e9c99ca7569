package demo

import "github.com/etorrent/etorrent/sup"

// fuse makes processes of one engine panic. A token in a channel is one panic of a
// process of its kind, at the next message that it takes.
type fuse struct{ peers, torrent chan struct{} }

// mostBlown bounds the tokens of one blow.
const mostBlown = 8

func newFuse() *fuse {
	return &fuse{peers: make(chan struct{}, mostBlown), torrent: make(chan struct{}, mostBlown)}
}

// blow lights n panics.
func blow(tokens chan struct{}, n int) {
	for range n {
		tokens <- struct{}{}
	}
}

// pass is the engine's hook.
func (f *fuse) pass(at sup.Point) {
	if at.At != sup.OnReceive {
		return
	}
	switch at.Kind {
	case "peer":
		burn(f.peers)
	case "control":
		burn(f.torrent)
	}
}

func burn(tokens chan struct{}) {
	select {
	case <-tokens:
		panic("injected by the demo")
	default:
	}
}
