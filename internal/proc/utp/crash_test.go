package utp

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent/internal/proc/clock"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/sup"
)

// herd is a Mux with connections to as many others, one each, of which one is to crash in a
// step of its own. Its link fails, and those of the others are deaf, as it is told.
type herd struct {
	t             *testing.T
	one           *Mux
	stop          func()
	mine, theirs  []*Conn
	mu            sync.Mutex
	in            task // the step that crashes
	state         snare
	fault         *fault       // of the next packet with a payload that goes to the one
	mute          map[int]void // remotes whose packets are lost
	reports       []sup.Report
	writableAgain chan struct{}
}

type void struct{}

// snare says whether the step was met.
type snare uint8

const (
	notLaid snare = iota
	laid
	sprung
)

// fault is what the system does to a packet.
type fault struct {
	state pnet.WriteState
	err   error
}

const (
	herdSize = 6
	victim   = 3
)

func remoteOf(n int) netip.AddrPort {
	return netip.MustParseAddrPort(fmt.Sprintf("10.0.1.%d:6881", n+1))
}

// inHerd runs f with one.
func inHerd(t *testing.T, f func(t *testing.T, h *herd)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		k := clock.New()
		link := links(t, k)
		h := &herd{t: t, mute: map[int]void{}, writableAgain: make(chan struct{}, 1)}
		h.one, h.stop = startTree(t, Config{Link: &strained{Link: link(here), strain: h.strain, writable: h.writableAgain}, Clock: k}, sup.Options{
			Hook: h.hook, Observe: func(r sup.Report) {
				h.mu.Lock()
				defer h.mu.Unlock()
				h.reports = append(h.reports, r)
			},
		})
		for n := range herdSize {
			other := start(t, &strained{Link: link(remoteOf(n)), strain: h.deafen(n), writable: make(chan struct{}, 1)}, k)
			mine, theirs := connect(t, h.one, other, remoteOf(n))
			h.mine, h.theirs = append(h.mine, mine), append(h.theirs, theirs)
		}
		h.flow(-1)
		time.Sleep(time.Second)
		f(t, h)
	})
}

// hook crashes the step. It runs in the process, whose the cell is.
func (h *herd) hook(p sup.Point) {
	h.mu.Lock()
	springs := h.state == laid && p.At == sup.InStep && strings.Contains(p.Path, "conn["+remoteOf(victim).String()+"]") && h.mine[victim].cell.do == h.in
	if springs {
		h.state = sprung
	}
	h.mu.Unlock()
	if springs {
		panic("injected")
	}
}

// lay has the next step of a kind crash.
func (h *herd) lay(in task) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.in, h.state = in, laid
}

// refuse has the next packet with a payload for the one end in a fault.
func (h *herd) refuse(f fault) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.fault = &f
}

// strain is how the link of all fails.
func (h *herd) strain(l *strained, out []pnet.Datagram) (int, pnet.WriteState, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range out {
		if h.fault == nil || out[i].Remote != remoteOf(victim) || len(out[i].Payload) <= 20 {
			continue
		}
		if i > 0 {
			return l.Link.Write(out[:i])
		}
		f := *h.fault
		h.fault = nil
		if f.state == pnet.WriteBlocked {
			time.AfterFunc(time.Millisecond, func() { h.writableAgain <- struct{}{} })
		}
		return 0, f.state, f.err
	}
	return l.Link.Write(out)
}

// deafen is how the link of another loses all.
func (h *herd) deafen(n int) func(l *strained, out []pnet.Datagram) (int, pnet.WriteState, error) {
	return func(l *strained, out []pnet.Datagram) (int, pnet.WriteState, error) {
		h.mu.Lock()
		_, is := h.mute[n]
		h.mu.Unlock()
		if is {
			return len(out), pnet.WriteOpen, nil
		}
		return l.Link.Write(out)
	}
}

func (h *herd) muffle(n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.mute[n] = void{}
}

// flow has both streams of all but one go on, and wants them whole.
func (h *herd) flow(but int) {
	h.t.Helper()
	var all sync.WaitGroup
	for n := range herdSize {
		if n != but {
			all.Go(func() { pass(h.t, h.mine[n], h.theirs[n], 100<<10) })
			all.Go(func() { pass(h.t, h.theirs[n], h.mine[n], 100<<10) })
		}
	}
	all.Wait()
}

// crashedAlone wants the one to be over by the panic, and nobody else to have crashed.
func (h *herd) crashedAlone() {
	h.t.Helper()
	<-h.mine[victim].Gone()
	h.mine[victim].mu.Lock()
	err := h.mine[victim].err
	h.mine[victim].mu.Unlock()
	endedBy(h.t, err, Crashed)
	var panicked *sup.PanicError
	if !errors.As(err, &panicked) || panicked.Value != "injected" {
		h.t.Errorf("of the panic %v is told", err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.state != sprung || len(h.reports) != 1 || h.reports[0].Scope != sup.OfCell || !strings.Contains(h.reports[0].Path, remoteOf(victim).String()) {
		h.t.Errorf("the step is %d, and it was reported as %+v", h.state, h.reports)
	}
}

// system is an error as the system's.
func system(e syscall.Errno) fault {
	return fault{pnet.WriteOpen, os.NewSyscallError("sendmsg", e)}
}

// The link refuses a packet, whatever the reason, and the step that is told of it crashes: that
// connection ends, the remote hears it when it speaks next, and the others have both streams
// whole.
func TestACrashWhileAConnectionIsToldOfAPacketThatWasNotSentEndsThatConnection(t *testing.T) {
	for name, f := range map[string]fault{
		"it is too large for our interface": system(syscall.EMSGSIZE),
		"there are no buffers":              system(syscall.ENOBUFS),
		"there is no way":                   system(syscall.ENETUNREACH),
		"the socket is full":                {pnet.WriteBlocked, nil},
	} {
		t.Run(name, func(t *testing.T) {
			inHerd(t, func(t *testing.T, h *herd) {
				h.lay(toRefuse)
				h.refuse(f)
				if _, err := h.mine[victim].Write([]byte("straw")); err != nil {
					t.Error(err)
				}
				h.crashedAlone()
				h.flow(victim)
				_, _ = h.theirs[victim].Write([]byte("are you there?"))
				_, err := io.Copy(io.Discard, h.theirs[victim])
				endedBy(t, err, Reset)
				h.flow(victim)
				h.crashedAlone()
			})
		})
	}
}

// The remote of one has said nothing for as long as Silence is, and the step that gives it up
// crashes.
func TestACrashWhileASilentRemoteIsGivenUpEndsThatConnection(t *testing.T) {
	inHerd(t, func(t *testing.T, h *herd) {
		h.lay(toAbort)
		h.muffle(victim)
		began := time.Now()
		h.crashedAlone()
		if took := time.Since(began); took < 3*time.Minute || took > 4*time.Minute {
			t.Errorf("it crashed after %v", took)
		}
		_, err := io.Copy(io.Discard, h.theirs[victim])
		endedBy(t, err, Reset)
		h.flow(victim)
		h.crashedAlone()
	})
}

// The Mux is stopped, and two remotes do not come to their ends: they are aborted when the
// linger is over, and one of these steps crashes. The other is told, and those that came to
// their ends have all.
func TestACrashWhileConnectionsAreAbortedAtAStopEndsThatConnection(t *testing.T) {
	inHerd(t, func(t *testing.T, h *herd) {
		const other = victim + 1
		for n, c := range h.mine {
			if _, err := c.Write([]byte(fmt.Sprint("the last words for ", n))); err != nil {
				t.Error(err)
			}
		}
		h.lay(toAbort)
		h.muffle(victim)
		h.muffle(other)
		h.stop()
		h.crashedAlone()
		for n, c := range h.theirs {
			got, err := io.ReadAll(c)
			if want := fmt.Sprint("the last words for ", n); string(got) != want {
				t.Errorf("%q came, not %q", got, want)
			}
			if err != nil {
				t.Error(err)
			}
			if n == victim || n == other { // which had our end, and went on
				<-c.Gone()
				_, err = c.Write([]byte("more"))
				endedBy(t, err, Reset)
			}
		}
	})
}
