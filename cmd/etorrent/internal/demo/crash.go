package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/cmd/etorrent/internal/amount"
)

// crash is the second act: processes of one engine panic.
func (d *director) crash(ctx context.Context) error {
	n := d.fewer()
	d.title(2, "a crash does not matter", "Each leecher fetches %s. %s", amount.Rate(d.Rate), d.faultWords(Panic,
		"In the last one two peers panic, and then the torrent. Its tree stands beside the rates.", "Nothing is made to panic."))
	w, f := d.swarm(ctx, "act 2"), newFuse()
	limits := etorrent.Limits{Down: d.Rate}
	_, err := w.joinSeeder(etorrent.Limits{})
	if err == nil {
		err = w.joinLeechers(n-1, limits)
	}
	s := &crashing{w: w, fuse: f}
	if err == nil {
		s.victim, err = w.join(casting{name: fmt.Sprintf("leecher %d", n), role: leecher, options: etorrent.Options{Limits: limits, Hook: f.pass}})
	}
	if err == nil {
		err = w.play(s)
	}
	facts := s.facts()
	if err = w.close(err); err == nil {
		d.conclude(facts.Judge())
	}
	return err
}

// The moments of the two blows, in shares of what the victim fetches.
const (
	firstBlowAt  = 0.25
	secondBlowAt = 0.5
	lastBlowAt   = 0.75 // whatever came of the first
	peersBlown   = 2
	// blowsApart is between the two, so that the rates after the first are seen.
	blowsApart = backWithin + 200*time.Millisecond
)

// hit is one blow and what came of it.
type hit struct {
	kind     string // of the processes
	injected int
	at       time.Time // of the first crash; zero: none yet
	seen     int       // crashes
	joined   int       // connections since
	bytes    int64     // that the victim had when the last of them joined
	back     time.Duration
}

// crashing is the script of the second act.
type crashing struct {
	w       *swarm
	fuse    *fuse
	victim  *actor
	hits    []*hit
	strange int // crashes of others, or of another kind
	told    int // reports
}

func (c *crashing) hear(h heard) error {
	if e, is := h.event.(etorrent.CrashedEvent); is {
		c.crashed(h.by, e)
	}
	if _, joined := h.event.(etorrent.PeerJoinedEvent); joined && h.by == c.victim {
		c.joined()
	}
	return nil
}

// joined counts the connections of the victim since what crashed last did so.
func (c *crashing) joined() {
	if last := c.last(); last != nil && !last.at.IsZero() && last.back == 0 {
		last.joined++
		last.bytes = c.victim.stats.Downloaded
	}
}

func (c *crashing) last() *hit {
	if len(c.hits) == 0 {
		return nil
	}
	return c.hits[len(c.hits)-1]
}

func (c *crashing) crashed(by *actor, e etorrent.CrashedEvent) {
	last := c.last()
	if last == nil || by != c.victim || e.Kind != last.kind {
		c.strange++
		return
	}
	if last.seen++; last.seen == 1 {
		last.at = e.At
	}
	if c.told < len(c.hits) {
		c.told = len(c.hits)
		c.report(e)
	}
}

// report prints what is known of a crash.
func (c *crashing) report(e etorrent.CrashedEvent) {
	say := func(format string, args ...any) { c.w.d.stage.say(plainText, format, args...) }
	say("  crash report of %s:", c.victim.name)
	say("    child %s (%s), restarts %d", e.Path, e.Kind, e.Restarts)
	say("    reason %s; last message %s", e.Err, e.LastMessage)
	for _, line := range shorten(e.Stack) {
		say("      %s", line)
	}
}

// look blows the fuse when it is time, and sees when what crashed is back.
func (c *crashing) look(now time.Time) (progress, error) {
	last := c.last()
	if last != nil && last.back == 0 && last.seen >= last.injected && last.joined >= last.injected && c.victim.stats.Downloaded > last.bytes {
		last.back = now.Sub(last.at)
		c.w.d.stage.say(plainText, "  back after %.1f s: %s again, and bytes come", last.back.Seconds(), amount.Count(last.joined, "connection"))
		if last.kind == "control" {
			c.w.d.printTree(c.victim)
		}
	}
	if c.w.d.Faults&Panic != 0 {
		c.blowWhenDue(now)
	}
	return c.w.untilAllHave(), nil
}

func (c *crashing) blowWhenDue(now time.Time) {
	share := float64(c.victim.stats.Downloaded) / float64(c.w.d.Size)
	last := c.last()
	switch {
	case last == nil && share >= firstBlowAt:
		c.hits = append(c.hits, &hit{kind: "peer", injected: peersBlown})
		c.w.d.stage.say(plainText, "  two peers of %s panic", c.victim.name)
		blow(c.fuse.peers, peersBlown)
	case len(c.hits) == 1 && (share >= lastBlowAt || share >= secondBlowAt && last.back > 0 && now.Sub(last.at) >= blowsApart):
		c.hits = append(c.hits, &hit{kind: "control", injected: 1})
		c.w.d.stage.say(plainText, "  the torrent of %s panics", c.victim.name)
		blow(c.fuse.torrent, 1)
	}
}

// beside is the live tree of the victim.
func (c *crashing) beside() []string { return drawTree(c.victim.client.Tree()) }

// printTree prints a tree for good, where none is drawn.
func (d *director) printTree(a *actor) {
	for _, line := range drawTree(a.client.Tree()) {
		d.stage.sayInLines("    " + line)
	}
}

// facts are what the verdict goes by.
func (c *crashing) facts() Crashes {
	f := Crashes{Leechers: len(c.w.leechers()), Finished: c.w.finishedLeechers(), Seen: c.strange, Least: 1}
	if c.w.d.Faults&Panic != 0 {
		f.Injected, f.Blow = peersBlown+1, 2
	}
	for _, h := range c.hits {
		f.Seen += h.seen
		if h.back > 0 {
			f.Back = append(f.Back, h.back)
		}
		for _, a := range c.w.leechers() {
			if a != c.victim && !h.at.IsZero() {
				f.Least = min(f.Least, a.past.dip(h.at))
			}
		}
	}
	return f
}

const (
	// dipSpan is what a rate is averaged over when it is looked for a dip.
	dipSpan = time.Second
	dipStep = 250 * time.Millisecond
)

// dip is the lowest rate in the time after an instant in which what crashed has to be
// back, as a share of the rate before; 1 where the fetch had ended.
func (h *history) dip(at time.Time) float64 {
	before, seen := h.between(at.Add(-dipSpan), at)
	if !seen || before == 0 {
		return 1
	}
	least := 1.0
	for from := at; from.Before(at.Add(backWithin)); from = from.Add(dipStep) {
		after, seen := h.between(from, from.Add(dipSpan))
		if !seen || h.endedBefore(from.Add(dipSpan)) {
			break
		}
		least = min(least, after/before)
	}
	return least
}

// endedBefore says whether nothing more came after an instant.
func (h *history) endedBefore(at time.Time) bool {
	last := h.samples[len(h.samples)-1].down
	for _, s := range h.samples {
		if s.down == last {
			return !s.at.After(at)
		}
	}
	return false
}
