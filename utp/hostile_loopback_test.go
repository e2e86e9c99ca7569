package utp_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/utpwire"
	"github.com/etorrent/etorrent/utp"
)

// pacedRate is how many bytes a second the writer of a transfer has, which both ends do with
// little of a processor.
const pacedRate = 8 << 20

// bytesPerSyn is how much of a transfer at its rate goes with each packet of a flood.
const bytesPerSyn = pacedRate / floodRate

// pace calls do with how much more is due, until all is or the context ends: so many a second of
// real time, at each beat. Who was without the processor for long makes up for little of it.
func pace(ctx context.Context, perSecond, all int, do func(due int)) {
	beat := time.NewTicker(2 * time.Millisecond)
	defer beat.Stop()
	for last := time.Now(); all > 0; {
		now := time.Now()
		due := min(all, int(int64(perSecond)*int64(min(now.Sub(last), 10*time.Millisecond))/int64(time.Second)))
		if last = now; due > 0 {
			do(due)
			all -= due
		}
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
		}
	}
}

// paced has a stream go over a connection at a rate of its writer, wants it whole, and says how
// long it took.
func paced(t *testing.T, from, to *utp.Conn, data []byte) time.Duration {
	t.Helper()
	began := time.Now()
	var all sync.WaitGroup
	all.Go(func() {
		left := data
		pace(t.Context(), pacedRate, len(data), func(due int) {
			writes(t, from, left[:due])
			left = left[due:]
		})
	})
	reads(t, to, data)
	all.Wait()
	return time.Since(began)
}

// synFlood sends SYNs to a socket from some ports, each a new one.
type synFlood struct {
	from [4]net.Conn
	sent int
}

func newSynFlood(t *testing.T, to *utp.Socket) *synFlood {
	t.Helper()
	var f synFlood
	for i := range f.from {
		c, err := net.Dial("udp4", to.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		if err := c.SetDeadline(time.Now().Add(atMost)); err != nil {
			t.Fatal(err)
		}
		f.from[i] = c
	}
	return &f
}

// send sends some more. Of a hundred the answer to the first is waited for: so the queue of the
// socket overflows on no machine, however slowly that reads.
func (f *synFlood) send(n int) error {
	var b [4096]byte
	for range n {
		c := f.from[f.sent%len(f.from)]
		if f.sent >= 100 {
			if _, err := c.Read(b[:]); err != nil {
				return err
			}
		}
		h := syn(2 * (f.sent / len(f.from)))
		h.Stamp = utpwire.Stamp(f.sent)
		if _, err := c.Write(h.Append(nil, nil)); err != nil {
			return err
		}
		f.sent++
	}
	return nil
}

// cost is what a transfer took of packets, and how many of them did not come.
type cost struct{ sent, lost int64 }

// costOf has a stream go over a connection at a rate of its writer, beside a flood that has one
// of its own, if there is one, and says what it took.
func costOf(t *testing.T, from, to *utp.Conn, data []byte, beside *synFlood) cost {
	t.Helper()
	count := func() cost {
		sent := int64(from.Status().PacketsSent)
		return cost{sent, sent - int64(to.Status().PacketsReceived)}
	}
	before := count()
	var all sync.WaitGroup
	all.Go(func() {
		left := data
		pace(t.Context(), pacedRate, len(data), func(due int) {
			if beside != nil {
				if err := beside.send((len(data)-len(left)+due)/bytesPerSyn - beside.sent); err != nil {
					t.Errorf("after %d SYNs: %v", beside.sent, err)
					beside = nil
				}
			}
			writes(t, from, left[:due])
			left = left[due:]
		})
	})
	reads(t, to, data)
	all.Wait()
	after := count()
	return cost{after.sent - before.sent, after.lost - before.lost}
}

// On real sockets: a transfer whose writer has a rate of its own comes whole beside 10,000 SYNs a
// second, and next to none of its packets is lost; who asks meanwhile is let in; and nothing is
// kept of the others. Time is no measure of it, which the machine has for others too, nor is what
// was sent again because nobody had the processor to answer in time.
func TestOnLoopbackATransferLosesNothingToAFloodOfSyns(t *testing.T) {
	lasts := 3
	if testing.Short() {
		lasts = 1
	}
	from, to := listen(t, "udp4", "127.0.0.1:0", utp.Linger(0)), listen(t, "udp4", "127.0.0.1:0", utp.Linger(0))
	dialled, accepted := connect(t, from, to, to.Addr().String())
	for _, c := range []*utp.Conn{dialled, accepted} { // one that is starved ends the test
		if err := c.SetDeadline(time.Now().Add(atMost)); err != nil {
			t.Error(err)
		}
	}
	data := stream(lasts * pacedRate)
	alone := costOf(t, dialled, accepted, data, nil)

	before := heap()
	honest := make(chan error)
	ctx := within(t)
	go func() { honest <- getsIn(ctx, from, to) }()
	flood := newSynFlood(t, to)
	under := costOf(t, dialled, accepted, data, flood)
	if err := <-honest; err != nil {
		t.Errorf("who asked meanwhile: %v", err)
	}
	t.Logf("%+v alone, %+v beside %d SYNs", alone, under, flood.sent)
	if most := alone.lost + under.sent/50; under.lost > most {
		t.Errorf("%+v alone, and %+v under a flood, which is more than %d lost", alone, under, most)
	}
	if n := cells(to); n > 2 {
		t.Errorf("there are %d connections", n)
	}
	holds(t, before, 4<<20, "a flood")
	transfer(t, accepted, dialled, 1<<20)
}

// getsIn connects to a socket in the middle of a flood, and has an answer.
func getsIn(ctx context.Context, from, to *utp.Socket) error {
	beat := time.NewTimer(300 * time.Millisecond)
	defer beat.Stop()
	<-beat.C
	dialled, err := from.Dial(ctx, to.Addr().String())
	if err != nil {
		return err
	}
	defer func() { _ = dialled.Close() }()
	if _, err = dialled.Write([]byte("question")); err != nil {
		return err
	}
	accepted, err := to.AcceptContext(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = accepted.Close() }()
	got := make([]byte, 8)
	if _, err = io.ReadFull(accepted, got); err != nil {
		return err
	}
	if !bytes.Equal(got, []byte("question")) {
		return io.ErrUnexpectedEOF
	}
	return nil
}
