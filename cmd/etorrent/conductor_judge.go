package main

import (
	"errors"
	"fmt"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/cmd/etorrent/internal/jsonl"
	"github.com/etorrent/etorrent/internal/vocab/text"
)

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
			if c.goal != untilStored {
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
	return decided, c.stalled()
}

// stalled tells of each torrent that got nothing.
func (c *conductor) stalled() error {
	for _, t := range c.torrents {
		if t.outcome == pending {
			why := fmt.Sprintf("%s stalled: no wanted byte came for %s", text.Printable(t.name()), c.stall)
			c.s.out.fail(&jsonl.Error{Head: jsonl.Head{Torrent: t.infoHash()}, Message: why})
		}
	}
	return &failure{code: exitStalled, err: errors.New("stalled"), told: told}
}
