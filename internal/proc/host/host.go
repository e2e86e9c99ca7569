// Package host is the processes that notice what becomes of the machine: that it was
// suspended, and that it has other addresses.
package host

import (
	"errors"
	"net/netip"
	"time"

	"github.com/etorrent/etorrent/sup"
)

const (
	// lookEvery is how often is looked where nobody tells of changes.
	lookEvery = time.Minute
	// Least is the shortest suspend that is told of: shorter ones are as a line that is
	// slow for a moment.
	Least = 30 * time.Second
)

// Change is what became of the machine.
//
//sumtype:decl
type Change interface{ change() }

type (
	// Slept: it was suspended, for so long. What was connected may be gone, and others
	// may take us for gone.
	Slept struct{ For time.Duration }
	// Readdressed: it has these addresses now, loopback among them.
	Readdressed struct{ Addrs []netip.Addr }
)

func (Slept) change()       {}
func (Readdressed) change() {}

// Watch tells when something may have changed; clock.Watch says how.
type Watch interface {
	Wait() error
	Close() error
}

// sentry is a process that looks at something whenever it may have changed.
type sentry struct {
	p *sup.Process
	// watch begins a Watch; where the error is errors.ErrUnsupported there is none.
	watch func() (Watch, error)
	// calm is for how long nothing may be told before it looks, and within how long
	// it looks in any case.
	calm, within time.Duration
	look         func() error
}

// run looks until it is asked to stop. It looks at first too: what changed while
// nobody watched was told to nobody.
func (s *sentry) run() error {
	for {
		w, err := s.watch()
		switch {
		case err == nil:
			s.p.Healthy()
			s.p.Degraded(s.heed(w))
		case !errors.Is(err, errors.ErrUnsupported):
			s.p.Degraded(err)
		}
		if s.p.Context().Err() != nil {
			return nil
		}
		s.p.Receive("look")
		if err := s.look(); err != nil {
			s.p.Degraded(err)
		}
		if s.p.Pause(lookEvery) == sup.StopAsked {
			return nil
		}
	}
}

// heed looks whenever a Watch tells of something, until that fails.
func (s *sentry) heed(w Watch) error {
	forget := s.p.Closes(w)
	defer forget()
	defer func() { _ = w.Close() }()
	news, over := make(chan error), make(chan struct{})
	defer close(over)
	s.p.Go("watch", func() error {
		for {
			err := w.Wait()
			select {
			case news <- err:
			case <-over:
				return nil
			}
			if err != nil {
				return nil
			}
		}
	})
	for {
		s.p.Receive("look")
		err := s.look()
		if err == nil {
			err = s.await(news)
		}
		if err != nil || s.p.Context().Err() != nil {
			return err
		}
	}
}

// await waits for news, or for the request to stop.
func (s *sentry) await(news <-chan error) error {
	select {
	case err := <-news:
		if err != nil {
			return err
		}
		return s.settle(news)
	case <-s.p.Stopping():
		return nil
	}
}

// settle waits until nothing more is told for a while: of a change there often are
// several.
func (s *sentry) settle(news <-chan error) error {
	if s.calm == 0 {
		return nil
	}
	end := time.NewTimer(s.within)
	defer end.Stop()
	for {
		calm := time.NewTimer(s.calm)
		select {
		case err := <-news:
			calm.Stop()
			if err != nil {
				return err
			}
			continue
		case <-calm.C:
		case <-end.C:
		case <-s.p.Stopping():
		}
		calm.Stop()
		return nil
	}
}
