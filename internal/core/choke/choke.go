// Package choke decides which remotes may fetch from us (BEP 3's choking).
//
// Core keeps who wants to fetch and who may, and how many may at once. Whom it
// prefers is said by a Strategy, which is one function of what the core sees; New
// ones are added to the table in names.go.
//
// A remote goes through
//
//	uninterested → waiting → unchoked      a slot is free, or a round gives it one
//	unchoked → waiting                     a round gives its slot to another
//	waiting, unchoked → uninterested       it says so; its place is lost
//
// A slot that becomes free is given away in the same step, while a strategy names
// somebody who waits. All slots are judged anew in rounds, ten seconds apart, while
// somebody waits. Time, counts of bytes and randomness come in; what is decided
// goes to Effects.
package choke

import (
	"math/rand/v2"

	"github.com/etorrent/etorrent/internal/vocab/mono"
)

// PeerID is the owner's number for a connection. It is no peer id of BEP 3.
type PeerID uint32

// Effects takes what a step decides. Its methods only append to a batch that
// the owner carries out after the step. Nobody is told to be what it is already.
type Effects interface {
	// Unchoke tells a peer that it may fetch.
	Unchoke(id PeerID)
	// Choke tells a peer that it may no longer.
	Choke(id PeerID)
}

// Strategy is a way to choose. It has one owner, which calls it at each round, and
// when a slot is free while somebody waits.
type Strategy interface {
	// Choose names those who may fetch, the best first; v.Slots of them do at most.
	// Whoever it does not name may not, but that nobody loses a slot where the
	// occasion is SlotFree. v is the core's, and not kept.
	Choose(v *View) []PeerID
}

// View is what a strategy decides by.
type View struct {
	Now      mono.Instant
	Occasion Occasion
	Goal     Goal
	Slots    int // how many may fetch at once
	// Peers are those who want to fetch, in the order in which they came.
	Peers  []Peer
	Random *rand.Rand
}

// Occasion says why a strategy is asked.
type Occasion uint8

const (
	// Round is when all slots are judged anew.
	Round Occasion = iota
	// SlotFree is when a slot is to be given to somebody who waits.
	SlotFree
)

// Goal says what we are here for.
type Goal uint8

const (
	// Fetching means that remotes may have what we want.
	Fetching Goal = iota
	// Sharing means that we want nothing (more).
	Sharing
)

// Peer is a remote that wants to fetch.
type Peer struct {
	ID   PeerID
	Slot Slot
	// Since is when it got its slot, or began to wait for one.
	Since mono.Instant
	Past  Past
	Use   Use
	Debt  Debt
	// Gave is what it sent us a second in the last two rounds, in bytes, and Took
	// what we sent it in the last one.
	Gave, Took float64
}

// Slot says whether a remote may fetch.
type Slot uint8

// The two states; every remote begins with NoSlot, which is choked.
const (
	NoSlot Slot = iota
	HasSlot
)

// Past says whether a remote ever had a slot on its connection.
type Past uint8

const (
	// Newcomer never had one.
	Newcomer Past = iota
	// Served has one, or had.
	Served
)

// Use says what becomes of a slot.
type Use uint8

const (
	// UseOpen is said of remotes without a slot, of those that have not had theirs
	// for a round, and of those that our limit has wait.
	UseOpen Use = iota
	// UseMade is said where something was fetched in the last round.
	UseMade
	// UseNone is said where nothing was.
	UseNone
)

// Debt says whether a remote gives for what it takes.
type Debt uint8

const (
	// DebtNone is said of remotes that gave nothing, and took little.
	DebtNone Debt = iota
	// Pays is said of those that gave something, and do not owe.
	Pays
	// Owes is said of one that took OwesFrom from us, and a piece, and gave less than
	// an eighth of what it took.
	Owes
	// Snubs is said of one that sent no block for SnubAfter while we asked for some.
	Snubs
)
