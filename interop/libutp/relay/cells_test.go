//go:build linux

package relay

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

var (
	loopback4 = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	loopback6 = netip.IPv6Loopback()
)

// direction is who sends in a cell.
type direction uint8

const (
	there direction = iota // who dials
	back                   // who listens, when a byte has come
	echo                   // who dials, and it comes back
)

func (d direction) String() string { return [...]string{"there", "back", "echo"}[d] }

// jobs are those of who dials and who listens.
func (d direction) jobs(size int64) (dials, listens job) {
	switch d {
	case back:
		return job{send: 1, want: size}, job{send: size, want: untilEnd}
	case echo:
		return job{send: size, want: size}, job{want: untilEnd, echo: true}
	case there:
	}
	return job{send: size}, job{want: untilEnd}
}

// gets is what who dials and who listens are to get.
func (d direction) gets(size int64) (dials, listens int64) {
	return [...]int64{there: 0, back: size, echo: size}[d], [...]int64{there: size, back: 1, echo: size}[d]
}

// cell is a connection through a relay: who speaks with whom, of what, and what befalls
// them.
type cell struct {
	name           string
	path           path
	direction      direction
	size           int64
	host           netip.Addr
	dials, listens party
	pause          time.Duration // of who sends
}

// met is what became of a cell.
type met struct {
	took        time.Duration // until the last byte of the stream that is measured
	closing     time.Duration // of clock: from when each had said its end until both were closed
	there, back Counts
}

// patience is how long a cell may take until both ends are closed.
const patience = 2 * time.Minute

// errLate is that ends were closed late.
var errLate = errors.New("closed late")

// run has both ends do their jobs. The error is what was not as it should be.
func (c cell) run(ctx context.Context) (m met, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	dials, listens := c.direction.jobs(c.size)
	dials.pause, listens.pause = c.pause, c.pause
	at, listenerEnds, err := c.listens.listen(ctx, c.host, listens)
	if err != nil {
		return m, err
	}
	cfg := c.path.relay()
	cfg.To, cfg.Seed = at, 1
	endThere, endBack := notes(&cfg.There, utpwire.Fin), notes(&cfg.Back, utpwire.Fin)
	relay, err := StartRelay(cfg)
	if err != nil {
		return m, err
	}
	defer relay.Close()
	diallerEnds, err := c.dials.dial(ctx, relay.At(), dials)
	if err != nil {
		return m, err
	}
	listened := later(listenerEnds)
	dialled := <-later(diallerEnds)
	heard := <-listened
	m.took = dialled.took
	if said := max(endThere(), endBack()); said != never {
		m.closing = max(dialled.at, heard.at) - said
	}
	if c.direction == there {
		m.took = heard.took
	}
	m.there, m.back = relay.Counted()
	wantDials, wantListens := c.direction.gets(c.size)
	err = errors.Join(dialled.whole("who dials", wantDials), heard.whole("who listens", wantListens))
	if err != nil && ctx.Err() != nil {
		err = fmt.Errorf("not ended in its time: %w", err)
	}
	switch {
	case err != nil:
	case c.path.shows != nil && !c.path.shows(m.there, m.back):
		err = fmt.Errorf("the relay did not do what it was to: %+v, %+v", m.there, m.back)
	case endThere() == never || endBack() == never:
		err = errors.New("an end was closed, and no FIN came of it")
	case m.closing > c.path.closes:
		err = fmt.Errorf("%w: each had said its end, and %v passed until both were closed", errLate, m.closing)
	}
	return m, err
}

// whole is why an end did not get the first bytes of the pattern, or did not close in order.
func (o outcome) whole(who string, n int64) error {
	if want := patternSum(n); o.received != n || o.sum != want || o.fault != "" {
		return fmt.Errorf("%s tells %+v, want %d bytes of %s", who, o, n, want)
	}
	return nil
}
