package ours_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/conn"
	"github.com/etorrent/etorrent/internal/core/utp/mtu"
	"github.com/etorrent/etorrent/internal/utpsim"
	"github.com/etorrent/etorrent/internal/utpsim/ours"
	"github.com/etorrent/etorrent/internal/vocab/serial"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// tiny is a world of two ends with windows of three packets, whose numbers and stamps come
// round, or change their sign, within the first packets.
type tiny struct {
	link    utpsim.Link
	loss    float64
	first   [2]serial.Number
	clocks  [2]utpsim.Clock
	bytes   [2]int
	leave   [2]ours.Leave
	segment int
	slots   int
}

// When stamps, microseconds of 32 bits, come round, and when their distance changes its
// sign.
const (
	stampsRound = time.Duration(1<<32) * time.Microsecond
	stampsSign  = stampsRound / 2
)

// newTiny is the world of a number.
func newTiny(number uint64) tiny {
	r := rand.New(rand.NewPCG(number, 3))
	pick := func(of ...time.Duration) time.Duration { return of[r.IntN(len(of))] }
	near := func() serial.Number {
		return []serial.Number{0, 1 << 15, 1 << 8}[r.IntN(3)] - serial.Number(r.IntN(24))
	}
	w := tiny{
		loss: one(r, 0, 0.02, 0.1), first: [2]serial.Number{near(), near()},
		segment: 20 + r.IntN(100), slots: []int{3, 1024}[r.IntN(2)],
		leave: [2]ours.Leave{ours.Finishes, []ours.Leave{ours.Finishes, ours.Closes}[r.IntN(2)]},
	}
	w.link = utpsim.Link{
		Delay: pick(time.Millisecond, 10*time.Millisecond, 100*time.Millisecond), Duplicate: one(r, 0, 0.05, 0.2),
		Rate: int64(one(r, 0, 50_000, 1_000_000)), Queue: int(one(r, 600, 3_000, 100_000)),
	}
	w.link.Jitter = time.Duration(one(r, 0, 0.3, 3) * float64(w.link.Delay))
	if r.IntN(4) == 0 {
		w.link.Outage = utpsim.Outage{Every: 3 * time.Second, Lasts: pick(50*time.Millisecond, 700*time.Millisecond)}
	}
	for i := range w.bytes {
		w.bytes[i] = r.IntN(60 * w.segment)
	}
	early := time.Duration(r.Int64N(int64(3 * time.Second)))
	w.clocks[0].Offset = pick(stampsRound, stampsSign) - early
	w.clocks[1].Offset = w.clocks[0].Offset + pick(0, stampsSign, stampsRound-stampsSign/2) + time.Duration(r.Int64N(int64(w.link.Delay)))
	w.clocks[1].Drift = int64(r.IntN(401) - 200)
	return w
}

func one(r *rand.Rand, of ...float64) float64 { return of[r.IntN(len(of))] }

// judge loses packets, but none of a handshake: four Syns may all be lost.
func (w *tiny) judge(number uint64) func(time.Duration, int, []byte) utpsim.Fate {
	r := rand.New(rand.NewPCG(number, 4))
	sent := 0
	return func(_ time.Duration, _ int, b []byte) utpsim.Fate {
		sent++
		if utpwire.Kind(b[0]>>4) == utpwire.Syn || sent <= 2 || r.Float64() >= w.loss {
			return utpsim.Arrives
		}
		return utpsim.LostByJudge
	}
}

// run returns what is wrong with what became of the world.
func (w *tiny) run(number uint64) error {
	core := conn.Defaults()
	core.Path, core.Segment = mtu.Config{}, w.segment
	core.Window, core.Reserve, core.Packets, core.Slots = 3*w.segment, w.segment, 3, w.slots
	var ends [2]*ours.End
	for i := range ends {
		ends[i] = ours.New(ours.Plan{
			Role: []ours.Role{ours.Asks, ours.Accepts}[i], From: w.clocks[i].At(100 * time.Millisecond), Bytes: w.bytes[i], Leave: w.leave[i],
			Seed: 2*number + uint64(i), Numbers: ours.Given, First: w.first[i], Core: core, Audit: 1,
		})
	}
	there, back := w.link, w.link
	there.Judge, back.Judge = w.judge(2*number), w.judge(2*number+1)
	world, err := utpsim.New(utpsim.Config{
		Seed: number, Forward: there, Reverse: back, Overhead: utpwire.HeadersOfIPv4, MaxEvents: 100_000,
		Flows: []utpsim.Flow{{Left: utpsim.Step(ends[0], w.clocks[0]), Right: utpsim.Step(ends[1], w.clocks[1])}},
	})
	if err == nil {
		err = world.Run(time.Hour)
	}
	if err != nil {
		return err
	}
	for i, e := range ends {
		switch {
		case e.Wrong != nil:
			return fmt.Errorf("end %d: %w", i, e.Wrong)
		case e.Conn == nil || e.Conn.Phase() != conn.Closed:
			return fmt.Errorf("end %d is not closed", i)
		case e.Got != int64(w.bytes[1-i]) || e.Why != conn.Finished:
			return fmt.Errorf("end %d has %d bytes of %d, closed as %v", i, e.Got, w.bytes[1-i], e.Why)
		}
	}
	return nil
}

// All is looked at after every step. The number of a world that fails has it again:
// -run 'TestThousandTinyWorldsWrapAndAreWhole/number'.
func TestThousandTinyWorldsWrapAndAreWhole(t *testing.T) {
	t.Parallel()
	for number := range uint64(1000) {
		t.Run(fmt.Sprint(number), func(t *testing.T) {
			w := newTiny(number)
			if err := w.run(number); err != nil {
				t.Errorf("%v, in %+v", err, w)
			}
		})
	}
}
