package peer

import (
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
)

// flood is a kind of message that costs us something and may bring nothing.
// Each kind is tolerated at a rate of its own.
type flood uint8

const (
	floodBlock flood = iota
	floodRequest
	floodCancel
	floodReject
	floodHave
	floodInterest
	floodChoke
	floodHint
	floodExtended
	floodIdle
	floodKinds
)

// tolerance is how much of a kind is borne: burst messages at once, and one
// more for each span of every.
type tolerance struct {
	burst  int
	every  time.Duration
	reason Reason
}

// tolerance says what is borne of a kind. The bursts are far above what any
// remote has reason to send: a whole queue of LocalReqq requests may cross our
// choke, or be cancelled at once in the endgame. Every request that is refused may
// leave us a reject to keep for the remote.
func (k flood) tolerance() tolerance {
	const queue = 2 * LocalReqq
	switch k {
	case floodBlock:
		return tolerance{16, 10 * time.Second, UnrequestedBlocks}
	case floodRequest:
		return tolerance{queue, 5 * time.Millisecond, RequestFlood}
	case floodCancel:
		return tolerance{queue, 5 * time.Millisecond, CancelFlood}
	case floodReject:
		return tolerance{1000, 100 * time.Millisecond, RejectFlood}
	case floodHave:
		return tolerance{10_000, 10 * time.Millisecond, HaveFlood}
	case floodInterest:
		return tolerance{1000, 100 * time.Millisecond, InterestFlood}
	case floodChoke:
		return tolerance{200, time.Second, ChokeFlood}
	case floodHint:
		return tolerance{1000, 100 * time.Millisecond, HintFlood}
	case floodExtended:
		return tolerance{100, time.Second, ExtendedFlood}
	case floodIdle, floodKinds:
	}
	return tolerance{1000, 100 * time.Millisecond, MessageFlood}
}

// floods says of each kind when all that came of it will be forgiven. So a kind
// takes one word and no timer.
type floods [floodKinds]mono.Instant

// forgive makes up for n messages of a kind, because the remote did something
// that gives it reason for as many.
func (f *floods) forgive(k flood, n int) {
	f[k] = max(mono.Never, f[k].Add(-time.Duration(n)*k.tolerance().every))
}

// tolerate counts a message of a kind, and ends the connection when it is one
// too many.
func (c *Core) tolerate(now mono.Instant, k flood, eff Effects) {
	t := k.tolerance()
	c.floods[k] = max(c.floods[k], now).Add(t.every)
	if c.floods[k].Sub(now) > time.Duration(t.burst)*t.every {
		c.close(Closing{Reason: t.reason}, eff)
	}
}
