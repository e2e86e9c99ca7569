package choke_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/core/choke"
	"github.com/etorrent/etorrent/internal/vocab/mono"
)

const start = mono.Instant(time.Hour)

// remote is a peer as the table has it fetch and give.
type remote struct {
	id         choke.PeerID
	gives      float64 // bytes a second, whether it is served or not
	takes      float64 // while it is unchoked
	silentFrom mono.Instant
	hold       choke.Hold
	piece      int64 // length

	wants      mono.Instant // since when it is interested; Never: it is not
	unchoked   mono.Instant // since when; Never: it is choked
	asked      mono.Instant // since when it waits for its slot
	longest    time.Duration
	turns      int
	gave, took float64
}

// table plays the owner of a choker and all its remotes, in virtual time.
type table struct {
	t       testing.TB
	core    *choke.Core
	now     mono.Instant
	remotes []*remote
}

func newTable(t testing.TB, cfg choke.Config) *table {
	if cfg.Random == nil {
		cfg.Random = rand.New(rand.NewPCG(1, 2))
	}
	return &table{t: t, core: choke.New(cfg), now: start}
}

// join adds an interested remote.
func (b *table) join(r remote) *remote {
	b.t.Helper()
	p := &r
	b.remotes = append(b.remotes, p)
	b.core.PeerJoined(p.id, choke.Reading{})
	b.want(p)
	return p
}

func (b *table) want(r *remote) {
	b.t.Helper()
	if r.wants == mono.Never {
		r.wants, r.asked = b.now, b.now
	}
	b.core.PeerInterested(b.now, r.id, b)
	b.check()
}

func (b *table) wantNothing(r *remote) {
	b.t.Helper()
	r.wants, r.asked = mono.Never, mono.Never
	b.core.PeerUninterested(b.now, r.id, b)
	b.check()
}

func (b *table) leave(r *remote) {
	b.t.Helper()
	b.remotes = slices.DeleteFunc(b.remotes, func(other *remote) bool { return other == r })
	b.core.PeerLeft(b.now, r.id, b)
	b.check()
}

func (b *table) find(id choke.PeerID) *remote {
	for _, r := range b.remotes {
		if r.id == id {
			return r
		}
	}
	b.t.Fatalf("%d, which is not there, is told something", id)
	return nil
}

// Unchoke and Choke make the table the Effects of its core.
func (b *table) Unchoke(id choke.PeerID) {
	r := b.find(id)
	if r.unchoked != mono.Never || r.wants == mono.Never {
		b.t.Fatalf("%d is unchoked, which it is already, or wants nothing", id)
	}
	r.longest = max(r.longest, b.now.Sub(r.asked))
	r.unchoked, r.asked = b.now, mono.Never
	r.turns++
}

func (b *table) Choke(id choke.PeerID) {
	r := b.find(id)
	if r.unchoked == mono.Never {
		b.t.Fatalf("%d is choked, which it is already", id)
	}
	r.unchoked = mono.Never
	if r.wants != mono.Never {
		r.asked = b.now
	}
}

// pass lets time pass, with what remotes give and take, and every round that is due.
func (b *table) pass(d time.Duration) {
	b.t.Helper()
	for end := b.now.Add(d); b.now < end; {
		next := min(end, b.now.Add(time.Second))
		if at := b.core.NextDeadline(); at != mono.Never {
			next = max(b.now, min(next, at))
		}
		b.trade(next.Sub(b.now))
		b.now = next
		b.tick()
	}
}

// tick carries out a round that is due.
func (b *table) tick() {
	b.t.Helper()
	at := b.core.NextDeadline()
	if at == mono.Never || at > b.now {
		return
	}
	for _, r := range b.remotes {
		m := choke.Reading{Received: int64(r.gave), Sent: int64(r.took), Hold: r.hold, Piece: r.piece}
		if r.silentFrom != mono.Never && r.silentFrom <= b.now {
			m.Unanswered = r.silentFrom
		}
		b.core.PeerMeasured(r.id, m)
	}
	b.core.Tick(b.now, b)
	b.check()
	if again := b.core.NextDeadline(); again != mono.Never && again <= b.now {
		b.t.Fatalf("a round at %v is due again at %v", b.now, again)
	}
}

func (b *table) trade(d time.Duration) {
	for _, r := range b.remotes {
		if r.silentFrom == mono.Never || r.silentFrom > b.now {
			r.gave += r.gives * d.Seconds()
		}
		if r.unchoked != mono.Never {
			r.took += r.takes * d.Seconds()
		}
	}
}

// check fails unless the core is consistent and says of slots what was told.
func (b *table) check() {
	b.t.Helper()
	if err := b.core.Audit(); err != nil {
		b.t.Fatal(err)
	}
	if n := len(b.served()); n > b.core.Slots() {
		b.t.Fatalf("%d are unchoked, of %d slots", n, b.core.Slots())
	}
}

// served are the numbers of those that are unchoked, in the order in which they came.
func (b *table) served() []choke.PeerID {
	var out []choke.PeerID
	for _, r := range b.remotes {
		if r.unchoked != mono.Never {
			out = append(out, r.id)
		}
	}
	return out
}

func (b *table) expect(want ...choke.PeerID) {
	b.t.Helper()
	if got := b.served(); !slices.Equal(got, want) {
		b.t.Errorf("at %v %v are served, want %v", b.now.Sub(start), got, want)
	}
}

// longest is how long one of the remotes waited for a slot at most, those that wait
// now included.
func (b *table) longest() time.Duration {
	most := time.Duration(0)
	for _, r := range b.remotes {
		most = max(most, r.longest)
		if r.asked != mono.Never {
			most = max(most, b.now.Sub(r.asked))
		}
	}
	return most
}
