package cong_test

import (
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/cong"
	"github.com/etorrent/etorrent/internal/core/utp/pace"
	"github.com/etorrent/etorrent/internal/core/utp/recv"
	"github.com/etorrent/etorrent/internal/core/utp/send"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// clock is one that is off by an offset and goes too fast by millionths.
type clock struct {
	offset time.Duration
	ppm    int64
}

func (c clock) stamp(now mono.Instant) utpwire.Stamp {
	return utpwire.StampAt(now.Add(c.offset + time.Duration(int64(now)/1_000_000*c.ppm)))
}

// flow is a connection that always has something to send.
type flow struct {
	*world
	control  cong.Control
	pacer    pace.Pacer
	flight   *send.Flight
	queue    *recv.Queue
	from, to mono.Instant
	here     clock
	there    clock
	timer    mono.Instant // that is set
	got      int          // packets, in order
	counted  int          // of them before what is measured
	sent     int
	series   []int // packets that came in each tenth of a second
	limit    cong.Limit
}

// join adds a flow that sends from one time to another; 0: to the end.
func (w *world) join(c cong.Control, from, to time.Duration) *flow {
	f := &flow{
		world: w, control: c, from: mono.Instant(1).Add(from), to: mono.Instant(1).Add(to),
		flight: send.New(send.Config{First: 1, Most: most, Behind: 100}),
		queue:  recv.New(recv.Config{Next: 1, Window: 1 << 30, Slots: recv.MaxSlots, Segment: segment}, recv.NewPool(0, 0)),
		there:  clock{offset: 1234567 * ms},
	}
	if to == 0 {
		f.to = 1 << 62
	}
	w.flows = append(w.flows, f)
	w.push(f.from, f, nil)
	return f
}

// transmit sends a packet of ours.
func (f *flow) transmit(p send.Packet) {
	f.sent++
	out := f.borrow()
	out.size = p.Size + framed - segment
	out.data = utpwire.Packet{Header: utpwire.Header{Kind: utpwire.Data, Seq: p.Seq, Stamp: f.here.stamp(f.now)}}
	f.pacer.Sent(f.now, p.Size)
	f.control.Sent(f.now, p.Size, f.flight.Flying().Bytes)
	f.carry(f, out)
}

// fill sends what may be sent, and sets the timer.
func (f *flow) fill() {
	if f.now >= f.to {
		return
	}
	f.pacer.Set(f.control.Rate(), segment)
	wake := mono.Never
	f.limit = cong.ByWindow
	for f.allowed() {
		if at := f.pacer.Next(f.now); at > f.now {
			wake = at
			break
		}
		if f.flight.Lost().Packets > 0 {
			p := f.flight.FirstLost()
			f.flight.Resent(f.now, p.Seq)
			f.transmit(p)
		} else if f.flight.Room() > 0 {
			f.transmit(f.flight.Send(f.now, utpwire.Data, segment))
		} else {
			f.limit = cong.ByOwner
			break
		}
	}
	wake = mono.Earliest(wake, mono.Earliest(f.flight.Deadline(), f.control.Deadline()))
	if wake != mono.Never && (f.timer == mono.Never || wake < f.timer) {
		f.timer = max(wake, f.now)
		f.push(f.timer, f, nil)
	}
}

// allowed says whether the window allows for a packet. The one that the remote waits for
// is sent again whatever it says: what waits behind it may be beyond what masks tell of.
func (f *flow) allowed() bool {
	if f.flight.Lost().Packets > 0 && f.flight.FirstLost().Seq == f.flight.Unacknowledged() {
		return true
	}
	return f.flight.Flying().Bytes+segment <= max(f.control.Window(), segment)
}

func (f *flow) lost(l send.Losses) {
	if l.Packets == 0 && l.Began == send.NoEpisode {
		return
	}
	kind := map[send.EpisodeKind]cong.LossKind{
		send.NoEpisode: cong.Further, send.LossEpisode: cong.Began, send.TimeoutEpisode: cong.Silence,
	}[l.Began]
	f.control.Lost(f.now, cong.Loss{Kind: kind, Packets: l.Packets, Bytes: l.Bytes, Flying: f.flight.Flying().Bytes})
}

// expire does what is due.
func (f *flow) expire() {
	if at := f.control.Deadline(); at != mono.Never && at <= f.now {
		f.control.Tick(f.now)
	}
	if at := f.flight.Deadline(); at == mono.Never || at > f.now {
		return
	}
	e := f.flight.Expire(f.now)
	f.lost(e.Lost)
	if e.Kind != send.ProbeDue {
		return
	}
	if f.flight.Episode() == send.NoEpisode && f.flight.Room() > 0 {
		f.transmit(f.flight.Send(f.now, utpwire.Data, segment))
	} else {
		f.transmit(f.flight.Probe(f.now))
	}
}

// acknowledged takes an acknowledgement.
func (f *flow) acknowledged(p *packet) {
	a := f.flight.Acknowledge(f.now, &p.data)
	if a.Kind == send.Unsent || a.Kind == send.Stale {
		return
	}
	if a.Ended == send.Undone {
		f.control.Undone(f.now)
	}
	f.lost(a.Lost)
	evidence := cong.Ack{
		Bytes: a.Arrived.Bytes, Flying: f.flight.Flying().Bytes, RTT: a.RTT, Delay: p.data.Delay,
		Back: f.here.stamp(f.now).Since(p.data.Stamp), Limit: f.limit,
	}
	if a.Newest.SentAt != mono.Never {
		evidence.Delivered = cong.Delivery{SentAt: a.Newest.SentAt, Bytes: f.flight.Delivered() - a.Newest.Before}
	}
	f.control.Acknowledged(f.now, evidence)
}

// arrived takes data, and acknowledges it.
func (f *flow) arrived(p *packet) {
	r := f.queue.ReceiveData(p.data.Seq, nil, nil)
	f.got += r.Packets
	for len(f.series) <= int(f.now.Sub(0)/(100*ms)) {
		f.series = append(f.series, 0)
	}
	f.series[len(f.series)-1] += r.Packets
	mask := f.queue.AppendMask(p.mask[:0], utpwire.MaxMaskBytes)
	if f.short && len(mask) > 0 {
		mask[3] &= 0x3f
		mask = mask[:4]
	}
	p.data = utpwire.Packet{
		Header: utpwire.Header{
			Kind: utpwire.State, Ack: f.queue.Ack(), Stamp: f.there.stamp(f.now), Delay: f.there.stamp(f.now).Since(p.data.Stamp),
		}, Mask: mask,
	}
	if f.random.Float64() < f.ackLoss || f.down() {
		f.world.free = append(f.world.free, p)
		return
	}
	f.push(f.now.Add(f.rtt/2), f, p)
}

// percent is the goodput of the flow, of the link.
func (f *flow) percent() float64 {
	return 100 * float64((f.got-f.counted)*segment) / (float64(f.rate) * f.now.Sub(f.since).Seconds())
}
