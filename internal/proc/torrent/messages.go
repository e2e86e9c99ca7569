package torrent

import (
	"net/netip"

	coreannounce "github.com/etorrent/etorrent/internal/core/announce"
	"github.com/etorrent/etorrent/internal/core/assign"
	"github.com/etorrent/etorrent/internal/core/blame"
	"github.com/etorrent/etorrent/internal/core/book"
	"github.com/etorrent/etorrent/internal/core/handshake"
	"github.com/etorrent/etorrent/internal/proc/disk"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/vocab/endpoint"
	"github.com/etorrent/etorrent/internal/vocab/wire"
	"github.com/etorrent/etorrent/sup"
)

// toControl is one input of the control process; exactly one field is set.
type toControl struct {
	assignUp   *assignUp
	incoming   *incoming
	progress   *progress
	named      *named
	lookup     *pnet.LookupResult
	shook      *peerShook
	chokerUp   *chokerUp
	intro      *peerIntro
	closing    *peerClosing
	liar       *liar
	shed       *shed
	tracked    *tracked
	moved      *moved
	report     *coreannounce.Report // of a tracker
	listening  *listening
	refiltered *refiltered
	rebounded  *rebounded
	host       *HostChange
	unveil     *unveil
}

// named are endpoints that a person named, by address or by name, and trackers.
type named struct {
	addrs    []netip.AddrPort
	names    []endpoint.Name
	trackers []Tracker
}

// listening says that the port is known by which others reach us.
type listening struct{}

// shed asks for descriptors.
type shed struct{}

// refiltered says that the address filter is another one.
type refiltered struct{}

// assignUp says that a fresh assign process waits to begin.
type assignUp struct{}

// incoming is a connection whose remote named our info-hash.
type incoming struct {
	conn     pnet.Conn
	acceptor *handshake.Acceptor
}

// peerShook says that a peer's handshake is finished and awaits admission.
type peerShook struct {
	id     assign.HolderID
	remote wire.Handshake
}

// peerIntro says what a remote calls itself.
type peerIntro struct {
	id     assign.HolderID
	client string
}

// liar is a holder that sent wrong bytes.
type liar struct {
	id    assign.HolderID
	proof blame.Proof
}

// peerClosing says why a peer is about to end, and whether it was of use.
type peerClosing struct {
	id     assign.HolderID
	reason string
	trade  book.Trade
}

// reports are what the disk says of the torrent.
type reports struct {
	box   *sup.Mailbox[disk.Report] // bounded by the pieces of the torrent
	taken sup.Taken[disk.Report]
}

func newReports() reports { return reports{box: sup.NewMailbox[disk.Report]()} }
