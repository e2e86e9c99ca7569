package client

import "github.com/etorrent/etorrent/internal/proc/torrent"

// Shares says how the descriptors that a program may have are divided.
type Shares struct {
	Files     int // open files of torrents
	Strangers int // accepted connections that have not named a torrent
	Peers     int // connections of all torrents
	Attempts  int // connections that are being made
}

const (
	// otherDescriptors are left for the state, listeners, connection attempts and
	// what the host itself has open.
	otherDescriptors = 256
	// ownDescriptors are what the program has open with one torrent and nobody to
	// trade with: streams, the runtime, state, a listener, two UDP sockets, a lock, a
	// folder; and what it opens for a moment.
	ownDescriptors  = 20
	attemptsAtLeast = 4
	attemptsAtMost  = 128
	filesAtMost     = 512
	strangersAtMost = 512
	peersAtMost     = 16_000
)

// Divide divides a number of descriptors. Where there are few every part is
// small, but none is nothing: with fewer than 32 they do not suffice for all.
func Divide(descriptors int) Shares {
	others := max(min(otherDescriptors, descriptors/4), ownDescriptors+attemptsAtLeast)
	left := max(descriptors-others, 8)
	s := Shares{
		Files: min(filesAtMost, left/4), Strangers: min(strangersAtMost, left/8),
		Attempts: min(attemptsAtMost, others-ownDescriptors),
	}
	s.Peers = min(peersAtMost, left-s.Files-s.Strangers)
	return s
}

// peersPerAddress is how many accepted connections one address has at most, unless
// something else is asked for.
const peersPerAddress = 64

// Peers bound connections; 0 stands for what is usual.
type Peers struct {
	All        int // of all torrents: what there are descriptors for
	PerTorrent int // torrent.MaxPeers
	// PerAddress are the accepted connections of one address, of each torrent and of
	// those that have not named one: 64.
	PerAddress int
}

// within fills in what is usual, and cuts what there are no descriptors for.
func (p Peers) within(s Shares) Peers {
	usual := func(n, most int) int {
		if n <= 0 {
			return most
		}
		return min(n, most)
	}
	p.All, p.PerTorrent = usual(p.All, s.Peers), usual(p.PerTorrent, torrent.MaxPeers)
	if p.PerAddress <= 0 {
		p.PerAddress = peersPerAddress
	}
	return p
}
