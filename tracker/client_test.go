package tracker_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"testing"
	"time"

	vocab "github.com/etorrent/etorrent/internal/vocab/tracker"
	"github.com/etorrent/etorrent/tracker"
)

// start starts a tracker that stops with the test.
func start(t *testing.T, o tracker.Options) *tracker.Tracker {
	t.Helper()
	tr, err := tracker.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := tr.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
	})
	return tr
}

// loopback starts one on an address of the host, and skips where the host does
// without.
func loopback(t *testing.T, host string) *tracker.Tracker {
	t.Helper()
	ln, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		t.Skip(err)
	}
	_ = ln.Close()
	return start(t, tracker.Options{Listen: []string{net.JoinHostPort(host, "0")}})
}

// caller speaks UDP with a tracker.
type caller struct {
	t      *testing.T
	socket *net.UDPConn
	to     netip.AddrPort
	family vocab.Family
}

func call(t *testing.T, to netip.AddrPort) *caller {
	t.Helper()
	from := net.IPv4(127, 0, 0, 1)
	family := vocab.IPv4
	if to.Addr().Is6() {
		from, family = net.IPv6loopback, vocab.IPv6
	}
	socket, err := net.ListenUDP("udp", &net.UDPAddr{IP: from})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = socket.Close() })
	return &caller{t, socket, to, family}
}

// ask sends a datagram until an answer comes, and says what it is and from where.
func (c *caller) ask(packet []byte) (vocab.ReplyEvidence, netip.AddrPort) {
	c.t.Helper()
	b := make([]byte, 4096)
	for range 20 {
		if _, err := c.socket.WriteToUDPAddrPort(packet, c.to); err != nil {
			c.t.Fatal(err)
		}
		_ = c.socket.SetReadDeadline(time.Now().Add(time.Second))
		if n, from, err := c.socket.ReadFromUDPAddrPort(b); err == nil {
			return vocab.ViewReply(b[:n], c.family), from
		}
	}
	c.t.Fatal("no answer")
	return nil, netip.AddrPort{}
}

func (c *caller) connect() vocab.Connection {
	c.t.Helper()
	reply, _ := c.ask(vocab.AppendConnectRequest(nil, 7))
	connected, is := reply.(vocab.ConnectReply)
	if !is || connected.Transaction != 7 {
		c.t.Fatalf("answered %+v", reply)
	}
	return connected.Connection
}

func (c *caller) announce(a vocab.Announce) vocab.ReplyEvidence {
	c.t.Helper()
	reply, _ := c.ask(vocab.AppendAnnounceRequest(nil, c.connect(), 8, &a, "/announce"))
	return reply
}

// told is what came of an announce that is to be answered.
func (c *caller) told(a vocab.Announce) vocab.Response {
	c.t.Helper()
	answered, is := c.announce(a).(vocab.AnnounceReply)
	if !is || answered.Transaction != 8 {
		c.t.Fatalf("answered %+v", answered)
	}
	return answered.Response
}

// get asks over HTTP.
func get(t *testing.T, at netip.AddrPort, path string, q url.Values, header http.Header) (int, []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+at.String()+path+"?"+q.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if header != nil {
		r.Header = header
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, body
}

func queryOf(hash vocab.InfoHash, port, left string) url.Values {
	return url.Values{"info_hash": {string(hash[:])}, "peer_id": {"-XX0000-012345678901"}, "port": {port}, "left": {left}, "compact": {"1"}}
}

func announce(t *testing.T, at netip.AddrPort, q url.Values) vocab.AnswerEvidence {
	t.Helper()
	status, body := get(t, at, "/announce", q, nil)
	return vocab.ViewAnnounceReply(vocab.HTTPReply{Status: status, Body: body})
}
