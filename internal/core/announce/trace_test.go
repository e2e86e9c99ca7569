package announce

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

// The world judges each request of ten thousand torrents at three trackers, one of
// which answers badly, for two days with crashes, restarts and people: no least
// interval is violated, no bound exceeded, no counter goes down. Torrents that begin
// together drift apart, and those that come back together do not ask all at once.
func TestTwoDaysOfTenThousandTorrents(t *testing.T) {
	torrents, days := 10_000, 2
	if testing.Short() {
		torrents = 1000
	}
	rnd := rand.New(rand.NewPCG(7, 7))
	w := newWorld(t, rnd.IntN)
	w.cfg = Config{}.withDefaults()
	w.boot()
	run := &manyDays{world: w, rnd: rnd, perSecond: make([]int, days*24*3600+1)}
	for id := range torrents {
		run.add(ident.TorrentID(id))
	}
	run.until(start.Add(time.Duration(days) * 24 * time.Hour))
	most, sum := 0, 0
	for _, n := range run.perSecond {
		most, sum = max(most, n), sum+n
	}
	t.Logf("%d requests, at most %d in flight, the busiest second has %d; in each hour:\n%s", sum, run.inFlight, most, run.histogram())
	if sum < torrents*days*24*3/2 {
		t.Errorf("only %d requests", sum)
	}
	if peak, mean := run.peak(4, 5); peak > 6*mean {
		t.Errorf("before the first crash the busiest minute has %d requests, with %d in the mean: they go in step", peak, mean)
	}
	if allowed := 3 * (1 + int(time.Second/w.cfg.Gap)); most > allowed {
		t.Errorf("%d requests in one second, more than %d", most, allowed)
	}
}

// until lets time pass, with a crash or a restart every seven hours.
func (d *manyDays) until(end mono.Instant) {
	next := d.now.Add(5 * time.Hour)
	for n := 0; d.now < end; d.step() {
		if d.now <= next {
			continue
		}
		next = next.Add(7 * time.Hour)
		if n++; n%2 == 0 {
			d.shutDown()
		} else {
			d.crash()
		}
	}
}

// manyDays answers what a world asks, at its time.
type manyDays struct {
	*world
	rnd       *rand.Rand
	perSecond []int
	inFlight  int
	counted   RequestID
}

func (d *manyDays) add(id ident.TorrentID) {
	k := &known{}
	d.torrents[id] = k
	of := []string{"http://a.example/announce", "udp://b.example:80", "udp://c.example:80"}[id%3]
	d.enter(id, k, Torrent{PeerID: [20]byte{1}, Tiers: tiers(of), Left: int64(id % 2)}, originFresh)
}

func (d *manyDays) step() {
	for len(d.lookups) > 0 {
		host := d.lookups[0]
		d.lookups = d.lookups[1:]
		d.c.Resolved(d.now, host, OnlyIPv4, d)
	}
	if next := d.c.NextDeadline(); next != mono.Never {
		d.now = max(d.now, min(next, d.now.Add(100*time.Millisecond)))
	} else {
		d.now = d.now.Add(100 * time.Millisecond)
	}
	d.c.Tick(d.now, d)
	d.dropLost()
	d.inFlight = max(d.inFlight, len(d.air))
	second := int(d.now.Sub(start) / time.Second)
	if d.c.last < d.counted {
		d.counted = 0 // another core
	}
	d.perSecond[min(second, len(d.perSecond)-1)] += int(d.c.last - d.counted)
	d.counted = d.c.last
	for range len(d.air) {
		if d.rnd.IntN(3) > 0 {
			d.reply()
		}
	}
	d.people()
	d.keep()
}

// reply answers one request; the third tracker loses a tenth, and refuses some.
func (d *manyDays) reply() {
	q, is := d.inAir()
	if !is {
		return
	}
	if q.Tracker.Host() == "c.example" && d.rnd.IntN(10) == 0 {
		d.failed[q.Tracker.Host()] = d.now
		d.c.Failed(d.now, q.ID, TimedOut{}, d)
		return
	}
	r := tracker.Response{Interval: 30 * time.Minute, MinInterval: 15 * time.Minute}
	d.note(&q, &r)
	d.c.Answer(d.now, q.ID, tracker.Answered{Response: r}, d)
}

// people do what people do, now and then.
func (d *manyDays) people() {
	id := ident.TorrentID(d.rnd.IntN(len(d.torrents)))
	k := d.torrents[id]
	switch d.rnd.IntN(2000) {
	case 0:
		d.c.AnnounceNow(d.now, id, d)
	case 1:
		k.completed = true
		d.c.Completed(d.now, id, d)
	case 2:
		d.c.Progress(id, Counters{Uploaded: d.rnd.Int64N(1000), Downloaded: d.rnd.Int64N(1000), Left: 0}, HasEnough)
	}
}

// peak is how many requests the busiest minute has between two hours, and the mean one.
func (d *manyDays) peak(from, to int) (most, mean int) {
	sum := 0
	for minute := from * 60; minute < to*60; minute++ {
		n := 0
		for _, m := range d.perSecond[minute*60:][:60] {
			n += m
		}
		most, sum = max(most, n), sum+n
	}
	return most, sum / (60 * (to - from))
}

func (d *manyDays) histogram() string {
	var b strings.Builder
	for hour := range len(d.perSecond) / 3600 {
		n := 0
		for _, m := range d.perSecond[hour*3600:][:3600] {
			n += m
		}
		fmt.Fprintf(&b, "%3d %6d %s\n", hour, n, strings.Repeat("*", n/500))
	}
	return b.String()
}
