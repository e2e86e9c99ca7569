package demo

import "github.com/etorrent/etorrent/cmd/etorrent/internal/screen"

// shown is the actor as the screen has it.
func (a *actor) shown() screen.Torrent {
	down, up := a.past.rates()
	if a.client == nil {
		down, up = a.down, a.up
	}
	t := screen.Of(a.name, a.stats, down, up)
	t.Known = max(t.Known, t.Peers)
	return t
}
