// Package choke decides which peers may fetch from us (BEP 3's choking).
package choke

// PeerID is the owner's number for a connection. It is no peer id of BEP 3.
type PeerID uint32

// Effects takes what a step decides. Its methods only append to a batch that
// the owner carries out after the step.
type Effects interface {
	// Unchoke tells a peer that it may fetch.
	Unchoke(id PeerID)
	// Choke tells a peer that it may no longer.
	Choke(id PeerID)
}

// Strategy is a way to choose. It hears what peers want; what it decides goes to
// Effects. Every peer begins choked and not interested (BEP 3), and none is told
// to be what it is already. To say a thing twice changes nothing. A Strategy has
// one owner, which begins a new one with choked peers only.
type Strategy interface {
	// PeerInterested says that a peer wants to fetch.
	PeerInterested(id PeerID, fx Effects)
	// PeerUninterested says that a peer wants nothing.
	PeerUninterested(id PeerID, fx Effects)
	// PeerLeft says that a connection has ended. It is told nothing any more,
	// and the number is free for another.
	PeerLeft(id PeerID, fx Effects)
}
