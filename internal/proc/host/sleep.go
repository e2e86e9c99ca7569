package host

import (
	"time"

	"github.com/etorrent/etorrent/internal/proc/clock"
	"github.com/etorrent/etorrent/sup"
)

// Sleep is the handle of the process that notices suspends. The monotonic clock
// stands still in one, so that everything that waits goes on waiting as if nothing
// had been.
type Sleep struct {
	source clock.Source
	tell   func(Change)
	known  sleepKnown
	asleep time.Duration // when it was last looked at
}

// sleepKnown says whether it was looked at ever. It is the process's, whichever
// incarnation.
type sleepKnown uint8

const (
	neverLooked sleepKnown = iota
	looked
)

// NewSleep returns the handle; tell hears of each suspend, and may not wait.
func NewSleep(s clock.Source, tell func(Change)) *Sleep { return &Sleep{source: s, tell: tell} }

// Child describes the process.
func (s *Sleep) Child() sup.Child {
	return sup.Child{Name: "sleep", Restart: sup.Permanent, Run: s.run}
}

func (s *Sleep) run(p *sup.Process) error {
	p.Ready()
	y := sentry{
		p:     p,
		watch: func() (Watch, error) { return s.source.Watch() },
		look:  func() error { return s.look(p) },
	}
	return y.run()
}

// look compares how long the machine slept with what is known. A crash after it was
// told has it told again, which does no harm.
func (s *Sleep) look(p *sup.Process) error {
	p.Step("look")
	now := s.source.Asleep()
	gap := now - s.asleep
	if s.known == looked && gap >= Least {
		p.Act("tell")
		s.tell(Slept{For: gap})
	}
	s.known, s.asleep = looked, now
	return nil
}
