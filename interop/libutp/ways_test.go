//go:build linux

package libutp

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// couple is ours and libutp, who talk over a path that takes 10 ms and loses nothing,
// while their applications do what is unusual.
type couple struct {
	t    testing.TB
	ends [2]subject // ours, libutp
	did  [2]progress
	now  mono.Instant
	tick mono.Instant
	path []flying // in the order in which they come
}

type flying struct {
	at       mono.Instant
	to       int
	datagram []byte
}

// Ends of a couple.
const (
	oursEnd = iota
	libutpEnd
)

// does is something that an application does, so long after the beginning.
type does struct {
	at  time.Duration
	end int
	op  Op
	n   int
}

// pathDelay is that of a couple.
const pathDelay = 10 * time.Millisecond

// wholeMTU has a window of 1 MiB be filled to the last byte: libutp asks after one of 0
// alone, and may end there.
const wholeMTU = utpwire.HeaderBytes + 1024

func newCouple(t testing.TB) *couple {
	c := &couple{t: t, ends: [2]subject{newCore(3), startChild(t, Options{Seed: 3, MTU: wholeMTU})}, now: mono.Instant(time.Hour)}
	c.tick = c.now.Add(ticks)
	return c
}

// run has the applications do it all, and then time pass.
func (c *couple) run(of []does, until time.Duration) {
	c.t.Helper()
	begin := c.now
	for _, d := range of {
		c.pass(begin.Add(d.at))
		c.have(d.end, Event{Op: d.op, N: uint32(d.n)})
	}
	c.pass(begin.Add(until))
}

// have has something happen to an end now.
func (c *couple) have(end int, of ...Event) {
	for i := range of {
		of[i].At = c.now
	}
	records, err := c.ends[end].do(of)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, r := range records {
		if r.Kind == Sent || r.Kind == Probed {
			c.path = append(c.path, flying{c.now.Add(pathDelay), 1 - end, bytes.Clone(r.Datagram)})
		}
		c.did[end].does(r)
	}
}

// pass has everything happen until then.
func (c *couple) pass(until mono.Instant) {
	for {
		next := mono.Earliest(c.tick, c.ends[oursEnd].due())
		if len(c.path) > 0 {
			next = min(next, c.path[0].at)
		}
		if next > until {
			c.now = until
			return
		}
		c.now = max(c.now, next)
		c.one()
	}
}

// one has happen what happens now.
func (c *couple) one() {
	var came [2][]Event
	for len(c.path) > 0 && c.path[0].at <= c.now {
		came[c.path[0].to] = append(came[c.path[0].to], Event{Op: Datagram, Datagram: c.path[0].datagram})
		c.path = c.path[1:]
	}
	for end, events := range came {
		if len(events) > 0 {
			c.have(end, append(events, Event{Op: Drained})...)
		}
	}
	if c.now >= c.tick {
		c.tick = c.tick.Add(ticks)
		c.have(libutpEnd, Event{Op: Tick})
	}
	c.have(oursEnd, Event{Op: Tick})
}

func TestOursAndLibutpStandEachOthersWays(t *testing.T) {
	t.Parallel()
	const (
		lot     = 3 << 20
		closing = 90 * time.Second
	)
	other := map[int]int{oursEnd: libutpEnd, libutpEnd: oursEnd}
	for asks, role := range []string{"ours asks", "libutp asks"} {
		// The first bytes, without which libutp is not there.
		hello := []does{{0, asks, Connect, 0}, {0, asks, Write, 10}}
		for name, row := range map[string]struct {
			acts  []does
			until time.Duration
			want  [2]progress
		}{
			"libutp writes, and ours reads nothing for three minutes": {
				[]does{{time.Second, oursEnd, Hold, 0}, {time.Second, libutpEnd, Write, lot}, {3 * time.Minute, oursEnd, Read, 0}},
				5 * time.Minute, [2]progress{{delivered: lot}, {}},
			},
			"ours writes, and libutp reads nothing for three minutes": {
				[]does{{time.Second, libutpEnd, Hold, 0}, {time.Second, oursEnd, Write, lot}, {3 * time.Minute, libutpEnd, Read, 0}},
				5 * time.Minute, [2]progress{{}, {delivered: lot}},
			},
			"nobody says anything for ten minutes": {
				[]does{{10 * time.Minute, oursEnd, Write, lot}, {10 * time.Minute, libutpEnd, Write, lot}},
				12 * time.Minute, [2]progress{{delivered: lot}, {delivered: lot}},
			},
			"ours ends its stream, and libutp writes on": {
				[]does{{time.Second, oursEnd, Shutdown, 0}, {5 * time.Second, libutpEnd, Write, lot}, {time.Minute, libutpEnd, Shutdown, 0}},
				2 * time.Minute, [2]progress{{delivered: lot, ended: 1, destroyed: 1}, {ended: 1}},
			},
			"libutp ends its stream, and ours writes on": {
				[]does{{time.Second, libutpEnd, Shutdown, 0}, {5 * time.Second, oursEnd, Write, lot}, {time.Minute, oursEnd, Shutdown, 0}},
				2 * time.Minute, [2]progress{{ended: 1, destroyed: 1}, {delivered: lot, ended: 1}},
			},
			"ours closes while libutp writes, and forgets after its linger": {
				[]does{{time.Second, libutpEnd, Write, lot}, {1100 * time.Millisecond, oursEnd, Close, 0}, {time.Minute, libutpEnd, Close, 0}},
				closing, [2]progress{{destroyed: 1}, {ended: 1, failed: 1, why: Reset, destroyed: 1}},
			},
			"libutp closes while ours writes, and forgets at once": {
				[]does{{time.Second, oursEnd, Write, lot}, {1100 * time.Millisecond, libutpEnd, Close, 0}},
				closing, [2]progress{{ended: 1, destroyed: 1, failed: 1, why: Reset}, {destroyed: 1}},
			},
		} {
			t.Run(fmt.Sprint(name, ", ", role), func(t *testing.T) {
				t.Parallel()
				row.want[other[asks]].delivered += 10
				c := newCouple(t)
				c.run(append(hello[:len(hello):len(hello)], row.acts...), row.until)
				for end, want := range row.want {
					got := c.did[end]
					if row.until == closing {
						want.delivered, got.delivered = 0, 0 // as much as came before
					}
					if got != want {
						t.Errorf("end %d: %v, want %v", end, c.did[end], want)
					}
				}
			})
		}
	}
}
