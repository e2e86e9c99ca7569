package conn

import (
	"fmt"

	"github.com/etorrent/etorrent/internal/core/utp/recv"
	"github.com/etorrent/etorrent/internal/vocab/mono"
)

// Audit says what in the connection contradicts itself, nil if nothing does: after a
// Flush at the given instant. It walks everything: it is for simulations and tests.
func (c *Conn) Audit(now mono.Instant) error {
	if d := c.Deadline(); d != mono.Never && d <= now {
		return fmt.Errorf("the deadline is %d, it is %d", d, now)
	}
	if c.phase == SynSent || c.phase == Closed {
		return nil
	}
	if err := c.flight.Audit(); err != nil {
		return err
	}
	if err := c.queue.Audit(); err != nil {
		return err
	}
	if err := c.auditWindows(); err != nil {
		return err
	}
	return c.auditEnds()
}

// auditWindows looks whether more flies than the window of the control, the remote's and the
// most that ever may have room for, but for what was sent before they shrank, and has an excuse.
func (c *Conn) auditWindows() error {
	path, remote, most := int64(c.control.Window()), int64(c.out.window), int64(max(c.cfg.Flying, c.cfg.Segment))
	switch way, flying := int64(c.onWay()), int64(c.flight.Flying().Bytes); {
	case path > most:
		return fmt.Errorf("the window is %d bytes, at most %d", path, most)
	case way > max(path, c.out.licence.path):
		return fmt.Errorf("%d bytes are on their way, and the control has them be %d, or %d when they were sent", way, path, c.out.licence.path)
	case flying > max(remote, c.out.licence.remote):
		return fmt.Errorf("%d bytes fly, and the remote has room for %d, or %d when they were sent", flying, remote, c.out.licence.remote)
	}
	return nil
}

// auditEnds looks whether the ends are what the streams say.
func (c *Conn) auditEnds() error {
	ended := c.queue.End() == recv.EndReached
	acknowledged := c.out.fin == finAcknowledged
	switch {
	case c.out.sent > c.out.end || c.out.released > c.out.sent:
		return fmt.Errorf("%d bytes are acknowledged, %d sent, %d appended", c.out.released, c.out.sent, c.out.end)
	case (c.out.fin == finSent || acknowledged) && c.out.sent != c.out.end:
		return fmt.Errorf("the end was sent with %d bytes of %d", c.out.sent, c.out.end)
	case acknowledged && c.flight.Span() != 0:
		return fmt.Errorf("the end is acknowledged, and %d packets are not", c.flight.Span())
	case ended != (c.in.told == recv.EndReached):
		return fmt.Errorf("the remote's end is reached, and nobody was told")
	case (c.phase == Lingering) != (acknowledged && (ended || c.in.wanted == discarded)):
		return fmt.Errorf("%v with our end at %d", c.phase, c.out.fin)
	case c.phase == Connected && c.in.owed != nothingOwed:
		return fmt.Errorf("an acknowledgement is owed after all was sent")
	}
	return nil
}
