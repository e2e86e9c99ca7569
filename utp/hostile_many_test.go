package utp_test

import (
	"context"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/utpwire"
	"github.com/etorrent/etorrent/utp"
)

// connectMany has a puppet make connections, of which somebody accepts each and reads what it
// says, and answers nothing of them later.
func connectMany(t *testing.T, p *puppet, to *utp.Socket, connections int) []*utp.Conn {
	t.Helper()
	out := []*utp.Conn{accept(t, to)}
	for n := range connections - 1 {
		p.ask(utpwire.ConnID(200 + 2*n))
		p.data("here")
		out = append(out, accept(t, to))
	}
	for _, c := range out {
		reads(t, c, []byte("here"))
	}
	return out
}

// One address makes connections by the thousand, and says nothing more: they hold little, no
// other is slower, and silence ends them.
func TestThousandsOfIdleConnectionsOfOneAddressHoldLittleAndEnd(t *testing.T) {
	alike(t)
	inBubble(t, func(t *testing.T, b *bubble) {
		const connections, size = 2000, 8 << 20
		h, to, dialled, accepted := besieged(b, utp.Silence(time.Minute))
		alone := transfer(t, dialled, accepted, size)
		before := heap()
		p := b.puppet(evil2, right)
		conns := connectMany(t, p, to, connections)
		if n := cells(to); n != connections+1 {
			t.Errorf("there are %d connections", n)
		}
		time.Sleep(35 * time.Second)                                  // all have rested
		holds(t, before, 4<<20+connections*8<<10, "idle connections") // and chunks for the next
		if under := transfer(t, dialled, accepted, size); under > 2*alone {
			t.Errorf("a transfer took %v, and %v beside idle connections", alone, under)
		}
		b.serves(to, "10.0.0.3")
		for _, c := range conns {
			<-c.Done()
			_, err := c.Read(make([]byte, 1))
			ended(t, err, utp.Silent)
		}
		time.Sleep(10 * time.Second)
		if n := cells(to); n != 1 {
			t.Errorf("%d connections are left", n)
		}
		if got, _ := h.toOthers(left, "10.0.0.3"); got.datagrams > 8*connections || got.largest != 20 {
			t.Errorf("who said little was sent %+v", got)
		}
		clear(conns)
		holds(t, before, 6<<20, "what is left of them")
		transfer(t, dialled, accepted, size)
	})
}

// The backlog is full of connections of one who shows its address, and nobody accepts: others
// are refused, at 50 answers a second at most, and whoever was there before goes on.
func TestAFullBacklogRefusesAtABoundedRateUntilSomebodyAccepts(t *testing.T) {
	alike(t)
	inBubble(t, func(t *testing.T, b *bubble) {
		const backlog, size = 128, 16 << 20
		h, to, dialled, accepted := besieged(b, utp.Backlog(backlog))
		alone := transfer(t, dialled, accepted, size)
		p := b.puppet(evil2, right)
		for n := range backlog - 1 {
			p.ask(utpwire.ConnID(200 + 2*n))
			p.data("here")
		}
		time.Sleep(time.Second)
		if n := cells(to); n != backlog+1 {
			t.Errorf("there are %d connections", n)
		}
		f, under := b.forger(right), time.Duration(0)
		began := time.Now()
		during(t, floodRate, func(n int) { f.sendPacket(stranger(n), syn(n), "") }, func() {
			under = transfer(t, dialled, accepted, size)
			_, err := b.socket("10.0.0.3").Dial(t.Context(), right+":6881")
			if err == nil {
				t.Error("somebody came in")
			}
		})
		took := time.Since(began)
		if under > 2*alone {
			t.Errorf("a transfer took %v, and %v beside a full backlog", alone, under)
		}
		all, _ := h.toOthers(left, evil2, "10.0.0.3")
		if most := 100 + int(took/(20*time.Millisecond)) + 1; all.datagrams > most || all.largest != 20 {
			t.Errorf("in %v they had %+v for answers, more than %d", took, all, most)
		}
		for range backlog {
			_ = accept(t, to).Abort()
		}
		b.serves(to, "10.0.0.4")
	})
}

// Who comes, leaves by a Reset and comes again costs nothing that stays.
func TestConnectionsThatComeAndGoLeaveNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		rounds := shorter(3000)
		_, to, dialled, accepted := besieged(b)
		p := b.puppet(evil2, right)
		_ = accept(t, to).Abort()
		before := 0
		for n := range rounds {
			p.ask(utpwire.ConnID(200 + 2*n))
			p.data("here")
			c := accept(t, to)
			p.send(utpwire.Header{Kind: utpwire.Reset, Ack: p.theirs}, nil, "")
			<-c.Done()
			if n == rounds/2 {
				before = heap()
			}
		}
		if n := cells(to); n != 1 {
			t.Errorf("%d connections are left", n)
		}
		holds(t, before, 1<<20, "who came and went")
		transfer(t, dialled, accepted, 1<<20)
	})
}

// Who asks for much, closes its window and says no more than that it lives is left a minute
// after Close, and what was for it is given back.
func TestARemoteThatStopsReadingIsLeftAMinuteAfterClose(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		_, to, _, _ := besieged(b)
		p := b.puppet(evil2, right)
		c := accept(t, to)
		p.window = 0
		p.send(utpwire.Header{Kind: utpwire.State}, nil, "")
		time.Sleep(time.Second)
		writes(t, c, stream(400<<10))
		_ = c.Close()
		began, full := time.Now(), p.theirs.Previous()
		go p.serve(10*time.Minute, func(utpwire.Packet) { p.send(utpwire.Header{Kind: utpwire.State, Ack: full}, nil, "") })
		<-c.Done()
		if took := time.Since(began); took > 90*time.Second {
			t.Errorf("it was left after %v", took)
		}
		synctest.Wait()
		if n := cells(to); n != 1 {
			t.Errorf("%d connections are left", n)
		}
	})
}

// On a real socket: the port of a remote is closed, of which the system tells, and datagrams
// of all sizes come, among them the largest and the empty one.
func TestOnLoopbackRefusalsAndNonsenseEndNothing(t *testing.T) {
	from, to := listen(t, "udp4", "127.0.0.1:0", utp.Linger(0)), listen(t, "udp4", "127.0.0.1:0", utp.Linger(0))
	dialled, accepted := connect(t, from, to, to.Addr().String())
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := c.LocalAddr().String()
	_ = c.Close()
	ctx, cancel := context.WithTimeout(within(t), 500*time.Millisecond)
	defer cancel()
	refused := make(chan error)
	go func() {
		_, err := to.Dial(ctx, closed)
		refused <- err
	}()
	nonsense, err := net.Dial("udp4", to.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = nonsense.Close() }()
	for n := range 200 {
		for _, size := range []int{0, 1, 19, 20, 2048, 2049, 65_507} {
			b := make([]byte, size)
			if size > 0 {
				b[0] = byte(n)
			}
			_, _ = nonsense.Write(b) // of some there is no room, or nobody there
		}
		writes(t, dialled, []byte("still here"))
		reads(t, accepted, []byte("still here"))
	}
	if err := <-refused; err == nil {
		t.Error("a closed port was connected to")
	}
	transfer(t, accepted, dialled, 1<<20)
}

// On a real socket: a flood of SYNs from ports of one host, of which each gets one answer.
func TestOnLoopbackAFloodOfSynsKeepsNobodyOut(t *testing.T) {
	from, to := listen(t, "udp4", "127.0.0.1:0", utp.Linger(0)), listen(t, "udp4", "127.0.0.1:0", utp.Linger(0))
	flooder, err := net.Dial("udp4", to.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = flooder.Close() }()
	const syns = 5000
	answers := make(chan int)
	go func() {
		n, b := 0, make([]byte, 4096)
		for {
			k, err := flooder.Read(b)
			if err != nil {
				answers <- n
				return
			}
			if k != 20 {
				t.Errorf("an answer of %d bytes", k)
			}
			n++
		}
	}()
	for n := range syns {
		h := syn(2 * n)
		if _, err := flooder.Write(h.Append(nil, nil)); err != nil {
			t.Fatal(err)
		}
		if n%1000 == 999 {
			dialled, accepted := connect(t, from, to, to.Addr().String())
			transfer(t, dialled, accepted, 10<<10)
			_ = dialled.Close()
			if _, err := io.Copy(io.Discard, accepted); err != nil {
				t.Error(err)
			}
			_ = accepted.Close()
		}
	}
	_ = flooder.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	if n := <-answers; n == 0 || n > syns {
		t.Errorf("%d SYNs had %d answers", syns, n)
	}
}
