package utp_test

import (
	"errors"
	"io"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent/sup"
	"github.com/etorrent/etorrent/utp"
)

func TestCloseOfASocketEndsAllThatItHas(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		from, to := b.socket(left), b.socket(right)
		_, accepted := connect(t, from, to, right+":6881")
		var all sync.WaitGroup
		all.Go(func() {
			_, err := to.Accept()
			is(t, err, net.ErrClosed)
		})
		all.Go(func() {
			_, err := accepted.Read(make([]byte, 1))
			is(t, err, net.ErrClosed)
		})
		synctest.Wait()
		if err := to.Close(); err != nil {
			t.Error(err)
		}
		all.Wait()
		<-to.Done()
		<-accepted.Done()
		is(t, fill(accepted), net.ErrClosed)
		_, err := to.Dial(t.Context(), left+":6881")
		is(t, err, net.ErrClosed)
		if err := to.Close(); err != nil {
			t.Errorf("again: %v", err)
		}
	})
}

// Who waited in the backlog is told that nobody will come.
func TestCloseOfASocketAbortsWhoWasNotAccepted(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		from, to := b.socket(left), b.socket(right)
		c, err := from.Dial(t.Context(), right+":6881")
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if err := to.Close(); err != nil {
			t.Error(err)
		}
		_, err = c.Read(make([]byte, 1))
		ended(t, err, utp.Reset)
	})
}

func TestCloseOfASocketWaitsForWhatWasWritten(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		from := b.socket(left, utp.Linger(time.Minute))
		one, other := connect(t, from, b.socket(right), right+":6881")
		data := stream(500 << 10)
		writes(t, one, data)
		closed := make(chan error)
		go func() { closed <- from.Close() }()
		reads(t, other, data)
		if n, err := other.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			t.Errorf("behind the end: %d, %v", n, err)
		}
		began := time.Now()
		if err := <-closed; err != nil {
			t.Error(err)
		}
		if waited := time.Since(began); waited > time.Second {
			t.Errorf("it waited for %v after all had come", waited)
		}
	})
}

// Who has said all, and waits a moment for the remote's end, tells it when there will be nobody.
func TestCloseOfASocketTellsRemotesThatGoOn(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		from := b.socket(left)
		one, other := connect(t, from, b.socket(right), right+":6881")
		_ = one.Close()
		time.Sleep(time.Second)
		if s := one.Status(); s.Phase != "lingering" {
			t.Fatalf("it is %s", s.Phase)
		}
		if err := from.Close(); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Second)
		_, err := other.Write([]byte("to nobody"))
		ended(t, err, utp.Reset)
	})
}

func TestCloseOfASocketAbortsWhatTakesTooLong(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		from := b.socket(left, utp.Linger(5*time.Second))
		one, other := connect(t, from, b.socket(right), right+":6881")
		go func() { _ = fill(one) }() // nobody reads it
		time.Sleep(time.Minute)
		began := time.Now()
		if err := from.Close(); err != nil {
			t.Error(err)
		}
		if waited := time.Since(began); waited < 4*time.Second || waited > 6*time.Second {
			t.Errorf("it waited for %v", waited)
		}
		_, err := io.Copy(io.Discard, other)
		ended(t, err, utp.Reset)
		if s := one.Status(); s.Phase != "closed" || s.Acknowledged == 0 {
			t.Errorf("it ended with %+v", s)
		}
	})
}

// A package-level Dial has a socket that nobody can close.
func TestTheSocketOfADialEndsWithItsConnection(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		to := b.socket(right)
		quiet := utp.Observe(func(r sup.Report) { t.Errorf("its end is reported: %+v", r) })
		c, err := utp.Dial(t.Context(), "udp4", right+":6881", utp.OnNetwork(b.Host(left)), quiet)
		if err != nil {
			t.Fatal(err)
		}
		a, err := to.Accept()
		if err != nil {
			t.Fatal(err)
		}
		writes(t, c, []byte("hello"))
		reads(t, a, []byte("hello"))
		_ = a.Close()
		_ = c.Close()
		<-c.Done()
		_, err = utp.Dial(t.Context(), "udp4", "10.0.0.9:6881", utp.OnNetwork(b.Host(left)))
		ended(t, err, utp.Unanswered)
		_, err = utp.Dial(t.Context(), "udp4", "nobody.example:6881", utp.OnNetwork(b.Host(left)))
		if err == nil {
			t.Error("nobody was found")
		}
	}) // the bubble ends: their goroutines have, and their sockets are closed
}

// bells counts how often a process is woken, and by what.
type bells struct{ deadlines, told, datagrams atomic.Int64 }

func (b *bells) hook(p sup.Point) {
	if p.At != sup.OnReceive {
		return
	}
	switch p.Label {
	case "deadline":
		b.deadlines.Add(1)
	case "told":
		b.told.Add(1)
	case "datagrams":
		b.datagrams.Add(1)
	}
}

func TestASocketWithoutConnectionsSleeps(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		var woken bells
		from, to := b.socket(left, utp.Hook(woken.hook)), b.socket(right)
		time.Sleep(24 * time.Hour)
		if n := woken.deadlines.Load() + woken.datagrams.Load() + woken.told.Load(); n > 0 {
			t.Errorf("it was woken %d times by nothing", n)
		}
		one, other := connect(t, from, to, right+":6881")
		_, _ = one.Close(), other.Close()
		<-one.Done()
		<-other.Done()
		synctest.Wait()
		was := woken.deadlines.Load()
		time.Sleep(24 * time.Hour)
		if n := woken.deadlines.Load() - was; n > 0 {
			t.Errorf("when its connections were over it was woken %d times", n)
		}
	})
}

// What is armed for idle connections is their signs of life, two a minute each way.
func TestAnIdleConnectionIsWokenForItsSignsOfLifeOnly(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		var woken bells
		one, other := connect(t, b.socket(left, utp.Hook(woken.hook)), b.socket(right), right+":6881")
		writes(t, one, []byte("a word"))
		reads(t, other, []byte("a word"))
		time.Sleep(time.Hour)
		was := [2]int64{woken.deadlines.Load(), woken.datagrams.Load()}
		time.Sleep(time.Hour)
		if d, n := woken.deadlines.Load()-was[0], woken.datagrams.Load()-was[1]; d > 125 || n > 250 {
			t.Errorf("in an hour it was woken by %d deadlines and %d datagrams", d, n)
		}
		if n := woken.told.Load(); n > 10 {
			t.Errorf("it was told of %d wishes", n)
		}
	})
}

// A real socket is left behind by nothing.
func TestNoGoroutineIsLeftBehind(t *testing.T) {
	was := runtime.NumGoroutine()
	from, err := utp.Listen(t.Context(), "udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	to, err := utp.Listen(t.Context(), "udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		connect(t, from, to, to.Addr().String())
	}
	if err := errors.Join(from.Close(), to.Close()); err != nil {
		t.Fatal(err)
	}
	for ctx := within(t); runtime.NumGoroutine() > was && ctx.Err() == nil; { // the last ones are on their way out
		runtime.Gosched()
	}
	if n := runtime.NumGoroutine(); n > was {
		t.Errorf("%d goroutines became %d", was, n)
	}
}
