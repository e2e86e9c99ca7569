package roster

import (
	"slices"
	"sync"

	"github.com/etorrent/etorrent/internal/core/roster"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/ident"
)

// entry is a torrent that this program has the right to run.
type entry struct {
	id      ident.TorrentID
	hash    [20]byte
	hold    store.Hold
	running Running
	past    roster.Past // as the roster last decided; it alone reads and writes this and what follows
	// starts are those whose end has not been heard of. Where there are several, the
	// processes run by one of them or are about to, whoever ended.
	starts int
}

// register is the list of what runs. It is a passive leaf that outlives the
// roster process, which alone writes it: its next incarnation adopts what is in
// it.
type register struct {
	mu  sync.Mutex
	all map[ident.TorrentID]*entry
}

func newRegister() *register { return &register{all: map[ident.TorrentID]*entry{}} }

func (g *register) put(e *entry) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.all[e.id] = e
}

func (g *register) remove(id ident.TorrentID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.all, id)
}

func (g *register) get(id ident.TorrentID) *entry {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.all[id]
}

func (g *register) byHash(hash [20]byte) *entry {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, e := range g.all {
		if e.hash == hash {
			return e
		}
	}
	return nil
}

// entries returns all entries by ascending id.
func (g *register) entries() []*entry {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := make([]*entry, 0, len(g.all))
	for _, e := range g.all {
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b *entry) int { return int(a.id - b.id) })
	return out
}

func (g *register) list() []Running {
	var out []Running
	for _, e := range g.entries() {
		out = append(out, e.running)
	}
	return out
}
