package announce

import (
	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

// command is what the process is told.
//
//sumtype:decl
type command interface{ command() }

type begin struct {
	Entry
	session session
}

type completed struct{ id ident.TorrentID }

type setTrackers struct {
	id    ident.TorrentID
	tiers [][]tracker.URL
}

type announceNow struct{ id ident.TorrentID }

type networkChanged struct{}

type portChanged struct{}

type end struct{ id ident.TorrentID }

type leave struct {
	until mono.Instant
	left  chan struct{} // closed when leave was taken
}

// scrapeFor and unscrapeFor begin and end what somebody wants to know of swarms.
type scrapeFor struct{ asking *Asking }

type unscrapeFor struct{ asking *Asking }

func (begin) command()          {}
func (completed) command()      {}
func (setTrackers) command()    {}
func (announceNow) command()    {}
func (networkChanged) command() {}
func (portChanged) command()    {}
func (end) command()            {}
func (leave) command()          {}
func (scrapeFor) command()      {}
func (unscrapeFor) command()    {}
