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

// pace calls do with how much more is due, until all is or the context ends: so many a second of
// real time, at each beat. What was missed while others had the processor is due at the next one.
func pace(ctx context.Context, perSecond, all int, do func(due int)) {
	beat := time.NewTicker(2 * time.Millisecond)
	defer beat.Stop()
	began := time.Now()
	for done := 0; done < all; {
		due := min(all, int(int64(perSecond)*int64(time.Since(began))/int64(time.Second)))
		if due > done {
			do(due - done)
			done = due
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

// floodLoopback sends SYNs to a socket from some ports, each a new one, until the context ends,
// and says how many.
func floodLoopback(ctx context.Context, t *testing.T, to *utp.Socket) int {
	const ports = 4
	var from [ports]net.Conn
	for i := range from {
		c, err := net.Dial("udp4", to.Addr().String())
		if err != nil {
			t.Error(err)
			return 0
		}
		defer func() { _ = c.Close() }()
		from[i] = c
	}
	sent := 0
	pace(ctx, floodRate, floodRate*60, func(due int) {
		for range due {
			h := syn(2 * (sent / ports))
			h.Stamp = utpwire.Stamp(sent)
			if _, err := from[sent%ports].Write(h.Append(nil, nil)); err != nil {
				t.Error(err)
			}
			sent++
		}
	})
	return sent
}

// cost is what a transfer took of packets.
type cost struct{ sent, again uint64 }

// costOf has a stream go over a connection at a rate of its writer, and says what it took.
func costOf(t *testing.T, from, to *utp.Conn, data []byte) cost {
	t.Helper()
	before := from.Status()
	paced(t, from, to, data)
	after := from.Status()
	return cost{after.PacketsSent - before.PacketsSent, after.SentAgain - before.SentAgain}
}

// On real sockets: a transfer whose writer has a rate of its own comes whole beside 10,000 SYNs a
// second, and next to none of its packets has to be sent again; who asks meanwhile is let in; and
// nothing is kept of the others. Time is no measure of it, which the machine has for others too.
func TestOnLoopbackATransferLosesNothingToAFloodOfSyns(t *testing.T) {
	lasts := 3
	if testing.Short() {
		lasts = 1
	}
	from, to := listen(t, "udp4", "127.0.0.1:0", utp.Linger(0)), listen(t, "udp4", "127.0.0.1:0", utp.Linger(0))
	dialled, accepted := connect(t, from, to, to.Addr().String())
	for _, c := range []*utp.Conn{dialled, accepted} { // one that is starved ends the test
		if err := c.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
			t.Error(err)
		}
	}
	data := stream(lasts * pacedRate)
	alone := costOf(t, dialled, accepted, data)

	before := heap()
	ctx, stop := context.WithCancel(within(t))
	defer stop()
	syns, honest := make(chan int), make(chan error)
	go func() { syns <- floodLoopback(ctx, t, to) }()
	go func() { honest <- getsIn(ctx, from, to) }()
	under := costOf(t, dialled, accepted, data)
	if err := <-honest; err != nil {
		t.Errorf("who asked meanwhile: %v", err)
	}
	stop()
	sent := <-syns
	t.Logf("%+v alone, %+v beside %d SYNs", alone, under, sent)
	if sent < floodRate*lasts/2 {
		t.Errorf("%d SYNs were no flood", sent)
	}
	if most := alone.again + under.sent/50; under.again > most {
		t.Errorf("%+v alone, and %+v under a flood, which is more than %d again", alone, under, most)
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
