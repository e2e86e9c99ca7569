package pieceset_test

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// model is a set as a plain map.
type model map[pieceset.Index]struct{}

// sizes draws sizes that end inside a word, at its end and behind it.
func sizes() *rapid.Generator[int] {
	return rapid.OneOf(rapid.SampledFrom([]int{0, 1, 7, 8, 63, 64, 65, 128}), rapid.IntRange(0, 300))
}

func drawModel(t *rapid.T, size int, label string) model {
	m := model{}
	if size == 0 {
		return m
	}
	for _, i := range rapid.SliceOfN(rapid.IntRange(0, size-1), 0, 2*size).Draw(t, label) {
		m[pieceset.Index(i)] = struct{}{}
	}
	return m
}

func (m model) members() []pieceset.Index { return slices.Sorted(maps.Keys(m)) }

func (m model) set(size int) *pieceset.Set { return pieceset.Of(size, m.members()...) }

// check compares all that a set says with the model.
func check(t *rapid.T, s *pieceset.Set, size int, m model) {
	t.Helper()
	if s.Size() != size || s.Count() != len(m) {
		t.Fatalf("%d of %d, want %d of %d", s.Count(), s.Size(), len(m), size)
	}
	if s.IsEmpty() != (len(m) == 0) || s.IsFull() != (len(m) == size) {
		t.Fatalf("%d of %d: empty %v, full %v", len(m), size, s.IsEmpty(), s.IsFull())
	}
	if got := slices.Collect(s.All()); !slices.Equal(got, m.members()) {
		t.Fatalf("members %v, want %v", got, m.members())
	}
	for i := range pieceset.Index(size + 70) {
		if _, want := m[i]; s.Has(i) != want {
			t.Fatalf("Has(%d) is %v", i, !want)
		}
	}
}

func TestASetHoldsWhatWasAddedAndNotRemoved(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(1, 200).Draw(t, "size")
		s, m := pieceset.New(size), model{}
		index := func(t *rapid.T) pieceset.Index { return pieceset.Index(rapid.IntRange(0, size-1).Draw(t, "i")) }
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				i := index(t)
				s.Add(i)
				m[i] = struct{}{}
			},
			"remove": func(t *rapid.T) {
				i := index(t)
				s.Remove(i)
				delete(m, i)
			},
			"fill": func(*rapid.T) {
				s.Fill()
				for i := range size {
					m[pieceset.Index(i)] = struct{}{}
				}
			},
			"clear": func(*rapid.T) {
				s.Clear()
				clear(m)
			},
			"": func(t *rapid.T) { check(t, s, size, m) },
		})
	})
}

func TestSetsAreCombinedAsMathematicsHasIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := sizes().Draw(t, "size")
		a, b := drawModel(t, size, "a"), drawModel(t, size, "b")
		union, difference, intersection := model{}, model{}, model{}
		for i := range a {
			union[i] = struct{}{}
			if _, both := b[i]; both {
				intersection[i] = struct{}{}
			} else {
				difference[i] = struct{}{}
			}
		}
		maps.Copy(union, b)
		for _, c := range []struct {
			combine func(s, t *pieceset.Set)
			want    model
		}{
			{(*pieceset.Set).AddAll, union},
			{(*pieceset.Set).RemoveAll, difference},
			{(*pieceset.Set).Retain, intersection},
		} {
			s := a.set(size)
			c.combine(s, b.set(size))
			check(t, s, size, c.want)
		}
		if got := a.set(size).Overlap(b.set(size)); got != len(intersection) {
			t.Fatalf("overlap %d, want %d", got, len(intersection))
		}
		if got := a.set(size).Equal(b.set(size)); got != maps.Equal(a, b) {
			t.Fatalf("Equal is %v for %v and %v", got, a.members(), b.members())
		}
	})
}

func TestSetsOfDifferentSizesAreNotEqual(t *testing.T) {
	if pieceset.New(3).Equal(pieceset.New(4)) {
		t.Error("empty sets of sizes 3 and 4 are equal")
	}
}

func TestAFullSetHasEveryIndex(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := sizes().Draw(t, "size")
		m := model{}
		for i := range size {
			m[pieceset.Index(i)] = struct{}{}
		}
		check(t, pieceset.Full(size), size, m)
	})
}

func TestACloneHasAnOwnerOfItsOwn(t *testing.T) {
	s := pieceset.Of(100, 1, 64, 99)
	c := s.Clone()
	if !c.Equal(s) {
		t.Fatal("the clone is another set")
	}
	c.Remove(64)
	s.Add(2)
	if !s.Equal(pieceset.Of(100, 1, 2, 64, 99)) || !c.Equal(pieceset.Of(100, 1, 99)) {
		t.Errorf("set %v, clone %v", slices.Collect(s.All()), slices.Collect(c.All()))
	}
}

func TestTheYieldedMemberMayBeRemoved(t *testing.T) {
	s := pieceset.Full(130)
	want := pieceset.Index(0)
	for i := range s.All() {
		if i != want {
			t.Fatalf("yielded %d, want %d", i, want)
		}
		s.Remove(i)
		want++
	}
	if want != 130 || !s.IsEmpty() {
		t.Errorf("yielded %d members, %d left", want, s.Count())
	}
}

func TestIterationStopsWhenAsked(t *testing.T) {
	seen := 0
	for range pieceset.Full(100).All() {
		if seen++; seen == 70 {
			break
		}
	}
	if seen != 70 {
		t.Errorf("saw %d", seen)
	}
}

func TestTheZeroSetIsEmpty(t *testing.T) {
	var s pieceset.Set
	if s.Size() != 0 || !s.IsEmpty() || !s.IsFull() || s.Has(0) || len(s.AppendBitfield(nil)) != 0 {
		t.Error("the zero Set says something")
	}
}

// Where an int has 32 bits, these indices are negative as ints.
func TestAHugeIndexIsNeverAMember(t *testing.T) {
	for _, i := range []pieceset.Index{1 << 31, 1<<31 + 1, 1<<32 - 1} {
		if pieceset.Full(100).Has(i) {
			t.Errorf("Has(%d)", i)
		}
	}
}

func TestBugsOfTheCallerPanic(t *testing.T) {
	for name, bug := range map[string]func(){
		"adding an index out of range":     func() { pieceset.New(8).Add(8) },
		"removing an index out of range":   func() { pieceset.New(64).Remove(64) },
		"a member out of range":            func() { pieceset.Of(3, 1, 3) },
		"the first index without a sign":   func() { pieceset.New(8).Remove(1 << 31) },
		"the last index of all":            func() { pieceset.New(8).Add(1<<32 - 1) },
		"adding a set of another size":     func() { pieceset.New(8).AddAll(pieceset.New(9)) },
		"overlap with a set of other size": func() { pieceset.New(8).Overlap(pieceset.New(7)) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			bug()
		})
	}
}
