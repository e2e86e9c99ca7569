package demo

import (
	"context"
	"fmt"
	"runtime/metrics"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/cmd/etorrent/internal/amount"
)

const (
	lookEvery = 100 * time.Millisecond
	drawEvery = 2 // looks
	// patience is how many times as long as it should an act may take, besides a
	// minute, before it is judged as it stands.
	patience = 5
)

// script is what an act does while its swarm runs.
type script interface {
	// hear takes what an actor tells.
	hear(h heard) error
	// look is called ten times a second, when the actors' stats are fresh. It says
	// whether the act has more to show.
	look(now time.Time) (progress, error)
	// beside is what stands beside the bars, nil for nothing.
	beside() []string
}

// progress says how far an act is.
type progress uint8

const (
	goesOn progress = iota
	over
)

// play runs a script to its end, or to the end of its patience.
func (w *swarm) play(s script) error {
	limit := time.NewTimer(time.Minute + patience*time.Duration(w.d.Size/w.d.Rate)*time.Second)
	defer limit.Stop()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	defer w.d.stage.clear()
	for looks := 0; ; {
		select {
		case <-w.ctx.Done():
			return context.Cause(w.ctx)
		case <-limit.C:
			return nil
		case h := <-w.heard:
			w.d.p.Receive("heard")
			if err := s.hear(h); err != nil {
				return err
			}
		case now := <-tick.C:
			w.d.p.Receive("look")
			if err := w.look(now); err != nil {
				return err
			}
			end, err := s.look(now)
			if looks++; looks%drawEvery == 0 || end == over {
				w.d.stage.show(w.frame(s))
			}
			if err != nil || end == over {
				return err
			}
		}
	}
}

// look reads how every actor does. What an engine cannot do here is an error.
func (w *swarm) look(now time.Time) error {
	for _, a := range w.actors {
		if a.client == nil {
			continue
		}
		if err := a.client.Err(); err != nil {
			return fmt.Errorf("%s: %w", a.name, err)
		}
		a.stats = a.torrent.Stats()
		switch a.stats.Phase {
		case etorrent.Paused, etorrent.Refused:
			if a.stats.Err != nil {
				return fmt.Errorf("%s: %w", a.name, a.stats.Err)
			}
		case etorrent.Opening, etorrent.Checking, etorrent.Fetching, etorrent.Sharing, etorrent.Retired:
		}
		a.past.add(now, a.stats.Downloaded, a.stats.Uploaded)
	}
	w.d.peak = max(w.d.peak, memory())
	return nil
}

// memory is what the program has of the system now, in bytes.
func memory() uint64 {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(samples)
	return samples[0].Value.Uint64() - samples[1].Value.Uint64()
}

// frame is how the swarm stands.
func (w *swarm) frame(s script) frame {
	f := frame{beside: s.beside()}
	var stored, wanted, seeded, traded, down int64
	for _, a := range w.actors {
		t := a.shown()
		f.state.Torrents = append(f.state.Torrents, t)
		if a.role == leecher {
			stored, wanted, traded, down = stored+t.Stored, wanted+t.Wanted, traded+t.Up, down+t.Down
		} else {
			seeded += t.Up
		}
	}
	f.words = fmt.Sprintf("leechers have %d %% and fetch %s; seeder sends %s, leechers send %s",
		100*stored/max(1, wanted), amount.Rate(down), amount.Rate(seeded), amount.Rate(traded))
	return f
}

// history is what an actor had fetched and sent, look by look.
type history struct{ samples []sample }

type sample struct {
	at       time.Time
	down, up int64
}

func (h *history) add(at time.Time, down, up int64) {
	h.samples = append(h.samples, sample{at: at, down: down, up: up})
}

// between is the rate of fetching in a span, in bytes a second. It is ok if the span
// was seen.
func (h *history) between(from, to time.Time) (rate float64, ok bool) {
	var first, last *sample
	for i := range h.samples {
		s := &h.samples[i]
		if !s.at.After(from) {
			first = s
		}
		if !s.at.After(to) {
			last = s
		}
	}
	if first == nil || last.at.Sub(first.at) <= 0 || h.samples[len(h.samples)-1].at.Before(to) {
		return 0, false
	}
	return float64(last.down-first.down) / last.at.Sub(first.at).Seconds(), true
}

// rateSpan is what shown rates are averaged over.
const rateSpan = 2 * time.Second

// rates are those of late, in bytes a second.
func (h *history) rates() (down, up int64) {
	if len(h.samples) < 2 {
		return 0, 0
	}
	last := h.samples[len(h.samples)-1]
	first := last
	for i := len(h.samples) - 1; i >= 0 && last.at.Sub(h.samples[i].at) <= rateSpan; i-- {
		first = h.samples[i]
	}
	span := last.at.Sub(first.at).Seconds()
	if span <= 0 {
		return 0, 0
	}
	return int64(float64(last.down-first.down) / span), int64(float64(last.up-first.up) / span)
}

// nothing is the script of an act that only runs until all have everything.
type nothing struct{ w *swarm }

func (n *nothing) hear(heard) error { return nil }

func (n *nothing) beside() []string { return nil }

func (n *nothing) look(time.Time) (progress, error) { return n.w.untilAllHave(), nil }

func (w *swarm) untilAllHave() progress {
	if w.finishedLeechers() < len(w.leechers()) {
		return goesOn
	}
	return over
}
