package utp

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/netip"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/conn"
	"github.com/etorrent/etorrent/internal/proc/clock"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/testnet"
	"github.com/etorrent/etorrent/sup"
)

// seen is a Mux whose process can be looked into when it is over.
type seen struct {
	*Mux
	process *process
	tree    *sup.Tree
	link    *Sockets
}

func startSeen(t *testing.T, k *clock.Clock, at netip.AddrPort, n pnet.Network) *seen {
	t.Helper()
	s := &seen{link: NewSockets(pnet.NewEgress(n), k, []netip.AddrPort{at})}
	s.Mux = New(Config{Link: s.link, Clock: k, Core: conn.Defaults(), Backlog: 1024, Linger: time.Second, Silence: 40 * time.Second})
	child := s.Child()
	child.Run = func(p *sup.Process) error {
		s.process = s.newProcess(p)
		return s.process.live()
	}
	child.Restart = sup.Transient
	tree, err := sup.Start(t.Context(), "test", sup.Supervisor{Children: []sup.Child{child}}, sup.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s.tree = tree
	s.Until(tree.Done())
	t.Cleanup(func() { _ = tree.Stop(context.Background()) })
	return s
}

func (s *seen) connections() int { return s.tree.Snapshot().Root.Children[0].Cells.Alive }

// hasNothing wants a process that is over to have nothing left of its connections.
func (s *seen) hasNothing(t *testing.T) {
	t.Helper()
	s.Shut()
	if err := s.tree.Stop(context.Background()); err != nil {
		t.Error(err)
	}
	x := s.process
	if n := len(x.table) + len(x.places.open) + x.due.heap.Len() + x.living + len(x.turns.touched) + len(x.out.refused) + len(s.roll.on); n > 0 {
		t.Errorf("%d ids, %d places, %d deadlines, %d connections, %d turns, %d refusals and %d users are left",
			len(x.table), len(x.places.open), x.due.heap.Len(), x.living, len(x.turns.touched), len(x.out.refused), len(s.roll.on))
	}
	if n := x.shared.pool.Lent(); n > 0 {
		t.Errorf("%d buffers are lent", n)
	}
}

// levels are what is to come back to where it was.
type levels struct{ goroutines, heap, anon int }

func look() levels {
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	l := levels{goroutines: runtime.NumGoroutine(), heap: int(m.HeapAlloc)}
	b, _ := os.ReadFile("/proc/self/status") // Linux has it
	for line := range strings.Lines(string(b)) {
		if v, is := strings.CutPrefix(line, "RssAnon:"); is {
			n, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(v), " kB"))
			l.anon = n << 10
		}
	}
	return l
}

// crowd are connections from one socket to another, through a NAT.
type crowd struct {
	t          *testing.T
	near, far  *seen
	at         netip.AddrPort
	rebind     func()       // the NAT changes its port
	whole      atomic.Int64 // connections that ended as they were to
	broken     atomic.Int64
	beginnings atomic.Int64
}

// echo sends back what comes, on each connection.
func (c *crowd) echo(all *sync.WaitGroup) {
	for {
		one, err := c.far.Accept(c.t.Context())
		if err != nil {
			return
		}
		all.Go(func() {
			_, _ = io.Copy(one, one)
			_ = one.Close()
		})
	}
}

// material is what streams are made of.
var material = func() []byte {
	b := make([]byte, 256<<10)
	_, _ = rand.NewChaCha8([32]byte{7}).Read(b)
	return b
}()

// visit is one connection: some exchanges, with rests between them, and an end of some kind.
func (c *crowd) visit(ctx context.Context, r *rand.Rand) {
	c.beginnings.Add(1)
	one, err := c.near.Dial(ctx, c.at)
	if err != nil {
		c.note(ctx, err)
		return
	}
	for range 1 + r.IntN(4) {
		begin, size := r.IntN(len(material)/2), r.IntN(1<<r.IntN(18)+1)
		if err := exchange(one, material[begin:begin+size]); err != nil {
			c.note(ctx, err)
			_ = one.Close()
			return
		}
		rests(ctx, time.Duration(r.ExpFloat64()*float64(5*time.Second)))
	}
	switch r.IntN(3) {
	case 0:
		_ = one.Abort()
	case 1:
		err = one.CloseWrite()
		if _, left := io.Copy(io.Discard, one); err == nil {
			err = left
		}
		_ = one.Close()
	default:
		_ = one.Close()
	}
	c.note(ctx, err)
}

// errSpoilt is that of a stream that came otherwise than it was sent.
var errSpoilt = errors.New("the stream is another one")

// exchange has bytes be sent back.
func exchange(one *Conn, b []byte) error {
	sent := make(chan error, 1)
	go func() {
		_, err := one.Write(b)
		sent <- err
	}()
	buf := make([]byte, 4<<10)
	for at := 0; at < len(b); {
		n, err := one.Read(buf[:min(len(buf), len(b)-at)])
		if !bytes.Equal(buf[:n], b[at:at+n]) {
			return errSpoilt
		}
		if err != nil {
			return errors.Join(err, <-sent)
		}
		at += n
	}
	return <-sent
}

// rests waits, unless all is to end.
func rests(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// note counts how a connection ended.
func (c *crowd) note(ctx context.Context, err error) {
	switch {
	case errors.Is(err, errSpoilt):
		c.t.Error(err)
	case err == nil:
		c.whole.Add(1)
	case ctx.Err() == nil:
		c.broken.Add(1)
		c.t.Logf("a connection ended by %v", err)
	}
}

// run has connections come and go for a time.
func (c *crowd) run(d time.Duration, atOnce int) {
	ctx, cancel := context.WithTimeout(c.t.Context(), d)
	defer cancel()
	var all sync.WaitGroup
	for n := range atOnce {
		r := rand.New(rand.NewPCG(uint64(n), uint64(d)))
		all.Go(func() {
			rests(ctx, time.Duration(r.Int64N(int64(min(d/2, 5*time.Second)))))
			for ctx.Err() == nil {
				c.visit(ctx, r)
			}
		})
	}
	for ctx.Err() == nil {
		rests(ctx, min(d/3, 10*time.Second))
		c.rebind()
	}
	all.Wait()
}

// settle waits until there are no connections.
func (c *crowd) settle() {
	for c.t.Context().Err() == nil && c.near.connections()+c.far.connections() > 0 {
		rests(c.t.Context(), 100*time.Millisecond)
	}
}

// emptied is after how long sockets have given back what nothing came into, and the last
// goroutines are gone.
const emptied = 12 * time.Second

// soak has connections come and go, and wants nothing to be left of them when all have left.
func (c *crowd) soak(d time.Duration, atOnce int) (before, after levels) {
	t := c.t
	var echoes sync.WaitGroup
	echoes.Go(func() { c.echo(&echoes) })
	c.run(time.Second, 20) // what stays because it was ever used
	c.settle()
	rests(t.Context(), emptied)
	before = look()
	c.run(d, atOnce)
	most := look()
	c.settle()
	rests(t.Context(), emptied)
	after = look()
	t.Logf("%d connections began, %d ended whole, %d broke; %+v, %+v, and %+v in the end", c.beginnings.Load(), c.whole.Load(), c.broken.Load(), before, most, after)
	if after.goroutines > before.goroutines {
		t.Errorf("%d goroutines became %d", before.goroutines, after.goroutines)
	}
	if after.heap > before.heap+(2<<20) {
		t.Errorf("%+v became %+v", before, after)
	}
	if whole, broken := c.whole.Load(), c.broken.Load(); whole < int64(atOnce)/2 || broken > whole/50+3 {
		t.Errorf("%d connections ended whole, %d broke", whole, broken)
	}
	c.near.hasNothing(t)
	c.far.hasNothing(t)
	echoes.Wait()
	return before, after
}

// Connections come and go, over a path that loses, from behind a NAT that changes its port: when
// all have left, nothing is left of them.
func TestAfterConnectionsThatCameAndWentAllIsAsBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host, k := InMemory(t, 10*time.Millisecond), clock.New()
		nat, r, port := testnet.NewNAT(host(there.Addr().String()), here), rand.New(rand.NewPCG(1, 1)), uint16(7000)
		var mu sync.Mutex
		nat.Watch(func(testnet.Direction, []byte) testnet.Fate {
			mu.Lock()
			defer mu.Unlock()
			if r.IntN(100) == 0 {
				return testnet.Lost
			}
			return testnet.Carried
		})
		c := &crowd{t: t, near: startSeen(t, k, here, host(here.Addr().String())), far: startSeen(t, k, there, nat), at: there, rebind: func() {
			port++
			nat.Rebind(netip.AddrPortFrom(here.Addr(), port))
		}}
		c.soak(30*time.Second, 60)
	})
}

// The same over sockets of the host, with 500 at once, for as long as ETORRENT_SOAK says: the
// system has its memory back too.
func TestASoakOverSocketsLeavesNothing(t *testing.T) {
	asked := os.Getenv("ETORRENT_SOAK")
	if asked == "" {
		t.Skip("ETORRENT_SOAK says for how long, as 10m: make utp-soak")
	}
	d, err := time.ParseDuration(asked)
	if err != nil {
		t.Fatal(err)
	}
	k, any := clock.New(), netip.MustParseAddrPort("127.0.0.1:0")
	near, far := startSeen(t, k, any, nil), startSeen(t, k, any, nil)
	relay, err := testnet.NewRelay(far.link.LocalAddr(netip.AddrPort{}), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = relay.Close() }()
	path := testnet.Path{Delay: 5 * time.Millisecond, Jitter: 2 * time.Millisecond, Loss: 10, Duplicate: 5, Reorder: 5}
	relay.SetPath(path, path)
	c := &crowd{t: t, near: near, far: far, at: relay.Addr(), rebind: relay.Rebind}
	before, after := c.soak(d, 500)
	if after.anon > before.anon+(8<<20) {
		t.Errorf("of %d KiB of memory became %d", before.anon>>10, after.anon>>10)
	}
}
