package demo

import (
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/cmd/etorrent/internal/screen"
)

// shown is the actor as the screen has it.
func (a *actor) shown() screen.Torrent {
	down, up := a.past.rates()
	if a.client == nil {
		down, up = a.down, a.up
	}
	t := screen.Torrent{
		Name: a.name, Status: shownStatus(a.stats.Phase), Wanted: a.stats.Wanted, Stored: a.stats.Stored, Down: down, Up: up,
		Peers: a.stats.Peers, Known: max(a.stats.Known, a.stats.Peers), Pieces: a.stats.Pieces, Durable: a.stats.Durable, Bad: a.stats.Corrupt,
		Checked: a.stats.Checked, ToCheck: a.stats.ToCheck,
	}
	if left := a.stats.Wanted - a.stats.Stored; down > 0 && left > 0 {
		t.Left = time.Duration(max(1, left/down)) * time.Second
	}
	return t
}

func shownStatus(p etorrent.Phase) screen.Status {
	switch p {
	case etorrent.Opening:
		return screen.Opening
	case etorrent.Checking:
		return screen.Checking
	case etorrent.Fetching:
		return screen.Fetching
	case etorrent.Sharing:
		return screen.Sharing
	case etorrent.Paused, etorrent.Retired:
		return screen.Paused
	case etorrent.Refused:
		return screen.Refused
	}
	return screen.Opening
}
