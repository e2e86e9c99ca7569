package cong_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/cong"
)

func TestFlowsThatBeginTogetherShare(t *testing.T) {
	for _, c := range []struct {
		flows  int
		gate   float64
		libutp string
	}{{2, 0.95, "1.00"}, {8, 0.90, "0.785"}} {
		w := newWorld(base)
		for range c.flows {
			w.join(ours(), 0, 0)
		}
		w.run(20 * time.Second).measure().run(80 * time.Second)
		mustReach(t, fmt.Sprintf("%d flows: Jain's index", c.flows), w.jain(), c.gate, c.libutp)
		mustStayBelow(t, fmt.Sprintf("%d flows: mean queue in ms", c.flows), millis(w.waits.mean()), 90, "96")
	}
}

func TestWhoComesLateGetsItsShare(t *testing.T) {
	for i, rtt := range []time.Duration{10 * ms, 50 * ms, 100 * ms} {
		l := base
		l.rtt = rtt
		w := newWorld(l)
		w.join(ours(), 0, 0)
		w.join(ours(), 60*time.Second, 0)
		w.run(120 * time.Second).measure().run(300 * time.Second)
		mustReach(t, fmt.Sprintf("the second a minute late, %v: Jain's", rtt), w.jain(), 0.9, []string{"0.50", "0.50", "0.53"}[i])
		mustStayBelow(t, fmt.Sprintf("the second a minute late, %v: queue", rtt), millis(w.waits.mean()), 90, []string{"185", "181", "181"}[i])
	}
	w := newWorld(base)
	for i := range 4 {
		w.join(ours(), time.Duration(i)*30*time.Second, 0)
	}
	w.run(120 * time.Second).measure().run(300 * time.Second)
	mustReach(t, "4 flows, each 30 s late: Jain's", w.jain(), 0.9, "0.30")
}

// TestFlowsShareWhatLosesPacketsByAccident is about losses that look like those of a full
// queue to who sees it for the first time.
func TestFlowsShareWhatLosesPacketsByAccident(t *testing.T) {
	for _, c := range []struct {
		flows int
		late  time.Duration
		queue time.Duration
		loss  float64
	}{
		{2, 20 * time.Second, 100 * ms, 0.005}, {3, 20 * time.Second, 100 * ms, 0.005}, {4, 20 * time.Second, 100 * ms, 0.01},
		{2, 20 * time.Second, 150 * ms, 0.01}, {3, 20 * time.Second, 250 * ms, 0.001}, {4, 20 * time.Second, 100 * ms, 0.001},
		{2, 0, 100 * ms, 0.001}, {2, 0, 150 * ms, 0.01}, {4, 0, 100 * ms, 0.005},
	} {
		l := base
		l.queue, l.loss = c.queue, c.loss
		w := newWorld(l)
		for i := range c.flows {
			w.join(ours(), time.Duration(i)*c.late, 0)
		}
		w.run(120 * time.Second).measure().run(180 * time.Second)
		name := fmt.Sprintf("%d flows each %v late, %v lost of 100, %v", c.flows, c.late, c.loss*100, c.queue)
		mustReach(t, name+": Jain's", w.jain(), 0.9, "?")
		mustStayBelow(t, name+": queue", millis(w.waits.mean()), 90, "?")
	}
}

// TestFlowsOfAnHourKnowHowLongTheirPathIs is about drains, which must be together.
func TestFlowsOfAnHourKnowHowLongTheirPathIs(t *testing.T) {
	l := base
	l.rate, l.queue = 4*mbit, time.Second
	w := newWorld(l)
	for i := range 4 {
		w.join(ours(), time.Duration(i)*3*time.Second, 0)
	}
	w.run(40 * time.Minute).measure().run(45 * time.Minute)
	mustStayBelow(t, "4 flows after 40 minutes: queue in ms", millis(w.waits.mean()), 75, "?")
	mustReach(t, "4 flows after 40 minutes: Jain's", w.jain(), 0.95, "?")
}

func TestTCPGetsWhatItWants(t *testing.T) {
	for _, c := range []struct {
		name   string
		tcp    func() cong.Control
		queue  time.Duration
		gate   float64 // our share at most, %
		libutp string
	}{
		{"Reno", newReno, 10 * ms, 55, "37"}, {"Reno", newReno, 20 * ms, 55, "42"},
		{"Reno", newReno, 50 * ms, 40, "49"}, {"Reno", newReno, 100 * ms, 25, "82"}, {"Reno", newReno, 250 * ms, 15, "3.8"}, {"Reno", newReno, time.Second, 5, "0.05"},
		{"CUBIC", newCubic, 10 * ms, 55, "?"}, {"CUBIC", newCubic, 20 * ms, 55, "?"},
		{"CUBIC", newCubic, 50 * ms, 35, "28"}, {"CUBIC", newCubic, 100 * ms, 20, "73"}, {"CUBIC", newCubic, 250 * ms, 10, "0"}, {"CUBIC", newCubic, time.Second, 5, "0"},
	} {
		l := base
		l.queue = c.queue
		w := newWorld(l)
		us := w.join(ours(), 0, 0)
		them := w.join(c.tcp(), 170*ms, 0)
		w.run(20 * time.Second).measure().run(110 * time.Second)
		both := us.percent() + them.percent()
		mustStayBelow(t, fmt.Sprintf("beside %s, a queue of %v: our share", c.name, c.queue), 100*us.percent()/both, c.gate, c.libutp)
		mustReach(t, fmt.Sprintf("beside %s, a queue of %v: both", c.name, c.queue), both, 90, "?")
	}
}

func TestWhatTCPLeavesIsSoonUsed(t *testing.T) {
	for i, tcp := range []func() cong.Control{newReno, newCubic} {
		w := newWorld(base)
		us := w.join(ours(), 0, 0)
		w.join(tcp(), 10*time.Second, 50*time.Second)
		w.run(70 * time.Second)
		mustStayBelow(t, []string{"Reno", "CUBIC"}[i]+" leaves: seconds to 90 %", us.reaches(90, 50*time.Second), 3, []string{"2", "4"}[i])
	}
}

// TestOurLedbatIsThatOfLibutp shows that the model and the profile are worth comparing
// with: they have the figures of the real one.
func TestOurLedbatIsThatOfLibutp(t *testing.T) {
	for _, c := range []struct {
		loss     float64
		rtt      time.Duration
		low, top float64
		libutp   string
	}{
		{0, 100 * ms, 95, 97, "96.6"}, {0, 300 * ms, 70, 80, "75.8"}, {0.001, 100 * ms, 25, 40, "32"}, {0.001, 300 * ms, 8, 15, "12.5"},
		{0.01, 100 * ms, 9, 13, "11"}, {0.01, 300 * ms, 3, 4.5, "3.7"},
	} {
		l := base
		l.loss, l.rtt = c.loss, c.rtt
		w := newWorld(l)
		f := w.join(control("ledbat"), 0, 0)
		w.run(20 * time.Second).measure().run(120 * time.Second)
		name := fmt.Sprintf("ledbat, %v lost of 100, %v", c.loss*100, c.rtt)
		mustReach(t, name, f.percent(), c.low, c.libutp)
		mustStayBelow(t, name, f.percent(), c.top, c.libutp)
	}
	w := newWorld(base)
	w.join(control("ledbat"), 0, 0)
	w.join(control("ledbat"), 60*time.Second, 0)
	w.run(120 * time.Second).measure().run(300 * time.Second)
	mustStayBelow(t, "ledbat, the second a minute late: Jain's", w.jain(), 0.55, "0.50")
}

func TestTheSameSeedMakesTheSameTransfer(t *testing.T) {
	figures := func() string {
		l := base
		l.loss, l.jitter, l.every, l.out = 0.01, 5*ms, 7*time.Second, 300*ms
		w := newWorld(l)
		w.join(ours(), 0, 0)
		w.join(ours(), time.Second, 0)
		w.run(30 * time.Second)
		s := ""
		for _, f := range w.flows {
			s += fmt.Sprintln(f.sent, f.got, f.control.Window(), f.control.Rate())
		}
		return s
	}
	if a, b := figures(), figures(); a != b {
		t.Errorf("%s, then %s", a, b)
	}
}
