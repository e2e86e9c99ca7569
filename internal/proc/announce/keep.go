package announce

import (
	"errors"
	"time"

	"github.com/etorrent/etorrent/internal/core/announce"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/internal/vocab/mono"
)

const (
	// keepsAtOnce is how many torrents are being kept at once.
	keepsAtOnce = 64
	// keepAgain is the first wait after something could not be kept; it doubles.
	keepAgain       = time.Second
	keepAgainAtMost = time.Minute
	// holdAtMost is how long a request waits for what has to be kept before it. Then it
	// leaves all the same, with the counters that were kept last: a tracker hears of us
	// though the store cannot write, and what it is told never goes down, since the
	// next run begins with what was kept.
	holdAtMost = time.Second
)

// record is how far what is kept of a torrent is behind what should be.
type record struct {
	version              uint64 // of what should be kept
	kept                 uint64
	uploaded, downloaded int64 // as kept last
	phase                recordPhase
	hope                 hope
}

type recordPhase uint8

const (
	recordRests recordPhase = iota
	recordQueued
	recordBusy // somebody is asked to keep it
)

// hope says whether trying again may help.
type hope uint8

const (
	keepable hope = iota
	unkeepable
)

// isBehind says whether something is to be kept still.
func (r *record) isBehind() bool { return r.hope == keepable && r.kept < r.version }

// keeping is one thing that was asked to be kept, and what became of it.
type keeping struct {
	id                   ident.TorrentID
	epoch                store.Epoch
	incarnation          uint64
	version              uint64
	uploaded, downloaded int64
	err                  error
}

// keeper has torrents kept one after the other.
type keeper struct {
	queue []*entry
	busy  int
	at    mono.Instant // before which nothing is tried
	wait  time.Duration
}

// want has a torrent kept when its turn is, if it is behind.
func (k *keeper) want(e *entry) {
	if e.record.phase == recordRests && (e.record.isBehind() || e.goal == gone) {
		e.record.phase = recordQueued
		k.queue = append(k.queue, e)
	}
}

// deadline is when something may be kept that waits for it.
func (k *keeper) deadline() mono.Instant {
	if len(k.queue) == 0 || k.busy >= keepsAtOnce {
		return mono.Never
	}
	return k.at
}

func (x *process) startKeeping() {
	now := x.now()
	k := &x.keeper
	for len(k.queue) > 0 && k.busy < keepsAtOnce && k.at <= now {
		e := k.queue[0]
		k.queue = k.queue[1:]
		e.record.phase = recordRests
		switch {
		case x.state.entries[e.id] != e: // begun anew: that has its own turn
		case e.record.isBehind():
			x.p.Act("keep")
			x.keep(e, now)
		case e.goal == gone:
			x.remove(e)
		}
	}
}

// keep asks for a torrent to be kept.
func (x *process) keep(e *entry, now mono.Instant) {
	if e.goal != gone {
		x.snapshot(e)
	}
	k := keeping{
		id: e.id, epoch: e.epoch, incarnation: x.state.incarnations, version: e.record.version,
		uploaded: e.saved.Uploaded, downloaded: e.saved.Downloaded,
	}
	e.record.phase = recordBusy
	x.keeper.busy++
	done := func(err error) {
		k.err = err
		x.s.kept.Put(k)
	}
	if x.s.cfg.Keep == nil {
		done(nil)
		return
	}
	at := x.s.cfg.Clock.Wall().Add(-now.Sub(e.savedAt))
	x.s.cfg.Keep.KeepAnnounce(e.id, e.epoch, Kept{At: at, Saved: e.saved, Port: e.port, Named: e.named}, done)
}

// noteKept takes over what became of something that was to be kept.
func (x *process) noteKept(k keeping) {
	e := x.state.entries[k.id]
	mine := k.incarnation == x.state.incarnations
	if mine {
		x.keeper.busy--
	}
	x.noteWhetherKept(k.err)
	x.p.Step("kept")
	if e == nil {
		return
	}
	r := &e.record
	if mine && r.phase == recordBusy {
		r.phase = recordRests
	}
	switch {
	case k.err == nil:
		r.kept = max(r.kept, k.version)
		r.uploaded, r.downloaded = max(r.uploaded, k.uploaded), max(r.downloaded, k.downloaded)
	case k.epoch == e.epoch && (isFinal(k.err) || x.state.leaving != nil):
		r.hope = unkeepable
	}
	x.keeper.want(e)
	x.release(k)
}

// noteWhetherKept has the next tries wait while nothing can be kept.
func (x *process) noteWhetherKept(err error) {
	k := &x.keeper
	switch {
	case err == nil:
		k.wait, k.at = 0, mono.Never
		x.p.Healthy()
	case !isFinal(err):
		if now := x.now(); k.at <= now {
			k.wait = min(max(2*k.wait, keepAgain), keepAgainAtMost)
			k.at = now.Add(k.wait)
		}
		x.p.Degraded(err)
	}
}

// isFinal says whether a torrent is not ours to keep any more.
func isFinal(err error) bool {
	var stale *store.StaleEpochError
	var none *store.NotFoundError
	return errors.As(err, &stale) || errors.As(err, &none)
}

// remove ends an entry of which nothing is to be kept any more.
func (x *process) remove(e *entry) {
	delete(x.state.entries, e.id)
	x.s.slate.forget(e.id)
}

// release has the requests leave that waited for what was kept, or cannot be.
func (x *process) release(k keeping) {
	x.releaseIf(func(f *flight) bool {
		return f.r.Torrent == k.id && (k.err != nil || f.needs <= k.version)
	})
}

// releaseLate has the requests leave that waited for long.
func (x *process) releaseLate(now mono.Instant) {
	x.releaseIf(func(f *flight) bool { return f.held <= now })
}

func (x *process) releaseIf(may func(*flight) bool) {
	var still, free []*flight
	for _, f := range x.held {
		if may(f) {
			free = append(free, f)
		} else {
			still = append(still, f)
		}
	}
	x.held = still
	for _, f := range free {
		x.launch(f)
	}
}

// cap has a request tell no more than was kept.
func (r *record) cap(a *announce.Request) {
	a.Announce.Uploaded = min(a.Announce.Uploaded, r.uploaded)
	a.Announce.Downloaded = min(a.Announce.Downloaded, r.downloaded)
}
