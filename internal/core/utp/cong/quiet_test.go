package cong_test

import (
	"math"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/cong"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// steadily is a control of ours on a path of 100 ms, whose windows arrive whole.
type steadily struct {
	testing.TB
	cong.Control
	now   mono.Instant
	waits time.Duration // in the queue
	most  int           // bytes that arrive in a round trip
	limit cong.Limit
}

func newSteadily(t testing.TB) *steadily {
	return &steadily{TB: t, Control: ours(), now: mono.Instant(time.Second), most: min(1<<40, math.MaxInt)}
}

// rounds acknowledges a window each, packet by packet.
func (s *steadily) rounds(n int) {
	for range n {
		sent, took := s.now, 100*ms+s.waits
		s.now = s.now.Add(took)
		bytes := max(min(s.Window(), s.most)/segment, 1) * segment
		for left := bytes; left > 0; left -= segment {
			s.Acknowledged(s.now, cong.Ack{
				Bytes: segment, Flying: s.Window() - segment, RTT: took, Delay: utpwire.Delay(1_000_000 + took/time.Microsecond),
				Delivered: cong.Delivery{SentAt: sent, Bytes: uint64(bytes)}, Limit: s.limit,
			})
		}
		if at := s.Deadline(); at != mono.Never && at <= s.now {
			s.Tick(s.now)
		}
	}
}

// losing loses so many packets of an episode, a packet each time.
func (s *steadily) losing(packets int) {
	kind := cong.Began
	for range packets {
		s.Lost(s.now, cong.Loss{Kind: kind, Packets: 1, Bytes: segment})
		kind = cong.Further
	}
}

func (s *steadily) mustHave(low, high int) {
	s.Helper()
	if w := s.Window() / segment; w < low || w > high {
		s.Errorf("the window is %d packets, want %d to %d", w, low, high)
	}
}

func TestTheWindowDoublesUntilAQueueForms(t *testing.T) {
	s := newSteadily(t)
	s.rounds(5)
	s.mustHave(128, 128)
	s.waits = 50 * ms
	s.rounds(1)
	s.mustHave(64, 140)
	before := s.Window()
	s.waits = 55 * ms
	s.rounds(2)
	if s.Window() > before+2*segment {
		t.Errorf("it grew from %d to %d packets", before/segment, s.Window()/segment)
	}
}

func TestAQueueThatOthersFillIsLeftToThem(t *testing.T) {
	s := newSteadily(t)
	s.rounds(6)
	s.waits = 200 * ms
	s.rounds(30)
	s.mustHave(2, 2)
	if rate := s.Rate(); rate > 2*segment*1000/300 {
		t.Errorf("%d bytes a second", rate)
	}
}

func TestFewLossesAreNoCongestion(t *testing.T) {
	s := newSteadily(t)
	s.rounds(5)
	before := s.Window()
	s.losing(2)
	if s.Window() != before {
		t.Errorf("the window went from %d to %d", before, s.Window())
	}
}

func TestManyLossesAreAnsweredOncePerEpisode(t *testing.T) {
	s := newSteadily(t)
	s.rounds(5)
	before := s.Window()
	s.losing(100)
	if want := before * 7 / 10; s.Window() != want {
		t.Errorf("the window went from %d to %d, want %d", before, s.Window(), want)
	}
}

func TestALossWherePacketsWaitAsLongAsTheyEverDidIsAnswered(t *testing.T) {
	s := newSteadily(t)
	s.rounds(5)
	s.waits = 15 * ms
	s.rounds(1)
	before := s.Window()
	s.losing(1)
	if want := before * 7 / 10; s.Window() != want {
		t.Errorf("the window went from %d to %d, want %d", before, s.Window(), want)
	}
}

func TestALossThatWasNoneIsTakenBack(t *testing.T) {
	for _, kind := range []cong.LossKind{cong.Began, cong.Silence} {
		s := newSteadily(t)
		s.rounds(5)
		before := s.Window()
		s.Lost(s.now, cong.Loss{Kind: kind, Packets: 100, Bytes: 100 * segment})
		if s.Window() >= before {
			t.Error("nothing was answered")
		}
		s.Undone(s.now)
		if s.Window() != before {
			t.Errorf("the window was %d, and is %d", before, s.Window())
		}
	}
}

func TestALongSilenceIsTakenBackWhole(t *testing.T) {
	s := newSteadily(t)
	s.rounds(5)
	before := s.Window()
	for range 4 {
		s.Lost(s.now, cong.Loss{Kind: cong.Silence, Packets: 10, Bytes: 10 * segment})
		s.mustHave(2, 2)
	}
	s.Undone(s.now)
	if s.Window() != before {
		t.Errorf("the window was %d, and is %d", before, s.Window())
	}
}

func TestAfterASilenceTheWindowDoublesToWhatItWas(t *testing.T) {
	s := newSteadily(t)
	s.rounds(5)
	for range 3 {
		s.Lost(s.now, cong.Loss{Kind: cong.Silence, Packets: 10, Bytes: 10 * segment})
	}
	s.rounds(6)
	s.mustHave(120, 170)
}

// A remote that says that nothing ever waits has no more of it than twice its rate.
func TestTheWindowIsBoundByWhatArrives(t *testing.T) {
	s := newSteadily(t)
	s.rounds(3)
	s.waits = 50 * ms
	s.rounds(1) // ends the start
	s.waits, s.most = 0, 32*segment
	s.rounds(300)
	s.mustHave(32, 2*32*158/100+5)
}

func TestAWindowThatIsNotUsedDoesNotGrow(t *testing.T) {
	s := newSteadily(t)
	s.limit = cong.ByOwner
	s.rounds(100)
	s.mustHave(4, 4)
	s.limit = cong.ByWindow
	s.rounds(3)
	s.waits = 50 * ms
	s.rounds(1) // ends the start
	before := s.Window()
	s.waits, s.limit = 0, cong.ByOwner
	s.rounds(50)
	if s.Window() > before {
		t.Errorf("it grew from %d to %d packets", before/segment, s.Window()/segment)
	}
}

func TestTheWindowOfOneThatWasIdleGoesDown(t *testing.T) {
	s := newSteadily(t)
	s.rounds(6)
	s.Sent(s.now, segment, segment)
	s.Sent(s.now.Add(100*ms), segment, segment)
	s.mustHave(256, 256)
	s.Sent(s.now.Add(2200*ms), segment, segment)
	s.mustHave(64, 64)
	s.Sent(s.now.Add(time.Hour), segment, segment)
	s.mustHave(4, 4)
}

func TestTheQueueIsDrainedNowAndThen(t *testing.T) {
	s := newSteadily(t)
	s.rounds(4)
	s.waits = 50 * ms
	drains, until := 0, s.now.Add(time.Minute)
	for s.now < until {
		s.rounds(1)
		if at := s.Deadline(); at != mono.Never {
			drains++
			s.Tick(at)
			s.now = max(s.now, at)
		}
	}
	if drains < 4 || drains > 7 {
		t.Errorf("%d drains in a minute", drains)
	}
}

func TestLibutpHalvesAtMostOnceInATenthOfASecond(t *testing.T) {
	s := newSteadily(t)
	s.Control = control("ledbat")
	s.rounds(60)
	before := s.Window()
	for range 3 {
		s.losing(3)
		s.now = s.now.Add(30 * ms)
	}
	if want := before / 2; s.Window() != want || s.Rate() != 0 || s.Deadline() != mono.Never {
		t.Errorf("the window went from %d to %d", before, s.Window())
	}
	s.Lost(s.now, cong.Loss{Kind: cong.Silence})
	s.mustHave(1, 1)
	s.Undone(s.now)
	s.mustHave(1, 1)
	s.rounds(20)
	s.Sent(s.now, segment, segment)
	s.Sent(s.now.Add(time.Hour), segment, segment)
	s.mustHave(1, 1)
}
