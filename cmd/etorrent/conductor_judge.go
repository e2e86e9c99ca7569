package main

import "github.com/etorrent/etorrent"

// judgement says whether a run is over.
type judgement uint8

const (
	undecided judgement = iota
	decided
)

// judge compares the torrents with the goal. The error is the first failure.
func (c *conductor) judge() (judgement, error) {
	waiting := 0
	var first error
	for _, t := range c.torrents {
		switch t.outcome {
		case pending:
			waiting++
		case stored:
			if c.goal == untilStopped {
				waiting++
			}
		case failedOutcome:
			if first == nil {
				first = &failure{code: codeOf(t.err), err: t.err, told: told}
			}
		}
	}
	if waiting == 0 {
		return decided, first
	}
	return c.judgeStall()
}

// judgeStall gives up when nothing came for too long.
func (c *conductor) judgeStall() (judgement, error) {
	now, sum, fetching := c.s.host.now(), int64(0), 0
	for _, t := range c.torrents {
		sum += t.stats.Downloaded + t.stats.Stored
		if t.outcome == pending {
			fetching++
		}
		if t.stats.Phase == etorrent.Checking {
			c.gainedAt = now
		}
	}
	if sum != c.gained {
		c.gained, c.gainedAt = sum, now
	}
	if c.stall == 0 || fetching == 0 || now.Sub(c.gainedAt) < c.stall {
		return undecided, nil
	}
	return decided, failed(exitStalled, "stalled: no wanted byte came for %s", c.stall)
}
