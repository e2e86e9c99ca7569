package utp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent/internal/proc/clock"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/sup"
)

// untouched wants a connection to have sent nothing twice: what the system does not take is
// no loss.
func untouched(t *testing.T, c *Conn) {
	t.Helper()
	if s := c.Status(); s.Again > 0 || s.Timeouts > 0 || s.Sent == 0 {
		t.Errorf("it took something for lost: %+v", s)
	}
}

// losesNothing has two ends exchange streams over a link under strain, and nothing be sent
// twice.
func losesNothing(t *testing.T, strain func(l *strained, out []pnet.Datagram) (int, pnet.WriteState, error)) {
	t.Helper()
	inStrain(t, strain, func(t *testing.T, one, other *Mux) {
		dialled, accepted := connect(t, one, other, there)
		pass(t, dialled, accepted, 300<<10)
		untouched(t, dialled)
		pass(t, accepted, dialled, 300<<10)
	})
}

func TestALinkThatBlocksLosesNothing(t *testing.T) {
	losesNothing(t, func(l *strained, out []pnet.Datagram) (int, pnet.WriteState, error) {
		if l.calls%3 > 0 {
			return l.Link.Write(out)
		}
		n, _, err := l.Link.Write(out[:(len(out)+1)/2])
		time.AfterFunc(time.Millisecond, func() { l.writable <- struct{}{} })
		return n, pnet.WriteBlocked, err
	})
}

// refuses has every so many writes end in an error of the system.
func refuses(every int, errno syscall.Errno) func(l *strained, out []pnet.Datagram) (int, pnet.WriteState, error) {
	return func(l *strained, out []pnet.Datagram) (int, pnet.WriteState, error) {
		if l.calls%every == 0 {
			return 0, pnet.WriteOpen, os.NewSyscallError("sendmsg", errno)
		}
		return l.Link.Write(out)
	}
}

func TestASystemWithoutBuffersLosesNothing(t *testing.T) {
	losesNothing(t, refuses(5, syscall.ENOBUFS))
}

// An error of a datagram that was written before says nothing of this one.
func TestAnErrorOfAnEarlierDatagramLosesNothing(t *testing.T) {
	losesNothing(t, refuses(2, syscall.ECONNREFUSED))
}

// The last word of a connection that is over may find no way to its remote.
func TestANetworkThatIsDownWhileAConnectionIsAbortedEndsNoOther(t *testing.T) {
	var down atomic.Bool
	inStrain(t, func(l *strained, out []pnet.Datagram) (int, pnet.WriteState, error) {
		if down.Load() {
			return 0, pnet.WriteOpen, os.NewSyscallError("sendmsg", syscall.ENETDOWN)
		}
		return l.Link.Write(out)
	}, func(t *testing.T, one, other *Mux) {
		aborted, _ := connect(t, one, other, there)
		dialled, accepted := connect(t, one, other, there)
		down.Store(true)
		_ = aborted.Abort()
		<-aborted.Gone()
		time.Sleep(time.Second)
		down.Store(false)
		pass(t, dialled, accepted, 100<<10)
	})
}

// What is lost, repeated and overtaken on the way comes whole in the end.
func TestALinkThatLosesAndRepeatsDeliversBothStreamsWhole(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 0))
	var late []byte
	inStrain(t, func(l *strained, out []pnet.Datagram) (int, pnet.WriteState, error) {
		for _, d := range out {
			d.Fragmentation = pnet.FragmentAsSystem
			times := 1
			switch fate := r.IntN(100); {
			case fate < 3:
				times = 0
			case fate < 6:
				times = 2
			case fate < 9 && late == nil:
				late, times = bytes.Clone(d.Payload), 0
			}
			for range times {
				_, _, _ = l.Link.Write([]pnet.Datagram{d})
			}
			if late != nil && r.IntN(5) == 0 {
				d.Payload = late
				_, _, _ = l.Link.Write([]pnet.Datagram{d})
				late = nil
			}
		}
		return len(out), pnet.WriteOpen, nil
	}, func(t *testing.T, one, other *Mux) {
		dialled, accepted := connect(t, one, other, there)
		var both sync.WaitGroup
		both.Go(func() { pass(t, dialled, accepted, 1<<20) })
		both.Go(func() { pass(t, accepted, dialled, 1<<20) })
		both.Wait()
		if s := dialled.Status(); s.Again == 0 {
			t.Errorf("nothing was lost: %+v", s)
		}
	})
}

// A link that does nothing but fail keeps nobody busy.
func TestALinkThatAlwaysFailsIsNotTriedForEver(t *testing.T) {
	inStrain(t, func(*strained, []pnet.Datagram) (int, pnet.WriteState, error) {
		return 0, pnet.WriteOpen, os.NewSyscallError("sendmsg", syscall.ECONNREFUSED)
	}, func(t *testing.T, one, _ *Mux) {
		_, err := one.Dial(t.Context(), there)
		endedBy(t, err, Unanswered)
	})
}

// The interface takes packets of 1300 bytes at the most, unless they may be cut.
func TestPacketsThatOurSystemDoesNotTakeAreMadeSmaller(t *testing.T) {
	const most = 1300
	inStrain(t, func(l *strained, out []pnet.Datagram) (int, pnet.WriteState, error) {
		for i := range out {
			if len(out[i].Payload) > most && out[i].Fragmentation == pnet.FragmentNever {
				return i, pnet.WriteOpen, os.NewSyscallError("sendmsg", syscall.EMSGSIZE)
			}
			out[i].Fragmentation = pnet.FragmentAsSystem // the network in memory has no other
			if n, state, err := l.Link.Write(out[i : i+1]); n == 0 {
				return i, state, err
			}
		}
		return len(out), pnet.WriteOpen, nil
	}, func(t *testing.T, one, other *Mux) {
		dialled, accepted := connect(t, one, other, there)
		pass(t, dialled, accepted, 1<<20)
		if s := dialled.Status(); s.Segment <= 1180 || s.Segment > most-20 || s.Timeouts > 0 {
			t.Errorf("packets have %d bytes of payload: %+v", s.Segment, s)
		}
	})
}

func TestADialWithoutARouteSaysWhatTheSystemSays(t *testing.T) {
	inStrain(t, func(*strained, []pnet.Datagram) (int, pnet.WriteState, error) {
		return 0, pnet.WriteOpen, fmt.Errorf("sending: %w", os.NewSyscallError("sendmsg", syscall.ENETUNREACH))
	}, func(t *testing.T, one, _ *Mux) {
		_, err := one.Dial(t.Context(), there)
		endedBy(t, err, Unreachable)
		if !errors.Is(err, syscall.ENETUNREACH) {
			t.Errorf("the error is %v", err)
		}
	})
}

// A connection that is open outlives that the network is down for a moment.
func TestAConnectionOutlivesAMomentWithoutARoute(t *testing.T) {
	var down atomic.Bool
	inStrain(t, func(l *strained, out []pnet.Datagram) (int, pnet.WriteState, error) {
		if down.Load() {
			return 0, pnet.WriteOpen, os.NewSyscallError("sendmsg", syscall.ENETDOWN)
		}
		return l.Link.Write(out)
	}, func(t *testing.T, one, other *Mux) {
		dialled, accepted := connect(t, one, other, there)
		down.Store(true)
		time.AfterFunc(3*time.Second, func() { down.Store(false) })
		pass(t, dialled, accepted, 10<<10)
	})
}

// A socket that holds little has small windows, of which none stays closed behind a reader.
func TestASmallWindowIsOpenedAsSoonAsItIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := clock.New()
		sockets := links(t, k)
		link := func(at netip.AddrPort) Link { return roomy{sockets(at), 1} }
		one, other := start(t, link(here), k), start(t, link(there), k)
		dialled, accepted := connect(t, one, other, there)
		const windows = 20
		go func() { _, _ = dialled.Write(make([]byte, windows*nearLeast)) }()
		began := time.Now()
		for range windows {
			time.Sleep(300 * time.Millisecond) // until it is closed
			if _, err := io.ReadFull(accepted, make([]byte, nearLeast)); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); took > windows*350*time.Millisecond {
			t.Errorf("%d windows took %v", windows, took)
		}
		if w := dialled.Status().Remote; w > nearLeast {
			t.Errorf("the window was %d bytes", w)
		}
	})
}

// The windows of those who are there become smaller when others come, and larger when they
// leave.
func TestWindowsFollowHowManyConnectionsThereAre(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := clock.New()
		sockets := links(t, k)
		one, other := start(t, sockets(here), k), start(t, roomy{sockets(there), 512 << 10}, k)
		window := func(dialled, accepted *Conn) uint32 {
			pass(t, dialled, accepted, 2<<20) // it grows with what is read
			time.Sleep(time.Second)
			return dialled.Status().Remote
		}
		dialled, accepted := connect(t, one, other, there)
		if w := window(dialled, accepted); w < 500<<10 || w > 512<<10 {
			t.Errorf("one alone has %d bytes", w)
		}
		var others []*Conn
		for range 3 {
			_, a := connect(t, one, other, there)
			others = append(others, a)
		}
		if w := window(dialled, accepted); w < 120<<10 || w > 128<<10 {
			t.Errorf("one of four has %d bytes", w)
		}
		for _, a := range others {
			_ = a.Abort()
			<-a.Gone()
		}
		if w := window(dialled, accepted); w < 500<<10 || w > 512<<10 {
			t.Errorf("one that is alone again has %d bytes", w)
		}
	})
}

// A connection that crashes when it is given a smaller window leaves, so that the others are to
// have a larger one again: all of them do.
func TestACrashWhileWindowsAreSharedLeavesNoWindowSmall(t *testing.T) {
	times := 8 // whose turn it is varies
	if testing.Short() {
		times = 2
	}
	for range times {
		synctest.Test(t, func(t *testing.T) {
			k := clock.New()
			sockets := links(t, k)
			var steps atomic.Int64
			one := start(t, sockets(here), k)
			other := startWith(t, roomy{sockets(there), 512 << 10}, k, sup.Options{Hook: func(p sup.Point) {
				if p.At == sup.InStep && p.Kind == "conn" && steps.Add(-1) == 0 {
					panic("injected")
				}
			}})
			var dialled []*Conn
			for range 4 {
				d, a := connect(t, one, other, there)
				go func() { _, _ = io.Copy(io.Discard, a) }()
				dialled = append(dialled, d)
			}
			grow := func() {
				for _, d := range dialled {
					_, _ = d.Write(make([]byte, 1<<20))
				}
				time.Sleep(2 * time.Second)
			}
			grow()
			steps.Store(1) // the first of those that are given a smaller one, for the fifth
			late, err := one.Dial(t.Context(), there)
			if err != nil {
				t.Fatal(err)
			}
			go func() {
				if a, err := other.Accept(t.Context()); err == nil {
					_, _ = io.Copy(io.Discard, a)
				}
			}()
			time.Sleep(2 * time.Second)
			dialled = append(dialled, late)
			grow()
			ended := 0
			for _, d := range dialled {
				select {
				case <-d.Gone():
					ended++
				default:
					if w := d.Status().Remote; w < 120<<10 {
						t.Errorf("one of four has %d bytes", w)
					}
				}
			}
			if ended != 1 {
				t.Errorf("%d ended", ended)
			}
		})
	}
}

func TestAnIdleConnectionKeepsNoMemoryOfWhatWent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := clock.New()
		link := links(t, k)
		one, other := start(t, link(here), k), start(t, link(there), k)
		dialled, accepted := connect(t, one, other, there)
		pass(t, dialled, accepted, 2<<20)
		time.Sleep(time.Minute) // until the next sign of life
		for _, m := range []*Mux{one, other} {
			m.chunks.mu.Lock()
			if m.chunks.kept > 0 {
				t.Errorf("%d chunks are kept", m.chunks.kept)
			}
			m.chunks.mu.Unlock()
		}
		pass(t, dialled, accepted, 2<<20)
	})
}

// What came before a connection broke may be read still, and is held no longer than until Close.
func TestWhatWasNotReadOfABrokenConnectionIsHeldUntilItIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := clock.New()
		link := links(t, k)
		one, other := start(t, link(here), k), start(t, link(there), k)
		dialled, accepted := connect(t, one, other, there)
		if _, err := dialled.Write(make([]byte, 40<<10)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		_ = dialled.Abort()
		<-accepted.Gone()
		lent := func() int {
			other.chunks.mu.Lock()
			defer other.chunks.mu.Unlock()
			return other.chunks.lent
		}
		if n, err := accepted.Read(make([]byte, 1<<10)); n != 1<<10 || err != nil || lent() == 0 {
			t.Errorf("%d bytes can be read of %d chunks: %v", n, lent(), err)
		}
		if _ = accepted.Close(); lent() != 0 {
			t.Errorf("%d chunks are held", lent())
		}
	})
}
