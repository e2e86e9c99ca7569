package torrent

import (
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
)

const (
	// gatherSpan is for how long bytes may lie in the kernel until more of them are
	// read at once: each read costs several hand-overs, however little it brings.
	gatherSpan = 4 * time.Millisecond
	// gatherWait is how long they are waited for, by a remote that stops or falters.
	gatherWait = 20 * time.Millisecond
	// gatherLeast is what is worth it, and gatherMost as much as is waited for.
	gatherLeast = 64 << 10
	gatherMost  = 256 << 10
	// gatherShare is the part of what was requested that is waited for at most, so
	// that the remote always has more to send.
	gatherShare = 2
	// requestsGathered is how many requests of a fast remote are read at once, while
	// requestsEnough of it wait for their answer: some 2 MiB, so that it has more to get.
	requestsGathered = 32
	requestsEnough   = 4 * requestsGathered
	requestBytes     = 17
	// inflowMeasure is how many bytes the rate is worked out from.
	inflowMeasure = 1 << 20
)

// inflow is how fast a remote sends.
type inflow struct {
	since mono.Instant
	came  int     // bytes since then
	rate  float64 // bytes a second; 0: not known
}

// worth is how many bytes to wait for, where so many of blocks are to come.
func (f *inflow) worth(due int) int {
	n := min(f.rate*gatherSpan.Seconds(), float64(due/gatherShare), gatherMost)
	if n < gatherLeast {
		return 1
	}
	return int(n)
}

// worthAsked is how many bytes to wait for of a remote that takes much, and of which so
// many requests wait already.
func worthAsked(of unsent, waiting int) int {
	if of == unsentAmple && waiting >= requestsEnough {
		return requestsGathered * requestBytes
	}
	return 1
}

// took notes that n bytes came by now, where so many were waited for. Of a remote that
// did not send them in time less is expected.
func (f *inflow) took(now mono.Instant, n, awaited int) {
	if n < awaited {
		*f = inflow{since: now, rate: f.rate / 2}
		return
	}
	if f.came += n; f.came < inflowMeasure {
		return
	}
	span := max(now.Sub(f.since), time.Microsecond)
	*f = inflow{since: now, rate: float64(f.came) / span.Seconds()}
}
