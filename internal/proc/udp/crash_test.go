package udp_test

import (
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent/etorrenttest"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/proc/udp"
	"github.com/etorrent/etorrent/sup"
)

// fuse panics when the process passes a point, as often as said.
type fuse struct {
	mu   sync.Mutex
	at   string // moment and label
	skip int
	left int
	seen map[string]int
}

func (f *fuse) hook(p sup.Point) {
	f.mu.Lock()
	at := fmt.Sprintf("%v: %s", p.At, p.Label)
	if f.seen != nil {
		f.seen[at]++
	}
	blows := at == f.at && f.skip == 0 && f.left > 0
	switch {
	case blows:
		f.left--
	case at == f.at && f.skip > 0:
		f.skip--
	}
	f.mu.Unlock()
	if blows {
		panic("injected")
	}
}

func (f *fuse) blown() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.left == 0
}

// exchange has three trackers asked and datagrams of the DHT sent and received,
// while the process may crash. The datagrams that are on their way are lost with
// it, so those who send them do so until there is an answer; who subscribed and who
// asked does nothing.
func exchange(t *testing.T, f *fuse) {
	synctest.Test(t, func(t *testing.T) {
		n := etorrenttest.NewNetwork(t)
		n.SetLink(etorrenttest.Link{Latency: 5 * time.Millisecond})
		w := newWorld(t, n.Host(ourHost), udp.Listeners, f.hook)
		in := w.handle.Subscribe(udp.KRPC, 1<<20)
		tracker, peer := listenAt(t, n.Host(theirHost), ":6969"), listenAt(t, n.Host(strangeHost), ":1")
		tracker.serve()
		w.handle.Listening([]netip.AddrPort{listener})
		for i := range uint32(3) {
			w.ask(tracker.at(), i)
			time.Sleep(3 * time.Millisecond)
		}
		for tries := 0; in.Depth() == 0; tries++ {
			if tries == 10 {
				t.Fatal("no datagram of the DHT came")
			}
			peer.write(listener, []byte("d1:q4:pinge"))
			w.handle.Send(udp.KRPC, pnet.Datagram{Remote: peer.at(), Payload: []byte("d1:r")})
			time.Sleep(100 * time.Millisecond)
		}
		w.ask(netip.MustParseAddrPort(strangeHost+":9"), 99) // nobody is there
		time.Sleep(20 * time.Second)
		answers := map[uint32]string{}
		for _, r := range w.replies.Take(nil) {
			if _, twice := answers[r.Transaction]; twice {
				t.Errorf("%d was replied to twice", r.Transaction)
			}
			answers[r.Transaction] = fmt.Sprintf("%T", r.Outcome)
		}
		for i := range uint32(3) {
			if answers[i] != "udp.Answered" {
				t.Errorf("ask %d: %q", i, answers[i])
			}
		}
		if answers[99] != "udp.Expired" {
			t.Errorf("the ask of nobody: %q", answers[99])
		}
		if s := w.shown(); s.V4 != listener || s.Err != nil {
			t.Errorf("shown: %+v", s)
		}
	})
}

// Wherever the process crashes, in the middle of exchanges too, whoever asked gets
// the answer and subscribers get datagrams, without doing anything.
func TestWhoAskedIsAnsweredAndSubscribersStayWhereverTheProcessCrashes(t *testing.T) {
	calm := &fuse{seen: map[string]int{}}
	exchange(t, calm)
	if len(calm.seen) < 12 {
		t.Errorf("only %v", calm.seen)
	}
	for at, passed := range calm.seen {
		for skip := range min(passed, 8) {
			t.Run(fmt.Sprint(at, skip), func(t *testing.T) {
				f := &fuse{at: at, skip: skip, left: 1}
				exchange(t, f)
				if !f.blown() {
					t.Logf("not passed again")
				}
			})
		}
	}
}

// A packet that kills whoever sends it is not sent for ever.
func TestAnAskThatCrashesTheProcessEachTimeEnds(t *testing.T) {
	f := &fuse{at: "between actions: write", left: 3}
	inWorld(t, f.hook, func(t *testing.T, n *etorrenttest.Network, w *world) {
		tracker := listenAt(t, n.Host(theirHost), ":6969")
		tracker.serve()
		w.ask(tracker.at(), 1)
		if failed, is := w.reply().Outcome.(udp.NotSent); !is || !errors.Is(failed.Err, udp.ErrCrashed) || w.node().Restarts != 3 {
			t.Errorf("after %d restarts: %+v", w.node().Restarts, failed)
		}
		w.ask(tracker.at(), 1)
		w.answered(1, "answer")
	})
}

// A crash of the process is in the middle of an exchange: the request has left, and
// the answer comes to nobody's socket.
func TestAnAnswerThatComesWhileTheProcessIsDownIsAskedForAgain(t *testing.T) {
	f := &fuse{at: "in step: demux", left: 1}
	inWorld(t, f.hook, func(t *testing.T, n *etorrenttest.Network, w *world) {
		tracker := listenAt(t, n.Host(theirHost), ":6969")
		w.ask(tracker.at(), 1)
		_, from := tracker.read()
		tracker.write(from, trackerPacket(1, 1, "lost")) // it crashes on this
		packet, again := tracker.read()
		if string(packet) != string(trackerPacket(0, 1, "request")) || again != from || w.node().Restarts != 1 {
			t.Errorf("%q came from %v after %d restarts", packet, again, w.node().Restarts)
		}
		tracker.write(from, trackerPacket(1, 1, "answer"))
		w.answered(1, "answer")
	})
}
