package send_test

import (
	"container/heap"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/internal/core/utp/recv"
	"github.com/etorrent/etorrent/internal/core/utp/send"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/serial"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// masks says what a receiver tells of packets that came early.
type masks int

const (
	masksOfOurs masks = iota
	masksOfLibutp
	noMasks
)

// path is a network between a sender and a receiver.
type path struct {
	seed       uint64
	first      serial.Number
	rtt        time.Duration
	jitter     time.Duration // of each packet, either way
	loss, dup  float64
	packets    int // of the stream, with its Fin
	window     int // packets that may fly
	told       masks
	outageAt   time.Duration // 0: there is none
	outageLong time.Duration
}

// world runs a stream over a path, in virtual time.
type world struct {
	testing.TB
	path
	random  *rand.Rand
	now     mono.Instant
	flight  *send.Flight
	queue   *recv.Queue
	pool    *recv.Pool
	got     uint64 // bytes that were delivered, all of them right
	wrong   int
	under   events
	carried int
	counted struct{ sent, resent, spurious, episodes, undone, timeouts int }
}

// event is a packet that is under way.
type event struct {
	at     mono.Instant
	number int // of those under way, so that of two at once the first comes first
	packet utpwire.Packet
}

type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	return e[i].at < e[j].at || e[i].at == e[j].at && e[i].number < e[j].number
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)   { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	x := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return x
}

// byteAt is the stream.
func byteAt(n uint64) byte { return byte(n*131 ^ n>>7) }

// Deliver compares what comes with the stream.
func (w *world) Deliver(payload []byte) {
	for i, b := range payload {
		if b != byteAt(w.got+uint64(i)) {
			w.wrong++
		}
	}
	w.got += uint64(len(payload))
}

func newWorld(t testing.TB, p path) *world {
	pool := recv.NewPool(100, 1<<14)
	return &world{
		TB: t, path: p, random: rand.New(rand.NewPCG(p.seed, 1)), now: 1,
		flight: send.New(send.Config{First: p.first, Most: send.ForeignPackets, Behind: 3}), pool: pool,
		queue: recv.New(recv.Config{Next: p.first, Window: 1 << 20, Reserve: 1000, Slots: 1024, Segment: 50}, pool),
	}
}

// carry has the network take a packet.
func (w *world) carry(p utpwire.Packet) {
	since := w.now.Sub(1)
	if w.outageLong > 0 && since >= w.outageAt && since < w.outageAt+w.outageLong {
		return
	}
	for copies := 1; copies > 0 && w.random.Float64() >= w.loss; copies-- {
		late := time.Duration(0)
		if w.jitter > 0 {
			late = time.Duration(w.random.Int64N(int64(w.jitter)))
		}
		heap.Push(&w.under, event{w.now.Add(w.rtt/2 + late), w.carried, p})
		w.carried++
		if w.random.Float64() < w.dup {
			copies++
		}
	}
}

func (w *world) transmit(p send.Packet) {
	payload := make([]byte, p.Size)
	for i := range payload {
		payload[i] = byteAt(p.Begin + uint64(i))
	}
	w.counted.sent++
	if p.Times > 1 {
		w.counted.resent++
	}
	w.carry(utpwire.Packet{Header: utpwire.Header{Kind: p.Kind, Seq: p.Seq}, Payload: payload})
}

// fill sends what may be sent.
func (w *world) fill() {
	for w.flight.Flying().Packets < w.window {
		switch sent := w.flight.Next().Diff(w.first); {
		case w.flight.Lost().Packets > 0:
			n := w.flight.FirstLost().Seq
			w.flight.Resent(w.now, n)
			w.transmit(send.Packet{Seq: n, Kind: w.kind(n), Begin: uint64(n.Diff(w.first)) * 40, Size: 40, Times: 2})
		case sent < w.packets && w.flight.Room() > 0:
			w.transmit(w.flight.Send(w.now, w.kind(w.flight.Next()), 40))
		default:
			return
		}
	}
}

func (w *world) kind(n serial.Number) utpwire.Kind {
	if n.Diff(w.first) == w.packets-1 {
		return utpwire.Fin
	}
	return utpwire.Data
}

func (w *world) note(l send.Losses) {
	if l.Began != send.NoEpisode {
		w.counted.episodes++
	}
}

// expire does what is due.
func (w *world) expire() {
	e := w.flight.Expire(w.now)
	w.note(e.Lost)
	switch e.Kind {
	case send.NothingDue:
		w.Fatalf("at %d nothing is due", w.now)
	case send.ProbeDue:
		if w.flight.Episode() == send.NoEpisode && w.flight.Next().Diff(w.first) < w.packets && w.flight.Room() > 0 {
			w.transmit(w.flight.Send(w.now, w.kind(w.flight.Next()), 40))
		} else {
			w.transmit(w.flight.Probe(w.now))
		}
	case send.TimedOut:
		w.counted.timeouts++
	case send.ReorderingOver:
	}
}

// receive takes a packet at the end that it is for.
func (w *world) receive(p *utpwire.Packet) {
	if p.Kind == utpwire.State {
		a := w.flight.Acknowledge(w.now, p)
		w.counted.spurious += a.Spurious
		if a.Ended == send.Undone {
			w.counted.undone++
		}
		w.note(a.Lost)
		return
	}
	if p.Kind == utpwire.Fin {
		w.queue.ReceiveFin(p.Seq, p.Payload, w)
	} else {
		w.queue.ReceiveData(p.Seq, p.Payload, w)
	}
	w.queue.Read(1 << 30)
	ack := utpwire.Packet{Header: utpwire.Header{Kind: utpwire.State, Ack: w.queue.Ack()}}
	mask := w.queue.AppendMask(nil, utpwire.MaxMaskBytes)
	switch {
	case len(mask) == 0 || w.told == noMasks:
	case w.told == masksOfLibutp:
		mask[3] &= 0x3f
		ack.Mask = mask[:4]
	default:
		ack.Mask = mask
	}
	w.carry(ack)
}

// run ends when all was acknowledged.
func (w *world) run() {
	for steps := 0; ; steps++ {
		w.fill()
		if w.flight.Next().Diff(w.first) == w.packets && w.flight.Span() == 0 {
			return
		}
		due := w.flight.Deadline()
		if due == mono.Never && len(w.under) == 0 || steps > 2_000_000 {
			w.Fatalf("after %v nothing goes on: %+v fly, %+v are lost", w.now.Sub(0), w.flight.Flying(), w.flight.Lost())
		}
		if len(w.under) > 0 && (due == mono.Never || w.under[0].at <= due) {
			e := heap.Pop(&w.under).(event)
			w.now = max(w.now, e.at)
			w.receive(&e.packet)
		} else {
			w.now = max(w.now, due)
			w.expire()
		}
		if steps%16 == 0 {
			w.audit()
		}
	}
}

func (w *world) audit() {
	if err := w.flight.Audit(); err != nil {
		w.Fatal(err)
	}
	if err := w.queue.Audit(); err != nil {
		w.Fatal(err)
	}
}

// mustBeWhole says whether the stream was delivered, and nothing is left behind.
func (w *world) mustBeWhole() {
	w.Helper()
	w.audit()
	if w.wrong > 0 || w.got != uint64(w.packets)*40 || w.queue.End() != recv.EndReached || w.pool.Lent() != 0 {
		w.Errorf("%d bytes came, %d of them wrong, the end is %v, %d buffers are lent", w.got, w.wrong, w.queue.End(), w.pool.Lent())
	}
}

func TestAStreamArrivesWholeWhateverTheNetworkDoes(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		p := path{
			seed: rapid.Uint64().Draw(r, "seed"), first: serial.Number(rapid.Uint16Min(65536-300).Draw(r, "first")),
			rtt:    time.Duration(rapid.IntRange(1, 300).Draw(r, "rtt")) * ms,
			jitter: time.Duration(rapid.SampledFrom([]int{0, 1, 20, 100}).Draw(r, "jitter")) * ms,
			loss:   float64(rapid.SampledFrom([]int{0, 1, 5, 30}).Draw(r, "loss")) / 100,
			dup:    float64(rapid.SampledFrom([]int{0, 2, 20}).Draw(r, "dup")) / 100, packets: rapid.IntRange(1, 400).Draw(r, "packets"),
			window: rapid.IntRange(1, 300).Draw(r, "window"), told: masks(rapid.IntRange(0, 2).Draw(r, "masks")),
			outageAt: 150 * ms, outageLong: time.Duration(rapid.SampledFrom([]int{0, 0, 100, 2000}).Draw(r, "outage")) * ms,
		}
		w := newWorld(t, p)
		w.run()
		w.mustBeWhole()
		if t.Failed() {
			r.Fatalf("%+v", p)
		}
	})
}

func TestAStreamArrivesWholeWhereverItsNumbersWrap(t *testing.T) {
	for before := range 120 {
		w := newWorld(t, path{first: serial.Number(0).Add(-before), seed: uint64(before), rtt: 50 * ms, jitter: 3 * ms, loss: 0.1, packets: 100, window: 30})
		w.run()
		w.mustBeWhole()
	}
}

func TestWhereNothingIsLostNothingIsSentAgain(t *testing.T) {
	for told := range noMasks + 1 {
		w := newWorld(t, path{rtt: 50 * ms, packets: 20_000, window: 200, told: told})
		w.run()
		w.mustBeWhole()
		if w.counted.resent != 0 || w.counted.episodes != 0 {
			t.Errorf("%+v", w.counted)
		}
	}
}

// Each bound is about twice what is seen.
func TestLossesCostFewSendingsAndFewTimeouts(t *testing.T) {
	for _, c := range []struct {
		name             string
		path             path
		resent, timeouts int
	}{
		{"1 %, our masks", path{loss: 0.01}, 300, 0},
		{"1 %, masks of libutp", path{loss: 0.01, told: masksOfLibutp}, 300, 0},
		{"1 %, no masks", path{loss: 0.01, told: noMasks}, 800, 4},
		{"5 %, our masks", path{loss: 0.05}, 1500, 0},
		{"5 %, masks of libutp", path{loss: 0.05, told: masksOfLibutp}, 1500, 4},
		{"jitter of 20 ms", path{jitter: 20 * ms}, 200, 0},
		{"jitter of 20 ms, masks of libutp", path{jitter: 20 * ms, told: masksOfLibutp}, 200, 0},
		{"outage of 500 ms", path{outageAt: 2 * time.Second, outageLong: 500 * ms}, 400, 4},
	} {
		c.path.rtt, c.path.packets, c.path.window, c.path.seed = 50*ms, 20_000, 100, 7
		w := newWorld(t, c.path)
		w.run()
		w.mustBeWhole()
		t.Logf("%s: %v, %+v", c.name, w.now.Sub(0), w.counted)
		if w.counted.resent > c.resent || w.counted.timeouts > c.timeouts {
			t.Errorf("%s: %+v", c.name, w.counted)
		}
	}
}
