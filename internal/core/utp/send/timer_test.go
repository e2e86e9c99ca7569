package send_test

import (
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/send"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

func TestASilenceIsAnsweredByAProbeAndThenByATimeoutThatDoubles(t *testing.T) {
	l := warm(t)
	l.send(4)
	l.expire(200*ms, send.ProbeDue)
	if p := l.Probe(l.now); p.Seq != firstSeq.Add(4) || p.Times != 2 {
		t.Errorf("the probe is %+v", p)
	}
	l.wait(0)
	first := l.expire(300*ms, send.TimedOut) // 100 + 4 * 50
	l.mustLose(first.Lost, 4, send.TimeoutEpisode)
	l.resend()
	if second := l.expire(600*ms, send.TimedOut); first.Passed != 1 || second.Passed != 2 {
		t.Errorf("%d, %d", first.Passed, second.Passed)
	}
}

func TestASinglePacketIsGivenTheTimeThatAReceiverMayTake(t *testing.T) {
	l := warm(t)
	l.send(1)
	l.expire(240*ms, send.ProbeDue)
}

func TestAProbeThatTookThePlaceOfALostPacketIsALoss(t *testing.T) {
	for _, c := range []struct {
		after    time.Duration
		lost     int
		began    send.EpisodeKind
		spurious int
	}{{100 * ms, 1, send.LossEpisode, 0}, {50 * ms, 0, send.NoEpisode, 1}} {
		l := warm(t)
		l.send(1)
		l.expire(240*ms, send.ProbeDue)
		l.Probe(l.now)
		l.wait(c.after)
		got := l.ack(1)
		l.mustLose(got.Lost, c.lost, c.began)
		if got.Spurious != c.spurious {
			t.Errorf("after %v: %+v", c.after, got)
		}
	}
}

func TestAProbeShowsThatTheTailIsLost(t *testing.T) {
	l := warm(t)
	l.send(6) // 1 to 6, of which 1 and 2 come
	l.wait(100 * ms)
	l.ack(2)
	away := l.Deadline().Sub(l.now)
	l.expire(away, send.ProbeDue)
	l.Probe(l.now)
	l.wait(100 * ms)
	l.mustLose(l.ack(2, 6).Lost, 4, send.LossEpisode) // 3 to 5, and what the probe replaced
	if l.Lost().Packets != 3 {
		t.Errorf("%d are to be sent again", l.Lost().Packets)
	}
}

func TestATimeoutInWhichNothingWasLostIsUndoneAndNothingSentAgain(t *testing.T) {
	l := warm(t)
	l.send(20)
	l.expire(200*ms, send.ProbeDue)
	l.Probe(l.now)
	l.mustLose(l.expire(300*ms, send.TimedOut).Lost, 20, send.TimeoutEpisode)
	l.Resent(l.now, l.FirstLost().Seq)
	l.wait(10 * ms)
	got := l.ack(1, 3) // so soon, it is the first sending of 1
	if got.Ended != send.Undone || l.Lost().Packets != 0 || l.Flying().Packets != 18 {
		t.Errorf("%+v; %+v fly, %+v are lost", got, l.Flying(), l.Lost())
	}
}

func TestATimeoutAfterALossInTruthStays(t *testing.T) {
	l := warm(t)
	l.send(3)
	l.expire(200*ms, send.ProbeDue)
	l.Probe(l.now)
	l.expire(300*ms, send.TimedOut)
	l.resend()
	l.wait(100 * ms)
	if got := l.ack(3); got.Ended != send.Recovered || got.Spurious != 0 {
		t.Errorf("%+v", got)
	}
	if l.RTT().Timeout(0) != 300*ms || l.Deadline() != mono.Never {
		t.Errorf("timeout %v, deadline %v", l.RTT().Timeout(0), l.Deadline())
	}
}

// libutp may have all the others, and tell of none of them.
func TestInAnEpisodeASilenceIsAnsweredByTheFirstPacketOnceMore(t *testing.T) {
	l := warm(t)
	l.send(100)
	l.wait(100 * ms)
	l.take(0, utpwire.SelectiveAck{0xff, 0xff, 0xff, 0x3f}, utpwire.State)
	l.resend()
	l.expire(200*ms, send.ProbeDue)
	if p := l.Probe(l.now); p.Seq != firstSeq.Next() || p.Times != 3 {
		t.Errorf("the probe is %+v", p)
	}
	l.wait(100 * ms)
	if got := l.take(100, nil, utpwire.State); got.Ended != send.Recovered || l.Span() != 0 {
		t.Errorf("%+v, %d packets", got, l.Span())
	}
}

func TestWhatARemoteHadNoRoomForIsSentAgainAndWasNotLost(t *testing.T) {
	l := warm(t)
	l.send(3)
	l.wait(50 * ms)
	l.Refused()
	if got := l.Lost().Packets; got != 3 || l.Flying().Packets != 0 || l.Episode() != send.NoEpisode || l.Deadline() != mono.Never {
		t.Errorf("%d are lost, %+v fly, episode %v, deadline %d", got, l.Flying(), l.Episode(), l.Deadline())
	}
	l.resend()
	l.wait(100 * ms)
	if got := l.ack(3); got.Arrived.Packets != 3 || got.Spurious != 0 || l.Span() != 0 {
		t.Errorf("%+v", got)
	}
	if err := l.Audit(); err != nil {
		t.Error(err)
	}
}
