package utp_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent/sup"
	"github.com/etorrent/etorrent/utp"
)

// trap panics in a step of a cell, while its process does what it was woken for.
type trap struct {
	mu     sync.Mutex
	in     string // part of the path
	during string // what the process was woken by
	by     string // of what function the step is; "": any
	skip   int
	state  trapState
}

type trapState uint8

const (
	notSet trapState = iota
	set
	sprung
)

func (b *trap) hook(p sup.Point) {
	b.mu.Lock()
	springs := false
	if b.state == set && p.At == sup.InStep && p.Label == b.during && strings.Contains(p.Path, b.in) && isBelow(b.by) {
		if b.skip--; b.skip < 0 {
			springs, b.state = true, sprung
		}
	}
	b.mu.Unlock()
	if springs {
		panic("injected")
	}
}

func (b *trap) set(in, during string, skip int) { b.setIn(in, during, "", skip) }

// setIn is set for the steps of one function of the process.
func (b *trap) setIn(in, during, by string, skip int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.in, b.during, b.by, b.skip, b.state = in, during, by, skip, set
}

// isBelow says whether a function of a name has called us, however far up.
func isBelow(name string) bool {
	var at [64]uintptr
	for frames := runtime.CallersFrames(at[:runtime.Callers(1, at[:])]); ; {
		f, more := frames.Next()
		if strings.HasSuffix(f.Function, name) {
			return true
		}
		if !more {
			return false
		}
	}
}

func (b *trap) isSprung() trapState {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.state
}

// crowd is a socket with connections to hosts of their own, of which each pair is one
// connection; the socket's ends are mine.
type crowd struct {
	*bubble
	trap          trap
	to            *utp.Socket
	mine, theirs  []*utp.Conn
	mu            sync.Mutex
	reports       []sup.Report
	remoteSockets []*utp.Socket
}

// victim is who of a crowd crashes.
const victim = 3

// crowded is how many connections a crowd has; of few the race detector sees as much.
func crowded() int {
	if testing.Short() {
		return 5
	}
	return 20
}

// hostOf is the host of a remote.
func hostOf(n int) string { return fmt.Sprintf("10.0.1.%d", n+1) }

func newCrowd(b *bubble) *crowd {
	c := &crowd{bubble: b}
	c.to = b.socket(right, utp.Hook(c.trap.hook), utp.Observe(func(r sup.Report) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.reports = append(c.reports, r)
	}))
	for n := range crowded() {
		s := b.socket(hostOf(n))
		theirs, mine := connect(b.t, s, c.to, right+":6881")
		c.mine, c.theirs, c.remoteSockets = append(c.mine, mine), append(c.theirs, theirs), append(c.remoteSockets, s)
	}
	return c
}

// flow has both streams of all connections but one go on, and wants them whole.
func (c *crowd) flow(but int) {
	data := stream(shorter(100 << 10))
	var all sync.WaitGroup
	for n := range crowded() {
		if n == but {
			continue
		}
		for _, way := range [][2]*utp.Conn{{c.mine[n], c.theirs[n]}, {c.theirs[n], c.mine[n]}} {
			all.Go(func() { writes(c.t, way[0], data) })
			all.Go(func() { reads(c.t, way[1], data) })
		}
	}
	all.Wait()
}

// crashedOnce wants one crash to be told, and to show in the tree.
func (c *crowd) crashedOnce(at string) {
	c.t.Helper()
	if c.trap.isSprung() != sprung {
		c.t.Error("nothing crashed")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	name := fmt.Sprintf("conn[%s:6881]", at)
	if len(c.reports) != 1 || c.reports[0].Kind != "conn" || c.reports[0].Scope != sup.OfCell || !strings.Contains(c.reports[0].Path, name) {
		c.t.Errorf("it was reported as %+v", c.reports)
	}
	p := c.to.Tree().Root.Children[0]
	if p.Cells.Died != 1 || p.Cells.LastDeath == nil || !strings.Contains(p.Cells.LastDeath.Path, name) || p.Restarts != 0 {
		c.t.Errorf("the tree shows %+v", p)
	}
}

// Whatever a connection of twenty was about when it crashed: its user hears of it, its remote
// does by a Reset, and nobody else does anything.
func TestACrashInAnyStepOfAConnectionEndsThatConnection(t *testing.T) {
	for name, c := range map[string]struct {
		during  string
		skip    int
		user    error          // what the user hears; nil: of the crash
		provoke func(c *crowd) // the step, of a connection over which 100 bytes have come
	}{
		"receive":                     {"datagrams", 0, nil, func(c *crowd) { writes(c.t, c.theirs[victim], []byte("straw")) }},
		"the flush behind what came":  {"datagrams", 1, nil, func(c *crowd) { writes(c.t, c.theirs[victim], []byte("straw")) }},
		"expire":                      {"deadline", 0, nil, func(*crowd) {}},
		"the flush behind a deadline": {"deadline", 1, nil, func(*crowd) {}},
		"append":                      {"told", 0, nil, func(c *crowd) { writes(c.t, c.mine[victim], []byte("straw")) }},
		"the flush behind a write":    {"told", 1, nil, func(c *crowd) { writes(c.t, c.mine[victim], []byte("straw")) }},
		"read": {"told", 0, nil, func(c *crowd) {
			writes(c.t, c.theirs[victim], stream(200<<10))
			time.Sleep(time.Second)
			_, _ = io.ReadFull(c.mine[victim], make([]byte, 200<<10))
		}},
		"the end of our stream": {"told", 0, nil, func(c *crowd) { _ = c.mine[victim].CloseWrite() }},
		"close":                 {"told", 0, net.ErrClosed, func(c *crowd) { _ = c.mine[victim].Close() }},
		"abort":                 {"told", 0, net.ErrClosed, func(c *crowd) { _ = c.mine[victim].Abort() }},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, b *bubble) {
				crowd := newCrowd(b)
				crowd.flow(-1)
				time.Sleep(2 * time.Second)
				reads := make(chan error, 1)
				read := func() {
					_, err := io.Copy(io.Discard, crowd.mine[victim])
					reads <- err
				}
				if name != "read" { // who waits is told
					go read()
					synctest.Wait()
				}
				crowd.trap.set("conn["+hostOf(victim)+":", c.during, c.skip)
				c.provoke(crowd)
				<-crowd.mine[victim].Done()
				if name == "read" {
					read()
				}
				err := <-reads
				if c.user == nil {
					ended(t, err, utp.Crashed)
					var panicked *sup.PanicError
					if !errors.As(err, &panicked) || panicked.Value != "injected" {
						t.Errorf("of the panic %v is told", err)
					}
					if _, err = crowd.mine[victim].Write([]byte("more")); err == nil {
						t.Error("it can be written to")
					}
				} else {
					is(t, err, c.user)
				}
				_, err = io.Copy(io.Discard, crowd.theirs[victim])
				ended(t, err, utp.Reset)
				crowd.flow(victim)
				crowd.crashedOnce(hostOf(victim))
				b.serves(crowd.to, "10.0.0.3")
				crowd.crashedOnce(hostOf(victim))
			})
		})
	}
}

// A connection that crashes at its first packet is never accepted; the next ones are.
func TestACrashOfAConnectionThatIsBeingAcceptedIsSeenByNobodyWhoAccepts(t *testing.T) {
	for skip := range 3 { // its core is made, its first packet comes and is answered
		inBubble(t, func(t *testing.T, b *bubble) {
			c := newCrowd(b)
			late := b.socket("10.0.2.1")
			c.trap.set("conn[10.0.2.1:", "datagrams", skip)
			dialled, err := late.Dial(t.Context(), right+":6881")
			if err != nil {
				t.Fatal(err)
			}
			writes(t, dialled, []byte("question"))
			_, err = dialled.Read(make([]byte, 1))
			ended(t, err, utp.Reset)
			c.flow(-1)
			c.crashedOnce("10.0.2.1")
			if skip <= 1 {
				from := b.socket("10.0.2.2")
				one, err := from.Dial(t.Context(), right+":6881")
				if err != nil {
					t.Fatal(err)
				}
				writes(t, one, []byte("question"))
				if got := accept(t, c.to).RemoteAddr().String(); got != "10.0.2.2:6881" { // nobody before it
					t.Errorf("%s was accepted", got)
				}
			}
		})
	}
}

// A Dial whose connection crashes before it is open fails.
func TestACrashOfAConnectionThatIsBeingDialledEndsTheDial(t *testing.T) {
	for n, during := range []string{"told", "told", "datagrams"} {
		inBubble(t, func(t *testing.T, b *bubble) {
			c := newCrowd(b)
			late := b.socket("10.0.2.1")
			c.trap.set("conn[10.0.2.1:", during, n%2) // its core is made, its SYN is sent, an answer comes
			_, err := c.to.Dial(t.Context(), "10.0.2.1:6881")
			ended(t, err, utp.Crashed)
			c.flow(-1)
			c.crashedOnce("10.0.2.1")
			connect(t, c.to, late, "10.0.2.1:6881")
		})
	}
}

// Who hoards packets that came early is ended when others lack the memory, and that step
// crashes: nobody else does, and the others have it.
func TestACrashWhileOneWhoHoardsIsEndedEndsThatConnection(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		const size = 4 << 20
		var trap trap
		to, dialled, accepted := lossy(b, utp.Hook(trap.hook))
		conns := hoarders(b, to)
		time.Sleep(10 * time.Second)
		trap.setIn("conn[10.1.0.", "datagrams", "(*process).reclaim", 0)
		for range 3 { // one of which finds that there is no memory
			transfer(t, dialled, accepted, size)
		}
		synctest.Wait()
		died, silent := 0, 0
		for _, c := range conns {
			select {
			case <-c.Done():
				_, err := io.Copy(io.Discard, c)
				var end *utp.EndError
				switch {
				case errors.As(err, &end) && end.Reason == utp.Crashed:
					died++
				case errors.As(err, &end) && end.Reason == utp.Silent:
					silent++
				default:
					t.Errorf("one ended by %v", err)
				}
			default:
			}
		}
		if trap.isSprung() != sprung || died != 1 || silent > 2 {
			t.Errorf("%d crashed, and %d were given up", died, silent)
		}
		if p := to.Tree().Root.Children[0]; p.Cells.Died != 1 || p.Restarts != 0 {
			t.Errorf("the tree shows %+v", p)
		}
		transfer(t, dialled, accepted, size)
		for _, c := range conns {
			_ = c.Abort()
		}
		b.serves(to, "10.0.0.3")
	})
}

// Every connection that there is crashes, one after the other: the socket stays, and no
// goroutine and little memory with it.
func TestASocketOutlivesTheCrashesOfAllItsConnections(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		c := newCrowd(b)
		before := heap()
		for n := range crowded() {
			c.trap.set("conn["+hostOf(n)+":", "datagrams", 0)
			writes(t, c.theirs[n], []byte("straw"))
			<-c.mine[n].Done()
			<-c.theirs[n].Done()
			if n := c.trap.isSprung(); n != sprung {
				t.Fatal("nothing crashed")
			}
		}
		synctest.Wait()
		if p := c.to.Tree().Root.Children[0]; p.Cells.Died != crowded() || p.Cells.Alive != 0 || p.Restarts != 0 {
			t.Errorf("the tree shows %+v", p)
		}
		holds(t, before, 4<<20, "what crashed")
		paths := []string{}
		for _, r := range c.reports {
			paths = append(paths, r.Path)
		}
		if slices.Sort(paths); len(slices.Compact(paths)) != crowded() {
			t.Errorf("%d crashes were told of", len(paths))
		}
		b.serves(c.to, "10.0.0.3")
	})
}
