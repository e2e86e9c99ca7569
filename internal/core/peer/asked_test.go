package peer

import (
	"slices"
	"testing"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"pgregory.net/rapid"
)

// failer is what a property and a test have in common.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// blocksOf lists the blocks of a list, oldest first, and checks its links.
func blocksOf(t failer, a *asked, p place) []geometry.Block {
	t.Helper()
	var all []geometry.Block
	l := a.list(p)
	prev := int32(0)
	for at := l.first; at != 0; at = a.slots[at].next {
		s := a.slots[at]
		if s.place != p || s.prev != prev || a.find(s.block) != at || s.copies == 0 {
			t.Fatalf("slot %d of list %d is %+v behind %d", at, p, s, prev)
		}
		all = append(all, s.block)
		prev = at
	}
	if l.last != prev || l.count != len(all) {
		t.Fatalf("list %d is %+v with %d blocks, last %d", p, *l, len(all), prev)
	}
	return all
}

// askedModel is the same table as plain slices.
type askedModel struct {
	table  asked
	lists  [2][]geometry.Block
	copies map[geometry.Block]uint8
}

func (m *askedModel) draw(t *rapid.T, p place) (geometry.Block, int32) {
	if len(m.lists[p]) == 0 {
		t.Skip("empty")
	}
	b := rapid.SampledFrom(m.lists[p]).Draw(t, "block")
	return b, m.table.find(b)
}

func (m *askedModel) takeOut(b geometry.Block) {
	for p := range m.lists {
		m.lists[p] = slices.DeleteFunc(m.lists[p], func(o geometry.Block) bool { return o == b })
	}
}

func (m *askedModel) actions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"add": func(t *rapid.T) {
			b := geometry.Block{Number: rapid.Uint32Range(0, 300).Draw(t, "number")}
			if m.table.find(b) != 0 {
				t.Skip("there")
			}
			m.table.add(b, mono.Instant(1))
			m.lists[flying], m.copies[b] = append(m.lists[flying], b), 1
		},
		"move": func(t *rapid.T) {
			from, to := place(rapid.IntRange(0, 1).Draw(t, "from")), place(rapid.IntRange(0, 1).Draw(t, "to"))
			b, at := m.draw(t, from)
			m.table.move(at, to)
			m.takeOut(b)
			m.lists[to] = append(m.lists[to], b)
		},
		"forget": func(t *rapid.T) {
			b, at := m.draw(t, place(rapid.IntRange(0, 1).Draw(t, "place")))
			m.table.forget(at)
			m.takeOut(b)
		},
		"another copy": func(t *rapid.T) {
			b, at := m.draw(t, flying)
			m.table.slots[at].copies++
			m.copies[b]++
		},
		"answered": func(t *rapid.T) {
			p := place(rapid.IntRange(0, 1).Draw(t, "place"))
			b, at := m.draw(t, p)
			m.table.answered(at)
			m.copies[b]--
			if m.copies[b] == 0 {
				m.takeOut(b)
			} else if p == flying {
				m.takeOut(b)
				m.lists[late] = append(m.lists[late], b)
			}
		},
		"": func(t *rapid.T) {
			for p := range m.lists {
				if got := blocksOf(t, &m.table, place(p)); !slices.Equal(got, m.lists[p]) {
					t.Fatalf("list %d is %v, want %v", p, got, m.lists[p])
				}
			}
		},
	}
}

func TestTheTableOfRequestsIsTwoListsInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &askedModel{copies: map[geometry.Block]uint8{}}
		t.Repeat(m.actions())
	})
}

func TestOfTooManyLateBlocksTheOldestAreForgotten(t *testing.T) {
	var a asked
	for n := range uint32(lateBound + 10) {
		a.add(geometry.Block{Number: n}, 1)
		a.move(a.find(geometry.Block{Number: n}), late)
	}
	got := blocksOf(t, &a, late)
	if len(got) != lateBound || got[0].Number != 10 {
		t.Errorf("%d late blocks from %v on", len(got), got[0])
	}
	if len(a.slots) > lateBound+2 {
		t.Errorf("%d slots", len(a.slots))
	}
}

func TestSlotsAreUsedAgain(t *testing.T) {
	var a asked
	for n := range uint32(100_000) {
		a.add(geometry.Block{Piece: 7, Number: n}, 1)
		if a.flying.count > 250 {
			a.answered(a.flying.first)
		}
	}
	if len(a.slots) > 300 || len(a.heads) > 512 {
		t.Errorf("%d slots, %d chains", len(a.slots), len(a.heads))
	}
}
