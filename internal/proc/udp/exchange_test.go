package udp_test

import (
	"bytes"
	"errors"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent/etorrenttest"
	"github.com/etorrent/etorrent/internal/core/demux"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/proc/udp"
)

var utpSyn = append([]byte{0x41}, make([]byte, 19)...)

func TestAnAskIsAnsweredByTheTrackerThatItWentToAndOnce(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, n *etorrenttest.Network, w *world) {
		tracker, stranger := listenAt(t, n.Host(theirHost), ":6969"), listenAt(t, n.Host(strangeHost), ":6969")
		w.ask(tracker.at(), 7)
		packet, from := tracker.read()
		if !bytes.Equal(packet, trackerPacket(0, 7, "request")) || from != listener {
			t.Errorf("%q came from %v", packet, from)
		}
		stranger.write(from, trackerPacket(1, 7, "forged"))
		tracker.write(from, trackerPacket(1, 8, "another"))
		time.Sleep(time.Second)
		if w.replies.Depth() != 0 {
			t.Fatalf("replies: %+v", w.replies.Take(nil))
		}
		before := w.clock.Now()
		tracker.write(from, trackerPacket(1, 7, "answer"))
		tracker.write(from, trackerPacket(1, 7, "again"))
		if a := w.answered(7, "answer"); a.At != before.Add(5*time.Millisecond) {
			t.Errorf("it is said to have come at %v, %v after it was sent", a.At, a.At.Sub(before))
		}
		time.Sleep(time.Second)
		if c := w.counted(); c.Answers != 1 || c.Unexpected != 3 || c.Written != 1 {
			t.Errorf("%+v", c)
		}
	})
}

func TestAnAskWithoutAnAnswerExpires(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, n *etorrenttest.Network, w *world) {
		begun := time.Now()
		tracker := netip.MustParseAddrPort(theirHost + ":6969")
		w.ask(tracker, 7)
		if r := w.reply(); r.Outcome != (udp.Expired{}) || r.To != tracker || r.Transaction != 7 {
			t.Errorf("%+v", r)
		}
		if took := time.Since(begun); took != 10*time.Second {
			t.Errorf("it expired after %v of 10 s", took)
		}
		w.ask(tracker, 7) // the number is free again
		if r := w.reply(); r.Outcome != (udp.Expired{}) {
			t.Errorf("%+v", r)
		}
	})
}

func TestATransactionIsOpenOnceAndNotTooManyAre(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, n *etorrenttest.Network, w *world) {
		tracker := netip.MustParseAddrPort(theirHost + ":6969")
		w.ask(tracker, 0)
		w.ask(tracker, 0)
		if r := w.reply(); r.Outcome != (udp.NotExpected{Because: demux.AlreadyExpected}) {
			t.Errorf("the same again: %+v", r)
		}
		for i := range uint32(1023) {
			w.ask(tracker, 1+i)
		}
		w.ask(tracker, 5000)
		if r := w.reply(); r.Outcome != (udp.NotExpected{Because: demux.TableFull}) || r.Transaction != 5000 {
			t.Errorf("one too many: %+v", r)
		}
		time.Sleep(11 * time.Second)
		if expired := w.replies.Take(nil); len(expired) != 1024 {
			t.Errorf("%d expired", len(expired))
		}
	})
}

func TestDatagramsReachWhoSubscribedToTheirKind(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, n *etorrenttest.Network, w *world) {
		dht := w.handle.Subscribe(udp.KRPC, 1<<20)
		other := listenAt(t, n.Host(theirHost), ":1234")
		other.write(listener, []byte("d1:q4:pinge"))
		other.write(listener, utpSyn) // nobody takes it
		other.write(listener, []byte("GET / HTTP/1.0"))
		other.write(listener, append([]byte{'d'}, make([]byte, pnet.MaxDatagram)...)) // one byte too long
		other.write(listener, append([]byte{'d'}, make([]byte, pnet.MaxDatagram-1)...))
		time.Sleep(time.Second)
		var got []pnet.Datagram
		batches, missed := dht.Take(nil)
		for _, b := range batches {
			if b.At == 0 || b.At > w.clock.Now() {
				t.Errorf("read at %v", b.At)
			}
			got = append(got, b.Datagrams...)
		}
		if len(got) != 2 || missed != 0 || string(got[0].Payload) != "d1:q4:pinge" || got[0].Remote != other.at() || len(got[1].Payload) != pnet.MaxDatagram {
			t.Errorf("took %+v, missed %d", got, missed)
		}
		want := udp.Counters{Counts: demux.Counts{KRPC: 2, UTP: 1, UnknownKind: 1}, Unclaimed: 1, Oversized: 1}
		if c := w.counted(); c != want {
			t.Errorf("counted %+v, want %+v", c, want)
		}
		if e := w.handle.Send(udp.KRPC, pnet.Datagram{Remote: other.at(), Payload: []byte("d1:r")}); e != udp.Queued {
			t.Errorf("sending: %v", e)
		}
		if packet, from := other.read(); string(packet) != "d1:r" || from != listener {
			t.Errorf("%q came from %v", packet, from)
		}
	})
}

func TestWhatASubscriberHasNoRoomForIsCounted(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, n *etorrenttest.Network, w *world) {
		dht := w.handle.Subscribe(udp.KRPC, 10_000)
		other := listenAt(t, n.Host(theirHost), ":1234")
		for range 200 {
			other.write(listener, bytes.Repeat([]byte{'d'}, 1000))
		}
		time.Sleep(time.Second)
		batches, missed := dht.Take(nil)
		got := 0
		for _, b := range batches {
			got += len(b.Datagrams)
		}
		if got == 0 || got > 10 || got+missed != 200 {
			t.Errorf("took %d and missed %d of 200", got, missed)
		}
		if c := w.counted(); c.Missed != uint64(missed) || c.KRPC != 200 {
			t.Errorf("counted %+v", c)
		}
		other.write(listener, []byte("d"))
		<-dht.Wake()
		if batches, missed := dht.Take(nil); len(batches) != 1 || missed != 0 {
			t.Errorf("afterwards it took %v, missed %d", batches, missed)
		}
	})
}

// Nobody waits for a process that cannot send: what it has no room for is said to
// be dropped.
func TestSendsBeyondTheQueueAreDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := etorrenttest.NewNetwork(t)
		w := newWorld(t, n.Host(ourHost), udp.Listeners, nil)
		other := listenAt(t, n.Host(theirHost), ":1234")
		d := func() pnet.Datagram { return pnet.Datagram{Remote: other.at(), Payload: make([]byte, 1000)} }
		queued, asked := 0, 0
		for w.handle.Send(udp.KRPC, d()) == udp.Queued {
			queued++
		}
		for w.handle.Ask(udp.Ask{To: other.at(), Transaction: uint32(asked), Packet: make([]byte, 1<<16), Into: w.replies}) == udp.Queued {
			asked++
			synctest.Wait() // the process keeps those that it has heard of
			if asked == 100 {
				break
			}
		}
		if queued == 0 || queued*1000 > 256<<10 || asked != 100 {
			t.Errorf("%d sends and %d asks were queued", queued, asked)
		}
		for _, bad := range []netip.AddrPort{{}, netip.AddrPortFrom(other.at().Addr(), 0)} {
			if e, f := w.handle.Send(udp.KRPC, pnet.Datagram{Remote: bad}), w.handle.Ask(udp.Ask{To: bad, Into: w.replies}); e != udp.NoAddress || f != udp.NoAddress {
				t.Errorf("to %v: %v, %v", bad, e, f)
			}
		}
		time.Sleep(time.Second)
		w.handle.Listening([]netip.AddrPort{listener})
		for range queued {
			other.read()
		}
		if expired := w.replies.Take(nil); len(expired) != asked {
			t.Errorf("%d of %d asks expired", len(expired), asked)
		}
		if c := w.counted(); c.Written != uint64(queued) || c.QueueFull != 1 {
			t.Errorf("%+v", c)
		}
	})
}

func TestAFamilyWithoutASocketIsSaidToBe(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, n *etorrenttest.Network, w *world) {
		dht := w.handle.Subscribe(udp.KRPC, 1<<20)
		to := netip.MustParseAddrPort("[2001:db8::1]:6969")
		w.ask(to, 1)
		failed, is := w.reply().Outcome.(udp.NotSent)
		var none *pnet.NoSocketError
		if !is || !errors.As(failed.Err, &none) || none.Family != pnet.V6 {
			t.Errorf("the ask: %v", failed.Err)
		}
		w.handle.Send(udp.KRPC, pnet.Datagram{Remote: to, Payload: []byte("d")})
		<-dht.Wake()
		batches, _ := dht.Take(nil)
		if len(batches) != 1 || len(batches[0].Faults) != 1 || batches[0].Faults[0].To != to || !errors.As(batches[0].Faults[0].Err, &none) {
			t.Errorf("the send: %+v", batches)
		}
	})
}
