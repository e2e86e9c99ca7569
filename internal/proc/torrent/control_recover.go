package torrent

import (
	"time"

	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/vocab/event"
	"github.com/etorrent/etorrent/internal/vocab/mono"
)

const (
	// recoverAfter is the first wait after a fault of the environment paused the
	// torrent; it doubles until a piece becomes durable.
	recoverAfter  = time.Second
	recoverAtMost = time.Minute
)

// halt stops all trading with a reason. What the environment refused is tried
// again after a wait; a refusal of ours waits for an Ask to resume.
func (c *control) halt(phase Phase, err error) {
	if c.t.legacy.will == toRest {
		return // it is halted, and finds the fault when it goes on
	}
	repeated := c.phase == phaseHalted && c.status.Err != nil && c.status.Err.Error() == err.Error()
	c.phase = phaseHalted
	c.status.Phase, c.status.Err = phase, err
	c.p.Degraded(err)
	c.swarm.dismiss("paused")
	c.release()
	if phase == Paused {
		c.retries.recovery.at = c.now().Add(c.retries.recovery.wait)
		c.retries.recovery.wait = min(2*c.retries.recovery.wait, recoverAtMost)
	}
	c.retries.told = err
	if !repeated {
		c.post(func(h event.Head) event.Event { return event.Paused{Head: h, Err: err} })
	}
}

// release closes the files of a halted torrent where the way to them may lead
// elsewhere when it goes on: their volume can leave and come back.
func (c *control) release() {
	if c.disk == nil || viewRemedy(c.status.Err) == goOnThere {
		return
	}
	ctx, cancel := stopContext()
	defer cancel()
	c.closeFiles(ctx) // what it could not write is fetched again
}

// recover tries to go on after a pause.
func (c *control) recover() {
	c.retries.recovery.at = mono.Never
	if c.phase != phaseHalted {
		return
	}
	c.release() // if it could not be done before
	c.load()
}

// recovered tells that a torrent goes on, if the host was told that it does not.
func (c *control) recovered() {
	if c.retries.told != nil {
		c.retries.told = nil
		c.post(func(h event.Head) event.Event { return event.Resumed{Head: h} })
	}
	c.retries.recovery.at = mono.Never
}

// remedy says how a torrent goes on after a fault.
type remedy uint8

const (
	goOnThere remedy = iota // the files that are open are good
	openAnew
)

func viewRemedy(err error) remedy {
	switch storage.View(err).(type) {
	case storage.NoSpace, storage.QuotaExceeded, storage.FileTooLarge, storage.TooManyFiles:
		return goOnThere
	case storage.ReadOnlyFileSystem, storage.InputOutput, storage.Missing, storage.Truncated, storage.Changed,
		storage.NoPermission, storage.NameRefused, storage.PathBlocked, storage.StoreClosed, storage.OtherFault:
	}
	return openAnew
}
