package reveal_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/internal/core/reveal"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// The stage fails where the core contradicts itself, shows a piece a second time or
// to who has it, or goes on after its end.
func TestWhateverRemotesDoNothingIsShownTwice(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := newStage(t, rapid.IntRange(1, 40).Draw(rt, "pieces"))
		next := reveal.RemoteID(0)
		one := func(t *rapid.T) *remote {
			if len(s.order) == 0 {
				t.Skip("nobody is there")
			}
			return rapid.SampledFrom(s.order).Draw(t, "remote")
		}
		piece := func(t *rapid.T) pieceset.Index {
			return pieceset.Index(rapid.IntRange(0, s.pieces-1).Draw(t, "piece"))
		}
		rt.Repeat(map[string]func(*rapid.T){
			"join": func(*rapid.T) {
				next++
				s.join(next)
			},
			"join with pieces": func(t *rapid.T) {
				next++
				s.join(next, piece(t), piece(t))
			},
			"leave": func(t *rapid.T) { s.leave(one(t)) },
			"get":   func(t *rapid.T) { s.gets(one(t), piece(t)) },
			"take what is shown": func(t *rapid.T) {
				r := one(t)
				for _, i := range r.missing() {
					s.gets(r, i)
				}
			},
			"change its mind": func(t *rapid.T) {
				one(t).wants = rapid.SampledFrom([]reveal.Interest{reveal.Interested, reveal.NotInterested}).Draw(t, "wants")
			},
			"lose or get a slot": func(t *rapid.T) {
				one(t).slot = rapid.SampledFrom([]reveal.Slot{reveal.NoSlot, reveal.HasSlot}).Draw(t, "slot")
			},
			"send bytes": func(t *rapid.T) { one(t).sent += int64(rapid.IntRange(0, 3*pieceSize).Draw(t, "bytes")) },
			"words of strangers": func(t *rapid.T) {
				s.core.RemoteHas(s.now, next+1, piece(t))
				s.core.RemoteHasSet(s.now, next+1, pieceset.Full(s.pieces))
				s.core.RemoteMeasured(s.now, next+1, reveal.Reading{Sent: 5})
				s.core.RemoteLeft(s.now, next+1)
				s.settle()
			},
			"pass": func(t *rapid.T) { s.pass(time.Duration(rapid.IntRange(1, 90).Draw(t, "seconds")) * time.Second) },
		})
	})
}

// Everybody who wants everything, and has a slot, gets it, whoever else is there and
// does nothing.
func TestEveryoneIsShownEverythingInTheEnd(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := newStage(t, rapid.IntRange(1, 30).Draw(rt, "pieces"))
		takers := rapid.IntRange(1, 5).Draw(rt, "takers")
		var all []*remote
		for id := range reveal.RemoteID(takers) {
			all = append(all, s.join(1+id))
		}
		for id := range reveal.RemoteID(rapid.IntRange(0, 5).Draw(rt, "idlers")) {
			r := s.join(100 + id)
			r.wants = rapid.SampledFrom([]reveal.Interest{reveal.Interested, reveal.NotInterested}).Draw(rt, "wants")
			r.slot = rapid.SampledFrom([]reveal.Slot{reveal.NoSlot, reveal.HasSlot}).Draw(rt, "slot")
		}
		for range 1800 {
			for _, r := range all {
				for _, i := range r.missing() {
					s.gets(r, i)
				}
			}
			s.pass(time.Second)
		}
		for _, r := range all {
			if !r.has.IsFull() && s.end == nil {
				rt.Fatalf("after half an hour remote %d has %d of %d pieces", r.id, r.has.Count(), s.pieces)
			}
		}
	})
}
