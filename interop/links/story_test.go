//go:build linux

package links

import (
	"fmt"
	"strings"
	"time"
)

const megabit = 1_000_000

// story is what happens on a link: our flow is alone, a flow of TCP comes and stays for a
// while, and ours is alone again.
type story struct {
	congestion string // TCP's
	rate       int64  // bits a second, headers included
	rtt, queue time.Duration
	comes      time.Duration // when TCP comes
	leaves     time.Duration
	ends       time.Duration
	settles    time.Duration // how long after a change nothing is judged
	alone      float64       // the part of the link that uTP has alone, at least
	yields     float64       // its part of what both have beside TCP, at most
}

func (s story) String() string {
	return fmt.Sprintf("%s, %d Mbit a second, %v of queue", s.congestion, s.rate/megabit, s.queue)
}

// queueBytes is how much may wait.
func (s story) queueBytes() int { return s.bytes(s.queue) }

// bytes is what the link carries in a time.
func (s story) bytes(d time.Duration) int { return int(s.rate / 8 * int64(d) / int64(time.Second)) }

// sample is how things stand at a time of a story.
type sample struct {
	at       time.Duration
	utp, tcp int64         // bytes that the applications got
	waits    time.Duration // in the queue of the link
}

// step is how far apart samples are, and over how many a rate is taken.
const (
	step  = 100 * time.Millisecond
	steps = 5
)

// course is the samples of a story, in order.
type course []sample

// late is the part of the samples that came half a step late.
func (c course) late() float64 {
	n := 0
	for i := 1; i < len(c); i++ {
		if c[i].at-c[i-1].at > step+step/2 {
			n++
		}
	}
	return float64(n) / float64(max(len(c), 1))
}

// between is the part of a course from a time to another.
func (c course) between(from, until time.Duration) course {
	var out course
	for _, x := range c {
		if x.at >= from && x.at <= until {
			out = append(out, x)
		}
	}
	return out
}

// rates are the bits a second that the applications got.
func (c course) rates() (utp, tcp float64) {
	if len(c) < 2 {
		return 0, 0
	}
	first, last := c[0], c[len(c)-1]
	span := (last.at - first.at).Seconds()
	return float64(8*(last.utp-first.utp)) / span, float64(8*(last.tcp-first.tcp)) / span
}

// wait is the mean wait in the queue.
func (c course) wait() time.Duration {
	var sum time.Duration
	for _, x := range c {
		sum += x.waits
	}
	return sum / time.Duration(max(len(c), 1))
}

// figures are what a course comes to. Rates are parts of the link's.
type figures struct {
	alone       float64       // what uTP gets before TCP comes
	queue       time.Duration // that it makes there
	share, both float64       // uTP's part of what both get, and what both get
	back        time.Duration // from TCP's end until uTP has nine tenths of the link; never: 0
}

func (s story) figures(c course) figures {
	var f figures
	before := c.between(s.settles, s.comes)
	f.alone, _ = before.rates()
	f.alone /= float64(s.rate)
	f.queue = before.wait()
	utp, tcp := c.between(s.comes+s.settles, s.leaves).rates()
	f.share, f.both = utp/max(utp+tcp, 1), (utp+tcp)/float64(s.rate)
	after := c.between(s.leaves, s.ends)
	for i := steps; i < len(after); i++ {
		if utp, _ := after[i-steps : i+1].rates(); utp >= 0.9*float64(s.rate) {
			f.back = after[i].at - s.leaves
			break
		}
	}
	return f
}

func (f figures) String() string {
	return fmt.Sprintf("alone %4.1f %% of the link, %3d ms in the queue; beside TCP %4.1f %% of both, which have %4.1f %% of the link; back after %.1f s",
		100*f.alone, f.queue.Milliseconds(), 100*f.share, 100*f.both, f.back.Seconds())
}

// table is a line for each second: what uTP and TCP had of the link in %, and the queue.
func (s story) table(c course) string {
	var b strings.Builder
	for at := time.Duration(0); at < s.ends; at += time.Second {
		part := c.between(at, at+time.Second)
		utp, tcp := part.rates()
		fmt.Fprintf(&b, "%2d s: uTP %3.0f, TCP %3.0f, %3d ms\n", at/time.Second, 100*utp/float64(s.rate), 100*tcp/float64(s.rate), part.wait().Milliseconds())
	}
	return b.String()
}
