package net_test

import (
	"errors"
	"io"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	pnet "github.com/etorrent/etorrent/internal/proc/net"
)

// gathering is a connection: what the first end sends the second one gathers.
func gathering(t *testing.T) (from, to pnet.Conn, g pnet.Gatherer) {
	t.Helper()
	from, to, _ = pair(t, 0, "127.0.0.1:0")
	return from, to, to.(pnet.Gatherer)
}

func send(t *testing.T, c pnet.Conn, n int) {
	t.Helper()
	if m, _, err := c.TryWrite([][]byte{make([]byte, n)}); m != n || err != nil {
		t.Fatalf("%d of %d bytes were taken: %v", m, n, err)
	}
}

// readAll reads what is there.
func readAll(t *testing.T, c pnet.Conn) (total int, err error) {
	t.Helper()
	buf := make([]byte, 64<<10)
	for {
		n, err := c.TryRead(buf)
		if total += n; n == 0 || err != nil {
			return total, err
		}
	}
}

func TestWhatIsGatheredIsThereAtOnce(t *testing.T) {
	const half = 32 << 10
	from, to, g := gathering(t)
	send(t, from, half)
	waited := make(chan error, 1)
	if err := g.WaitGathered(2*half, time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if low := pnet.ConnOption(to, unix.SOL_SOCKET, unix.SO_RCVLOWAT); low != 2*half {
		t.Errorf("the kernel waits for %d bytes", low)
	}
	go func() { waited <- g.WaitGathered(2*half, time.Hour) }()
	send(t, from, half)
	if err := <-waited; err != nil {
		t.Fatal(err)
	}
	if n, err := readAll(t, to); n != 2*half || err != nil {
		t.Errorf("%d of %d bytes are there: %v", n, 2*half, err)
	}
}

func TestWhoGathersInVainGetsWhatIsThere(t *testing.T) {
	from, to, g := gathering(t)
	send(t, from, 1000)
	for more := range 3 { // no time limit stays behind
		if err := g.WaitGathered(64<<10+more, time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := readAll(t, to); n != 1000 || err != nil {
		t.Errorf("%d bytes are there: %v", n, err)
	}
}

func TestAfterGatheringOneByteIsEnoughAgain(t *testing.T) {
	from, to, g := gathering(t)
	if err := g.WaitGathered(64<<10, time.Millisecond); err != nil {
		t.Fatal(err)
	}
	send(t, from, 1)
	if err := g.WaitGathered(1, 0); err != nil {
		t.Fatal(err)
	}
	if n, err := readAll(t, to); n != 1 || err != nil {
		t.Errorf("%d bytes are there: %v", n, err)
	}
	if low := pnet.ConnOption(to, unix.SOL_SOCKET, unix.SO_RCVLOWAT); low != 1 {
		t.Errorf("the kernel waits for %d bytes", low)
	}
}

func TestTheEndOfAConnectionEndsGathering(t *testing.T) {
	from, to, g := gathering(t)
	send(t, from, 1000)
	if err := from.Close(); err != nil {
		t.Fatal(err)
	}
	if err := g.WaitGathered(64<<10, time.Hour); err != nil {
		t.Fatal(err)
	}
	if n, err := readAll(t, to); n != 1000 || !errors.Is(err, io.EOF) {
		t.Errorf("%d bytes are there: %v", n, err)
	}
	waited := make(chan error, 1)
	_, ours, g := gathering(t)
	go func() { waited <- g.WaitGathered(64<<10, time.Hour) }()
	_ = ours.Close()
	if err := <-waited; err == nil {
		t.Error("no error at a connection that we closed")
	}
}
