package race_test

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/core/race"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/transport"
)

const (
	start = mono.Instant(time.Hour)
	most  = 8
)

var (
	there = netip.MustParseAddrPort("192.0.2.1:6881")
	far   = []transport.Transport{transport.UTP, transport.TCP}
)

// batch is what a core did.
type batch struct {
	dials     []race.Entry
	numbers   []race.Attempt
	withdrawn []race.Attempt
	lost      []race.Failure
}

func (b *batch) Dial(a race.Attempt, e race.Entry) {
	b.dials, b.numbers = append(b.dials, e), append(b.numbers, a)
}
func (b *batch) Withdraw(a race.Attempt)               { b.withdrawn = append(b.withdrawn, a) }
func (b *batch) Lost(_ netip.AddrPort, f race.Failure) { b.lost = append(b.lost, f) }

// over are the transports of all attempts, in their order.
func (b *batch) over() []transport.Transport {
	var out []transport.Transport
	for _, e := range b.dials {
		out = append(out, e.Via)
	}
	return out
}

// begun is a core with one race, whose first attempt was begun.
func begun(t *testing.T) (*race.Core, *batch) {
	t.Helper()
	c, b := race.New(most, 0), &batch{}
	c.Begin(there, time.Second, far, b)
	c.Begun(start, b.numbers[0])
	if !slices.Equal(b.over(), far[:1]) || b.dials[0].Turn != race.First || b.dials[0].Within != time.Second {
		t.Fatalf("at first %+v", b.dials)
	}
	return c, b
}

func TestTheSecondLaneBeginsThreeHundredMillisecondsAfterTheFirstDid(t *testing.T) {
	c, b := begun(t)
	at := start.Add(300 * time.Millisecond)
	if d := c.NextDeadline(); d != at {
		t.Errorf("the deadline is %v after the begin", d.Sub(start))
	}
	if c.Next(at-1, b); len(b.dials) != 1 {
		t.Error("it begins before that")
	}
	if c.Next(at, b); !slices.Equal(b.over(), far) || b.dials[1].Turn != race.Next || c.Beside() != 1 {
		t.Errorf("begun %+v, %d beside", b.dials, c.Beside())
	}
	if c.Next(at.Add(time.Hour), b); len(b.dials) != 2 || c.NextDeadline() != mono.Never {
		t.Error("there is a third")
	}
}

func TestAnAttemptThatWaitsForItsTurnHasNoRivalYet(t *testing.T) {
	c, b := race.New(most, 0), &batch{}
	c.Begin(there, time.Second, far, b)
	if c.Next(start.Add(time.Hour), b); c.NextDeadline() != mono.Never || len(b.dials) != 1 {
		t.Errorf("begun %+v", b.dials)
	}
}

func TestTheSecondLaneBeginsAtOnceWhenTheFirstFails(t *testing.T) {
	c, b := begun(t)
	c.Failed(start.Add(1), b.numbers[0], race.NoAnswer, b)
	if c.Next(start.Add(1), b); !slices.Equal(b.over(), far) || len(b.lost) > 0 || c.Beside() != 0 {
		t.Errorf("begun %+v, lost %v", b.dials, b.lost)
	}
}

func TestAConnectionThatDoesNotShakeHandsHoldsUpNobody(t *testing.T) {
	c, b := begun(t)
	c.Made(start.Add(time.Millisecond), b.numbers[0])
	c.Next(start.Add(race.HeadStart), b)
	if c.Finished(b.numbers[1], b) != race.UnderWay || !slices.Equal(b.withdrawn, b.numbers[:1]) {
		t.Errorf("withdrawn %v of %v", b.withdrawn, b.numbers)
	}
}

func TestNothingBeginsAfterAHandshakeIsFinished(t *testing.T) {
	c, b := begun(t)
	c.Made(start, b.numbers[0])
	if c.Finished(b.numbers[0], b) != race.UnderWay {
		t.Fatal("it does not stay")
	}
	if c.Next(start.Add(time.Hour), b); len(b.dials) != 1 || len(b.withdrawn) > 0 || c.NextDeadline() != mono.Never {
		t.Errorf("begun %+v, withdrawn %v", b.dials, b.withdrawn)
	}
}

func TestOfTwoThatFinishTheFirstStays(t *testing.T) {
	c, b := begun(t)
	c.Next(start.Add(race.HeadStart), b)
	for _, a := range b.numbers {
		c.Made(start.Add(race.HeadStart), a)
	}
	if c.Finished(b.numbers[1], b) != race.UnderWay || c.Finished(b.numbers[0], b) != race.Outdated {
		t.Error("both stay, or none")
	}
	if c.Failed(start, b.numbers[0], race.NoAnswer, b) != race.Outdated || len(b.lost) > 0 {
		t.Error("the loser has the endpoint fail")
	}
}

func TestARaceIsLostByTheBestThatItsLanesShowed(t *testing.T) {
	for _, c := range []struct{ first, second, want race.Failure }{
		{race.NoTransport, race.NoNetwork, race.NoNetwork},
		{race.NoAnswer, race.NoNetwork, race.NoAnswer},
		{race.NoHost, race.NoAnswer, race.NoAnswer},
		{race.NoNetwork, race.NoHost, race.NoHost},
		{race.NoTransport, race.NoTransport, race.NoTransport},
	} {
		core, b := begun(t)
		core.Failed(start, b.numbers[0], c.first, b)
		core.Next(start, b)
		if len(b.lost) > 0 {
			t.Error("lost before the second failed")
		}
		core.Failed(start, b.numbers[1], c.second, b)
		if !slices.Equal(b.lost, []race.Failure{c.want}) {
			t.Errorf("%v and %v is %v", c.first, c.second, b.lost)
		}
	}
}

func TestOneTransportIsNoRace(t *testing.T) {
	c, b := race.New(most, 0), &batch{}
	c.Begin(there, time.Second, far[1:], b)
	c.Begun(start, b.numbers[0])
	if c.Next(start.Add(time.Hour), b); len(b.dials) != 1 || c.NextDeadline() != mono.Never {
		t.Errorf("begun %+v", b.dials)
	}
	if c.Failed(start, b.numbers[0], race.NoHost, b); !slices.Equal(b.lost, []race.Failure{race.NoHost}) {
		t.Errorf("lost %v", b.lost)
	}
}

func TestBeyondTheBoundASecondLaneOnlyTakesThePlaceOfTheFirst(t *testing.T) {
	c, b := race.New(2, 0), &batch{}
	for n := range byte(2) {
		c.Begin(netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, n}), 1), time.Second, far, b)
		c.Begun(start, b.numbers[n])
	}
	later := start.Add(time.Second)
	if c.Next(later, b); len(b.dials) != 2 || c.NextDeadline() != mono.Never {
		t.Errorf("begun %+v", b.dials)
	}
	c.Failed(later, b.numbers[0], race.NoAnswer, b)
	if c.Next(later, b); len(b.dials) != 3 || b.dials[2].To != b.dials[0].To {
		t.Errorf("after one failed %+v", b.dials)
	}
	c.Failed(later, b.numbers[2], race.NoAnswer, b)
	if c.Next(later, b); len(b.dials) != 4 || b.dials[3].To != b.dials[1].To {
		t.Errorf("with room %+v", b.dials)
	}
}

func TestRacesThatAreOverTakeNoRoom(t *testing.T) {
	c, b := race.New(2, 0), &batch{}
	for range 9 {
		c.Begin(there, time.Second, far, b)
		c.Finished(b.numbers[len(b.numbers)-1], b)
	}
	c.Begin(there, time.Second, far, b)
	c.Begun(start, b.numbers[9])
	if c.Next(start.Add(time.Second), b); len(b.dials) != 11 {
		t.Errorf("begun %+v", b.dials[9:])
	}
}

func TestAnEndpointThatIsBegunAnewLeavesItsFormerRace(t *testing.T) {
	c, b := begun(t)
	c.Begin(there, time.Second, far, b)
	if !slices.Equal(b.withdrawn, b.numbers[:1]) || c.Made(start, b.numbers[0]) != race.Outdated {
		t.Errorf("withdrawn %v", b.withdrawn)
	}
}

func TestNearIsTCPFirstAndFarIsUTP(t *testing.T) {
	const tcp, utp = transport.TCP, transport.UTP
	var used transport.Record
	used.Worked(tcp)
	for _, c := range []struct {
		policy transport.Policy
		at     race.Distance
		known  transport.Record
		want   []transport.Transport
	}{
		{transport.Any, race.Near, transport.Record{}, []transport.Transport{tcp, utp}},
		{transport.Any, race.Far, transport.Record{}, []transport.Transport{utp, tcp}},
		{transport.Any, race.Far, used, []transport.Transport{tcp, utp}},
		{transport.OnlyTCP, race.Far, transport.Record{}, []transport.Transport{tcp}},
		{transport.OnlyUTP, race.Near, used, []transport.Transport{utp}},
	} {
		if got := race.Order(c.policy, c.at, c.known); !slices.Equal(got, c.want) {
			t.Errorf("%v, %v: %v", c.policy, c.at, got)
		}
	}
}

func TestNearIsWhatIsReachedWithoutARouter(t *testing.T) {
	networks := []netip.Prefix{netip.MustParsePrefix("192.168.7.0/24"), netip.MustParsePrefix("2001:db8:7::/64"), netip.MustParsePrefix("10.8.0.2/32")}
	for at, want := range map[string]race.Distance{
		"127.0.0.1": race.Near, "::1": race.Near, "::ffff:127.0.0.1": race.Near,
		"169.254.1.2": race.Near, "fe80::1%eth0": race.Near,
		"192.168.7.9": race.Near, "::ffff:192.168.7.9": race.Near, "2001:db8:7::9": race.Near,
		"192.168.8.9": race.Far, "10.0.0.1": race.Far, "10.8.0.1": race.Far, "2001:db8:8::9": race.Far, "198.51.100.7": race.Far,
	} {
		if got := race.DistanceOf(netip.MustParseAddr(at), networks); got != want {
			t.Errorf("%s: %v", at, got)
		}
	}
}
