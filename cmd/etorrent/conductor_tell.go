package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"runtime/metrics"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/cmd/etorrent/internal/amount"
	"github.com/etorrent/etorrent/cmd/etorrent/internal/jsonl"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/internal/vocab/text"
	"github.com/etorrent/etorrent/sup"
)

// hear takes one event.
func (c *conductor) hear(h heard) {
	if h.err != nil {
		c.s.out.warn(&jsonl.Warning{Message: h.err.Error()})
		return
	}
	head := jsonl.Head{Time: h.event.Heading().At}
	t := c.byHash[h.event.Heading().InfoHash]
	if t != nil {
		head.Torrent = t.infoHash()
		c.hearOf(t, head, h.event)
		return
	}
	switch e := h.event.(type) {
	case etorrent.WarningEvent:
		c.s.out.warn(&jsonl.Warning{Head: head, Message: e.Err.Error()})
	case etorrent.CrashedEvent:
		c.crashed(head, e)
	case etorrent.HostChangedEvent:
		c.hostChanged(e)
	case etorrent.ListeningEvent, etorrent.AddedEvent, etorrent.ReopenedEvent, etorrent.CheckingEvent, etorrent.CheckedEvent, etorrent.PieceEvent,
		etorrent.FileStoredEvent, etorrent.PeerJoinedEvent, etorrent.PeerLeftEvent, etorrent.PeerBannedEvent, etorrent.CompletedEvent, etorrent.PausedEvent,
		etorrent.ResumedEvent, etorrent.QuarantinedEvent, etorrent.StoppedEvent, etorrent.TrackerEvent,
		etorrent.SuperSeedingEndedEvent, etorrent.GoalsMetEvent:
	}
}

// hostChanged tells people why connections end.
func (c *conductor) hostChanged(e etorrent.HostChangedEvent) {
	if e.Slept > 0 {
		c.s.out.people.note("this machine was suspended for %v", e.Slept.Round(time.Second))
		return
	}
	c.s.out.people.note("this machine has other addresses now")
}

// hearOf takes an event of a torrent.
func (c *conductor) hearOf(t *tracked, head jsonl.Head, e etorrent.Event) {
	name := text.Printable(t.name())
	switch e := e.(type) {
	case etorrent.AddedEvent:
		t.pieces = e.Claimed.Clone()
		c.s.out.tell(&jsonl.Added{
			Head: head, Name: t.name(), Path: t.path(), Size: t.source.meta.TotalLength, Pieces: t.source.meta.PieceCount(),
			ClaimedBytes: e.Bytes, Claimed: hex.EncodeToString(e.Claimed.AppendBitfield(nil)),
		})
	case etorrent.ReopenedEvent:
		t.pieces = e.Claimed.Clone()
		c.s.out.tell(&jsonl.Reopened{Head: head, ClaimedBytes: e.Bytes, Claimed: hex.EncodeToString(e.Claimed.AppendBitfield(nil))})
	case etorrent.CheckingEvent:
		c.s.out.tell(&jsonl.Checking{Head: head, Pieces: e.Pieces, Reason: e.Reason.String()})
		c.s.out.people.note("checking %s of %s (%s)", amount.Count(e.Pieces, "piece"), name, whyChecked[e.Reason.String()])
	case etorrent.CheckedEvent:
		c.s.out.people.note("checked %s: %s right, %s not", name, amount.Are(e.Good, "piece"), amount.Be(e.Bad))
	case etorrent.PieceEvent:
		if e.State == etorrent.PieceDurable && t.pieces != nil {
			t.pieces.Add(pieceset.Index(e.Index))
		}
		c.piece = jsonl.Piece{Head: head, Index: uint32(e.Index), State: e.State.String()}
		c.detail(&c.piece)
	case etorrent.FileStoredEvent:
		c.s.out.tell(&jsonl.File{Head: head, Number: t.numberOf(e.File), Path: e.Path, Size: e.Size})
	case etorrent.PeerJoinedEvent:
		c.detail(&jsonl.Peer{Head: head, Address: e.Addr.String(), State: "joined", Transport: e.Transport.String(), Client: e.Client})
	case etorrent.PeerLeftEvent:
		c.detail(&jsonl.Peer{Head: head, Address: e.Addr.String(), State: "left", Reason: e.Reason})
	case etorrent.PeerBannedEvent:
		why := fmt.Sprintf("sent wrong bytes of piece %d", e.Piece)
		c.detail(&jsonl.Peer{Head: head, Address: e.Addr.String(), State: "banned", Reason: why})
		c.s.out.people.note("%s: %s %s and is kept out for an hour", name, e.Addr.Addr(), why)
	case etorrent.CompletedEvent:
		c.completed(t, head)
	case etorrent.SuperSeedingEndedEvent:
		c.superSeeded(t, head, e)
	case etorrent.ResumedEvent:
		t.pausedFor = ""
		c.s.out.people.note("%s goes on", name)
	case etorrent.QuarantinedEvent:
		c.s.out.warn(&jsonl.Warning{Head: head, Message: fmt.Sprintf("%s crashed and rests until %s: %v", name, e.RetryAt.Format(time.TimeOnly), e.Err)})
	case etorrent.TrackerEvent:
		c.heardTracker(t, head, e.TrackerStatus)
	case etorrent.WarningEvent:
		c.s.out.warn(&jsonl.Warning{Head: head, Message: name + ": " + e.Err.Error()})
	case etorrent.CrashedEvent:
		c.crashed(head, e)
	case etorrent.ListeningEvent, etorrent.HostChangedEvent, etorrent.StoppedEvent, etorrent.PausedEvent, etorrent.GoalsMetEvent: // look sees why
	}
}

// superSeeded tells that super seeding ended.
func (c *conductor) superSeeded(t *tracked, head jsonl.Head, e etorrent.SuperSeedingEndedEvent) {
	c.s.out.tell(&jsonl.SuperSeed{Head: head, State: "ended", Reason: e.Why.String(), Complete: e.Complete})
	why := "another seed is there"
	if e.Why == etorrent.SuperSeedingEnoughComplete {
		why = fmt.Sprintf("%d peers have everything", e.Complete)
	}
	c.s.out.people.note("%s: super seeding ended, %s; it is shared as usual from now on", text.Printable(t.name()), why)
}

var whyChecked = map[string]string{
	"found": "files lie there", "changed": "files have changed", "asked": "as asked",
}

// detail tells what only --events asks for.
func (c *conductor) detail(o jsonl.Object) {
	if c.s.out.detail == everyDetail {
		c.s.out.tell(o)
	}
}

// crashed keeps a report of a crash that the engine contained. One without a
// stack was reported before, or is the failure of something outside.
func (c *conductor) crashed(head jsonl.Head, e etorrent.CrashedEvent) {
	crash, after := crashOfEvent(e), "it was started again"
	switch e.Scope {
	case etorrent.CrashOfProcess:
		c.crash = crash
	case etorrent.CrashOfCell:
		after = "all else goes on"
	}
	if e.Stack == nil {
		return
	}
	path, err := writeCrash(c.e.state, crash, head.Time)
	w := &jsonl.Warning{Head: head, Message: fmt.Sprintf("%s %s; %s", e.Path, e.Err, after), Report: path}
	if err != nil {
		w.Message += "; " + whereReport(path, err)
	}
	c.s.out.warn(w)
}

// complete notes that all that is wanted is stored, or all that is there is
// shared. The event that says so may still be on its way.
func (c *conductor) complete(t *tracked) {
	if t.outcome == pending {
		t.outcome = stored
		c.runHook(t)
	}
}

// catchUp tells, a moment after a torrent began to be shared, what its events
// did not: those of one that only shares come before its pieces are claimed.
func (c *conductor) catchUp(t *tracked) {
	if t.outcome != stored || t.since != sharedLong {
		return
	}
	if c.reached(t) {
		c.completed(t, jsonl.Head{Torrent: t.infoHash()})
	}
	c.shared(t)
}

// shared tells people, once, what is shared.
func (c *conductor) shared(t *tracked) {
	if t.since == toldShared || t.handle == nil {
		return
	}
	t.since = toldShared
	if t.presence == here {
		t.stats = t.handle.Stats()
	}
	if c.goal == untilStopped {
		c.s.out.people.note("%s", c.sharingWords(t))
	}
}

// completed tells of it, once.
func (c *conductor) completed(t *tracked, head jsonl.Head) {
	c.complete(t)
	if t.told == told {
		return
	}
	t.told = told
	c.shared(t)
	c.s.out.tell(&jsonl.Complete{Head: head, Name: t.name(), Path: t.path()})
}

// paused takes a fault of the environment. Who only shares waits until it is
// gone; a fetch that cannot store ends with it.
func (c *conductor) paused(t *tracked, err error) {
	if c.goal != untilStopped || err == nil {
		c.broken(t, err)
		return
	}
	if why := err.Error(); t.pausedFor != why {
		t.pausedFor = why
		head := jsonl.Head{Torrent: t.infoHash()}
		c.s.out.warn(&jsonl.Warning{Head: head, Message: text.Printable(t.name()) + " is paused until this is mended: " + why})
	}
}

// broken notes and tells that a torrent cannot go on.
func (c *conductor) broken(t *tracked, err error) {
	if t.outcome == failedOutcome {
		return
	}
	if err == nil {
		err = errors.New("paused")
	}
	if codeOf(err) == exitBug && viewCrash(err) == noCrash {
		err = &failure{code: exitDisk, err: err} // what pauses a torrent is its environment
	}
	t.outcome, t.err = failedOutcome, err
	c.s.out.fail(&jsonl.Error{Head: jsonl.Head{Torrent: t.infoHash()}, Message: text.Printable(t.name()) + ": " + err.Error()})
}

// crashEvidence says whether an error is that of a process that crashed.
type crashEvidence uint8

const (
	noCrash crashEvidence = iota
	isCrash
)

func viewCrash(err error) crashEvidence {
	var down *sup.DownError
	var engine *etorrent.CrashError
	if errors.As(err, &down) || errors.As(err, &engine) {
		return isCrash
	}
	return noCrash
}

// tellProgress tells programs how a torrent stands.
func (c *conductor) tellProgress(t *tracked) {
	if t.handle == nil || c.s.out.json == nil {
		return
	}
	down, up := t.meter.rates()
	s := t.stats
	p := &jsonl.Progress{
		Head: jsonl.Head{Torrent: t.infoHash()}, Status: s.Phase.String(), Wanted: s.Wanted, Stored: s.Stored, Down: down, Up: up,
		Peers: s.Peers, Known: s.Known, Pieces: s.Pieces, Durable: s.Durable, Bad: s.Corrupt, Checked: s.Checked, ToCheck: s.ToCheck,
		TCP: trafficOf(s, etorrent.TCP), UTP: trafficOf(s, etorrent.UTP),
	}
	if left := t.timeLeft(); left > 0 {
		seconds := int64(left / time.Second)
		p.ETA = &seconds
	}
	if c.s.out.detail == everyDetail {
		p.Memory = readMemory()
	}
	c.s.out.tell(p)
}

func readMemory() *jsonl.Memory {
	samples := []metrics.Sample{
		{Name: "/gc/heap/allocs:objects"}, {Name: "/memory/classes/heap/objects:bytes"}, {Name: "/sched/goroutines:goroutines"},
	}
	metrics.Read(samples)
	return &jsonl.Memory{
		Mallocs: samples[0].Value.Uint64(), Heap: samples[1].Value.Uint64(), Goroutines: samples[2].Value.Uint64(),
	}
}

// trafficOf is what programs are told of one transport.
func trafficOf(s etorrent.Stats, over etorrent.Transport) jsonl.Traffic {
	t := s.Over(over)
	return jsonl.Traffic{Peers: t.Peers, Downloaded: t.Downloaded, Uploaded: t.Uploaded}
}
