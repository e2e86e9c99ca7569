package assign

import (
	"slices"
	"testing"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"pgregory.net/rapid"
)

// machine drives a core with every input in any order.
type machine struct {
	*world
	next HolderID
}

func (m *machine) holder(t *rapid.T) HolderID {
	if len(m.c.list) == 0 {
		t.Skip("nobody there")
	}
	return m.c.list[rapid.IntRange(0, len(m.c.list)-1).Draw(t, "holder")].id
}

func (m *machine) piece(t *rapid.T) pieceset.Index {
	return pieceset.Index(rapid.IntRange(0, len(m.c.pieces)-1).Draw(t, "piece"))
}

func (m *machine) anyBlock(t *rapid.T) geometry.Block {
	i := m.piece(t)
	return block(i, rapid.Uint32Range(0, m.c.geometry.Blocks(i)-1).Draw(t, "block"))
}

func (m *machine) fetched(t *rapid.T) (HolderID, geometry.Block) {
	id := m.holder(t)
	if len(m.out[id]) == 0 {
		t.Skip("fetches nothing")
	}
	return id, m.out[id][rapid.IntRange(0, len(m.out[id])-1).Draw(t, "place")]
}

func (m *machine) pieces(t *rapid.T) *pieceset.Set {
	s := pieceset.New(len(m.c.pieces))
	for i := range len(m.c.pieces) {
		if rapid.Bool().Draw(t, "has") {
			s.Add(pieceset.Index(i))
		}
	}
	return s
}

func (m *machine) past(t *rapid.T) Past {
	p := Past{Told: rapid.SampledFrom([]Interest{NotInterested, Interested}).Draw(t, "told")}
	for range rapid.IntRange(0, 12).Draw(t, "fetches") {
		if b := m.anyBlock(t); !slices.Contains(p.Fetches, b) {
			p.Fetches = append(p.Fetches, b)
		}
	}
	return p
}

func (m *machine) snapshot(t *rapid.T) Snapshot {
	s := Snapshot{Held: m.pieces(t), Partials: map[pieceset.Index]BlockSet{}}
	for range rapid.IntRange(0, 4).Draw(t, "partials") {
		s.Partials[m.piece(t)] = BlockSet{rapid.Uint64Range(0, 15).Draw(t, "blocks")}
	}
	return s
}

func (m *machine) priorities(t *rapid.T) []Priority {
	return rapid.SliceOfN(rapid.SampledFrom([]Priority{Unwanted, Low, Normal, High}),
		len(m.c.pieces), len(m.c.pieces)).Draw(t, "priorities")
}

func (m *machine) window(t *rapid.T) WindowID {
	return WindowID(rapid.IntRange(1, 3).Draw(t, "window"))
}

func (m *machine) somewhere(t *rapid.T) Window {
	return Window{First: m.piece(t), Now: rapid.IntRange(0, 3).Draw(t, "now"), Soon: rapid.IntRange(0, 9).Draw(t, "soon")}
}

// holderInputs are what holders say.
func (m *machine) holderInputs() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"join": func(t *rapid.T) {
			m.next++
			m.c.Join(m.next, m.pieces(t))
			m.c.SetCredit(m.next, rapid.Uint32Range(0, 9).Draw(t, "credit"))
		},
		"rejoin": func(t *rapid.T) {
			m.next++
			m.rejoin(m.next, m.pieces(t), m.past(t))
			m.c.SetCredit(m.next, rapid.Uint32Range(0, 9).Draw(t, "credit"))
		},
		"rejoin of one that is there": func(t *rapid.T) { m.rejoin(m.holder(t), m.pieces(t), m.past(t)) },
		"leave":                       func(t *rapid.T) { m.leave(m.holder(t)) },
		"have":                        func(t *rapid.T) { m.c.Have(m.holder(t), m.piece(t)) },
		"have set":                    func(t *rapid.T) { m.c.HaveSet(m.holder(t), m.pieces(t)) },
		"have all":                    func(t *rapid.T) { m.c.HaveAll(m.holder(t)) },
		"credit": func(t *rapid.T) {
			m.c.SetCredit(m.holder(t), rapid.Uint32Range(0, 20).Draw(t, "credit"))
		},
		"credit of one that chokes us": func(t *rapid.T) {
			m.c.SetAllowedCredit(m.holder(t), rapid.Uint32Range(0, 8).Draw(t, "credit"))
		},
		"allow":    func(t *rapid.T) { m.c.Allow(m.holder(t), m.piece(t)) },
		"disallow": func(t *rapid.T) { m.c.Disallow(m.holder(t), m.piece(t)) },
		"receive": func(t *rapid.T) {
			id, b := m.fetched(t)
			if m.receive(id, b) == BlockFromStranger {
				t.Fatalf("a living holder is a stranger")
			}
		},
		"receive anything": func(t *rapid.T) { m.receive(m.holder(t), m.anyBlock(t)) },
		"return": func(t *rapid.T) {
			id, b := m.fetched(t)
			m.giveBack(id, b, rapid.SampledFrom([]Reason{Choked, Rejected, TimedOut}).Draw(t, "why"))
		},
		"parole": func(t *rapid.T) { m.c.Parole(m.holder(t)) },
		"trust":  func(t *rapid.T) { m.c.Trust(m.holder(t)) },
		"return all": func(t *rapid.T) {
			id := m.holder(t)
			m.out[id] = nil
			m.c.ReturnedAll(id, Choked)
		},
	}
}

// otherInputs are what the disk and the user say, and settling.
func (m *machine) otherInputs() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"verdicts": func(t *rapid.T) {
			for i := range m.c.pieces {
				if m.c.pieces[i].state == PieceFull {
					m.c.Verified(pieceset.Index(i))
				}
			}
		},
		"verified":      func(t *rapid.T) { m.c.Verified(m.piece(t)) },
		"corrupt":       func(t *rapid.T) { m.c.Corrupt(m.piece(t)) },
		"lost":          func(t *rapid.T) { m.c.Lost(m.piece(t)) },
		"reset":         func(t *rapid.T) { m.c.Reset(m.snapshot(t)) },
		"priorities":    func(t *rapid.T) { m.c.SetPriorities(m.priorities(t)) },
		"window":        func(t *rapid.T) { m.c.SetWindow(m.window(t), m.somewhere(t)) },
		"window closed": func(t *rapid.T) { m.c.CloseWindow(m.window(t)) },
		"settle":        func(t *rapid.T) { m.settle() },
		"":              func(t *rapid.T) { checkInvariants(t, m.c) },
	}
}

func TestInvariantsHoldUnderEveryOrderOfInputs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pieces, blocks := rapid.SampledFrom([]int{1, 2, 9, 70, 200}).Draw(t, "pieces"), rapid.IntRange(1, 9).Draw(t, "blocks")
		m := &machine{world: newWorld(t, shape(pieces, blocks), Start{Picker: rapid.SampledFrom([]Picker{nil, Random{}, Sequential{}}).Draw(t, "picker")})}
		inputs := m.holderInputs()
		for name, f := range m.otherInputs() {
			inputs[name] = f
		}
		t.Repeat(inputs)
		m.settle()
		m.finish()
	})
}

// finish lets a seed deliver what is left, which must always suffice.
func (m *machine) finish() {
	m.t.Helper()
	m.next++
	m.seed(m.next, 50)
	for range 100 * len(m.c.pieces) {
		if _, wanted := m.c.Progress().(PiecesWanted); !wanted {
			return
		}
		m.settle()
		m.receiveAll(m.next)
		for i := range m.c.pieces {
			if m.c.pieces[i].state == PieceFull {
				m.c.Verified(pieceset.Index(i))
			}
		}
		for _, h := range slices.Clone(m.c.list) {
			if h.id != m.next {
				m.leave(h.id)
			}
		}
	}
	m.t.Fatalf("a seed does not finish the torrent: %v", m.c.Progress())
}

func TestSameInputsGiveSameOutputs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		trace := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "trace")
		if a, b := drive(t, trace), drive(t, trace); !slices.Equal(a, b) {
			t.Fatalf("%v\n%v", a, b)
		}
	})
}
