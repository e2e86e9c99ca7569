package torrent

import (
	"github.com/etorrent/etorrent/internal/core/assign"
	"github.com/etorrent/etorrent/internal/core/peer"
	"github.com/etorrent/etorrent/internal/core/reveal"
	"github.com/etorrent/etorrent/internal/leaf/havelog"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/sup"
)

// line is where a peer takes orders, with the number of the join that they answer.
type line struct {
	orders *sup.Mailbox[peerOrder]
	join   joinNumber
	shown  *havelog.Log // what its remote is shown; nil: it sees all
	meter  *meter
}

// joinNumber counts the times that a peer joins, from 1 on; 0 is none. Orders that
// answer another join than the latest are void: the peer has said anew what it does.
type joinNumber uint32

// past is what a peer does that joins anew.
type past struct {
	told    peer.Interest
	fetches []geometry.Block
}

// join takes a peer's word about itself, which is the whole truth at that moment.
// Peers outlive this process, so it joins them to each incarnation:
//
//   - What was put into the mailbox before this process emptied it is lost. After that
//     it asks control to begin, which then has every connection join anew; one that
//     comes later, or is shaking hands still, joins by itself, later than that. So every
//     peer joins where it is seen, and what it told before is passed over: that it has
//     more pieces, and what came or was given back, is in its word when it joins, and
//     which blocks came to it the disk is asked for.
//   - One that joined by itself just before control's word reached it, or to which an
//     earlier process's beginning is told late, joins twice. The later word counts, and
//     what was dealt to it in between, of which it may know or not, is as the word says.
//   - An order that crosses a join on its way is void by its number, whichever process
//     gave it: the word does not speak of it, so its blocks are free.
func (a *assigner) join(h assign.HolderID, word *rareInput) {
	a.lines[h] = word.line
	a.meets(h, word.line)
	if word.past == nil {
		a.core.Join(h, nil)
		return
	}
	told := assign.NotInterested
	if word.past.told == peer.Interested {
		told = assign.Interested
	}
	a.seesSet(h, word.hasSet)
	a.core.Rejoin(h, word.hasSet, assign.Past{Told: told, Fetches: word.past.fetches})
	a.inquiry.raise(deepDoubt)
}

// leave removes a peer.
func (a *assigner) leave(h assign.HolderID) {
	a.core.Leave(h)
	delete(a.lines, h)
	if a.reveal != nil {
		a.reveal.RemoteLeft(a.t.env.Clock.Now(), reveal.RemoteID(h))
	}
}

// doubt says how sure it is that the picker knows what the disk has.
type doubt uint8

const (
	noDoubt   doubt = iota
	someDoubt       // what a peer told may never have reached the disk
	deepDoubt       // the disk may have what nobody told: until it says so nothing is dealt, lest it comes twice
)

// inquiry is whether the disk is asked for a snapshot because of a doubt. One answer
// is under way at most: however many peers join anew, the disk is asked as often as it
// answers and no more.
type inquiry struct {
	due   doubt // not asked yet
	asked doubt // noDoubt: no answer is under way
}

func (q *inquiry) raise(d doubt) { q.due = max(q.due, d) }

// next is the doubt to ask for now.
func (q *inquiry) next() doubt {
	if q.asked != noDoubt {
		return noDoubt
	}
	q.asked, q.due = q.due, noDoubt
	return q.asked
}

// answered notes that a snapshot came. One that was not asked for may be taken for the
// answer: then that one comes later, and says more.
func (q *inquiry) answered() { q.asked = noDoubt }

// deepest is the doubt that there is until the last answer.
func (q *inquiry) deepest() doubt { return max(q.due, q.asked) }
