package clock_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent/etorrenttest"
	"github.com/etorrent/etorrent/internal/proc/clock"
	"github.com/etorrent/etorrent/internal/vocab/mono"
)

func TestTheWallClockIsThatOfTheSourceAndTheMonotonicOneIsNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := etorrenttest.NewClock()
		c := clock.NewWith(source)
		begun, wall := c.Now(), c.Wall()
		if begun == mono.Never {
			t.Error("it begins at no instant")
		}
		source.SetAhead(-time.Hour)
		time.Sleep(time.Second)
		if now := c.Now(); now.Sub(begun) != time.Second {
			t.Errorf("%v went on by the monotonic clock", now.Sub(begun))
		}
		if went := c.Wall().Sub(wall); went != time.Second-time.Hour {
			t.Errorf("%v went on by the wall clock", went)
		}
	})
}

func TestTheHostWasNotSuspendedBetweenTwoReadings(t *testing.T) {
	source := clock.Host()
	before := source.Asleep()
	for range 1000 {
		if slept := source.Asleep() - before; slept.Abs() > 10*time.Second {
			t.Fatalf("asleep for %v", slept)
		}
	}
	if _, err := clock.Unwatched(source).Watch(); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("watching what nobody tells of: %v", err)
	}
}
