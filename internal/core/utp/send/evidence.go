package send

import (
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
)

// AckKind says what an acknowledgement is to the flight.
type AckKind uint8

// The kinds. A packet with Unsent or Stale is none of this connection: nothing of it
// counts.
const (
	// Advances acknowledges packets that the ones before did not.
	Advances AckKind = iota
	// Repeats is the last one again. Its mask may tell more.
	Repeats
	// Behind is older than the last one, or a keep-alive of libutp.
	Behind
	// Stale is older than what could be on its way.
	Stale
	// Unsent acknowledges what was never sent.
	Unsent
)

// String names the kind.
func (k AckKind) String() string {
	switch k {
	case Advances:
		return "advances"
	case Repeats:
		return "repeats"
	case Behind:
		return "behind"
	case Stale:
		return "stale"
	case Unsent:
		return "unsent"
	}
	return "unknown acknowledgement"
}

// EpisodeKind says what an episode of loss began with.
type EpisodeKind uint8

// The kinds.
const (
	NoEpisode EpisodeKind = iota
	LossEpisode
	TimeoutEpisode
)

// EndKind says how an episode ended.
type EndKind uint8

// The kinds. An episode may end and another one begin in one step.
const (
	NoEnd EndKind = iota
	// Recovered is one in which all was acknowledged that was sent when it began.
	Recovered
	// Undone is one in which nothing was lost after all.
	Undone
)

// Losses are what was found lost in a step, and the episode that began with it.
type Losses struct {
	Tally    // without a sounding, unless it was lost in a silence
	Began    EpisodeKind
	Sounding Sounding
}

// Acknowledged says what an acknowledgement tells.
type Acknowledged struct {
	Kind     AckKind
	Ended    EndKind
	Arrived  Tally // for the first time
	Selected int   // packets of them that the mask told of
	// Spurious are packets that were taken for lost, or sent again, and had arrived.
	Spurious int
	Lost     Losses
	Sounding Sounding // only SoundingArrived
	// RTT is the newest sample of a packet that was sent once, 0: there is none.
	RTT time.Duration
	// Newest is the packet sent last of those that arrived; its SentAt is mono.Never
	// where it is not known which time arrived.
	Newest Delivery
}

// Delivery is a sample of the rate: Flight.Delivered has grown from Before in the time
// since SentAt.
type Delivery struct {
	SentAt mono.Instant
	Before uint64 // bytes
}

// ExpiredKind says what a deadline was for.
type ExpiredKind uint8

// The kinds.
const (
	// NothingDue is a deadline that is not there any more.
	NothingDue ExpiredKind = iota
	// ReorderingOver found packets lost.
	ReorderingOver
	// ProbeDue asks for one packet, whatever the congestion window says: outside of an
	// episode the next of the stream if the remote's window has room for it, else what
	// Probe returns.
	ProbeDue
	// TimedOut takes what flew for lost. It begins no episode where that was a sounding.
	TimedOut
)

// Expired says what is due.
type Expired struct {
	Kind ExpiredKind
	Lost Losses
	// Passed is how many timeouts there were since something was acknowledged.
	Passed int
}
