package main

import (
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/cmd/etorrent/internal/jsonl"
	"github.com/etorrent/etorrent/cmd/etorrent/internal/screen"
	"github.com/etorrent/etorrent/internal/vocab/text"
)

// families are the words for the address families in JSON.
var families = map[etorrent.TrackerFamily]string{
	etorrent.TrackerAnyFamily: "any", etorrent.TrackerIPv4: "ipv4", etorrent.TrackerIPv6: "ipv6",
}

// heardTracker tells of a tracker: programs of each answer, people of what is new.
func (c *conductor) heardTracker(t *tracked, head jsonl.Head, s etorrent.TrackerStatus) {
	c.s.out.tell(trackerObject(head, s))
	line := c.trackerLine(t, s)
	if line.words == "" || line.words == t.trackers[s.URL] {
		return
	}
	if t.trackers == nil {
		t.trackers = map[string]string{}
	}
	first := t.trackers[s.URL] == ""
	t.trackers[s.URL] = line.words
	words := text.Printable(t.name() + ": " + line.words)
	switch line.weight {
	case lineOfWarning:
		c.s.out.people.complain("warning: " + words)
	case lineOfNote:
		c.s.out.people.note("%s", words)
	case lineAfterNote:
		if !first {
			c.s.out.people.note("%s", words)
		}
	}
}

// trackerLine is what people are told of a tracker, where it is new.
type trackerLine struct {
	words  string // empty: nothing
	weight lineWeight
}

type lineWeight uint8

const (
	lineOfNote    lineWeight = iota
	lineAfterNote            // only where there was another line before
	lineOfWarning
)

// trackerLine looks at both address families: one in which a tracker works is enough.
func (c *conductor) trackerLine(t *tracked, s etorrent.TrackerStatus) trackerLine {
	switch s.State {
	case etorrent.TrackerUnasked:
		return trackerLine{}
	case etorrent.TrackerWorking:
		if s.Warning != "" {
			return trackerLine{"the tracker " + s.URL + " warns: " + s.Warning, lineOfWarning}
		}
		return trackerLine{"the tracker " + s.URL + " answers", lineAfterNote}
	case etorrent.TrackerFailing, etorrent.TrackerGivenUp:
	}
	for _, other := range t.handle.Trackers() {
		if other.URL == s.URL && other.Family != s.Family && other.State == etorrent.TrackerWorking {
			return trackerLine{}
		}
	}
	line := trackerLine{words: s.Err.Error()}
	if s.Err.Fault.Finality() == etorrent.TrackerFinal {
		line.weight = lineOfWarning
	}
	return line
}

func trackerObject(head jsonl.Head, s etorrent.TrackerStatus) *jsonl.Tracker {
	o := &jsonl.Tracker{
		Head: head, URL: s.URL, Tier: s.Tier + 1, Family: families[s.Family], State: s.State.String(),
		Seeders: countOf(s.Seeders), Leechers: countOf(s.Leechers), Peers: s.Peers, Failures: s.Failures, Message: s.Warning,
	}
	if s.Err != nil {
		o.Fault, o.Message = s.Err.Fault.String(), s.Err.Error()
	}
	if !s.Next.IsZero() {
		next := s.Next.UTC().Truncate(time.Millisecond)
		o.Next = &next
	}
	return o
}

// countOf is a count that was told, nil if not.
func countOf(n int) *int {
	if n < 0 {
		return nil
	}
	return &n
}

// judgeTrackers ends a fetch that can have no source: every tracker refuses, nobody
// named a peer, and nobody is connected.
func (c *conductor) judgeTrackers(t *tracked) {
	if t.handle == nil || t.outcome != pending || c.others == peersNamed || t.stats.Peers > 0 || t.stats.Known > 0 {
		return
	}
	all := t.handle.Trackers()
	var first error
	for _, s := range all {
		if s.Err == nil || s.Err.Fault.Finality() != etorrent.TrackerFinal {
			return
		}
		if first == nil {
			first = s.Err
		}
	}
	if first != nil {
		c.broken(t, failed(exitRefused, "every tracker refuses, and there is no other source of peers: %w", first))
	}
}

// otherSources says whether peers may come from elsewhere than trackers.
type otherSources uint8

const (
	onlyTrackers otherSources = iota
	peersNamed
)

func sourcesOf(f *engineFlags) otherSources {
	if len(f.peers) > 0 {
		return peersNamed
	}
	return onlyTrackers
}

// shownTrackers counts the trackers of all torrents, and those that work.
func (c *conductor) shownTrackers() screen.Trackers {
	n := screen.Trackers{}
	for _, t := range c.torrents {
		if t.handle == nil {
			continue
		}
		works := map[string]int{}
		for _, s := range t.handle.Trackers() {
			works[s.URL] += 0
			if s.State == etorrent.TrackerWorking {
				works[s.URL] = 1
			}
		}
		for _, one := range works {
			n.All, n.Working = n.All+1, n.Working+one
		}
	}
	return n
}
