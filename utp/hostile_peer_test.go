package utp_test

import (
	"fmt"
	"io"
	"net"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/serial"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
	"github.com/etorrent/etorrent/utp"
)

// accept is the connection of who has just come.
func accept(t *testing.T, s *utp.Socket) *utp.Conn {
	t.Helper()
	c, err := s.AcceptContext(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A datagram that is longer than any path carries would lack its end in the stream.
func TestADatagramThatIsCutOffIsNoPartOfAStream(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		to := b.socket(right)
		p := b.puppet(evil, right)
		c := accept(t, to)
		p.send(utpwire.Header{Kind: utpwire.Data}, nil, string(make([]byte, 3000)))
		time.Sleep(time.Second)
		p.data("and so on")
		reads(t, c, []byte("hereand so on"))
	})
}

// served is how a socket does beside a remote to which it sends as much as it can.
func served(t *testing.T, window uint32, seconds int, answer func(p *puppet, got utpwire.Packet)) (p *puppet, packets, payload int, c *utp.Conn) {
	t.Helper()
	inBubble(t, func(t *testing.T, b *bubble) {
		const size = 4 << 20
		_, to, dialled, accepted := besieged(b)
		alone := transfer(t, dialled, accepted, size)
		p = b.puppet(evil2, right)
		p.window = window
		c = accept(t, to)
		wrote := make(chan error)
		before := heap()
		go func() { wrote <- fill(c) }()
		honest := make(chan time.Duration)
		go func() { honest <- transfer(t, dialled, accepted, size) }()
		packets, payload = p.serve(time.Duration(seconds)*time.Second, func(got utpwire.Packet) { answer(p, got) })
		holds(t, before, 10<<20, "a remote that lies")
		if under := <-honest; under > 3*alone {
			t.Errorf("a transfer took %v, and %v beside a remote that lies", alone, under)
		}
		_ = c.Abort()
		is(t, <-wrote, net.ErrClosed)
		b.serves(to, "10.0.0.3")
	})
	return p, packets, payload, c
}

// evil2 is a host under its own name.
const evil2 = "10.0.0.67"

// A remote that acknowledges what it has not got, or what was not sent, drives nobody: of what
// was not sent it frees nothing, and of the rest it only harms its own stream.
func TestAnOptimisticRemoteDrivesOutNobody(t *testing.T) {
	_, packets, payload, c := served(t, 1<<31, 3, func(p *puppet, got utpwire.Packet) {
		p.send(utpwire.Header{Kind: utpwire.State, Ack: got.Seq}, nil, "") // whatever is missing before it
		p.send(utpwire.Header{Kind: utpwire.State, Ack: got.Seq.Add(500)}, nil, "")
		p.send(utpwire.Header{Kind: utpwire.State}, utpwire.SelectiveAck(everything()), "")
	})
	if s := c.Status(); s.Acknowledged > uint64(payload)+8<<20 {
		t.Errorf("of %d bytes in %d packets it took for acknowledged %d", payload, packets, s.Acknowledged)
	}
}

// everything is a mask of all that there could be.
func everything() []byte {
	b := make([]byte, 248)
	for i := range b {
		b[i] = 0xff
	}
	return b
}

// What a remote says of delays may harm its own stream, and nothing else; it never stops that
// or lets more fly than there is room for.
func TestLiesAboutDelaysHarmNobodyElse(t *testing.T) {
	for name, lie := range map[string]func(n int) utpwire.Delay{
		"none":        func(int) utpwire.Delay { return 0 },
		"as one byte": func(int) utpwire.Delay { return 1 },
		"the most":    func(int) utpwire.Delay { return 1<<32 - 1 },
		"half":        func(int) utpwire.Delay { return 1 << 31 },
		"to and fro":  func(n int) utpwire.Delay { return utpwire.Delay(n%2) * 4_000_000_000 },
		"growing":     func(n int) utpwire.Delay { return utpwire.Delay(n) * 10_000 },
		"shrinking":   func(n int) utpwire.Delay { return utpwire.Delay(-n) * 10_000 },
	} {
		if testing.Short() && name != "to and fro" {
			continue // to the race detector they are alike
		}
		t.Run(name, func(t *testing.T) {
			n := 0
			_, packets, payload, _ := served(t, 1<<20, 2, func(p *puppet, _ utpwire.Packet) {
				n++
				p.delay = lie(n)
				p.send(utpwire.Header{Kind: utpwire.State}, nil, "")
			})
			if packets < 20 || payload > 200<<20 {
				t.Errorf("it got %d packets with %d bytes", packets, payload)
			}
		})
	}
}

// A remote that reads nothing, and says so, has a bounded part of our stream in memory for as
// long as it likes; who writes waits.
func TestRemotesThatNeverReadHoldLittle(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		const remotes = 100
		h, to, dialled, accepted := besieged(b)
		before := heap()
		var conns []*utp.Conn
		wrote := make(chan error)
		for n := range remotes {
			p := b.puppet(fmt.Sprintf("10.1.0.%d", n), right)
			p.window = 0
			p.send(utpwire.Header{Kind: utpwire.State}, nil, "")
			c := accept(t, to)
			conns = append(conns, c)
			go func() { wrote <- fill(c) }()
		}
		synctest.Wait()
		time.Sleep(time.Second)
		holds(t, before, remotes*700<<10, "remotes that never read")
		if all, _ := h.toOthers(left); all.datagrams > 30*remotes {
			t.Errorf("they were sent %+v", all)
		}
		transfer(t, dialled, accepted, 1<<20)
		for _, c := range conns {
			_ = c.Close() // the remotes are silent: all is given up
		}
		for range conns {
			is(t, <-wrote, net.ErrClosed)
		}
		for _, c := range conns {
			<-c.Done()
		}
		holds(t, before, 10<<20, "what is left of them") // 4 MiB are kept for the next
		runtime.KeepAlive(conns)
	})
}

// Remotes send, and nobody reads: the windows close, and what comes beyond them is dropped.
func TestRemotesThatSendToWhoNeverReadsFillNoMoreThanTheirWindows(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		const remotes, most = 8, 64<<10 + 32<<10 // the first window and its reserve
		_, to, dialled, accepted := besieged(b)
		before := heap()
		payload := string(make([]byte, 1400))
		var conns []*utp.Conn
		var puppets []*puppet
		for n := range remotes {
			puppets = append(puppets, b.puppet(fmt.Sprintf("10.1.0.%d", n), right))
			conns = append(conns, accept(t, to))
		}
		for n := range 1000 { // whatever the window says
			for _, p := range puppets {
				p.data(payload)
			}
			if n%2 == 0 {
				time.Sleep(time.Millisecond)
			}
		}
		time.Sleep(time.Second)
		holds(t, before, remotes*(most+64<<10)+8<<20, "what nobody reads")
		for _, c := range conns {
			if s := c.Status(); s.Received > most || s.Received < 64<<10 {
				t.Errorf("of a window of 64 KiB %d bytes were taken", s.Received)
			}
		}
		transfer(t, dialled, accepted, 1<<20)
		for _, c := range conns {
			_ = c.Abort()
		}
	})
}

// lossy is a connection whose dialler loses a packet in a hundred, and the socket that accepted.
func lossy(b *bubble, o ...utp.Option) (to *utp.Socket, dialled, accepted *utp.Conn) {
	b.t.Helper()
	h := b.tap(left)
	nth := 0
	h.lose = func(p []byte) fate {
		if nth++; len(p) > 1000 && nth%97 == 0 {
			return lost
		}
		return carried
	}
	to = b.socket(right, o...)
	dialled, accepted = connect(b.t, listen(b.t, "udp4", ":6881", utp.OnNetwork(h), utp.Linger(time.Second)), to, right+":6881")
	return to, dialled, accepted
}

// hoarders are connections of remotes that have sent all but the first packet, and say nothing
// more: all the memory for packets that come early is theirs.
func hoarders(b *bubble, to *utp.Socket) (conns []*utp.Conn) {
	b.t.Helper()
	const remotes, each = 12, 1000
	for n := range remotes {
		p := b.puppet(fmt.Sprintf("10.1.0.%d", n), right)
		conns = append(conns, accept(b.t, to))
		for i := range each {
			p.send(utpwire.Header{Kind: utpwire.Data, Seq: p.seq.Add(1 + i)}, nil, "x")
			if i%20 == 0 {
				time.Sleep(time.Millisecond)
			}
		}
	}
	time.Sleep(time.Second)
	return conns
}

// Remotes send all but the first packet, so that all the memory for packets that come early is
// theirs, and say nothing more. When somebody lacks it, one of them is ended: there is enough
// then for one that loses packets to do as well as before.
func TestRemotesThatHoardReorderMemoryAreEndedWhenOthersLackIt(t *testing.T) {
	alike(t)
	inBubble(t, func(t *testing.T, b *bubble) {
		const size = 4 << 20
		to, dialled, accepted := lossy(b)
		before := heap()
		alone := transfer(t, dialled, accepted, size)
		conns := hoarders(b, to)
		held := 0
		for _, c := range conns {
			held += c.Status().Early
		}
		if held < 8000 {
			t.Errorf("%d packets are hoarded", held)
		}
		holds(t, before, 24<<20, "what came early") // 16 MiB of it, and chunks
		transfer(t, dialled, accepted, size)
		time.Sleep(10 * time.Second)
		transfer(t, dialled, accepted, size/4) // finds that there is no memory
		if under := transfer(t, dialled, accepted, size); under > 2*alone {
			t.Errorf("a transfer took %v, and %v beside those who hoard", alone, under)
		}
		ends := 0
		for _, c := range conns {
			select {
			case <-c.Done():
				ends++
				reads(t, c, []byte("here"))
				_, err := c.Read(make([]byte, 1))
				ended(t, err, utp.Silent)
			default:
				_ = c.Abort()
			}
		}
		if ends == 0 || ends > 3 {
			t.Errorf("%d connections were ended", ends)
		}
		time.Sleep(time.Second)
	})
}

// Resets, ends, SYNs and extensions of a remote that is connected reach its own connection only.
func TestARemoteThatKeepsNoRuleHarmsOnlyItself(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		h, to, dialled, accepted := besieged(b)
		p := b.puppet(evil2, right)
		c := accept(t, to)
		go func() { _, _ = io.Copy(c, c) }()
		random := uint32(1)
		next := func() uint32 { random = random*1_664_525 + 1_013_904_223; return random >> 8 }
		under := during(t, floodRate, func(int) {
			r := utpwire.Header{Kind: utpwire.Kind(next() % 5), ID: p.id.Next(), Seq: p.seq.Add(int(next()%2000) - 1000), Ack: p.theirs.Add(int(next()%2000) - 1000)}
			if r.Kind == utpwire.Reset {
				r.Ack = serial.Number(next())
			}
			p.window = next()
			d := r.Append(nil, everything()[:next()%249])
			if next()%2 == 0 {
				d = append(append(d[:0], byte(r.Kind)<<4|1, 3), append(r.Append(nil, nil)[2:], chain(int(next()%9), int(next()%160))...)...)
			}
			p.raw(append(d, make([]byte, next()%100)...))
		}, func() {
			transfer(t, dialled, accepted, shorter(4<<20))
			transfer(t, accepted, dialled, shorter(4<<20))
			time.Sleep(time.Second)
			b.serves(to, "10.0.0.3")
		})
		if got, most := h.toOthers(left, "10.0.0.3"); got.datagrams > 3*under || most.largest > 1500 {
			t.Errorf("%d packets had %+v for answers", under, got)
		}
		_ = c.Abort()
	})
}
