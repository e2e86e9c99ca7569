package utp

import (
	"io"
	"net/netip"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/proc/clock"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/sup"
)

// tube is a link to one other that loses nothing and allocates nothing.
type tube struct {
	at       netip.AddrPort
	other    *tube
	clock    *clock.Clock
	incoming chan Batch
	again    chan struct{}
	ready    chan struct{}
	never    chan struct{}

	mu     sync.Mutex
	queued []pnet.Datagram // their payloads are used again
	n      int
}

// tubeHolds is what waits in it at the most: the rest is lost, as in a socket.
const tubeHolds = 4096

// readMost is how many come at once at the most.
const readMost = 64

func newTube(at netip.AddrPort, k *clock.Clock) *tube {
	t := &tube{
		at: at, clock: k, incoming: make(chan Batch), again: make(chan struct{}, 1), ready: make(chan struct{}, 1), never: make(chan struct{}),
		queued: make([]pnet.Datagram, tubeHolds),
	}
	for i := range t.queued {
		t.queued[i].Payload = make([]byte, 0, packetRoom)
	}
	return t
}

func (t *tube) Open(p *sup.Process) error {
	p.Go("reader", func() error {
		into := make([]pnet.Datagram, tubeHolds)
		for i := range into {
			into[i].Payload = make([]byte, 0, packetRoom)
		}
		for {
			select {
			case <-t.ready:
			case <-t.never:
				return nil
			}
			t.mu.Lock()
			n := t.n
			into, t.queued, t.n = t.queued, into, 0
			t.mu.Unlock()
			for at := 0; at < n; at += readMost {
				select {
				case t.incoming <- Batch{At: t.clock.Now(), Reading: pnet.Reading{Datagrams: into[at:min(n, at+readMost)]}}:
				case <-t.never:
					return nil
				}
				select {
				case <-t.again:
				case <-t.never:
					return nil
				}
			}
		}
	})
	p.Closes(t)
	return nil
}

func (t *tube) Close() error { close(t.never); return nil }

func (t *tube) Incoming() <-chan Batch                  { return t.incoming }
func (t *tube) Return(Batch)                            { t.again <- struct{}{} }
func (t *tube) Writable() <-chan struct{}               { return t.never }
func (t *tube) Room() int                               { return 0 }
func (t *tube) LocalAddr(netip.AddrPort) netip.AddrPort { return t.at }

func (t *tube) Write(out []pnet.Datagram) (int, pnet.WriteState, error) {
	o := t.other
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, d := range out {
		if o.n == tubeHolds {
			break
		}
		q := &o.queued[o.n]
		q.Payload, q.Remote = append(q.Payload[:0], d.Payload...), t.at
		o.n++
	}
	select {
	case o.ready <- struct{}{}:
	default:
	}
	return len(out), pnet.WriteOpen, nil
}

// tubes are two Muxes with a link between them, which write traces, unless there is nowhere to.
func tubes(t *testing.T, to io.Writer) (one, other *Mux) {
	t.Helper()
	k := clock.New()
	a, b := newTube(here, k), newTube(there, k)
	a.other, b.other = b, a
	mux := func(l Link) *Mux {
		cfg := Config{Link: l, Clock: k}
		if to != nil {
			cfg.Trace = NewTrace(to, time.Millisecond, k.Now())
		}
		return startTraced(t, cfg, sup.Options{})
	}
	return mux(a), mux(b)
}

// What a packet costs is bytes that are copied, and no object.
func TestASteadyFlowAllocatesNothing(t *testing.T) {
	t.Run("untraced", func(t *testing.T) { flowsAndAllocatesNothing(t, nil) })
	t.Run("traced", func(t *testing.T) { flowsAndAllocatesNothing(t, io.Discard) })
}

func flowsAndAllocatesNothing(t *testing.T, traceTo io.Writer) {
	t.Helper()
	one, other := tubes(t, traceTo)
	dialled, accepted := connect(t, one, other, there)
	const size = 32 << 20
	flow := func(bytes int) {
		go func() {
			b := make([]byte, 256<<10)
			for left := bytes; left > 0; left -= len(b) {
				if _, err := dialled.Write(b); err != nil {
					t.Error(err)
					return
				}
			}
		}()
		b := make([]byte, 256<<10)
		for left := bytes; left > 0; {
			n, err := accepted.Read(b[:min(len(b), left)])
			if left -= n; err != nil && err != io.EOF {
				t.Fatal(err)
			}
		}
	}
	flow(size)
	var before, after runtime.MemStats
	s := dialled.Status()
	runtime.ReadMemStats(&before)
	flow(size)
	runtime.ReadMemStats(&after)
	packets := dialled.Status().Sent - s.Sent
	each := float64(after.Mallocs-before.Mallocs) / float64(packets)
	t.Logf("%d packets, %.5f objects each, %d sent again", packets, each, dialled.Status().Again)
	if each > 0.02 {
		t.Errorf("a packet allocates %.3f objects", each)
	}
}
