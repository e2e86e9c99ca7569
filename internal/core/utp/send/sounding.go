package send

import (
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// Sounding is what became of a packet that was sent to see whether the path takes one so
// large. That it is lost shows no congestion.
type Sounding uint8

// What may become of it.
const (
	NoSounding Sounding = iota
	// SoundingArrived is one that the path takes.
	SoundingArrived
	// SoundingLost is one that others overtook, or that alone was not answered.
	SoundingLost
	// SoundingUndecided was lost with others in a silence: it says nothing.
	SoundingUndecided
)

// trial says whether a packet is a sounding. One that is sent again is none: it goes
// without padding.
type trial uint8

const (
	ordinary trial = iota
	sounding
)

// SendSounding is Send for a packet that is a sounding. One flies at a time.
func (f *Flight) SendSounding(now mono.Instant, kind utpwire.Kind, size int) Packet {
	p := f.Send(now, kind, size)
	f.at(p.Seq).trial = sounding
	return p
}

// forgive says whether a loss is that of a sounding, which is in no episode.
func (f *Flight) forgive(s *slot, out *Losses) verdict {
	if s.trial == ordinary {
		return foundLost
	}
	s.trial = ordinary
	out.Sounding = SoundingLost
	if s.state == timedOut {
		out.Sounding = SoundingUndecided
		return foundLost
	}
	return notBlamed
}

// alone says whether nothing flies but a sounding.
func (f *Flight) alone() trial {
	if f.flying.Packets != 1 {
		return ordinary
	}
	return f.at(f.sent.open.number()).trial
}

// passed notes that the first sending of a packet arrived.
func (s *slot) passed(out *Acknowledged) {
	if s.trial == sounding {
		s.trial = ordinary
		out.Sounding = SoundingArrived
	}
}
