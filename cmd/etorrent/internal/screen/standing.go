package screen

import (
	"time"

	"github.com/etorrent/etorrent"
)

// Of is a torrent as it is shown, of what the library tells of it and the rates of
// late, in bytes a second.
func Of(name string, s etorrent.Stats, down, up int64) Torrent {
	return Torrent{
		Name: name, Status: statusOf(s.Phase), Wanted: s.Wanted, Stored: s.Stored, Down: down, Up: up,
		Peers: s.Peers, Known: s.Known, OverUTP: s.Over(etorrent.UTP).Peers, Left: TimeLeft(s, down),
		Pieces: s.Pieces, Durable: s.Durable, Bad: s.Corrupt, Checked: s.Checked, ToCheck: s.ToCheck,
	}
}

// TimeLeft is the time until all that is wanted is stored, at a rate in bytes a second:
// whole seconds, at least one. 0 is unknown.
func TimeLeft(s etorrent.Stats, down int64) time.Duration {
	missing := s.Wanted - s.Stored
	if down <= 0 || missing <= 0 || s.Phase != etorrent.Fetching {
		return 0
	}
	return time.Duration(max(1, missing/down)) * time.Second
}

// statusOf is how people see a phase.
func statusOf(p etorrent.Phase) Status {
	switch p {
	case etorrent.Opening:
		return Opening
	case etorrent.Checking:
		return Checking
	case etorrent.Fetching:
		return Fetching
	case etorrent.Sharing:
		return Sharing
	case etorrent.Paused, etorrent.Retired:
		return Paused
	case etorrent.Refused:
		return Refused
	}
	return Opening
}
