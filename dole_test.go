package etorrent_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/etorrent/etorrent"
)

// A whole block is much of what a low rate sends in ten seconds: it leaves little by
// little.
func TestWhatIsSentAtALowRateIsKeptWithinTwoPercentOfAnyTenSeconds(t *testing.T) {
	long(t)
	for _, perSecond := range []int64{4 << 10, 5_000, 10 << 10, 33_333, 80 << 10, 150 << 10} {
		for _, peers := range []int{1, 4} {
			t.Run(fmt.Sprintf("%d bytes a second to %d", perSecond, peers), func(t *testing.T) {
				inSwarm(t, func(t *testing.T, s *swarm) {
					meta := zeros(t, 256<<10, 64)
					seeder, seeding := s.seedZeros(meta)
					seeder.SetLimits(etorrent.Limits{Up: perSecond})
					for range peers {
						_, one := s.fetchZeros(meta)
						introduce(t, one, seeder.at())
					}
					time.Sleep(30 * time.Second)
					for range 5 {
						before := seeding.Stats().Uploaded
						time.Sleep(10 * time.Second)
						sent, want := float64(seeding.Stats().Uploaded-before), 10*float64(perSecond)
						if math.Abs(sent-want) > 0.02*want {
							t.Errorf("%.0f bytes in ten seconds, %.1f %%", sent, 100*sent/want)
						}
						time.Sleep(1700 * time.Millisecond)
					}
				})
			})
		}
	}
}

// What waits of a block leaves at the new rate, when there is one.
func TestABlockThatLeavesLittleByLittleLeavesAtOnceWhenTheLimitIsLifted(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		meta := zeros(t, 256<<10, 1)
		seeder, seeding := s.seedZeros(meta)
		seeder.SetLimits(etorrent.Limits{Up: 4 << 10})
		_, one := s.fetchZeros(meta)
		introduce(t, one, seeder.at())
		time.Sleep(30 * time.Second)
		for seeding.Stats().Uploaded%(16<<10) > 4<<10 { // until one has begun
			time.Sleep(100 * time.Millisecond)
		}
		seeder.SetLimits(etorrent.Limits{})
		time.Sleep(1100 * time.Millisecond)
		if one.Stats().Downloaded != 256<<10 {
			t.Errorf("%d bytes have come a second after the limit was lifted", one.Stats().Downloaded)
		}
	})
}
