package door_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/door"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/serial"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

const begin = mono.Instant(time.Hour)

func from(n int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)}), 6881)
}

func syn(id utpwire.ConnID, seq serial.Number) *utpwire.Header {
	return &utpwire.Header{Kind: utpwire.Syn, ID: id, Seq: seq, Stamp: 1000}
}

func newDoor(most int) *door.Door {
	return door.New(door.Config{Most: most, Window: 1 << 20, Secret: [16]byte{1, 2, 3}})
}

// first is the packet behind a Syn by one who knows its answer.
func first(kind utpwire.Kind, s, answer *utpwire.Header) *utpwire.Header {
	return &utpwire.Header{Kind: kind, ID: s.ID.Next(), Seq: s.Seq.Next(), Ack: answer.Seq.Previous()}
}

func mustKnock(t *testing.T, d *door.Door, now mono.Instant, s *utpwire.Header, want door.KnockKind) utpwire.Header {
	t.Helper()
	k := d.Knock(now, from(1), s)
	if k.Kind != want {
		t.Fatalf("the SYN is %v, want %v", k.Kind, want)
	}
	return k.Answer
}

func mustEnter(t *testing.T, d *door.Door, now mono.Instant, p *utpwire.Header, want door.EntryKind) door.Entry {
	t.Helper()
	e := d.Enter(now, from(1), p)
	if e.Kind != want {
		t.Fatalf("the packet is %v, want %v", e.Kind, want)
	}
	return e
}

func TestASynIsAnsweredByAStateOfTwentyBytes(t *testing.T) {
	d := newDoor(1)
	for _, id := range []utpwire.ConnID{7, 65535} {
		for range 2 {
			s := syn(id, 65535)
			a := d.Knock(begin, from(int(id)), s).Answer
			if wire := a.Append(nil, nil); len(wire) != 20 || a.Kind != utpwire.State || a.ID != id || a.Ack != 65535 || a.Window != 1<<20 {
				t.Errorf("%+v", a)
			}
			if want := utpwire.StampAt(begin).Since(1000); a.Delay != want {
				t.Errorf("the delay is %d, want %d", a.Delay, want)
			}
		}
	}
}

func TestWhoKnowsTheAnswerIsAdmittedOnce(t *testing.T) {
	for _, kind := range []utpwire.Kind{utpwire.Data, utpwire.Fin, utpwire.State} {
		d := newDoor(8)
		s := syn(65535, 65535)
		a := mustKnock(t, d, begin, s, door.Answered)
		wrong := first(kind, s, &a)
		wrong.Ack++ // as BEP 29 draws it
		mustEnter(t, d, begin, wrong, door.Premature)
		p := first(kind, s, &a)
		p.Seq += 5 // a later one will do
		e := mustEnter(t, d, begin, p, door.Admitted)
		if want := (door.Guest{ID: 0, Theirs: 65535, Ours: a.Seq}); e.Guest != want {
			t.Errorf("%+v, want %+v", e.Guest, want)
		}
		mustEnter(t, d, begin, first(kind, s, &a), door.Stray)
	}
}

func TestARepeatedSynHasTheSameAnswerSomeTimes(t *testing.T) {
	d := newDoor(8)
	s := syn(7, 9)
	a := mustKnock(t, d, begin, s, door.Answered)
	for n := range 7 {
		if again := mustKnock(t, d, begin.Add(time.Duration(n)*time.Second/2), s, door.AnsweredAgain); again.Seq != a.Seq {
			t.Errorf("%+v, then %+v", a, again)
		}
	}
	mustKnock(t, d, begin, s, door.AnsweredEnough)
	mustKnock(t, d, begin, syn(7, 10), door.AnsweredAnother)
}

func TestWhoSaysNothingIsForgottenAfterSixSeconds(t *testing.T) {
	d := newDoor(8)
	s := syn(7, 9)
	a := mustKnock(t, d, begin, s, door.Answered)
	mustEnter(t, d, begin.Add(6*time.Second), first(utpwire.Data, s, &a), door.Stray)
	if d.Waiting() != 0 {
		t.Error("somebody waits")
	}
}

func TestAResetByWhoWaitsTakesItAway(t *testing.T) {
	for _, id := range []utpwire.ConnID{7, 8} {
		d := newDoor(8)
		a := mustKnock(t, d, begin, syn(7, 9), door.Answered)
		mustEnter(t, d, begin, &utpwire.Header{Kind: utpwire.Reset, ID: id, Ack: a.Seq + 1}, door.StrayReset)
		mustEnter(t, d, begin, &utpwire.Header{Kind: utpwire.Reset, ID: id, Ack: a.Seq}, door.Left)
		if d.Waiting() != 0 {
			t.Error("it waits")
		}
	}
}

func TestAtAFullDoorTheFirstPacketShowsAllThereIsToKnow(t *testing.T) {
	d := newDoor(0)
	s := syn(7, 65535)
	for _, late := range []time.Duration{0, 15 * time.Second} {
		a := mustKnock(t, d, begin, s, door.AnsweredUnwritten)
		at := begin.Add(late)
		second := first(utpwire.Data, s, &a)
		second.Seq++
		mustEnter(t, d, at, second, door.StrayUnanswered) // a Reset would end what begins well
		guessed := first(utpwire.Data, s, &a)
		guessed.Ack++
		mustEnter(t, d, at, guessed, door.StrayUnanswered)
		e := mustEnter(t, d, at, first(utpwire.Data, s, &a), door.Admitted)
		if want := (door.Guest{ID: 8, Theirs: 65535, Ours: a.Seq}); e.Guest != want {
			t.Errorf("%+v, want %+v", e.Guest, want)
		}
	}
	a := mustKnock(t, d, begin, s, door.AnsweredUnwritten)
	mustEnter(t, d, begin.Add(33*time.Second), first(utpwire.Data, s, &a), door.Stray)
}

// Nothing is known of an answer that was written when its connection is over.
func TestAnAnswerOfTheBookIsNoneOfAFullDoor(t *testing.T) {
	d := newDoor(1)
	s := syn(7, 9)
	a := mustKnock(t, d, begin, s, door.Answered)
	if d.Knock(begin, from(2), syn(7, 9)).Kind != door.AnsweredUnwritten {
		t.Fatal("the door is not full")
	}
	mustEnter(t, d, begin, first(utpwire.Data, s, &a), door.Admitted)
	mustEnter(t, d, begin, first(utpwire.Data, s, &a), door.StrayUnanswered)
}

func TestTheNumberOfAnAnswerIsThatOfWhoAsked(t *testing.T) {
	seen := map[serial.Number]int{}
	d := newDoor(0)
	other := door.New(door.Config{Secret: [16]byte{9}})
	for n := range 100 {
		seen[d.Knock(begin, from(n), syn(7, 9)).Answer.Seq]++
		seen[d.Knock(begin, from(0), syn(utpwire.ConnID(1000+n), 9)).Answer.Seq]++
		seen[d.Knock(begin, from(0), syn(7, serial.Number(1000+n))).Answer.Seq]++
		seen[d.Knock(begin.Add(time.Duration(1+n)*16*time.Second), from(0), syn(7, 9)).Answer.Seq]++
		seen[other.Knock(begin, from(n), syn(7, 9)).Answer.Seq]++
	}
	if len(seen) < 480 {
		t.Errorf("%d numbers of 500 questions", len(seen))
	}
}

func TestStrayPacketsAreAnsweredByResetsAndNotTooMany(t *testing.T) {
	d := newDoor(8)
	p := &utpwire.Header{Kind: utpwire.Data, ID: 5, Seq: 77, Ack: 99}
	e := mustEnter(t, d, begin, p, door.Stray)
	if r := e.Reset; r.Kind != utpwire.Reset || r.ID != 5 || r.Ack != 77 || r.Window != 0 || len(r.Append(nil, nil)) != 20 {
		t.Errorf("%+v", r)
	}
	answers := 0
	for n := range 3000 {
		if d.Enter(begin.Add(time.Duration(n)*time.Millisecond), from(n), p).Kind == door.Stray {
			answers++
		}
	}
	if answers < 200 || answers > 250 {
		t.Errorf("%d answers in three seconds", answers)
	}
	mustEnter(t, d, begin, &utpwire.Header{Kind: utpwire.Reset, ID: 5}, door.StrayReset)
}

func TestADoorHoldsNoMoreThanItsBoundWhateverComes(t *testing.T) {
	d := newDoor(50)
	honest := 0
	for n := range 100_000 {
		now := begin.Add(time.Duration(n) * 100 * time.Microsecond)
		d.Knock(now, from(n), syn(utpwire.ConnID(n), serial.Number(n)))
		if n%100 == 0 {
			s := syn(utpwire.ConnID(n*7), serial.Number(n))
			a := d.Knock(now, from(1), s).Answer
			if e := d.Enter(now.Add(50*time.Millisecond), from(1), first(utpwire.Data, s, &a)); e.Kind == door.Admitted {
				honest++
			}
		}
		if d.Waiting() > 50 || d.Queued() > 101 {
			t.Fatalf("%d wait, %d tickets", d.Waiting(), d.Queued())
		}
	}
	if honest != 1000 {
		t.Errorf("%d of 1000 were admitted", honest)
	}
	d.Rest(begin.Add(time.Hour))
	if d.Waiting() != 0 || d.Queued() != 0 {
		t.Errorf("%d wait, %d tickets", d.Waiting(), d.Queued())
	}
}

func TestAnAnswerAllocatesNothingAtAFullDoor(t *testing.T) {
	d := newDoor(0)
	s := syn(7, 9)
	if n := testing.AllocsPerRun(100, func() {
		a := d.Knock(begin, from(1), s).Answer
		d.Enter(begin, from(1), first(utpwire.Data, s, &a))
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkKnockAtAFullDoor(b *testing.B) {
	d := newDoor(0)
	s := syn(7, 9)
	for b.Loop() {
		d.Knock(begin, from(1), s)
	}
}

// Who owns the door may have no room: a Syn and who was admitted are answered as strays are.
func TestWhoIsTurnedAwayGetsAResetThatAnswersItsPacket(t *testing.T) {
	d := newDoor(10)
	for i := range 200 {
		s := syn(utpwire.ConnID(10*i), 7)
		e := d.TurnAway(begin, s)
		if e.Kind == door.StrayUnanswered && i > 0 {
			return // there are not too many
		}
		if e.Kind != door.Stray || e.Reset.Kind != utpwire.Reset || e.Reset.ID != s.ID || e.Reset.Ack != s.Seq {
			t.Fatalf("the answer is %+v", e)
		}
	}
	t.Error("all were answered")
}
