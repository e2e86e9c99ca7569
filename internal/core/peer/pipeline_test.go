package peer

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/wire"
)

// pipe is a remote that answers in order, each block a span after the one
// before and not before its round trip has passed, with a pipeline that is kept
// as full as its limit allows.
type pipe struct {
	pipeline
	now   mono.Instant
	rtt   time.Duration
	every time.Duration
	next  uint32
	free  mono.Instant // when the remote can send the next block
}

func newPipe(rtt, every time.Duration) *pipe {
	return &pipe{pipeline: newPipeline(), now: mono.Instant(time.Hour), rtt: rtt, every: every}
}

func (p *pipe) fill() {
	for p.asked.flying.count < p.limit() {
		p.ask(p.now, geometry.Block{Number: p.next})
		p.next++
	}
}

// run fills and answers for a span.
func (p *pipe) run(d time.Duration) {
	for end := p.now.Add(d); p.now < end; {
		p.fill()
		at := p.asked.flying.first
		asked := p.asked.slots[at].since
		p.free = max(p.free.Add(p.every), asked.Add(p.rtt))
		p.now = max(p.now, p.free)
		p.arrived(p.now, at, geometry.BlockSize)
	}
}

func TestTheWindowIsTheRateTimesTheRoundTripAndAQuarterSecond(t *testing.T) {
	for _, tc := range []struct {
		rtt, every time.Duration
		reqq       int
		want       int
	}{
		{10 * time.Millisecond, 2 * time.Millisecond, 2000, 130},
		{100 * time.Millisecond, 2 * time.Millisecond, 2000, 175},
		{50 * time.Millisecond, 500 * time.Microsecond, 2000, 600},
		{50 * time.Millisecond, 100 * time.Microsecond, 2000, 2000},
		{50 * time.Millisecond, 100 * time.Microsecond, 500, 500},
		{50 * time.Millisecond, 100 * time.Microsecond, defaultReqq, 250},
		{50 * time.Millisecond, 100 * time.Microsecond, 10, 10},
		{20 * time.Millisecond, 10 * time.Millisecond, 2000, minWindow},
	} {
		t.Run(fmt.Sprint(tc.rtt, tc.every, tc.reqq), func(t *testing.T) {
			p := newPipe(tc.rtt, tc.every)
			p.reqq = tc.reqq
			p.run(5 * time.Minute)
			if got := p.limit(); math.Abs(float64(got-tc.want)) > 0.05*float64(tc.want) {
				t.Errorf("%d blocks in flight at %.0f a second and %v, want %d", got, p.rate.perSecond/geometry.BlockSize, p.pipeline.rtt, tc.want)
			}
		})
	}
}

func TestTheWindowOfASlowRemoteIsWhatItSendsInASecondAndARoundTrip(t *testing.T) {
	for _, tc := range []struct {
		rtt, every time.Duration
		want       int
	}{
		{20 * time.Millisecond, 20 * time.Millisecond, 51},
		{time.Second, 50 * time.Millisecond, 40},
		{20 * time.Millisecond, 100 * time.Millisecond, 10},
		{20 * time.Millisecond, 10 * time.Second, slowWindow},
	} {
		t.Run(fmt.Sprint(tc.rtt, tc.every), func(t *testing.T) {
			p := newPipe(tc.rtt, tc.every)
			p.run(5 * time.Minute)
			if got := p.limit(); got < tc.want-1 || got > tc.want+1 {
				t.Errorf("%d blocks in flight at %.1f a second and %v, want %d", got, p.rate.perSecond/geometry.BlockSize, p.pipeline.rtt, tc.want)
			}
		})
	}
}

func TestTheFirstWindowDoublesWithEachRoundTrip(t *testing.T) {
	p := newPipe(100*time.Millisecond, 0)
	p.fill()
	if got := p.asked.flying.count; got != firstWindow {
		t.Fatalf("%d blocks in flight", got)
	}
	p.run(100 * time.Millisecond)
	p.run(100 * time.Millisecond)
	if got := p.limit(); got < 2*firstWindow || got > minWindow {
		t.Errorf("%d blocks in flight after two round trips", got)
	}
}

// Half a second is long on a fast path: until a rate is known the window is what came.
func TestAFastRemoteIsAskedForMoreBeforeItsRateIsKnown(t *testing.T) {
	p := newPipe(10*time.Millisecond, time.Millisecond)
	p.reqq = 300
	p.run(200 * time.Millisecond)
	if got := p.limit(); p.rate.perSecond != 0 || got < 150 || got > firstWindow+200 {
		t.Errorf("%d blocks in flight after 200 that came", got)
	}
	p.run(200 * time.Millisecond)
	if got := p.limit(); p.rate.perSecond != 0 || got != p.reqq {
		t.Errorf("%d blocks in flight, of a remote that queues %d", got, p.reqq)
	}
}

// On a long path the rate of half a second is that of a moment ago.
func TestABeginGoesOnToDoubleThoughARateIsKnown(t *testing.T) {
	p := newPipe(300*time.Millisecond, 0)
	p.reqq = 2000
	p.run(2100 * time.Millisecond) // seven round trips
	if got := p.limit(); p.rate.perSecond == 0 || got < firstWindow<<5 {
		t.Errorf("%d blocks in flight at %.0f a second", got, p.rate.perSecond/geometry.BlockSize)
	}
}

// Who sends at a rate of its own is asked for what keeps it busy, some seconds after the begin.
func TestABeginEndsWhereTheRateGrowsNoMore(t *testing.T) {
	p := newPipe(10*time.Millisecond, 2*time.Millisecond) // 8 MB/s
	p.reqq = 2000
	for range 100 {
		p.run(50 * time.Millisecond)
		if most := 700; p.limit() > most {
			t.Fatalf("%d blocks in flight at %.0f a second", p.limit(), p.rate.perSecond/geometry.BlockSize)
		}
	}
	if got := p.limit(); got > 2*p.level() {
		t.Errorf("%d blocks in flight after five seconds, where %d keep it busy", got, p.level())
	}
}

func TestTheWaitForTheFirstAnswerIsNotTakenForARate(t *testing.T) {
	p := newPipe(2*time.Second, time.Millisecond)
	p.run(2 * time.Second)
	if got := p.limit(); got < firstWindow {
		t.Errorf("%d blocks in flight after the first answer", got)
	}
}

func TestChanceDoesNotOpenTheWindow(t *testing.T) {
	for run := range uint64(20) {
		rnd := rand.New(rand.NewPCG(run, 0))
		p := newPipe(50*time.Millisecond, 0)
		p.reqq = 2000
		for range 5000 { // a few blocks in a rate window, unevenly
			p.every = time.Duration(rnd.Int64N(int64(400 * time.Millisecond)))
			p.run(p.every)
			if p.limit() > minWindow {
				t.Fatalf("run %d: %d blocks in flight at %.0f a second", run, p.limit(), p.rate.perSecond/geometry.BlockSize)
			}
		}
	}
}

func TestTheWindowDoublesWhileTheRateGrows(t *testing.T) {
	p := newPipe(2*time.Second, 0) // so long a path that the window is the limit
	p.reqq = 2000
	p.run(time.Minute)
	if got := p.limit(); got != 2000 {
		t.Errorf("%d blocks in flight", got)
	}
}

func TestTheQueueOfTheRemoteIsNotTakenForItsDistance(t *testing.T) {
	p := newPipe(10*time.Millisecond, time.Millisecond)
	p.reqq = wire.MaxReqq
	p.run(10 * time.Minute)
	if p.pipeline.rtt > 11*time.Millisecond {
		t.Errorf("round trip %v", p.pipeline.rtt)
	}
}

func TestAFirstAnswerThatWaitedForADiskIsCorrectedByTheOthers(t *testing.T) {
	p := newPipe(time.Second, time.Millisecond)
	p.run(time.Millisecond)
	p.rtt = 5 * time.Millisecond
	p.run(10 * time.Second)
	if p.pipeline.rtt > queueSlack {
		t.Errorf("round trip %v", p.pipeline.rtt)
	}
}

func TestALongerPathIsSeenWhenTheQueueWasEmpty(t *testing.T) {
	p := newPipe(10*time.Millisecond, time.Millisecond)
	p.run(time.Second)
	for p.asked.flying.count > 0 {
		p.arrived(p.now, p.asked.flying.first, geometry.BlockSize)
	}
	p.rtt, p.free = 200*time.Millisecond, p.now
	p.run(time.Second)
	if got := p.pipeline.rtt; got != 200*time.Millisecond {
		t.Errorf("round trip %v", got)
	}
}

func TestTheDownloadRateIsThatOfTheBlocks(t *testing.T) {
	l := fetching(t, plain)
	for n := range uint32(50) {
		l.request(n, n+2)
		l.pass(100 * time.Millisecond)
		l.answer(n)
	}
	if got := l.core.pipe.rate.perSecond; math.Abs(got-10*geometry.BlockSize) > geometry.BlockSize {
		t.Errorf("%.0f bytes a second", got)
	}
}

func TestAnIdlePipelineDoesNotLowerTheRate(t *testing.T) {
	p := newPipe(10*time.Millisecond, time.Millisecond)
	p.run(5 * time.Second)
	for p.asked.flying.count > 0 {
		p.arrived(p.now, p.asked.flying.first, geometry.BlockSize)
	}
	before := p.rate.perSecond
	p.now = p.now.Add(time.Hour)
	p.free = p.now
	p.run(time.Second)
	if p.rate.perSecond < before/2 {
		t.Errorf("%.0f bytes a second before an idle hour, %.0f behind it", before, p.rate.perSecond)
	}
}

func TestTheTimeOutIsThatOfTheRemotesOwnRate(t *testing.T) {
	for _, tc := range []struct {
		name      string
		perSecond float64
		rtt       time.Duration
		strikes   int
		want      time.Duration
	}{
		{"unknown", 0, 0, 0, 20 * time.Second},
		{"fast", 100 << 20, 0, 0, 4 * time.Second},
		{"sixteen blocks in eight seconds", 32 << 10, 0, 0, 8 * time.Second},
		{"and a long path", 32 << 10, time.Second, 0, 10 * time.Second},
		{"slow", 1, 0, 0, 60 * time.Second},
		{"hardly anything", 1e-300, 0, 0, 60 * time.Second},
		{"after one", 100 << 20, 0, 1, 8 * time.Second},
		{"after three", 100 << 20, 0, 3, 32 * time.Second},
		{"after many", 100 << 20, 0, 1000, 60 * time.Second},
		{"unknown, after one", 0, 0, 1, 40 * time.Second},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newPipeline()
			p.rate.perSecond, p.rtt, p.strikes = tc.perSecond, tc.rtt, tc.strikes
			if got := p.timeout(); got != tc.want {
				t.Errorf("%v, want %v", got, tc.want)
			}
		})
	}
}

func TestATimeOutReturnsAllAndCancelsAllButTheOldest(t *testing.T) {
	l := fetching(t, plain)
	l.request(0, 3)
	l.take()
	asked := l.now
	l.tick()
	l.expect("send cancel 0+16384:16384", "send cancel 0+32768:16384",
		"returned 0/0 timed out", "returned 0/1 timed out", "returned 0/2 timed out", "credit 1")
	if waited := l.now.Sub(asked); waited != firstTimeout {
		t.Errorf("waited %v", waited)
	}
}

func TestASnubbedRemoteIsAskedForOneBlockUntilItAnswersAndThenForMore(t *testing.T) {
	l := fetching(t, plain)
	l.request(0, 3)
	l.tick()
	l.take()
	l.request(10, 12)
	l.expect("send request 0+163840:16384", "returned 0/11 choked")
	l.tick()
	l.expect("returned 0/10 timed out") // and one more chance
	l.answer(0)
	l.expect("received 0/0", "store 0/0 16384 bytes", "credit 2")
	l.answer(10)
	l.expect("received 0/10", "store 0/10 16384 bytes", "credit 4")
	l.request(20, 24)
	for n := range uint32(4) {
		l.answer(20 + n)
	}
	if got := only(l.take(), "credit"); fmt.Sprint(got) != "[credit 8 credit 16 credit 17 credit 18]" {
		t.Errorf("%v", got)
	}
}

func TestTheTimeOutBeginsWithTheFirstRequest(t *testing.T) {
	l := fetching(t, plain)
	l.request(0, 1)
	l.answer(0)
	l.pass(time.Minute)
	l.request(1, 2)
	if got := l.core.NextDeadline().Sub(l.now); got != firstTimeout {
		t.Errorf("due in %v", got)
	}
}

func TestEachBlockPutsTheTimeOutOff(t *testing.T) {
	l := fetching(t, plain)
	l.request(0, 64)
	for n := range uint32(63) {
		l.pass(firstTimeout / 2)
		l.core.Tick(l.now, l)
		l.answer(n)
	}
	if got := only(l.take(), "returned"); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

func TestASecondHandshakeChangesTheQueueOfTheRemote(t *testing.T) {
	l := fetching(t, extended)
	l.hear(handshake(wire.ExtendedHandshake{Reqq: 10, Client: "a"}))
	l.hear(handshake(wire.ExtendedHandshake{Client: "b"}))
	l.hear(handshake(wire.ExtendedHandshake{Reqq: 40, Client: "c"}))
	l.expect("introduced a", "credit 10", "introduced b", "introduced c", "credit 16")
}
