package choke_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/internal/core/choke"
	"github.com/etorrent/etorrent/internal/fuzzseed"
)

var _ choke.Strategy = (*choke.FirstCome)(nil)

// journal keeps what a strategy decides.
type journal struct{ said []string }

func (j *journal) Unchoke(id choke.PeerID) { j.said = append(j.said, fmt.Sprint("unchoke ", id)) }
func (j *journal) Choke(id choke.PeerID)   { j.said = append(j.said, fmt.Sprint("choke ", id)) }

// take returns what was decided since the last call.
func (j *journal) take() []string {
	said := j.said
	j.said = nil
	return said
}

func expect(t *testing.T, j *journal, want ...string) {
	t.Helper()
	if got := j.take(); !slices.Equal(got, want) {
		t.Errorf("decided %q, want %q", got, want)
	}
}

func TestInterestedPeersAreUnchokedUntilTheSlotsAreTaken(t *testing.T) {
	var j journal
	c := choke.NewFirstCome(2)
	c.PeerInterested(1, &j)
	c.PeerInterested(2, &j)
	c.PeerInterested(3, &j)
	expect(t, &j, "unchoke 1", "unchoke 2")
}

func TestAFreedSlotGoesToTheLongestWaiting(t *testing.T) {
	var j journal
	c := choke.NewFirstCome(1)
	for id := range choke.PeerID(5) {
		c.PeerInterested(id, &j)
	}
	expect(t, &j, "unchoke 0")
	c.PeerUninterested(0, &j)
	expect(t, &j, "choke 0", "unchoke 1")
	c.PeerLeft(2, &j)
	expect(t, &j)
	c.PeerLeft(1, &j)
	expect(t, &j, "unchoke 3")
	c.PeerInterested(0, &j)
	c.PeerUninterested(3, &j)
	expect(t, &j, "choke 3", "unchoke 4")
}

func TestAPeerThatLosesInterestLosesItsPlace(t *testing.T) {
	var j journal
	c := choke.NewFirstCome(1)
	c.PeerInterested(1, &j)
	c.PeerInterested(2, &j)
	c.PeerInterested(3, &j)
	c.PeerUninterested(2, &j)
	c.PeerInterested(2, &j)
	j.take()
	c.PeerLeft(1, &j)
	expect(t, &j, "unchoke 3")
}

func TestWhatIsSaidTwiceChangesNothing(t *testing.T) {
	var j journal
	c := choke.NewFirstCome(1)
	c.PeerInterested(1, &j)
	c.PeerInterested(1, &j)
	c.PeerInterested(2, &j)
	c.PeerInterested(2, &j)
	expect(t, &j, "unchoke 1")
	c.PeerUninterested(1, &j)
	c.PeerUninterested(1, &j)
	expect(t, &j, "choke 1", "unchoke 2")
	c.PeerLeft(2, &j)
	c.PeerLeft(2, &j)
	c.PeerUninterested(2, &j)
	expect(t, &j)
}

// world is what the peers see of a strategy, and what they want.
type world struct {
	t          *rapid.T
	interested []choke.PeerID // in the order in which they became so
	unchoked   map[choke.PeerID]struct{}
	slots      int
}

func (w *world) Unchoke(id choke.PeerID) {
	waiting := slices.DeleteFunc(slices.Clone(w.interested), func(id choke.PeerID) bool {
		_, unchoked := w.unchoked[id]
		return unchoked
	})
	if len(waiting) == 0 || waiting[0] != id {
		w.t.Fatalf("%d unchoked where %v wait", id, waiting)
	}
	w.unchoked[id] = struct{}{}
}

func (w *world) Choke(id choke.PeerID) {
	if _, unchoked := w.unchoked[id]; !unchoked || slices.Contains(w.interested, id) {
		w.t.Fatalf("%d choked without need", id)
	}
	delete(w.unchoked, id)
}

func (w *world) check(*rapid.T) {
	if want := min(len(w.interested), w.slots); len(w.unchoked) != want {
		w.t.Fatalf("%d of %d interested peers unchoked, %d slots", len(w.unchoked), len(w.interested), w.slots)
	}
	for id := range w.unchoked {
		if !slices.Contains(w.interested, id) {
			w.t.Fatalf("%d unchoked and not interested", id)
		}
	}
}

func (w *world) want(id choke.PeerID) {
	if !slices.Contains(w.interested, id) {
		w.interested = append(w.interested, id)
	}
}

func (w *world) wantNothing(id choke.PeerID) {
	w.interested = slices.DeleteFunc(w.interested, func(other choke.PeerID) bool { return other == id })
}

func TestNoPeerWaitsWhileASlotIsFreeAndNoSlotIsGivenTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		slots := rapid.SampledFrom([]int{0, 1, 2, 5, choke.DefaultSlots}).Draw(t, "slots")
		w := &world{t: t, unchoked: map[choke.PeerID]struct{}{}, slots: slots}
		c := choke.NewFirstCome(slots)
		id := func(t *rapid.T) choke.PeerID { return choke.PeerID(rapid.IntRange(0, 2*slots+2).Draw(t, "peer")) }
		interested := func(t *rapid.T) {
			peer := id(t)
			w.want(peer)
			c.PeerInterested(peer, w)
		}
		t.Repeat(map[string]func(*rapid.T){
			"interested":      interested,
			"more interested": interested,
			"uninterested": func(t *rapid.T) {
				peer := id(t)
				w.wantNothing(peer)
				c.PeerUninterested(peer, w)
			},
			"left": func(t *rapid.T) {
				peer := id(t)
				w.wantNothing(peer)
				delete(w.unchoked, peer)
				c.PeerLeft(peer, w)
			},
			"": w.check,
		})
	})
}

func TestNeverMoreThanTheDefaultSlotsAreUnchoked(t *testing.T) {
	var j journal
	c := choke.NewFirstCome(choke.DefaultSlots)
	for id := range choke.PeerID(3 * choke.DefaultSlots) {
		c.PeerInterested(id, &j)
	}
	if got := len(j.take()); got != 64 {
		t.Errorf("%d unchoked", got)
	}
}

func FuzzFirstCome(f *testing.F) {
	fuzzseed.Add(f)
	f.Add([]byte{1, 5, 9, 2, 3, 6})
	f.Add([]byte{0, 4, 8, 12, 1, 5, 0})
	f.Fuzz(func(t *testing.T, steps []byte) {
		var j journal
		c := choke.NewFirstCome(3)
		unchoked := 0
		for _, step := range steps {
			id := choke.PeerID(step / 4)
			switch step % 4 {
			case 0, 1:
				c.PeerInterested(id, &j)
			case 2, 3:
				c.PeerUninterested(id, &j)
			}
			for _, said := range j.take() {
				if said[0] == 'u' {
					unchoked++
				} else {
					unchoked--
				}
			}
			if unchoked < 0 || unchoked > 3 {
				t.Fatalf("%d unchoked after %v", unchoked, steps)
			}
		}
	})
}
