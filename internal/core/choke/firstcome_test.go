package choke_test

import (
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/core/choke"
)

func firstCome(t testing.TB, slots int) *table {
	return newTable(t, choke.Config{Strategy: choke.FirstCome{}, Slots: slots})
}

// many adds remotes with the numbers 0 to n-1.
func (b *table) many(n int) []*remote {
	var out []*remote
	for id := range choke.PeerID(n) {
		out = append(out, b.join(remote{id: id}))
	}
	return out
}

func TestInterestedPeersAreUnchokedUntilTheSlotsAreTaken(t *testing.T) {
	b := firstCome(t, 2)
	b.many(3)
	b.expect(0, 1)
	b.pass(time.Hour)
	b.expect(0, 1)
}

func TestAFreedSlotGoesToTheLongestWaiting(t *testing.T) {
	b := firstCome(t, 1)
	r := b.many(5)
	b.expect(0)
	b.wantNothing(r[0])
	b.expect(1)
	b.leave(r[2])
	b.expect(1)
	b.leave(r[1])
	b.expect(3)
	b.pass(time.Second)
	b.want(r[0])
	b.wantNothing(r[3])
	b.expect(4)
}

func TestAPeerThatLosesInterestLosesItsPlace(t *testing.T) {
	b := firstCome(t, 1)
	r := b.many(3)
	b.pass(time.Second)
	b.wantNothing(r[1])
	b.want(r[1])
	b.leave(r[0])
	b.expect(2)
}

func TestWhatIsSaidTwiceChangesNothing(t *testing.T) {
	b := firstCome(t, 1)
	r := b.many(2)
	for range 2 { // the table fails if anybody is told anything twice
		b.core.PeerJoined(0, choke.Reading{})
		b.want(r[0])
		b.want(r[1])
	}
	b.expect(0)
	b.wantNothing(r[0])
	b.wantNothing(r[0])
	b.expect(1)
	b.leave(r[1])
	b.leave(r[1])
	b.wantNothing(r[1])
	b.want(r[1])
	b.core.PeerMeasured(1, choke.Reading{Sent: 1})
	b.expect()
}
