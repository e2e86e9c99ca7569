package torrent

import (
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
)

// flowing is a remote that sends so many bytes a second, all of which are waited for.
func flowing(now *mono.Instant, perSecond int) *inflow {
	f := &inflow{since: *now}
	flow(f, now, perSecond)
	return f
}

func flow(f *inflow, now *mono.Instant, perSecond int) {
	for range inflowMeasure / gatherLeast {
		*now = now.Add(time.Second * gatherLeast / time.Duration(perSecond))
		f.took(*now, gatherLeast, 1)
	}
}

func TestAFastRemoteIsReadInLargeParts(t *testing.T) {
	now := mono.Instant(time.Hour)
	if f := flowing(&now, 500<<20); f.worth(8<<20) != gatherMost {
		t.Errorf("%d bytes are waited for", f.worth(8<<20))
	}
	f := flowing(&now, 32<<20)
	if n := f.worth(8 << 20); n < 120<<10 || n > 136<<10 {
		t.Errorf("of 32 MiB a second %d bytes are waited for", n)
	}
}

func TestNothingIsWaitedForThatTheRemoteNeedNotSend(t *testing.T) {
	now := mono.Instant(time.Hour)
	f := flowing(&now, 500<<20)
	for _, due := range []int{0, gatherLeast, 2*gatherLeast - 1} {
		if n := f.worth(due); n != 1 {
			t.Errorf("while %d bytes are to come %d are waited for", due, n)
		}
	}
	if n := f.worth(300 << 10); n != 150<<10 {
		t.Errorf("while 300 KiB are to come %d bytes are waited for", n)
	}
}

func TestASlowRemoteAndOneNotKnownAreReadAtOnce(t *testing.T) {
	now := mono.Instant(time.Hour)
	f := flowing(&now, 12<<20)
	if n := f.worth(8 << 20); n != 1 {
		t.Errorf("of 12 MiB a second %d bytes are waited for", n)
	}
	f = &inflow{}
	f.took(now, inflowMeasure, 1)
	if n := f.worth(8 << 20); n != 1 {
		t.Errorf("of a remote that sent for the first time %d bytes are waited for", n)
	}
}

func TestARemoteThatFaltersIsSoonReadAtOnce(t *testing.T) {
	now := mono.Instant(time.Hour)
	f := flowing(&now, 100<<20)
	late := 0
	for n := f.worth(8 << 20); n > 1; n = f.worth(8 << 20) {
		if late++; late > 4 {
			t.Fatal("it is waited for again and again")
		}
		now = now.Add(gatherWait)
		f.took(now, 1000, n)
	}
	if flow(f, &now, 500<<20); f.worth(8<<20) != gatherMost {
		t.Errorf("when it is fast again %d bytes are waited for", f.worth(8<<20))
	}
}

// Requests are read in large parts only of a remote that takes much and has asked for
// more than it can get meanwhile.
func TestRequestsOfAFastRemoteAreReadTogetherWhileMoreWaitThanItTakes(t *testing.T) {
	for _, c := range []struct {
		of      unsent
		waiting int
		worth   int
	}{
		{unsentUsual, requestsEnough, 1},
		{unsentAmple, 0, 1},
		{unsentAmple, requestsEnough - 1, 1},
		{unsentAmple, requestsEnough, requestsGathered * requestBytes},
	} {
		if n := worthAsked(c.of, c.waiting); n != c.worth {
			t.Errorf("%d bytes are waited for, want %d (%+v)", n, c.worth, c)
		}
	}
}
