package announce_test

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

// station is a tracker over UDP that notes what it is asked, and answers as then says;
// nil answers well. Then gets the parsed request and returns what is sent back.
type station struct {
	mu        sync.Mutex
	connects  int
	announces []tracker.AnnounceRequest
	numbers   map[tracker.Transaction]int
	at        []time.Time
	conn      net.PacketConn
	then      func(r tracker.RequestEvidence) []byte
}

// connectionID is what a station gives at first.
const connectionID tracker.Connection = 0xc0ffee

func (w *world) station(at string, then func(r tracker.RequestEvidence) []byte) *station {
	w.t.Helper()
	ap := netip.MustParseAddrPort(at)
	c, err := w.n.Host(ap.Addr().String()).ListenPacket(w.t.Context(), "udp", at)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = c.Close() })
	family := tracker.IPv4
	if ap.Addr().Is6() {
		family = tracker.IPv6
	}
	if then == nil {
		then = func(r tracker.RequestEvidence) []byte { return wellAnswered(r, family) }
	}
	s := &station{conn: c, then: then, numbers: map[tracker.Transaction]int{}}
	go s.serve()
	return s
}

func wellAnswered(r tracker.RequestEvidence, f tracker.Family) []byte {
	switch r := r.(type) {
	case tracker.ConnectRequest:
		return tracker.AppendConnectReply(nil, r.Transaction, connectionID)
	case tracker.AnnounceRequest:
		if r.Connection != connectionID {
			return tracker.AppendErrorReply(nil, r.Transaction, "Connection ID missmatch.")
		}
		return goodResponse.AppendAnnounceReply(nil, r.Transaction, f)
	}
	return nil
}

var goodResponse = tracker.Response{
	Interval: 30 * time.Minute, Seeders: 3, Leechers: 4,
	Peers: []netip.AddrPort{netip.MustParseAddrPort("1.2.3.4:6881"), netip.MustParseAddrPort("[2001:db8::7]:6882")},
}

func (s *station) serve() {
	buf := make([]byte, 1<<16)
	for {
		n, from, err := s.conn.ReadFrom(buf)
		if err != nil {
			return
		}
		r := tracker.ViewRequest(buf[:n])
		s.mu.Lock()
		switch r := r.(type) {
		case tracker.ConnectRequest:
			s.connects++
			s.numbers[r.Transaction]++
		case tracker.AnnounceRequest:
			s.announces = append(s.announces, r)
			s.at = append(s.at, time.Now())
			s.numbers[r.Transaction]++
		}
		s.mu.Unlock()
		if answer := s.then(r); answer != nil {
			_, _ = s.conn.WriteTo(answer, from)
		}
	}
}

func (s *station) asked() (connects int, announces []tracker.AnnounceRequest) {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.connects, append([]tracker.AnnounceRequest(nil), s.announces...)
}

func TestATrackerOverUDPIsToldWithItsPathAndConnectedToOnceAMinute(t *testing.T) {
	inWorld(t, nil, nil, func(t *testing.T, w *world) {
		station := w.station(theirHost+":6969", nil)
		w.s.Begin(w.entry(1, "udp://tracker.example:6969/announce?key=1"))
		w.pass(10 * time.Second)
		w.s.Begin(w.entry(2, "udp://tracker.example:6969/announce?key=1"))
		w.pass(10 * time.Second)
		connects, announces := station.asked()
		if connects != 1 || len(announces) != 2 {
			t.Fatalf("%d connects and %d announces", connects, len(announces))
		}
		if a := announces[0]; a.Target != "/announce?key=1" || a.Announce.Port != ourPort || a.Announce.Event != tracker.Started || a.Announce.Left != 1000 {
			t.Errorf("told %+v", a)
		}
		for number, times := range station.numbers {
			if times != 1 || number < 1000 {
				t.Errorf("transaction %d was used %d times", number, times)
			}
		}
		if got := w.into.named(); len(got) != 2 || got[0] != goodResponse.Peers[0] {
			t.Errorf("passed on %v", got)
		}
		if works := w.works(2); works.Seeders != 3 || works.Leechers != 4 {
			t.Errorf("reported %+v", works)
		}
		w.pass(time.Minute)
		w.s.Begin(w.entry(3, "udp://tracker.example:6969/announce"))
		w.pass(time.Second)
		w.works(3)
		if connects, _ = station.asked(); connects != 2 {
			t.Errorf("%d connects when the first id was old", connects)
		}
	})
}

func TestATrackerOverUDPOfBothFamiliesIsToldInBoth(t *testing.T) {
	inWorld(t, nil, nil, func(t *testing.T, w *world) {
		w.n.SetName("both.example", theirHost6, theirHost)
		v4, v6 := w.station(theirHost+":6969", nil), w.station("["+theirHost6+"]:6969", nil)
		w.s.Begin(w.entry(1, "udp://both.example:6969"))
		w.pass(time.Second)
		_, asked4 := v4.asked()
		_, asked6 := v6.asked()
		if len(asked4) != 1 || len(asked6) != 1 || asked4[0].Announce.Key != asked6[0].Announce.Key || asked4[0].Target != "" {
			t.Errorf("asked %+v and %+v", asked4, asked6)
		}
		if got := w.into.named(); len(got) != 2 {
			t.Errorf("passed on %v", got)
		}
	})
}

// A tracker that takes our connection id for an old one is connected to anew, once.
func TestAConnectionIDThatIsRefusedIsAskedForAnewOnce(t *testing.T) {
	for name, c := range map[string]struct {
		moody, connects, announces int
	}{"once": {1, 2, 2}, "always": {1 << 30, 2, 2}} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, nil, nil, func(t *testing.T, w *world) {
				refusals := 0
				station := w.station(theirHost+":6969", func(r tracker.RequestEvidence) []byte {
					if a, is := r.(tracker.AnnounceRequest); is && refusals < c.moody {
						refusals++
						return tracker.AppendErrorReply(nil, a.Transaction, "Connection ID mismatch")
					}
					return wellAnswered(r, tracker.IPv4)
				})
				w.s.Begin(w.entry(1, "udp://tracker.example:6969"))
				w.pass(10 * time.Second)
				connects, announces := station.asked()
				if connects != c.connects || len(announces) != c.announces {
					t.Errorf("%d connects and %d announces", connects, len(announces))
				}
				if name == "once" {
					w.works(1)
				} else {
					w.fails(1, "Connection ID mismatch")
				}
			})
		})
	}
}

// One that says nothing to a connection id that it has forgotten is given no other
// chance to.
func TestATrackerThatForgotOurConnectionWithoutAWordIsConnectedToAnew(t *testing.T) {
	inWorld(t, nil, nil, func(t *testing.T, w *world) {
		good := connectionID
		station := w.station(theirHost+":6969", func(r tracker.RequestEvidence) []byte {
			switch r := r.(type) {
			case tracker.ConnectRequest:
				return tracker.AppendConnectReply(nil, r.Transaction, good)
			case tracker.AnnounceRequest:
				if r.Connection == good {
					return goodResponse.AppendAnnounceReply(nil, r.Transaction, tracker.IPv4)
				}
			}
			return nil
		})
		w.s.Begin(w.entry(1, "udp://tracker.example:6969"))
		w.pass(time.Second)
		good++ // it was started again
		w.s.Begin(w.entry(2, "udp://tracker.example:6969"))
		w.pass(45 * time.Second)
		w.works(2)
		if connects, announces := station.asked(); connects != 2 || len(announces) != 3 {
			t.Errorf("%d connects and %d announces", connects, len(announces))
		}
	})
}

// What answers over UDP may be wrong in many ways; the request ends with its patience
// or its reason.
func TestAnswersOverUDPThatAreNoneEndWithAReason(t *testing.T) {
	for name, c := range map[string]struct {
		fault   string
		connect func(tracker.ConnectRequest) []byte
		then    func(tracker.AnnounceRequest) []byte
	}{
		"nothing":            {fault: "TimedOut", connect: func(tracker.ConnectRequest) []byte { return nil }},
		"no announce answer": {fault: "TimedOut", then: func(tracker.AnnounceRequest) []byte { return nil }},
		"another transaction": {fault: "TimedOut", then: func(a tracker.AnnounceRequest) []byte {
			return goodResponse.AppendAnnounceReply(nil, a.Transaction+1, tracker.IPv4)
		}},
		"an error": {fault: "go away", then: func(a tracker.AnnounceRequest) []byte {
			return tracker.AppendErrorReply(nil, a.Transaction, "go away\x1b[2J")
		}},
		"an error to a connect":  {fault: "go away", connect: func(c tracker.ConnectRequest) []byte { return tracker.AppendErrorReply(nil, c.Transaction, "go away") }},
		"an error without words": {fault: "Refused", then: func(a tracker.AnnounceRequest) []byte { return tracker.AppendErrorReply(nil, a.Transaction, "") }},
		"one that is cut off": {fault: "Nonsense", then: func(a tracker.AnnounceRequest) []byte {
			return goodResponse.AppendAnnounceReply(nil, a.Transaction, tracker.IPv4)[:15]
		}},
		"a connect again": {fault: "Nonsense", then: func(a tracker.AnnounceRequest) []byte { return tracker.AppendConnectReply(nil, a.Transaction, 7) }},
		"a scrape":        {fault: "Nonsense", then: func(a tracker.AnnounceRequest) []byte { return tracker.AppendScrapeReply(nil, a.Transaction, nil) }},
		"an announce at once": {fault: "Nonsense", connect: func(c tracker.ConnectRequest) []byte {
			return goodResponse.AppendAnnounceReply(nil, c.Transaction, tracker.IPv4)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, nil, nil, func(t *testing.T, w *world) {
				w.station(theirHost+":6969", func(r tracker.RequestEvidence) []byte {
					switch r := r.(type) {
					case tracker.ConnectRequest:
						if c.connect != nil {
							return c.connect(r)
						}
					case tracker.AnnounceRequest:
						if c.then != nil {
							return c.then(r)
						}
					}
					return wellAnswered(r, tracker.IPv4)
				})
				w.s.Begin(w.entry(1, "udp://tracker.example:6969"))
				w.pass(16 * time.Second)
				w.fails(1, c.fault)
				if got := w.into.named(); len(got) != 0 || w.crashed() != 0 || strings.Contains(fmt.Sprint(w.s.Trackers(1)), "\x1b") {
					t.Errorf("passed on %v, crashed %d times, %+v", got, w.crashed(), w.s.Trackers(1))
				}
			})
		})
	}
}

// Nobody but the tracker can answer for it, though he knows the transaction.
func TestAnAnswerOverUDPFromElsewhereIsNone(t *testing.T) {
	inWorld(t, nil, nil, func(t *testing.T, w *world) {
		spoof, err := w.n.Host(otherHost).ListenPacket(t.Context(), "udp", ":6969")
		if err != nil {
			t.Fatal(err)
		}
		w.t.Cleanup(func() { _ = spoof.Close() })
		us := net.UDPAddrFromAddrPort(netip.MustParseAddrPort(ourHost + ":6881"))
		w.station(theirHost+":6969", func(r tracker.RequestEvidence) []byte {
			_, _ = spoof.WriteTo(wellAnswered(r, tracker.IPv4), us)
			if _, is := r.(tracker.ConnectRequest); is {
				return wellAnswered(r, tracker.IPv4)
			}
			return nil
		})
		w.s.Begin(w.entry(1, "udp://tracker.example:6969"))
		w.pass(16 * time.Second)
		w.fails(1, "TimedOut")
		if got := w.into.named(); len(got) != 0 {
			t.Errorf("passed on %v", got)
		}
	})
}

// One that answers when the patience of the request is over is asked again.
func TestAnAnswerOverUDPBehindThePatienceIsNone(t *testing.T) {
	inWorld(t, nil, nil, func(t *testing.T, w *world) {
		slow := true
		station := w.station(theirHost+":6969", func(r tracker.RequestEvidence) []byte {
			if _, is := r.(tracker.AnnounceRequest); is && slow {
				slow = false
				time.Sleep(16 * time.Second)
			}
			return wellAnswered(r, tracker.IPv4)
		})
		w.s.Begin(w.entry(1, "udp://tracker.example:6969"))
		w.pass(15500 * time.Millisecond)
		w.fails(1, "TimedOut")
		w.pass(30 * time.Second)
		w.works(1)
		if _, announces := station.asked(); len(announces) != 2 {
			t.Errorf("%d announces", len(announces))
		}
	})
}

// The repetitions of what has no answer come after 15 s, doubled each time (BEP 15).
func TestASilentTrackerOverUDPIsAskedLessAndLess(t *testing.T) {
	inWorld(t, nil, nil, func(t *testing.T, w *world) {
		station := w.station(theirHost+":6969", func(r tracker.RequestEvidence) []byte {
			if c, is := r.(tracker.ConnectRequest); is {
				return tracker.AppendConnectReply(nil, c.Transaction, connectionID)
			}
			return nil
		})
		w.s.Begin(w.entry(1, "udp://tracker.example:6969"))
		w.pass(5 * time.Minute)
		if _, announces := station.asked(); len(announces) < 4 || len(announces) > 5 {
			t.Fatalf("%d announces", len(announces))
		}
		gap := station.at[1].Sub(station.at[0])
		for i := 2; i < len(station.at); i++ {
			next := station.at[i].Sub(station.at[i-1])
			if next < gap*3/2 {
				t.Errorf("%v after %v", next, gap)
			}
			gap = next
		}
	})
}

// A family that there is no socket for is said so.
func TestATrackerOverUDPWithoutASocketSaysSo(t *testing.T) {
	inWorld(t, nil, nil, func(t *testing.T, w *world) {
		w.udp.Listening([]netip.AddrPort{netip.MustParseAddrPort(ourHost + ":6881")})
		w.pass(time.Second)
		w.n.SetName("v6.example", theirHost6)
		w.s.Begin(w.entry(1, "udp://v6.example:6969"))
		w.n.SetName("both.example", theirHost6, theirHost)
		w.station(theirHost+":6969", nil)
		w.s.Begin(w.entry(2, "udp://both.example:6969"))
		w.pass(time.Second)
		w.fails(1, "no UDP over IPv6")
		w.works(2) // and only where we can be called
	})
}
