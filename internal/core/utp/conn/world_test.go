package conn_test

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/conn"
	"github.com/etorrent/etorrent/internal/core/utp/door"
	"github.com/etorrent/etorrent/internal/core/utp/mtu"
	"github.com/etorrent/etorrent/internal/core/utp/recv"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/serial"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// path is a network between two ends, and what they send each other.
type path struct {
	seed      uint64
	rtt       time.Duration
	jitter    time.Duration // of each packet
	loss, dup float64
	replay    float64 // how many datagrams come again, up to 20 s later
	// lose says which packets are lost besides: by who sends them, and the how manieth of
	// all of that end it is.
	lose      func(from int, nth int, kind utpwire.Kind) fate
	bytes     [2]int // of the streams
	chunk     int    // bytes that the application appends at once
	pause     time.Duration
	begin     mono.Instant
	clocks    [2]time.Duration // beside each other
	syn       serial.Number
	answer    serial.Number // of the acceptor, where direct
	entry     entry
	leave     leave
	window    int           // of the control, 0: that of cong.Default
	reads     time.Duration // how long the application takes to read; 0: at once
	sizes     mtu.Config    // of packets, zero: 100 bytes of payload
	wide      func() int    // bytes of datagrams that the network takes whole; nil: all
	fragments fate          // of larger ones that may be cut
	receives  int           // window, in bytes, 0: that of the defaults
}

type fate int

const (
	carried fate = iota
	lostThere
)

// entry says how the acceptor comes to be.
type entry int

const (
	byDoor entry = iota
	byPressedDoor
	direct
)

// leave says how the ends end.
type leave int

const (
	finishes    leave = iota // each end its own stream, and reads on
	closesAfter              // the first to send closes when it has read all
	closesAtOnce
)

// fatal is what *testing.T and *rapid.T have in common.
type fatal interface {
	Fatalf(string, ...any)
	Helper()
}

// world has two ends talk, in virtual time, by datagrams.
type world struct {
	fatal
	path
	random  *rand.Rand
	now     mono.Instant
	ends    [2]*end
	door    *door.Door
	pool    *recv.Pool
	under   datagrams
	carried int
	steps   int
	audits  int // after how many steps everything is looked at
	opened  mono.Instant
	resets  int
}

type datagram struct {
	at     mono.Instant
	number int
	to     int
	bytes  []byte
}

type datagrams []datagram

func (d datagrams) Len() int { return len(d) }
func (d datagrams) Less(i, j int) bool {
	return d[i].at < d[j].at || d[i].at == d[j].at && d[i].number < d[j].number
}
func (d datagrams) Swap(i, j int) { d[i], d[j] = d[j], d[i] }
func (d *datagrams) Push(x any)   { *d = append(*d, x.(datagram)) }
func (d *datagrams) Pop() any {
	x := (*d)[len(*d)-1]
	*d = (*d)[:len(*d)-1]
	return x
}

func (p path) config() conn.Config {
	cfg := conn.Defaults()
	cfg.Path, cfg.Segment = p.sizes, 100
	if p.window > 0 {
		cfg.Control = lets(p.window)
	}
	if p.receives > 0 {
		cfg.Window, cfg.Reserve = p.receives, 200
	}
	return cfg
}

func newWorld(t fatal, p path) *world {
	if p.begin == 0 {
		p.begin = mono.Instant(time.Hour)
	}
	if p.chunk == 0 {
		p.chunk = 1 << 20
	}
	most := 64
	if p.entry == byPressedDoor {
		most = 0
	}
	w := &world{
		fatal: t, path: p, random: rand.New(rand.NewPCG(p.seed, 1)), now: p.begin, pool: recv.NewPool(1500, 1<<14), audits: 16,
		door: door.New(door.Config{Most: most, Window: uint32(p.config().Window), Secret: [16]byte{byte(p.seed)}}),
	}
	for i := range w.ends {
		w.ends[i] = &end{
			world: w, index: i, left: p.bytes[i], address: netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}), 6881),
			sum: fnvBasis, want: fnvBasis, random: rand.New(rand.NewPCG(p.seed, uint64(2+i))), nextAt: p.begin, kinds: map[conn.ArrivalKind]int{},
		}
	}
	w.ends[0].conn = conn.Dial(p.config(), conn.NewShared(w.pool), conn.Invitation{IDs: [conn.Attempts]utpwire.ConnID{65535, 5, 10, 15}, Seq: p.syn}, w.local(0))
	return w
}

// local is what the clock of an end shows.
func (w *world) local(i int) mono.Instant { return w.now.Add(w.clocks[i]) }

// carry has the network take a datagram.
func (w *world) carry(to int, b []byte, kind utpwire.Kind) {
	from := w.ends[1-to]
	from.nth++
	if w.lose != nil && w.lose(from.index, from.nth, kind) == lostThere {
		return
	}
	for copies := 1; copies > 0; copies-- {
		if w.ends[1].conn != nil && w.random.Float64() < w.loss {
			continue
		}
		late := time.Duration(0)
		if w.jitter > 0 {
			late = time.Duration(w.random.Int64N(int64(w.jitter)))
		}
		heap.Push(&w.under, datagram{w.now.Add(w.rtt/2 + late), w.carried, to, b})
		w.carried++
		if w.replay > 0 && kind != utpwire.Reset && w.random.Float64() < w.replay {
			again := w.now.Add(w.rtt/2 + time.Duration(w.random.Int64N(int64(20*time.Second))))
			heap.Push(&w.under, datagram{again, w.carried, to, b})
			w.carried++
		}
		if w.random.Float64() < w.dup {
			copies++
		}
	}
}

// receive has an end take a datagram, or the door where there is no connection.
func (w *world) receive(d datagram) {
	var p utpwire.Packet
	if fault := utpwire.Parse(d.bytes, &p); fault != utpwire.NoFault {
		w.Fatalf("%x: %v", d.bytes, fault)
	}
	e := w.ends[d.to]
	switch {
	case e.conn != nil && e.conn.Owns(&p):
		e.kinds[e.conn.Receive(w.local(d.to), &p, e).Kind]++
	case e.index == 1 && (e.conn == nil || p.Kind == utpwire.Syn):
		w.knock(&p)
	default:
		w.stray(e, &p)
	}
}

func (w *world) stray(e *end, p *utpwire.Packet) {
	if p.Kind == utpwire.Syn {
		return
	}
	if x := w.door.Enter(w.local(e.index), e.other().address, &p.Header); x.Kind == door.Stray {
		w.resets++
		w.carry(1-e.index, x.Reset.Append(nil, nil), utpwire.Reset)
	}
}

// knock is what comes to the acceptor before it has a connection.
func (w *world) knock(p *utpwire.Packet) {
	e := w.ends[1]
	now := w.local(1)
	var guest conn.Opening
	switch {
	case w.entry == direct && p.Kind == utpwire.Syn:
		if e.conn != nil && (e.got > 0 || e.conn.Phase() == conn.Closed) {
			return
		}
		e.base, e.stream, e.left, e.other().want, e.random = 0, nil, w.bytes[1], fnvBasis, rand.New(rand.NewPCG(w.seed, 3))
		guest = conn.Opening{ID: p.ID.Next(), Theirs: p.Seq, Ours: w.answer}
		e.conn = conn.Accept(w.config(), conn.NewShared(w.pool), guest, now)
		e.conn.Receive(now, p, e)
		return
	case p.Kind == utpwire.Syn:
		k := w.door.Knock(now, e.other().address, &p.Header)
		if k.Kind <= door.AnsweredUnwritten {
			w.carry(0, k.Answer.Append(nil, nil), utpwire.State)
		}
		return
	}
	x := w.door.Enter(now, e.other().address, &p.Header)
	if x.Kind == door.Stray {
		w.carry(0, x.Reset.Append(nil, nil), utpwire.Reset)
	}
	if x.Kind == door.Admitted {
		e.conn = conn.Accept(w.config(), conn.NewShared(w.pool), conn.Opening(x.Guest), now)
		e.conn.Receive(now, p, e)
	}
}

// run goes on until both ends are closed, or nothing will happen any more.
func (w *world) run() {
	for w.one() == goesOn {
		if w.ends[0].conn.Phase() == conn.Closed && w.ends[1].conn != nil && w.ends[1].conn.Phase() == conn.Closed {
			return
		}
		if w.now.Sub(w.begin) > time.Hour || w.steps > 2_000_000 {
			w.Fatalf("after %v and %d steps: %+v, %+v", w.now.Sub(w.begin), w.steps, w.ends[0].conn.Status(), w.ends[1].conn.Status())
		}
	}
}

type progress int

const (
	goesOn progress = iota
	isOver
)

// one is one instant.
func (w *world) one() progress {
	w.steps++
	for _, e := range w.ends {
		e.flush()
	}
	due := mono.Earliest(w.ends[0].due(), w.ends[1].due())
	if due == mono.Never && len(w.under) == 0 {
		return isOver
	}
	if len(w.under) == 0 || due != mono.Never && due < w.under[0].at {
		w.now = max(w.now, due)
		return goesOn
	}
	w.now = w.under[0].at
	for len(w.under) > 0 && w.under[0].at == w.now {
		w.receive(heap.Pop(&w.under).(datagram))
	}
	return goesOn
}

// whole says what is wrong with the streams and the ends: both came, both ended in order.
func (w *world) whole() error {
	for i, e := range w.ends {
		if e.conn == nil {
			return fmt.Errorf("end %d was never there", i)
		}
		if e.sum != e.want || e.got != w.bytes[1-i] {
			return fmt.Errorf("end %d has %d bytes of %d, hash %x of %x, closed %v", i, e.got, w.bytes[1-i], e.sum, e.want, e.closed)
		}
		if len(e.closed) != 1 || e.closed[0] != conn.Finished || e.ended != 1 || len(e.stream) != 0 {
			return fmt.Errorf("end %d closed %v, ended %d times, %d bytes are kept", i, e.closed, e.ended, len(e.stream))
		}
	}
	if w.pool.Lent() != 0 {
		return fmt.Errorf("%d buffers are lent", w.pool.Lent())
	}
	return nil
}

func (w *world) mustBeWhole(of string) {
	w.Helper()
	if err := w.whole(); err != nil {
		w.Fatalf("%s: %v", of, err)
	}
}
