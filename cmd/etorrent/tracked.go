package main

import (
	"path/filepath"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/cmd/etorrent/internal/screen"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// tracked is a torrent that the program runs.
type tracked struct {
	source    *source
	dir       string
	handle    *etorrent.Torrent // nil if it could not be added
	stats     etorrent.Stats    // as last looked at
	meter     meter
	outcome   outcome
	err       error             // of a failure
	pausedFor string            // what people were told last of a pause
	trackers  map[string]string // the last line about each, by URL
	told      telling           // of its completion
	since     sharing
	numbers   []int  // of the files, as people count them; nil until one is asked for
	hash      string // in hex, once it was asked for
	presence  presence
	pieces    *pieceset.Set // that are stored, as events told; nil before the first
	gained    int64         // bytes received and stored when last looked at
	gainedAt  time.Time     // when that last grew, or files were checked
}

// presence says whether the client still runs a torrent.
type presence uint8

const (
	here presence = iota
	left          // it was retired, and its stats are the last
)

// sharing counts the ticks since a torrent began to be shared.
type sharing uint8

const (
	notShared sharing = iota
	sharedNow
	sharedLong // for a tick at least
	toldShared
)

// outcome says how far a torrent is from what was asked.
type outcome uint8

const (
	pending outcome = iota
	stored
	sharedEnough // and stored
	failedOutcome
)

func (t *tracked) name() string { return t.source.meta.Name }

func (t *tracked) path() string { return filepath.Join(t.dir, t.source.plan.Name) }

func (t *tracked) infoHash() string {
	if t.hash == "" {
		t.hash = t.source.meta.ID().String()
	}
	return t.hash
}

// numberOf is the number of a file as people and --select count it.
func (t *tracked) numberOf(file int) int {
	if t.numbers == nil {
		t.numbers = fileNumbers(t.source.meta)
	}
	return t.numbers[file]
}

// read looks at the torrent anew, and measures its rates.
func (t *tracked) read(now time.Time) {
	if t.handle != nil && t.presence == here {
		t.stats = t.handle.Stats()
		t.meter.add(now, t.stats.Downloaded, t.stats.Uploaded)
	}
}

// gain notes what came since it was last asked, and as such that files are checked, or
// opened by a machine that is slow: nobody can give anything before.
func (t *tracked) gain(now time.Time) {
	opens := t.stats.Phase == etorrent.Opening && t.stats.Err == nil
	if sum := t.stats.Downloaded + t.stats.Stored; sum != t.gained || t.stats.Phase == etorrent.Checking || opens {
		t.gained, t.gainedAt = sum, now
	}
}

// timeLeft is the time until all is stored at the present rate; 0 is unknown.
func (t *tracked) timeLeft() time.Duration {
	down, _ := t.meter.rates()
	return screen.TimeLeft(t.stats, down)
}

func (t *tracked) shown() screen.Torrent {
	down, up := t.meter.rates()
	s := screen.Of(t.name(), t.stats, down, up)
	s.Map = t.pieces
	if t.pieces != nil && t.pieces.Count() > t.stats.Durable {
		t.pieces, s.Map = nil, nil // some are stored no more, and no event told which
	}
	if t.outcome == failedOutcome {
		s.Why = t.err.Error()
		if t.handle == nil {
			s.Status = screen.Refused
		}
	}
	return s
}

// meterSpan is the span that rates are averaged over.
const meterSpan = 5 * time.Second

// meter turns counters into rates.
type meter struct{ samples []sample }

type sample struct {
	at       time.Time
	down, up int64
}

// add notes the counters of an instant.
func (m *meter) add(at time.Time, down, up int64) {
	m.samples = append(m.samples, sample{at, down, up})
	for len(m.samples) > 2 && at.Sub(m.samples[1].at) >= meterSpan {
		m.samples = m.samples[1:]
	}
}

// rates are in bytes a second.
func (m *meter) rates() (down, up int64) {
	if len(m.samples) < 2 {
		return 0, 0
	}
	first, last := m.samples[0], m.samples[len(m.samples)-1]
	span := last.at.Sub(first.at).Seconds()
	if span <= 0 {
		return 0, 0
	}
	return int64(float64(last.down-first.down) / span), int64(float64(last.up-first.up) / span)
}
