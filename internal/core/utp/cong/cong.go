// Package cong decides how much of a uTP connection may be on its way, and how fast it
// is sent.
//
// A Control is told what acknowledgements show and what was lost, and answers with a
// window and a rate. It has no clock: its owner calls Tick at its Deadline.
//
//	Ack, Loss ──▶ Control ──▶ Window, Rate
//
// Invariants of every control: the window is at least a byte and at most Config.Most;
// after Tick the deadline is Never, or later; the same evidence makes the same window on
// every machine, so nothing is computed in floating point.
package cong

import (
	"cmp"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/named"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// Control is the congestion control of one direction of one connection. Of one packet it
// is told first what is Undone, then what is Lost, then what is Acknowledged.
type Control interface {
	// Acknowledged takes an acknowledgement, also one that acknowledges nothing new.
	Acknowledged(now mono.Instant, a Ack)
	// Lost takes packets that were found lost in one step. A sounding of the path for
	// larger packets is none of them.
	Lost(now mono.Instant, l Loss)
	// Undone takes back the last episode: nothing was lost in it.
	Undone(now mono.Instant)
	// Sent notes that so many bytes of payload were sent, after which so many fly.
	Sent(now mono.Instant, bytes, flying int)
	// Resized says how many bytes of payload a full packet has from now on.
	Resized(segment int)
	// Window is how many bytes of payload may fly. The first packet that is missing is
	// sent again whatever it says: behind it may lie more than masks tell of, which would
	// be taken to fly.
	Window() int
	// Rate is at how many bytes of payload a second to send; 0: none is known yet, and
	// the window alone says.
	Rate() int64
	// Deadline is when Tick is wanted; mono.Never: it is not.
	Deadline() mono.Instant
	// Tick does what is due.
	Tick(now mono.Instant)
	// View is for those who look on.
	View() View
}

// Ack is what an acknowledgement shows. What is not known is zero.
type Ack struct {
	Bytes  int // of payload that arrived for the first time
	Flying int // bytes, after it
	// RTT is how long the newest packet took that was sent once (send.Acknowledged.RTT).
	RTT time.Duration
	// Delay is the one that the remote measured of our packets, as it came.
	Delay utpwire.Delay
	// Back is the one that we measured of the remote's packet.
	Back utpwire.Delay
	// Delivered is a sample of the rate.
	Delivered Delivery
	Limit     Limit
}

// Delivery is a sample of the rate: so many bytes have arrived since the newest packet
// that is known to have arrived was sent (send.Acknowledged.Newest).
type Delivery struct {
	SentAt mono.Instant // mono.Never: there is no sample
	Bytes  uint64
}

// Limit says what kept the owner from sending more before the acknowledgement came.
type Limit uint8

// The limits.
const (
	// ByWindow is that of the control, or its rate.
	ByWindow Limit = iota
	// ByOwner is anything else: there was nothing to send, the remote's window was full,
	// or no number was free. Nothing is learnt of the path by sending more.
	ByOwner
)

// Loss is what was found lost in one step.
type Loss struct {
	Kind           LossKind
	Packets, Bytes int
	Flying         int // bytes, after it
}

// LossKind says what a loss is to the episodes of package send.
type LossKind uint8

// The kinds.
const (
	// Further is a loss in an episode that has begun.
	Further LossKind = iota
	// Began is the first of an episode (send.LossEpisode).
	Began
	// Silence began one since nothing came in time (send.TimeoutEpisode).
	Silence
)

// Config is what a control is made for.
type Config struct {
	Segment int // bytes of payload of a full packet
	Most    int // bytes that ever fly
}

// Default is the profile of one who names none.
const Default = "ledbat++"

// profiles are the controls by name.
var profiles = named.Table[func(Config) Control]{What: "congestion control", Ways: map[string]func(Config) Control{
	Default:  newQuiet,
	"ledbat": newLedbat,
}}

// Find returns what makes a control of a name; "" is the default. The error is a
// *named.UnknownError.
func Find(name string) (func(Config) Control, error) {
	return profiles.Find(cmp.Or(name, Default))
}

// Names are those of the controls, in order.
func Names() []string { return profiles.Names() }
