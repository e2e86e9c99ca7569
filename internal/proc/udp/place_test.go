package udp_test

import (
	"errors"
	"net/netip"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent/etorrenttest"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/proc/udp"
	"github.com/etorrent/etorrent/sup"
)

func TestWhereDatagramsAreTakenBesideListeners(t *testing.T) {
	for _, c := range []struct {
		now       string
		listening []string
		v4, v6    string
	}{
		{"", nil, "0.0.0.0:0", "[::]:0"},
		{"", []string{"0.0.0.0:1"}, "0.0.0.0:1", ""},
		{"", []string{"[::]:1"}, "0.0.0.0:1", "[::]:1"},
		{"", []string{"[::1]:1"}, "", "[::1]:1"},
		{"", []string{"[::ffff:10.0.0.1]:1"}, "10.0.0.1:1", ""},
		{"", []string{"10.0.0.1:1", "10.0.0.2:2", "[::1]:3"}, "10.0.0.1:1", "[::1]:3"},
		{"10.0.0.2:2", []string{"10.0.0.1:1", "10.0.0.2:2"}, "10.0.0.2:2", ""},
		{"10.0.0.2:2", []string{"10.0.0.1:1"}, "10.0.0.1:1", ""},
		{"10.0.0.2:2", nil, "10.0.0.2:2", "[::]:0"},
		{"0.0.0.0:0", []string{"10.0.0.1:1"}, "10.0.0.1:1", ""},
	} {
		var now netip.AddrPort
		if c.now != "" {
			now = netip.MustParseAddrPort(c.now)
		}
		var listening []netip.AddrPort
		for _, l := range c.listening {
			listening = append(listening, netip.MustParseAddrPort(l))
		}
		got := [2]netip.AddrPort{udp.Wanted(now, pnet.V4, listening), udp.Wanted(netip.AddrPort{}, pnet.V6, listening)}
		for i, want := range []string{c.v4, c.v6} {
			if (want == "") == got[i].IsValid() || want != "" && got[i].String() != want {
				t.Errorf("%q beside %q, %v: %v, want %q", c.now, c.listening, pnet.Families[i], got[i], want)
			}
		}
	}
}

func TestNothingIsOpenedUntilItIsKnownWhereOrSomebodySends(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := etorrenttest.NewNetwork(t)
		f := &flaky{Network: n.Host(ourHost)}
		w := newWorld(t, f, udp.Listeners, nil)
		other := listenAt(t, n.Host(theirHost), ":1234")
		other.serve()
		w.ask(other.at(), 1)
		time.Sleep(time.Second)
		if f.opened != 0 {
			t.Error("it opened a socket before it heard of a listener")
		}
		w.handle.Listening([]netip.AddrPort{listener})
		w.answered(1, "answer")
		if s := w.shown(); s.V4 != listener || s.Err != nil {
			t.Errorf("shown: %+v", s)
		}

		lazy := &flaky{Network: n.Host(strangeHost)}
		w = newWorld(t, lazy, udp.Nothing, nil)
		w.handle.Subscribe(udp.KRPC, 1<<20)
		time.Sleep(time.Hour)
		if lazy.opened != 0 {
			t.Error("it opened a socket that nobody uses")
		}
		w.ask(other.at(), 2)
		w.answered(2, "answer")
		if s := w.shown(); !s.V4.IsValid() || s.Err != nil || lazy.opened != 1 {
			t.Errorf("opened %d, shown: %+v", lazy.opened, s)
		}
	})
}

func TestTheSocketMovesWithItsListenerAndWhatIsOpenIsAskedAgain(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, n *etorrenttest.Network, w *world) {
		tracker := listenAt(t, n.Host(theirHost), ":6969")
		w.ask(tracker.at(), 7)
		if _, from := tracker.read(); from != listener {
			t.Errorf("it came from %v", from)
		}
		w.handle.Listening(nil) // a listener that fails moves nothing
		synctest.Wait()
		if s := w.shown(); s.V4 != listener {
			t.Errorf("shown: %+v", s)
		}
		moved := netip.MustParseAddrPort(ourHost + ":7000")
		w.handle.Listening([]netip.AddrPort{moved})
		packet, from := tracker.read()
		if string(packet) != string(trackerPacket(0, 7, "request")) || from != moved {
			t.Errorf("%q came from %v", packet, from)
		}
		tracker.write(from, trackerPacket(1, 7, "answer"))
		w.answered(7, "answer")
		listenAt(t, n.Host(ourHost), ":6881") // the old port is free
		w.handle.Listening([]netip.AddrPort{netip.MustParseAddrPort("[2001:db8::1]:7000")})
		synctest.Wait()
		if s := w.shown(); s.V4.IsValid() || s.Err == nil { // the host has no IPv6, and nothing else is wanted
			t.Errorf("shown: %+v", s)
		}
	})
}

// While the port is taken the process is degraded, and sends from another.
func TestATakenPortIsTriedAgainAndMeanwhileAnotherIsUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := etorrenttest.NewNetwork(t)
		taken := listenAt(t, n.Host(ourHost), ":6881")
		w := newWorld(t, n.Host(ourHost), udp.Listeners, nil)
		w.handle.Listening([]netip.AddrPort{listener})
		time.Sleep(10 * time.Minute)
		if d, is := w.node().State.(sup.Degraded); !is || !errors.Is(d.Err, syscall.EADDRINUSE) || w.shown().V4.IsValid() {
			t.Errorf("it is %v, shown %+v", w.node().State, w.shown())
		}
		tracker := listenAt(t, n.Host(theirHost), ":6969")
		w.ask(tracker.at(), 7)
		_, from := tracker.read()
		tracker.write(from, trackerPacket(1, 7, "answer"))
		w.answered(7, "answer")
		if _, is := w.node().State.(sup.Degraded); !is || from == listener || w.shown().V4 != from {
			t.Errorf("it is %v, sends from %v, shown %+v", w.node().State, from, w.shown())
		}
		_ = taken.Close()
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if _, is := w.node().State.(sup.Running); !is || w.shown().V4 != listener {
			t.Errorf("when it is free it is %v, shown %+v", w.node().State, w.shown())
		}
		var faults, ends int
		for _, s := range w.changes.Take(nil) {
			if s.Err == nil {
				ends++
			} else if !s.V4.IsValid() {
				faults++
			}
		}
		if faults != 1 || ends != 1 {
			t.Errorf("%d faults and %d ends were told", faults, ends)
		}
		w.ask(tracker.at(), 8)
		if _, from = tracker.read(); from != listener {
			t.Errorf("then it sends from %v", from)
		}
		tracker.write(from, trackerPacket(1, 8, "answer"))
		w.answered(8, "answer")
	})
}

func TestThatAPortIsOursIsNoReasonForAListenerToTakeAnother(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, n *etorrenttest.Network, w *world) {
		listenAt(t, n.Host(ourHost), ":7000")
		for at, want := range map[string]pnet.ListenEvidence{
			ourHost + ":6881": pnet.ListenFree, ourHost + ":6882": pnet.ListenFree, ourHost + ":7000": pnet.ListenTaken,
		} {
			if got := w.handle.ViewPort(t.Context(), netip.MustParseAddrPort(at)); got != want {
				t.Errorf("%s: %v, want %v", at, got, want)
			}
		}
	})
}

// A network without UDP is a fault that is told once and tried again, and no more.
func TestANetworkWithoutUDPDegrades(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &flaky{Network: etorrenttest.NewNetwork(t).Host(ourHost), listen: map[uint16]error{6881: syscall.EPERM, 0: syscall.EPERM}}
		w := newWorld(t, f, udp.Listeners, nil)
		w.handle.Listening([]netip.AddrPort{listener})
		w.ask(netip.MustParseAddrPort(theirHost+":6969"), 1)
		if failed, is := w.reply().Outcome.(udp.NotSent); !is || !errors.Is(failed.Err, syscall.EPERM) {
			t.Errorf("the ask: %+v", failed)
		}
		time.Sleep(time.Hour)
		if _, is := w.node().State.(sup.Degraded); !is || len(w.changes.Take(nil)) != 1 {
			t.Errorf("it is %v", w.node().State)
		}
		f.set(func() { f.listen = nil })
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if _, is := w.node().State.(sup.Running); !is || w.shown().V4 != listener {
			t.Errorf("it is %v, shown %+v", w.node().State, w.shown())
		}
	})
}

// What was asked before a listener was told of is sent then, or refused where the
// listener has no socket of the family beside it.
func TestWhatWasAskedEarlyIsSentOrRefusedWhenTheListenerIsKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := etorrenttest.NewNetwork(t)
		n.SetLink(etorrenttest.Link{Latency: 5 * time.Millisecond})
		w := newWorld(t, n.Host(ourHost), udp.Listeners, nil)
		tracker := listenAt(t, n.Host(theirHost), ":6969")
		tracker.serve()
		w.ask(netip.MustParseAddrPort("[2001:db8::1]:6969"), 1)
		w.ask(tracker.at(), 2)
		time.Sleep(time.Second)
		w.handle.Listening([]netip.AddrPort{listener})
		var none *pnet.NoSocketError
		if failed, is := w.reply().Outcome.(udp.NotSent); !is || !errors.As(failed.Err, &none) {
			t.Errorf("over IPv6: %+v", failed)
		}
		w.answered(2, "answer")
	})
}

// A port that nobody chose is kept all the same: a tracker, or a node of the DHT, may
// know it.
func TestAnyPortIsTheSameAfterARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := etorrenttest.NewNetwork(t)
		f := &fuse{at: "in step: demux", left: 1}
		w := newWorld(t, n.Host(ourHost), udp.Nothing, f.hook)
		tracker := listenAt(t, n.Host(theirHost), ":6969")
		w.ask(tracker.at(), 1)
		_, from := tracker.read()
		tracker.write(from, trackerPacket(1, 1, "lost"))
		_, again := tracker.read()
		if from != again || w.node().Restarts != 1 {
			t.Errorf("it sent from %v, then from %v, after %d restarts", from, again, w.node().Restarts)
		}
		tracker.write(from, trackerPacket(1, 1, "answer"))
		w.answered(1, "answer")
	})
}
