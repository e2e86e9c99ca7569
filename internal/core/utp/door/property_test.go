package door_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/internal/core/utp/door"
	"github.com/etorrent/etorrent/internal/fuzzseed"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/serial"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// fatal is what *testing.T and *rapid.T have in common.
type fatal interface{ Fatalf(string, ...any) }

// keeper remembers all that a door said, and looks whether it lets in by it.
type keeper struct {
	*door.Door
	t     fatal
	most  int
	now   mono.Instant
	given map[given]mono.Instant // when the answer was given last
	lucky int
	last  map[door.Key][]serial.Number
}

// given is an answer.
type given struct {
	key          door.Key
	theirs, ours serial.Number
}

func newKeeper(t fatal, most int) *keeper {
	return &keeper{
		Door: newDoor(most), t: t, most: most, now: begin, given: map[given]mono.Instant{}, last: map[door.Key][]serial.Number{},
	}
}

func (k *keeper) knock(who int, id utpwire.ConnID, seq serial.Number) {
	s := syn(id, seq)
	x := k.Knock(k.now, from(who), s)
	if x.Kind > door.AnsweredUnwritten {
		return
	}
	if wire := x.Answer.Append(nil, nil); len(wire) != 20 || x.Answer.Ack != seq || x.Answer.ID != id || x.Answer.Kind != utpwire.State {
		k.t.Fatalf("answered by %+v", x.Answer)
	}
	at := door.KeyOf(from(who), id.Next())
	k.given[given{at, seq, x.Answer.Seq}] = k.now
	k.last[at] = append(k.last[at], x.Answer.Seq)
}

// enter has a packet come, that knows one of the last answers or is some numbers beside it.
func (k *keeper) enter(who int, id utpwire.ConnID, kind utpwire.Kind, seq serial.Number, beside int) {
	at := door.KeyOf(from(who), id.Next())
	p := &utpwire.Header{Kind: kind, ID: id.Next(), Seq: seq, Ack: serial.Number(beside)}
	if l := k.last[at]; len(l) > 0 {
		p.Ack = l[len(l)-1-beside&1*(len(l)-1)].Add(beside/2 - 1)
	}
	e := k.Enter(k.now, from(who), p)
	switch e.Kind {
	case door.Admitted:
		a := given{at, e.Guest.Theirs, e.Guest.Ours}
		when, is := k.given[a]
		if !is {
			k.lucky++ // one guess of 2^16 is right, and fuzzing finds it
		}
		if k.lucky > 2 || is && k.now.Sub(when) > 32*time.Second || p.Ack != a.ours.Previous() || e.Guest.ID != id.Next() {
			k.t.Fatalf("%+v was let in at %d by %+v, given %d", e.Guest, k.now, p, when)
		}
	case door.Stray:
		if e.Reset.Ack != p.Seq || e.Reset.ID != p.ID || p.Kind == utpwire.Reset {
			k.t.Fatalf("%+v is answered by %+v", p, e.Reset)
		}
	}
	if k.Waiting() > k.most || k.Queued() > 2*k.most+1 {
		k.t.Fatalf("%d wait, %d tickets", k.Waiting(), k.Queued())
	}
}

// do is one step of four bytes.
func (k *keeper) do(b []byte) {
	who, id, seq := int(b[1]&3), utpwire.ConnID(b[1]>>2&3)-1, serial.Number(b[2]&3)-1
	switch b[0] % 4 {
	case 0, 1:
		k.knock(who, id, seq)
	case 2:
		k.enter(who, id, utpwire.Kind(b[0]>>2&3), seq.Next().Add(int(b[2]>>6)), int(b[3]&7))
	case 3:
		k.now = k.now.Add(time.Duration(b[3]) * 50 * time.Millisecond)
		if b[3] == 255 {
			k.Rest(k.now)
		}
	}
}

func TestNobodyIsLetInButByAnAnswerThatWasGiven(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := newKeeper(t, rapid.IntRange(0, 4).Draw(t, "most"))
		for _, step := range rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 4, 4), 0, 100).Draw(t, "steps") {
			k.do(step)
		}
	})
}

// FuzzDoor takes a byte for the size of the book, and four for each step.
func FuzzDoor(f *testing.F) {
	fuzzseed.Add(f)
	f.Add([]byte{0, 0, 0, 1, 0, 2, 0, 1, 2, 2, 0, 1, 2, 3, 0, 0, 255, 2, 0, 1, 2})
	f.Add([]byte{2, 0, 4, 2, 0, 0, 4, 2, 0, 0, 5, 2, 0, 0, 6, 2, 0, 2, 4, 2, 2, 14, 5, 2, 4, 3, 0, 0, 200, 2, 5, 2, 2})
	f.Fuzz(func(t *testing.T, steps []byte) {
		if len(steps) == 0 {
			return
		}
		k := newKeeper(t, int(steps[0]%5))
		for steps = steps[1:]; len(steps) >= 4; steps = steps[4:] {
			k.do(steps[:4])
		}
	})
}
