package roster_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/internal/core/roster"
	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/internal/vocab/mono"
)

// pool plays the supervisor that runs what a roster starts, and checks at each
// effect what must hold.
type pool struct {
	t        *rapid.T
	core     *roster.Core
	now      mono.Instant
	running  map[ident.TorrentID]struct{}
	stopping map[ident.TorrentID]struct{}
	removed  map[ident.TorrentID]struct{}
	gone     map[ident.TorrentID]struct{}
}

func newPool(t *rapid.T) *pool {
	return &pool{
		t: t, core: roster.New(), now: start,
		running:  map[ident.TorrentID]struct{}{},
		stopping: map[ident.TorrentID]struct{}{},
		removed:  map[ident.TorrentID]struct{}{},
		gone:     map[ident.TorrentID]struct{}{},
	}
}

func (p *pool) Start(id ident.TorrentID) {
	p.lacks(p.running, id, "started twice")
	p.lacks(p.removed, id, "started after its removal")
	p.running[id] = struct{}{}
}

func (p *pool) Stop(id ident.TorrentID) {
	p.has(p.running, id, "stopped though it does not run")
	p.lacks(p.stopping, id, "stopped twice")
	p.stopping[id] = struct{}{}
}

func (p *pool) Quarantined(id ident.TorrentID, at mono.Instant) {
	p.lacks(p.running, id, "quarantined while it runs")
	if wait := at.Sub(p.now); wait < roster.FirstQuarantine || wait > roster.LongestQuarantine {
		p.t.Fatalf("quarantined for %v", wait)
	}
}

func (p *pool) Gone(id ident.TorrentID) {
	p.has(p.removed, id, "gone unasked")
	p.lacks(p.running, id, "gone while it runs")
	p.lacks(p.gone, id, "gone twice")
	p.gone[id] = struct{}{}
}

func (p *pool) has(set map[ident.TorrentID]struct{}, id ident.TorrentID, what string) {
	if _, in := set[id]; !in {
		p.t.Fatalf("torrent %d: %s", id, what)
	}
}

func (p *pool) lacks(set map[ident.TorrentID]struct{}, id ident.TorrentID, what string) {
	if _, in := set[id]; in {
		p.t.Fatalf("torrent %d: %s", id, what)
	}
}

// down ends what runs, if it does.
func (p *pool) down(id ident.TorrentID, how roster.Departure) {
	if _, in := p.running[id]; in {
		delete(p.running, id)
		delete(p.stopping, id)
		p.core.Down(p.now, id, how, p)
	}
}

// restart puts a new roster in the place of the old one, which left it what it
// had decided of those that are not cold.
func (p *pool) restart() {
	old := p.core
	p.core = roster.New()
	for id := range ident.TorrentID(5) {
		past := old.Past(id)
		if _, cold := past.State.(roster.Cold); cold {
			continue
		}
		p.core.Adopt(id, past, adopting{p})
	}
}

// adopting takes what is asked again as what it is: nothing new.
type adopting struct{ *pool }

func (a adopting) Start(id ident.TorrentID) { a.running[id] = struct{}{} }
func (a adopting) Stop(id ident.TorrentID)  { a.stopping[id] = struct{}{} }

// agrees checks that what the roster thinks is what is.
func (p *pool) agrees(id ident.TorrentID) {
	switch s := p.core.State(id).(type) {
	case roster.Awake:
		p.has(p.running, id, "awake though it does not run")
		p.lacks(p.stopping, id, "awake though it was stopped")
	case roster.Retiring:
		p.has(p.running, id, "retiring though it does not run")
		p.has(p.stopping, id, "retiring though it was not stopped")
	case roster.Quarantined:
		p.lacks(p.running, id, "quarantined though it runs")
		if d := p.core.NextDeadline(); d == mono.Never || d > s.RetryAt {
			p.t.Fatalf("the deadline is %d, torrent %d is due at %d", d, id, s.RetryAt)
		}
	case roster.Cold:
		if _, removed := p.removed[id]; !removed {
			p.lacks(p.running, id, "cold though it runs")
		}
	}
}

func TestWhateverHappensOneIncarnationRunsAndNoneThatWasRemoved(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := newPool(t)
		some := func(t *rapid.T) ident.TorrentID { return ident.TorrentID(rapid.IntRange(1, 4).Draw(t, "id")) }
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				id := some(t)
				if _, removed := p.removed[id]; !removed {
					p.core.Add(id)
				}
			},
			"wake":   func(t *rapid.T) { p.core.Wake(p.now, some(t), p) },
			"retire": func(t *rapid.T) { p.core.Retire(some(t), p) },
			"remove": func(t *rapid.T) {
				id := some(t)
				p.removed[id] = struct{}{}
				p.core.Remove(id, p)
			},
			"end":   func(t *rapid.T) { p.down(some(t), roster.InOrder) },
			"crash": func(t *rapid.T) { p.down(some(t), roster.Crashed) },
			"time": func(t *rapid.T) {
				p.now = p.now.Add(time.Duration(rapid.Int64Range(0, int64(2*time.Hour)).Draw(t, "span")))
				p.core.Tick(p.now, p)
				if d := p.core.NextDeadline(); d != mono.Never && d <= p.now {
					t.Fatalf("a deadline is left behind: %d at %d", d, p.now)
				}
			},
			"roster crash": func(*rapid.T) { p.restart() },
			"": func(*rapid.T) {
				for id := range ident.TorrentID(5) {
					p.agrees(id)
				}
			},
		})
	})
}
