package main

import (
	"fmt"
	"time"

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
	if c.hooks.running > 0 {
		return undecided, nil
	}
	waiting := len(c.queue.waiting)
	var first error
	for _, t := range c.torrents {
		switch t.outcome {
		case pending:
			waiting++
		case stored:
			if c.goal != untilStored {
				waiting++
			}
		case sharedEnough:
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

// judgeStall gives up when nothing came for too long: of any torrent, or of one that
// keeps others waiting.
func (c *conductor) judgeStall() (judgement, error) {
	now := c.s.host.now()
	latest, late := time.Time{}, []*tracked{}
	for _, t := range c.torrents {
		t.gain(now)
		if t.gainedAt.After(latest) {
			latest = t.gainedAt
		}
		if t.outcome == pending && now.Sub(t.gainedAt) >= c.stall {
			late = append(late, t)
		}
	}
	if c.stall == 0 || len(late) == 0 {
		return undecided, nil
	}
	if len(c.queue.waiting) > 0 {
		for _, t := range late {
			c.stalled(t)
			c.leave(t)
		}
		return undecided, nil
	}
	if now.Sub(latest) < c.stall {
		return undecided, nil
	}
	for _, t := range late {
		c.stalled(t)
	}
	return decided, c.stallFailure()
}

func (c *conductor) stallFailure() error {
	return &failure{code: exitStalled, err: &etorrent.StalledError{After: c.stall}, told: told}
}

// stalled notes and tells that a torrent got nothing.
func (c *conductor) stalled(t *tracked) {
	t.outcome, t.err = failedOutcome, c.stallFailure()
	why := fmt.Sprintf("%s stalled: no wanted byte came for %s", text.Printable(t.name()), c.stall)
	c.s.out.fail(&jsonl.Error{Head: jsonl.Head{Torrent: t.infoHash()}, Message: why})
}
