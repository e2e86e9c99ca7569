// Package trial has flows of our core share a link in virtual time, and writes the trace
// of them: what `etorrent utp trace` shows.
package trial

import (
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/cong"
	"github.com/etorrent/etorrent/internal/core/utp/conn"
	"github.com/etorrent/etorrent/internal/core/utp/tracer"
	"github.com/etorrent/etorrent/internal/utpsim"
	"github.com/etorrent/etorrent/internal/utpsim/ours"
	"github.com/etorrent/etorrent/internal/vocab/utptrace"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// Config describes a trial.
type Config struct {
	Seed     uint64
	Link     utpsim.Link // each way
	Title    string      // of the trace
	Flows    int         // of ours
	Late     time.Duration
	Profile  string // of their congestion control, "" is the default (cong.Find)
	Beside   TCP    // a flow that begins at once
	For      time.Duration
	Interval time.Duration // of the samples
	Quit     <-chan struct{}
	Show     func(done time.Duration) // nil: nobody looks on
}

// TCP says whether a flow of TCP goes beside ours, and of which kind.
type TCP uint8

// The kinds.
const (
	NoTCP TCP = iota
	Reno
	Cubic
)

// ErrQuit says that a trial was ended early.
var ErrQuit = errors.New("the trial was ended")

// clock is that of all who send: their remotes have another.
var clock = utpsim.Clock{}

// endless is more than any flow sends.
const endless = min(1<<50, math.MaxInt)

// Run runs a trial and writes its trace, an interval at a time. The error may be one of
// the writer, a *named.UnknownError, ErrQuit, or one of package utpsim.
func Run(c Config, to io.Writer) error {
	control, err := cong.Find(c.Profile)
	if err != nil {
		return err
	}
	t := &trial{Config: c, to: to, lines: utptrace.Append(nil, utptrace.Head{Title: c.Title, Interval: c.Interval})}
	for n := range c.Flows {
		t.joinOurs(n, control)
	}
	t.joinTCP()
	t.world, err = utpsim.New(utpsim.Config{
		Seed: c.Seed, Forward: c.Link, Reverse: c.Link, Overhead: utpwire.HeadersOfIPv4, Flows: t.flows, MaxEvents: endless,
	})
	if err != nil {
		return err
	}
	for at := c.Interval; at < c.For+c.Interval; at += c.Interval {
		if err := t.advance(min(at, c.For)); err != nil {
			return err
		}
	}
	return t.judge()
}

// trial is one that runs.
type trial struct {
	Config

	to      io.Writer
	world   *utpsim.World
	flows   []utpsim.Flow
	ends    []*ours.End
	tracers []*tracer.Tracer
	tcp     *tcp // nil: there is none
	lines   []byte
}

// joinOurs adds a flow. Its number of the trace is the one of the world, from 1 on.
func (t *trial) joinOurs(n int, control func(cong.Config) cong.Control) {
	profile, begins := t.Profile, time.Duration(n)*t.Late
	if profile == "" {
		profile = cong.Default
	}
	watcher := tracer.New(tracer.Config{
		Flow:     utptrace.Flow{At: begins, Number: n + 1, Name: fmt.Sprintf("uTP %d", n+1), Control: profile},
		Origin:   clock.At(0),
		Interval: t.Interval,
	})
	core := conn.Defaults()
	core.Control = control
	seed := t.Seed + uint64(2*n)<<32
	left := ours.New(ours.Plan{
		Role: ours.Asks, From: clock.At(begins), Bytes: endless, Seed: seed, Core: core, Watch: watcher.Step,
	})
	right := ours.New(ours.Plan{Seed: seed + 1, Core: core})
	t.ends, t.tracers = append(t.ends, left, right), append(t.tracers, watcher)
	t.flows = append(t.flows, utpsim.Flow{Left: utpsim.Step(left, clock), Right: utpsim.Step(right, utpsim.Clock{Offset: time.Hour})})
}

// advance takes the world to a time, and writes the lines of that interval.
func (t *trial) advance(until time.Duration) error {
	select {
	case <-t.Quit:
		return ErrQuit
	default:
	}
	if err := t.world.Run(until); err != nil {
		return err
	}
	for _, x := range t.tracers {
		t.lines = append(t.lines, x.Take()...)
	}
	stats := t.world.TakeStats()
	if t.tcp != nil {
		t.lines = t.tcp.appendTo(t.lines, until, &stats.Ends[2*t.Flows+1])
	}
	t.lines = utptrace.Append(t.lines, linkOf(until, &stats.Links[utpsim.Left]))
	_, err := t.to.Write(t.lines)
	t.lines = t.lines[:0]
	if t.Show != nil {
		t.Show(until)
	}
	return err
}

// judge says whether an end contradicted itself.
func (t *trial) judge() error {
	for n, e := range t.ends {
		if e.Wrong != nil {
			return fmt.Errorf("flow %d: %w", n/2+1, e.Wrong)
		}
	}
	return nil
}

// linkOf is how the way from left to right did.
func linkOf(at time.Duration, s *utpsim.LinkStats) utptrace.Link {
	l := utptrace.Link{
		At: at, Queued: s.Waits.Mean(), Dropped: uint64(s.Fates[utpsim.LostInQueue]), Lost: uint64(s.Fates[utpsim.LostAtRandom]),
	}
	if l.Queued > 0 {
		l.Most = s.Waits.Quantile(1)
	}
	return l
}

// Profiles are the names of the congestion controls.
func Profiles() []string { return cong.Names() }
