package udp_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent/etorrenttest"
	"github.com/etorrent/etorrent/internal/proc/clock"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/proc/udp"
	"github.com/etorrent/etorrent/sup"
)

// ofTheNetwork are errors that a remote, a firewall or a cable can cause.
var ofTheNetwork = []error{
	syscall.ECONNREFUSED, syscall.EMSGSIZE, syscall.ENETDOWN, syscall.ENETUNREACH, syscall.EHOSTUNREACH, syscall.ENOBUFS, syscall.EPERM,
	syscall.EADDRNOTAVAIL, syscall.ECONNRESET, errors.New("anything else"),
}

// inFlakyWorld runs a process beside a listener over a network that fails.
func inFlakyWorld(t *testing.T, f func(t *testing.T, n *etorrenttest.Network, network *flaky, w *world)) {
	synctest.Test(t, func(t *testing.T) {
		n := etorrenttest.NewNetwork(t)
		network := &flaky{Network: n.Host(ourHost)}
		w := newWorld(t, network, udp.Listeners, nil)
		w.handle.Listening([]netip.AddrPort{listener})
		synctest.Wait()
		f(t, n, network, w)
	})
}

// mustBeUnharmed fails if the process was restarted, is degraded, or has another
// socket than its first.
func (w *world) mustBeUnharmed(network *flaky) {
	w.t.Helper()
	n := w.node()
	if _, is := n.State.(sup.Running); !is || n.Restarts != 0 || network.opened != 1 {
		w.t.Errorf("it is %v after %d restarts and %d sockets", n.State, n.Restarts, network.opened)
	}
}

func TestNoErrorOfAReadEndsAnything(t *testing.T) {
	for _, fault := range ofTheNetwork {
		t.Run(fault.Error(), func(t *testing.T) {
			inFlakyWorld(t, func(t *testing.T, n *etorrenttest.Network, network *flaky, w *world) {
				tracker := listenAt(t, n.Host(theirHost), ":6969")
				tracker.serve()
				for range 10 {
					network.set(func() { network.reads = []error{fault, fault, fault} })
					for range 3 {
						tracker.write(listener, []byte("lost"))
					}
					time.Sleep(time.Second)
					w.ask(tracker.at(), 1)
					w.answered(1, "answer")
				}
				w.mustBeUnharmed(network)
				if c := w.counted(); c.ReadFaults != 30 || c.Answers != 10 {
					t.Errorf("%+v", c)
				}
			})
		})
	}
}

func TestAnErrorOfAWriteIsToldToWhoSentAndEndsNothing(t *testing.T) {
	for _, fault := range ofTheNetwork[1:] { // the first is of an earlier datagram
		t.Run(fault.Error(), func(t *testing.T) {
			inFlakyWorld(t, func(t *testing.T, n *etorrenttest.Network, network *flaky, w *world) {
				dht := w.handle.Subscribe(udp.KRPC, 1<<20)
				tracker := listenAt(t, n.Host(theirHost), ":6969")
				network.set(func() { network.writes = []error{fault} })
				w.ask(tracker.at(), 1)
				if failed, is := w.reply().Outcome.(udp.NotSent); !is || !errors.Is(failed.Err, fault) {
					t.Errorf("the ask: %+v", failed)
				}
				network.set(func() { network.writes = []error{nil, fault, nil} })
				for _, payload := range []string{"d1", "d2", "d3"} {
					w.handle.Send(udp.KRPC, pnet.Datagram{Remote: tracker.at(), Payload: []byte(payload)})
				}
				for _, want := range []string{"d1", "d3"} {
					if got, _ := tracker.read(); string(got) != want {
						t.Errorf("it got %q, want %q", got, want)
					}
				}
				batches, _ := dht.Take(nil)
				if len(batches) != 1 || len(batches[0].Faults) != 1 || !errors.Is(batches[0].Faults[0].Err, fault) || batches[0].Faults[0].To != tracker.at() {
					t.Errorf("the subscriber heard %+v", batches)
				}
				tracker.serve()
				w.ask(tracker.at(), 1) // its number is free
				w.answered(1, "answer")
				w.mustBeUnharmed(network)
				if c := w.counted(); c.WriteFaults != 2 || c.Written != 3 {
					t.Errorf("%+v", c)
				}
			})
		})
	}
}

// That nobody took an earlier datagram says nothing of the next one.
func TestARefusedDatagramDoesNotKeepTheNextOneBack(t *testing.T) {
	inFlakyWorld(t, func(t *testing.T, n *etorrenttest.Network, network *flaky, w *world) {
		tracker := listenAt(t, n.Host(theirHost), ":6969")
		tracker.serve()
		network.set(func() { network.writes = []error{syscall.ECONNREFUSED} })
		w.ask(tracker.at(), 1)
		w.answered(1, "answer")
		network.set(func() { network.writes = []error{syscall.ECONNREFUSED, syscall.ECONNREFUSED} })
		w.ask(tracker.at(), 2)
		if failed, is := w.reply().Outcome.(udp.NotSent); !is || !errors.Is(failed.Err, syscall.ECONNREFUSED) {
			t.Errorf("refused again: %+v", failed)
		}
	})
}

// A socket that does nothing but fail is given up for another one, sooner at first
// than later, and works when that does.
func TestASocketWhoseReadsKeepFailingIsOpenedAnew(t *testing.T) {
	inFlakyWorld(t, func(t *testing.T, n *etorrenttest.Network, network *flaky, w *world) {
		tracker := listenAt(t, n.Host(theirHost), ":6969")
		for round := range 10 {
			network.set(func() {
				for range 16 {
					network.reads = append(network.reads, syscall.ENETDOWN)
				}
			})
			for range 16 {
				tracker.write(listener, []byte("lost"))
			}
			time.Sleep(10 * time.Millisecond)
			synctest.Wait()
			if d, is := w.node().State.(sup.Degraded); !is || !errors.Is(d.Err, syscall.ENETDOWN) {
				t.Fatalf("round %d: it is %v", round, w.node().State)
			}
			time.Sleep(30 * time.Second)
			synctest.Wait()
			if _, is := w.node().State.(sup.Running); !is || network.opened != round+2 {
				t.Fatalf("round %d: then it is %v, with socket %d", round, w.node().State, network.opened)
			}
		}
		tracker.serve()
		w.ask(tracker.at(), 1)
		w.answered(1, "answer")
		if w.node().Restarts != 0 {
			t.Error("it was restarted")
		}
	})
}

// However many remotes refuse what we send, the socket stays.
func TestRefusalsGiveNoSocketUp(t *testing.T) {
	inFlakyWorld(t, func(t *testing.T, n *etorrenttest.Network, network *flaky, w *world) {
		tracker := listenAt(t, n.Host(theirHost), ":6969")
		network.set(func() { network.reads = slices.Repeat([]error{syscall.ECONNREFUSED}, 100) })
		for range 100 {
			tracker.write(listener, []byte("lost"))
		}
		if c := w.counted(); c.ReadFaults != 100 {
			t.Errorf("%+v", c)
		}
		w.mustBeUnharmed(network)
	})
}

// narrow is a socket that takes so many datagrams until there is room again.
type narrow struct {
	local netip.AddrPort
	reads chan struct{} // closed with it
	freed chan struct{}

	once sync.Once

	mu   sync.Mutex
	room int
	took []string
}

func (s *narrow) Read([]pnet.Datagram) (int, error) {
	<-s.reads
	return 0, net.ErrClosed
}

func (s *narrow) Write(out []pnet.Datagram) (int, pnet.WriteState, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, d := range out {
		if s.room == 0 {
			return i, pnet.WriteBlocked, nil
		}
		s.room--
		s.took = append(s.took, string(d.Payload))
	}
	return len(out), pnet.WriteOpen, nil
}

func (s *narrow) WaitWritable() error {
	select {
	case <-s.freed:
		return nil
	case <-s.reads:
		return net.ErrClosed
	}
}

func (s *narrow) Close() error {
	s.once.Do(func() { close(s.reads) })
	return nil
}

func (s *narrow) Buffers(int) (int, int, error) { return 0, 0, errors.ErrUnsupported }

func (s *narrow) LocalAddr() netip.AddrPort { return s.local }

// free makes room; it returns what was taken since.
func (s *narrow) free(room int) []string {
	s.mu.Lock()
	took := s.took
	s.room, s.took = room, nil
	s.mu.Unlock()
	s.freed <- struct{}{}
	return took
}

func newNarrow(at netip.AddrPort, room int) *narrow {
	return &narrow{local: at, reads: make(chan struct{}), freed: make(chan struct{}), room: room}
}

// narrowWorld runs a process with the sockets that there are, one after another,
// and returns what sends over them.
func narrowWorld(t *testing.T, sockets ...*narrow) (*udp.Handle, func(payload string) udp.SendEvidence) {
	t.Helper()
	h := udp.New(udp.Config{Clock: clock.New(), Beside: udp.Listeners})
	h.OpenWith(func(context.Context, pnet.Family, netip.AddrPort) (pnet.Packets, error) {
		s := sockets[0]
		sockets = sockets[1:]
		return s, nil
	})
	tree, err := sup.Start(t.Context(), "test", sup.Supervisor{Children: []sup.Child{h.Child()}}, sup.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tree.Stop(context.Background()) })
	h.Listening([]netip.AddrPort{listener})
	synctest.Wait()
	return h, func(payload string) udp.SendEvidence {
		e := h.Send(udp.KRPC, pnet.Datagram{Remote: netip.MustParseAddrPort(theirHost + ":1"), Payload: []byte(payload)})
		synctest.Wait()
		return e
	}
}

// A socket that is full holds nobody up: who sends more than the queue takes is
// told, and what was queued leaves when there is room, in order.
func TestAFullSocketIsWaitedForAndNothingQueuedIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newNarrow(listener, 1)
		h, send := narrowWorld(t, s)
		for _, payload := range []string{"1", "2", "3"} {
			if e := send(payload); e != udp.Queued {
				t.Errorf("%s: %v", payload, e)
			}
		}
		large := string(make([]byte, 100<<10))
		if a, b, c := send(large), send(large), send(large); a != udp.Queued || b != udp.Queued || c != udp.QueueFull {
			t.Errorf("of three large ones were taken: %v, %v, %v", a, b, c)
		}
		if took := s.free(1); len(took) != 1 || took[0] != "1" {
			t.Errorf("it took %q", took)
		}
		synctest.Wait()
		if took := s.free(10); len(took) != 1 || took[0] != "2" {
			t.Errorf("it took %q", took)
		}
		synctest.Wait()
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(s.took) != 3 || s.took[0] != "3" || s.took[1] != large {
			t.Errorf("it took %d", len(s.took))
		}
		if c := h.Counters(); c.Written != 5 || c.QueueFull != 1 {
			t.Errorf("%+v", c)
		}
	})
}

func TestAFullSocketThatIsGoneIsNotWaitedFor(t *testing.T) {
	moved := netip.AddrPortFrom(listener.Addr(), 7000)
	for range 20 { // its writer ends in one of two ways
		synctest.Test(t, func(t *testing.T) {
			full, next := newNarrow(listener, 0), newNarrow(moved, 10)
			h, send := narrowWorld(t, full, next)
			send("1")
			h.Listening([]netip.AddrPort{moved})
			synctest.Wait()
			send("2")
			next.mu.Lock()
			defer next.mu.Unlock()
			if len(next.took) != 2 || next.took[0] != "1" || next.took[1] != "2" {
				t.Errorf("the next socket took %q", next.took)
			}
		})
	}
}
