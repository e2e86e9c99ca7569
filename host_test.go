package etorrent_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
)

// ofType are the events of one type so far.
func ofType[E etorrent.Event](m *member) (out []E) {
	for _, e := range past(m) {
		if one, is := e.(E); is {
			out = append(out, one)
		}
	}
	return out
}

// sleeper is a member with a clock that the test has in its hands.
func (s *swarm) sleeper(change ...func(*etorrent.Options)) (*member, *etorrenttest.Clock) {
	clock := etorrenttest.NewClock()
	return s.join(append(change, func(o *etorrent.Options) { o.Clock = clock })...), clock
}

// incomplete are two members that are connected and can fetch no more of each other,
// the first of which dialled.
func (s *swarm) incomplete() (*member, *etorrenttest.Clock) {
	c := etorrenttest.NewContent(s.t, "halves", 16<<10, 320<<10)
	m, clock := s.sleeper()
	other := s.join()
	c.PutPieces(s.t, other.storage, etorrenttest.Dir, 0, 1, 2)
	c.Fetch(s.t, other.Client)
	c.Fetch(s.t, m.Client, other.at())
	time.Sleep(time.Minute)
	if n := joined(m); n != 1 {
		s.t.Fatalf("%d connections", n)
	}
	return m, clock
}

func TestAfterALongSuspendConnectionsAreMadeAnewAtOnce(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		m, clock := s.incomplete()
		clock.Suspend(8 * time.Hour)
		time.Sleep(2 * time.Second)
		left := ofType[etorrent.PeerLeftEvent](m)
		if n := count[etorrent.PeerJoinedEvent](m); n != 2 || len(left) != 1 || left[0].Reason != "the machine was suspended" {
			t.Errorf("%d connections were made, ended: %+v", n, left)
		}
		told := ofType[etorrent.HostChangedEvent](m)
		if len(told) != 1 || told[0].Slept != 8*time.Hour || told[0].Addrs != nil {
			t.Errorf("told %+v", told)
		}
		if off := time.Until(told[0].At); off < 7*time.Hour {
			t.Errorf("its time is %v", told[0].At)
		}
	})
}

func TestAShortSuspendEndsNoConnection(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		m, clock := s.incomplete()
		clock.Suspend(time.Minute)
		time.Sleep(time.Hour)
		if left := ofType[etorrent.PeerLeftEvent](m); len(left) > 0 {
			t.Errorf("ended: %+v", left)
		}
		if n := count[etorrent.HostChangedEvent](m); n != 1 {
			t.Errorf("told %d times", n)
		}
	})
}

func TestAfterASuspendWhatFailedBeforeIsDialledAtOnce(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "late", 16<<10, 320<<10)
		m, clock := s.sleeper()
		seeder := s.network.Host("10.0.9.9")
		fetching := c.Fetch(t, m.Client, seeder.Endpoint())
		time.Sleep(time.Hour)
		storage := etorrenttest.NewStorage()
		client := etorrenttest.NewClient(t, seeder, etorrent.Options{Storage: storage})
		c.Seed(t, client, storage)
		if n := fetching.Stats().Peers; n != 0 {
			t.Fatal("it is dialled before its wait is over")
		}
		clock.Suspend(time.Hour)
		time.Sleep(time.Second)
		if n := fetching.Stats().Stored; n != 320<<10 {
			t.Errorf("%d bytes came within a second", n)
		}
	})
}

func TestAListenerWhoseAddressIsGoneIsOpenedAnewWhenItIsThereAgain(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "roaming", 16<<10, 320<<10)
		m := s.join(func(o *etorrent.Options) { o.Ports = etorrent.ThisPortOnly })
		s.listens(m)
		c.Seed(t, m.Client, m.storage)
		synctest.Wait() // until it takes datagrams too
		m.host.SetAddrs("192.0.2.1")
		time.Sleep(10 * time.Minute)
		if at := m.Addrs(); len(at) != 0 {
			t.Errorf("it listens on %v", at)
		}
		warnings := ofType[etorrent.WarningEvent](m)
		if len(warnings) == 0 || warnings[0].Err.Error() != "no connections are accepted: the address "+m.host.Addr().String()+" is gone" {
			t.Errorf("warned %+v", warnings)
		}
		m.host.SetAddrs("192.0.2.1", m.host.Addr().String())
		time.Sleep(2100 * time.Millisecond) // it is told after a second of calm
		synctest.Wait()
		if at := m.Addrs(); !slices.Contains(at, m.at()) {
			t.Errorf("it listens on %v", at)
		}
		s.stored(c.Fetch(t, s.join().Client, m.at()))
	})
}

func TestConnectionsOfAnAddressThatIsGoneEnd(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		m, _ := s.incomplete()
		m.host.SetAddrs(m.host.Addr().String(), "192.0.2.1")
		time.Sleep(time.Minute)
		if left := ofType[etorrent.PeerLeftEvent](m); len(left) > 0 {
			t.Errorf("ended, though its address is there: %+v", left)
		}
		m.host.SetAddrs("192.0.2.1")
		time.Sleep(2 * time.Second)
		left := ofType[etorrent.PeerLeftEvent](m)
		if len(left) != 1 || left[0].Reason != "our address is gone" {
			t.Errorf("ended: %+v", left)
		}
	})
}
