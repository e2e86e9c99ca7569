package send_test

import (
	"testing"

	"github.com/etorrent/etorrent/internal/core/utp/send"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/serial"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

func TestAnAcknowledgementIsJudgedByItsDistance(t *testing.T) {
	for _, c := range []struct {
		last int
		want send.AckKind
	}{
		{5, send.Stale}, {-30000, send.Stale}, {6, send.Behind}, {8, send.Behind}, {9, send.Repeats},
		{10, send.Advances}, {19, send.Advances}, {20, send.Unsent}, {30000, send.Unsent},
	} {
		l := newLine(t)
		l.send(10)
		l.ack(9)
		l.send(10)
		got := l.ack(c.last)
		arrived := 0
		if c.want == send.Advances {
			arrived = c.last - 9
		}
		if got.Kind != c.want || got.Arrived.Packets != arrived || l.Flying().Packets != 10-arrived {
			t.Errorf("%d: %v, %+v, %d fly", c.last, got.Kind, got.Arrived, l.Flying().Packets)
		}
	}
}

func TestNothingIsAcknowledgedTwice(t *testing.T) {
	l := warm(t)
	l.send(10) // 1 to 10
	l.wait(100 * ms)
	for _, c := range []struct {
		last         int
		beyond       []int
		new, byMasks int
	}{{1, []int{3, 4}, 3, 2}, {1, []int{3, 4, 6}, 1, 1}, {0, []int{3}, 0, 0}, {4, []int{6}, 1, 0}, {10, nil, 5, 0}, {10, nil, 0, 0}} {
		if got := l.ack(c.last, c.beyond...); got.Arrived.Packets != c.new || got.Arrived.Bytes != c.new*1000 || got.Selected != c.byMasks {
			t.Errorf("%d and %v: %+v, %d by the mask", c.last, c.beyond, got.Arrived, got.Selected)
		}
	}
	if l.Delivered() != 11_000 || l.Released() != 11_000 || l.Span() != 0 || l.Deadline() != mono.Never {
		t.Errorf("%d delivered, %d released, %d packets, deadline %d", l.Delivered(), l.Released(), l.Span(), l.Deadline())
	}
}

func TestBitsOfPacketsThatWereNotSentAreIgnored(t *testing.T) {
	l := warm(t)
	l.send(3)
	mask := utpwire.SelectiveAck(nil).AppendWord(^uint64(0)).AppendWord(^uint64(0))
	if got := l.take(0, mask, utpwire.State); got.Arrived.Packets != 2 || l.Span() != 3 {
		t.Errorf("%+v, of %d", got.Arrived, l.Span())
	}
}

func TestThreePacketsBeyondAMissingOneShowThatItIsLost(t *testing.T) {
	l := warm(t)
	l.send(5) // 1 to 5
	l.wait(100 * ms)
	l.mustLose(l.ack(0, 2, 3).Lost, 0, send.NoEpisode)
	l.mustLose(l.ack(0, 2, 3, 4).Lost, 1, send.LossEpisode)
	if p := l.FirstLost(); p.Seq != firstSeq.Next() || p.Begin != 1000 || p.Size != 1000 || p.Times != 1 {
		t.Errorf("lost is %+v", p)
	}
	l.resend()
	l.wait(100 * ms)
	if got := l.ack(5); got.Ended != send.Recovered || got.Spurious != 0 || l.Episode() != send.NoEpisode {
		t.Errorf("%+v", got)
	}
}

func TestWithFewerTheMissingOneIsWaitedForAQuarterOfTheRoundTrip(t *testing.T) {
	l := warm(t)
	l.send(3)
	l.wait(100 * ms)
	l.mustLose(l.ack(0, 2, 3).Lost, 0, send.NoEpisode)
	l.mustLose(l.expire(25*ms, send.ReorderingOver).Lost, 1, send.LossEpisode)
}

func TestManyLossesOfOneWindowAreOneEpisode(t *testing.T) {
	l := warm(t)
	l.send(300)
	l.wait(100 * ms)
	var beyond []int
	for n := 2; n <= 300; n += 2 {
		beyond = append(beyond, n)
	}
	l.mustLose(l.ack(0, beyond...).Lost, 150, send.LossEpisode)
	l.resend()
	l.send(10)
	l.wait(100 * ms)
	if got := l.ack(300); got.Ended != send.Recovered || got.Arrived.Packets != 150 {
		t.Errorf("%+v", got)
	}
}

func TestAPacketThatIsLostTwiceIsFoundByOneThatWasSentAfterIt(t *testing.T) {
	l := warm(t)
	l.send(5)
	l.wait(100 * ms)
	l.ack(0, 2, 3, 4)
	l.resend()
	l.wait(ms)
	l.send(1) // 6
	l.wait(100 * ms)
	l.mustLose(l.ack(0, 2, 3, 4, 5, 6).Lost, 1, send.NoEpisode)
}

func TestAWindowTooSmallForThePathIsFoundOutUndoneAndWidened(t *testing.T) {
	l := warm(t)
	l.send(10)
	l.wait(100 * ms)
	l.mustLose(l.ack(0, 2, 3, 4, 5).Lost, 1, send.LossEpisode)
	l.resend()
	l.wait(30 * ms) // so soon, it is the first sending that is acknowledged
	if got := l.ack(5); got.Ended != send.Undone || got.Spurious != 1 || got.RTT != 0 {
		t.Errorf("%+v", got)
	}
	l.ack(10)
	l.wait(100 * ms)
	l.send(10)
	l.wait(100 * ms)
	l.mustLose(l.ack(10, 12, 13, 14, 15).Lost, 0, send.NoEpisode)
	l.mustLose(l.expire(50*ms, send.ReorderingOver).Lost, 1, send.LossEpisode)
}

func TestOneThatWasLostInTruthKeepsTheEpisode(t *testing.T) {
	l := warm(t)
	l.send(10)
	l.wait(100 * ms)
	l.mustLose(l.ack(0, 3, 4, 5).Lost, 2, send.LossEpisode)
	l.resend()
	l.wait(30 * ms)
	if got := l.ack(1, 3, 4, 5); got.Ended != send.NoEnd || got.Spurious != 1 {
		t.Errorf("the one that had come: %+v", got)
	}
	l.wait(70 * ms)
	if got := l.ack(10); got.Ended != send.Recovered || got.Spurious != 0 {
		t.Errorf("the one that was lost: %+v", got)
	}
}

func TestOnlyPacketsThatWereSentOnceAreMeasured(t *testing.T) {
	l := warm(t)
	l.send(5)
	l.wait(100 * ms)
	l.ack(0, 2, 3, 4, 5)
	l.resend()
	l.wait(300 * ms)
	if got := l.ack(1 + 4); got.RTT != 0 || got.Newest != (send.Delivery{SentAt: l.now.Add(-300 * ms), Before: 5000}) {
		t.Errorf("%+v", got)
	}
	l.send(2)
	l.wait(80 * ms)
	if got := l.ack(7); got.RTT != 80*ms || l.RTT().Least() != 80*ms {
		t.Errorf("%+v, least %v", got, l.RTT().Least())
	}
}

// A receiver as libutp tells of 30 packets behind the first missing one, however many
// it holds.
func TestWhatLiesBeyondTheReachOfAMaskOfLibutpIsNotTakenForLost(t *testing.T) {
	l := warm(t)
	l.send(300) // 1 and 100 are lost
	l.wait(100 * ms)
	full := utpwire.SelectiveAck{0xff, 0xff, 0xff, 0x3f}
	l.mustLose(l.take(0, full, utpwire.State).Lost, 1, send.LossEpisode)
	l.resend()
	l.wait(100 * ms)
	l.mustLose(l.take(99, full, utpwire.State).Lost, 1, send.NoEpisode)
	l.resend()
	l.wait(100 * ms)
	if got := l.take(300, nil, utpwire.State); got.Arrived.Packets != 171 || got.Ended != send.Recovered || got.Lost.Packets != 0 {
		t.Errorf("%+v", got)
	}
}

func TestAnAcknowledgementThatRepeatsLongAfterTheResendingShowsThatItWasLost(t *testing.T) {
	l := warm(t)
	l.send(300)
	l.wait(100 * ms)
	full := utpwire.SelectiveAck{0xff, 0xff, 0xff, 0x3f}
	l.take(0, full, utpwire.State)
	l.resend()
	l.wait(124 * ms)
	l.mustLose(l.take(0, full, utpwire.State).Lost, 0, send.NoEpisode)
	l.wait(1 * ms)
	l.mustLose(l.take(0, full, utpwire.Data).Lost, 0, send.NoEpisode)
	l.mustLose(l.take(0, full, utpwire.State).Lost, 1, send.NoEpisode)
}

func TestWithoutMasksThreeAcknowledgementsThatRepeatShowALoss(t *testing.T) {
	l := warm(t)
	l.send(10)
	l.wait(125 * ms)
	l.mustLose(l.ack(0).Lost, 0, send.NoEpisode)
	l.mustLose(l.ack(0).Lost, 0, send.NoEpisode)
	l.mustLose(l.ack(0).Lost, 1, send.LossEpisode)
}

func TestWhatTheNetworkDidNotTakeIsNoLossAndCannotBeAcknowledged(t *testing.T) {
	l := warm(t)
	l.send(3) // 1 to 3, of which 3 did not leave
	l.NotSent(firstSeq.Add(3))
	if got := l.ack(3); got.Kind != send.Unsent {
		t.Errorf("%v", got.Kind)
	}
	if l.Flying().Packets != 2 || l.Lost().Packets != 1 || l.Episode() != send.NoEpisode {
		t.Errorf("%+v fly, %+v are to be sent again", l.Flying(), l.Lost())
	}
	l.wait(10 * ms)
	l.resend()
	l.wait(100 * ms)
	if got := l.ack(3); got.RTT != 100*ms || got.Arrived.Packets != 3 || got.Spurious != 0 {
		t.Errorf("%+v", got)
	}
}

func TestWhatIsLostIsSentAgainFromTheFirstOn(t *testing.T) {
	l := warm(t)
	l.send(20)
	l.wait(100 * ms)
	l.ack(0, 2, 4, 6, 8, 10, 12, 14)
	for _, want := range []int{1, 3, 5} {
		if got := l.FirstLost().Seq; got != firstSeq.Add(want) {
			t.Fatalf("%v, want %d", got, want)
		}
		l.Resent(l.now, firstSeq.Add(want))
	}
}

func TestAFlightHasNoMorePacketsThanItsBound(t *testing.T) {
	for _, most := range []int{1, send.ForeignPackets, send.MaxPackets, 1 << 20} {
		f := send.New(send.Config{Most: most})
		n := 0
		for ; f.Room() > 0; n++ {
			f.Send(1, utpwire.Data, 1)
		}
		if n != min(most, send.MaxPackets) {
			t.Errorf("%d packets, of at most %d", n, most)
		}
		got := f.Acknowledge(2, &utpwire.Packet{Header: utpwire.Header{Kind: utpwire.State, Ack: serial.Number(n - 1)}})
		if got.Arrived.Packets != n || f.Span() != 0 {
			t.Errorf("%+v of %d", got.Arrived, n)
		}
	}
}

func TestAnOlderAcknowledgementShowsNoLossOfWhatWasSentSinceTheLastOne(t *testing.T) {
	l := warm(t)
	l.send(4)
	l.wait(100 * ms)
	l.ack(0, 2, 3, 4)
	l.resend()
	l.wait(100 * ms)
	l.ack(4)   // nothing waits
	l.send(10) // 5 to 14
	l.wait(100 * ms)
	if got := l.ack(3, 12, 13, 14); got.Kind != send.Behind || got.Arrived.Packets != 3 || got.Lost.Packets != 0 {
		t.Errorf("%v, %+v", got.Kind, got)
	}
	l.mustLose(l.ack(4, 12, 13, 14).Lost, 7, send.LossEpisode)
}

// libutp tells of 30 packets: what lies beyond has come, or is lost, but does not fly.
func TestWhatMasksCouldNotTellOfFliesNoLongerThanARoundTrip(t *testing.T) {
	l := warm(t)
	l.send(100)
	l.wait(100 * ms)
	l.take(0, utpwire.SelectiveAck{0xff, 0xff, 0xff, 0x3f}, utpwire.State)
	if l.Untold().Packets != 0 {
		t.Errorf("%+v are not on their way so soon", l.Untold())
	}
	l.resend()
	l.wait(50 * ms)
	l.send(10)
	l.take(0, utpwire.SelectiveAck{0xff, 0xff, 0xff, 0x3f}, utpwire.State)
	if got := l.Untold().Packets; got != 100-31 {
		t.Errorf("%d are not on their way", got)
	}
	l.wait(50 * ms)
	l.take(100, nil, utpwire.State)
	if l.Untold().Packets != 0 || l.Flying().Packets != 10 {
		t.Errorf("%+v of %+v are not on their way", l.Untold(), l.Flying())
	}
}

func TestAfterATimeoutNothingIsUntold(t *testing.T) {
	l := warm(t)
	l.send(100)
	l.wait(100 * ms)
	l.take(0, utpwire.SelectiveAck{0xff, 0xff, 0xff, 0x3f}, utpwire.State)
	l.wait(50 * ms)
	l.take(0, utpwire.SelectiveAck{0xff, 0xff, 0xff, 0x3f}, utpwire.State)
	if l.Untold().Packets == 0 {
		t.Fatal("nothing is untold")
	}
	for l.Expire(l.now).Kind != send.TimedOut {
		l.now = l.Deadline()
	}
	if l.Untold().Packets != 0 {
		t.Errorf("%+v are not on their way", l.Untold())
	}
	if err := l.Audit(); err != nil {
		t.Error(err)
	}
}
