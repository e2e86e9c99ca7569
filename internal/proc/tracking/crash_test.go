package tracking

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/core/swarms"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
	"github.com/etorrent/etorrent/sup"
)

func config() swarms.Config {
	return swarms.Config{Interval: time.Minute, Torrents: 10, Peers: 10}
}

// brittle panics once a step is asked for it.
type brittle struct{ armed bool }

func (b *brittle) Uint64() uint64 {
	if b.armed {
		panic("boom")
	}
	return 4
}

func TestACoreThatPanickedIsThrownAwayButForItsList(t *testing.T) {
	hash := tracker.InfoHash{1}
	s := newShared(config(), swarms.List{hash: {}})
	source := &brittle{}
	s.core = swarms.New(config(), rand.New(source))
	var r tracker.Response
	ask := func(port uint16) swarms.AnnounceEvidence {
		a := tracker.Announce{InfoHash: hash, Port: port, Left: 1, NumWant: 5}
		return s.announce(1, swarms.Ask{Announce: &a, From: netip.MustParseAddr("192.0.2.1")}, &r)
	}
	ask(1)
	source.armed = true
	func() {
		defer func() { _ = recover() }()
		ask(2)
		t.Error("it did not panic")
	}()
	if e := ask(3); e != swarms.Announced || r.Leechers != 1 || len(r.Peers) != 0 {
		t.Errorf("announce: %d, %+v", e, r)
	}
	a := tracker.Announce{InfoHash: tracker.InfoHash{2}, Port: 1}
	if e := s.announce(1, swarms.Ask{Announce: &a, From: netip.MustParseAddr("192.0.2.1")}, &r); e != swarms.Unlisted {
		t.Errorf("another torrent: %d", e)
	}
}

func TestASocketWhoseProcessCrashedIsOpenedAgainOnItsPort(t *testing.T) {
	var crashed atomic.Int32
	tr, err := Start(t.Context(), Config{
		Listen: []string{"127.0.0.1:0"}, Swarms: config(), Logger: slog.New(slog.DiscardHandler),
		Hook: func(at sup.Point) {
			if at.Kind == "udp" && at.At == sup.InStep && crashed.Add(1) <= 3 {
				panic("boom")
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := tr.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	c, err := net.Dial("udp", tr.UDP()[0].String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	b := make([]byte, 100)
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		_, _ = c.Write(tracker.AppendConnectRequest(nil, 7)) // one may come between two sockets
		_ = c.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
		if n, err := c.Read(b); err == nil {
			if _, is := tracker.ViewReply(b[:n], tracker.IPv4).(tracker.ConnectReply); !is || crashed.Load() < 4 {
				t.Errorf("answered %q after %d crashes", b[:n], crashed.Load())
			}
			return
		}
	}
	t.Error("no answer")
}
