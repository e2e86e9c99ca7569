// Package door is who may come in to uTP (BEP 29): it answers those who ask for a
// connection, and lets in who has shown by a number of our answer that its address is
// no forgery.
//
//	unknown ──Syn──▶ waiting ──a packet that knows the answer──▶ admitted
//	                    │ ▲ Syn again: the same answer, a few times
//	                    └─┴─ a Reset, or 6 s ──▶ unknown
//
// Who waits is a line of a book of fixed size. When the book is full the answer is all
// that there is: its number is a keyed hash of who asked, as in the SYN cookies of TCP,
// and the first packet that comes behind the Syn is let in if it knows it. So those who
// come under a false name, however many, keep out nobody: libutp has room for 3,000 of
// them, and then accepts nothing any more.
//
// To an address that has shown nothing goes no more than came from it: twenty bytes for
// each Syn. What belongs to no connection is answered by a Reset, of which there are so
// many a second at most.
//
// Invariants: never more wait than the bound; nobody is admitted twice by one answer
// that was written in the book; nobody is admitted who has not the number of an answer
// of the last half minute.
package door

import (
	"net/netip"
	"slices"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/serial"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

const (
	// patience is how long somebody may wait: two Syns of libutp and of libtorrent come
	// within it.
	patience = 6 * time.Second
	// mostAnswers is how often one Syn is answered while it waits.
	mostAnswers = 8
	// mostResets and resetEvery bound the answers to packets of no connection.
	mostResets = 100
	resetEvery = 20 * time.Millisecond
)

// Key names a connection: where its packets come from, and by what id.
type Key struct {
	From netip.AddrPort
	ID   utpwire.ConnID
}

// KeyOf is the key of what comes from an endpoint by an id. A v4-mapped address is that
// of IPv4; a zone does not count.
func KeyOf(from netip.AddrPort, id utpwire.ConnID) Key {
	return Key{netip.AddrPortFrom(from.Addr().Unmap().WithZone(""), from.Port()), id}
}

// Config is what a door is made for.
type Config struct {
	Most   int      // lines of the book
	Secret [16]byte // of the numbers of answers: random, and nobody else's
	Window uint32   // bytes, that an answer says
}

// Door is the entry of one socket. It has one owner.
type Door struct {
	cfg     Config
	book    map[Key]line
	queue   []ticket // of the lines, in the order in which they expire; some have left
	pressed mono.Instant
	written uint64       // lines, ever
	resets  mono.Instant // when all that may be sent are saved
}

// line is one who waits.
type line struct {
	theirs, ours serial.Number
	until        mono.Instant
	answers      int
	ticket       uint64
}

// ticket is a line until it expires.
type ticket struct {
	key    Key
	until  mono.Instant
	number uint64
}

// New returns a door at which nobody waits.
func New(cfg Config) *Door { return &Door{cfg: cfg, book: map[Key]line{}} }

// Waiting is how many wait.
func (d *Door) Waiting() int { return len(d.book) }

// KnockKind says what a Syn is.
type KnockKind uint8

// The kinds. The first three are answered.
const (
	// Answered waits from now on.
	Answered KnockKind = iota
	// AnsweredAgain has waited, and gets the same answer.
	AnsweredAgain
	// AnsweredUnwritten gets an answer, and nothing is kept of it.
	AnsweredUnwritten
	// AnsweredEnough had as many answers as a lossy path can make necessary.
	AnsweredEnough
	// AnsweredAnother has the id of one who waits, and another number.
	AnsweredAnother
)

// Knock is what became of a Syn. Answer is to be sent to where it came from, where the
// kind says so.
type Knock struct {
	Kind   KnockKind
	Answer utpwire.Header
}

// Knock takes a Syn of which no connection is known. Its window means nothing:
// libtorrent's is 0.
func (d *Door) Knock(now mono.Instant, from netip.AddrPort, syn *utpwire.Header) Knock {
	d.expire(now)
	k := KeyOf(from, syn.ID.Next())
	l, waits := d.book[k]
	switch {
	case waits && l.theirs != syn.Seq:
		return Knock{Kind: AnsweredAnother}
	case waits && l.answers >= mostAnswers:
		return Knock{Kind: AnsweredEnough}
	case waits:
		l.answers++
		d.book[k] = l
		return Knock{AnsweredAgain, d.answer(now, syn, l.ours)}
	}
	if len(d.book) >= d.cfg.Most {
		d.pressed = now
		return Knock{AnsweredUnwritten, d.answer(now, syn, number(&d.cfg.Secret, k, syn.Seq, unwrittenAt(now)))}
	}
	l = line{theirs: syn.Seq, ours: number(&d.cfg.Secret, k, syn.Seq, writtenAt(now)), until: now.Add(patience), answers: 1}
	d.write(k, l)
	return Knock{Answered, d.answer(now, syn, l.ours)}
}

// write puts a line into the book.
func (d *Door) write(k Key, l line) {
	d.written++
	l.ticket = d.written
	d.book[k] = l
	d.queue = append(d.queue, ticket{k, l.until, l.ticket})
	if len(d.queue) > 2*d.cfg.Most {
		d.queue = slices.DeleteFunc(d.queue, func(t ticket) bool { return d.book[t.key].ticket != t.number })
	}
}

// answer is the State that answers a Syn. Its number is not taken: the first Data has it.
func (d *Door) answer(now mono.Instant, syn *utpwire.Header, ours serial.Number) utpwire.Header {
	stamp := utpwire.StampAt(now)
	return utpwire.Header{
		Kind: utpwire.State, ID: syn.ID, Stamp: stamp, Delay: stamp.Since(syn.Stamp), Window: d.cfg.Window, Seq: ours, Ack: syn.Seq,
	}
}

// EntryKind says what a packet is that belongs to no connection.
type EntryKind uint8

// The kinds.
const (
	// Admitted makes a connection, which is to receive the packet.
	Admitted EntryKind = iota
	// Left is a Reset by one who waited.
	Left
	// Premature is of one who waits, and does not show that it knows the answer.
	Premature
	// StrayReset belongs to nothing, and is not answered.
	StrayReset
	// Stray belongs to nothing; Reset is to be sent to where it came from.
	Stray
	// StrayUnanswered is one more than are answered.
	StrayUnanswered
)

// Entry is what became of a packet.
type Entry struct {
	Kind  EntryKind
	Guest Guest          // of Admitted
	Reset utpwire.Header // of Stray
}

// Guest is who was admitted: by what id packets come, the number of the Syn, and that of
// our answer, which our first Data will have.
type Guest struct {
	ID           utpwire.ConnID
	Theirs, Ours serial.Number
}

// Standing says how the door knows somebody.
type Standing uint8

const (
	// Unknown has not asked, or was not written down.
	Unknown Standing = iota
	// Waits has asked, was answered, and has not shown that it heard.
	Waits
)

// ViewStanding says how somebody is known by whose packets have an id.
func (d *Door) ViewStanding(now mono.Instant, from netip.AddrPort, id utpwire.ConnID) Standing {
	d.expire(now)
	if _, waits := d.book[KeyOf(from, id)]; waits {
		return Waits
	}
	return Unknown
}

// Enter takes a packet, no Syn, of which no connection is known.
func (d *Door) Enter(now mono.Instant, from netip.AddrPort, p *utpwire.Header) Entry {
	d.expire(now)
	k := KeyOf(from, p.ID)
	l, waits := d.book[k]
	switch {
	case p.Kind == utpwire.Reset:
		return d.leave(k, p)
	case waits && p.Ack == l.ours.Previous():
		delete(d.book, k)
		return Entry{Kind: Admitted, Guest: Guest{p.ID, l.theirs, l.ours}}
	case d.viewUnwritten(now, k, p) == Admitted:
		delete(d.book, k)
		return Entry{Kind: Admitted, Guest: Guest{p.ID, p.Seq.Previous(), p.Ack.Next()}}
	case waits:
		return Entry{Kind: Premature}
	}
	return d.TurnAway(now, p)
}

// leave takes a Reset. It has the id of the connection in one direction or the other.
func (d *Door) leave(k Key, p *utpwire.Header) Entry {
	for _, k := range [...]Key{k, {k.From, k.ID.Next()}} {
		if l, waits := d.book[k]; waits && p.Ack == l.ours {
			delete(d.book, k)
			return Entry{Kind: Left}
		}
	}
	return Entry{Kind: StrayReset}
}

// viewUnwritten says whether a packet is the first behind a Syn that was answered, and
// not written down. Only its sender knows the number of that answer, and it has itself
// the number behind the Syn's: the hash is of both. A later packet has to be sent again.
func (d *Door) viewUnwritten(now mono.Instant, k Key, p *utpwire.Header) EntryKind {
	if !d.isPressed(now) {
		return Stray
	}
	at := unwrittenAt(now)
	for _, s := range [...]int64{at, at - 1} {
		if number(&d.cfg.Secret, k, p.Seq.Previous(), s) == p.Ack.Next() {
			return Admitted
		}
	}
	return Stray
}

// isPressed says whether somebody may hold an answer that was not written down.
func (d *Door) isPressed(now mono.Instant) bool {
	return d.pressed != mono.Never && now.Sub(d.pressed) < 2*slice
}

// TurnAway answers what belongs to no connection, while not too much does, and none of it
// can be a later packet of one who holds an unwritten answer; and a Syn, or one who was
// admitted, where who owns the door has no room. A Reset says what it answers: the id and
// the number of the packet.
func (d *Door) TurnAway(now mono.Instant, p *utpwire.Header) Entry {
	if d.isPressed(now) {
		return Entry{Kind: StrayUnanswered}
	}
	saved := max(d.resets, now.Add(-mostResets*resetEvery))
	if saved.Add(resetEvery) > now {
		return Entry{Kind: StrayUnanswered}
	}
	d.resets = saved.Add(resetEvery)
	return Entry{Kind: Stray, Reset: p.Denied(utpwire.StampAt(now))}
}

// expire forgets those who have waited too long: all wait for the same time, so they
// are the first of the queue.
func (d *Door) expire(now mono.Instant) {
	gone := 0
	for ; gone < len(d.queue); gone++ {
		t := d.queue[gone]
		if t.until > now {
			break
		}
		if d.book[t.key].ticket == t.number {
			delete(d.book, t.key)
		}
	}
	if gone > 0 {
		d.queue = append(d.queue[:0], d.queue[gone:]...)
	}
}

// Rest gives back what nobody uses, for a door that is idle. Nothing is due at a door: it
// forgets when somebody comes.
func (d *Door) Rest(now mono.Instant) {
	d.expire(now)
	if len(d.book) == 0 {
		d.book, d.queue = map[Key]line{}, nil
	}
}
