package torrent

import (
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
)

const (
	// reopenAfter is how long the files stay open at least before they are opened
	// anew for a change; it doubles while changes keep coming.
	reopenAfter  = 5 * time.Second
	reopenAtMost = 10 * time.Minute
)

// changes are those that others made to the files while they were open. A program
// that changes a file again and again does not have it read as often: the disk
// does not serve it meanwhile.
type changes struct {
	due  mono.Instant // to open the files anew
	free mono.Instant // not before
	wait time.Duration
}

// filesChanged has the files opened anew, which compares them with the row and
// reads what changed. A halted torrent opens them anyway when it goes on.
func (c *control) filesChanged() {
	if c.retries.changes.due == mono.Never {
		c.retries.changes.due = max(c.now(), c.retries.changes.free)
	}
}

// reopenChanged ends the connections, since what was announced cannot be served
// now, and opens the files anew.
func (c *control) reopenChanged() {
	now := c.now()
	c.retries.changes.due = mono.Never
	if c.phase != phaseRunning && c.phase != phaseChecking {
		return
	}
	if c.retries.changes.wait == 0 || now >= c.retries.changes.free.Add(reopenAtMost) {
		c.retries.changes.wait = reopenAfter
	}
	c.retries.changes.free = now.Add(c.retries.changes.wait)
	c.retries.changes.wait = min(2*c.retries.changes.wait, reopenAtMost)
	c.swarm.dismiss("files changed")
	c.reopen()
}
