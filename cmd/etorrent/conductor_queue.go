package main

import (
	"errors"

	"github.com/etorrent/etorrent"
)

// queue is the torrents that are not added yet.
type queue struct {
	jobs    int // how many to fetch at once; 0 is all
	waiting []request
}

// fill adds torrents that wait, in their order, as long as there is room.
func (c *conductor) fill() error {
	for len(c.queue.waiting) > 0 && (c.queue.jobs == 0 || c.fetching() < c.queue.jobs) {
		next := c.queue.waiting[0]
		c.queue.waiting = c.queue.waiting[1:]
		if err := c.add(next); err != nil {
			return err
		}
	}
	return nil
}

// fetching is how many torrents are on their way.
func (c *conductor) fetching() int {
	n := 0
	for _, t := range c.torrents {
		if t.outcome == pending {
			n++
		}
	}
	return n
}

// add adds a torrent. One that cannot run does not keep the others from it.
func (c *conductor) add(r request) error {
	t := &tracked{source: r.source, dir: r.dir, gainedAt: c.s.host.now()}
	c.torrents = append(c.torrents, t)
	c.byHash[r.source.meta.ID().V1] = t
	options := append(r.options, etorrent.WithGoals(c.share.goals()))
	handle, err := c.e.client.Add(c.s.ctx, etorrent.FromMetainfo(r.source.meta), options...)
	if interrupted := c.interruption(); interrupted != nil {
		return interrupted
	}
	t.handle = handle
	if err != nil && !errors.Is(err, etorrent.ErrExists) {
		c.broken(t, err)
	}
	if c.copy != nil && handle != nil {
		c.s.p.Go("copy", func() error {
			c.copied <- c.copy(handle)
			return nil
		})
	}
	t.read(t.gainedAt) // so that the first tick has a rate
	return nil
}

// leave stops a torrent that is done with, so that others have its place. What it
// came to is kept.
func (c *conductor) leave(t *tracked) {
	if t.handle == nil || t.presence == left {
		return
	}
	t.stats, t.presence = t.handle.Stats(), left
	c.s.p.Go("retire", func() error {
		_ = t.handle.Retire(c.s.ctx) // or the client stops it
		return nil
	})
}

// makeRoom has torrents leave that are stored, where others wait.
func (c *conductor) makeRoom() {
	if len(c.queue.waiting) == 0 || c.goal != untilStored {
		return
	}
	for _, t := range c.torrents {
		if t.outcome != pending {
			c.leave(t)
		}
	}
}
