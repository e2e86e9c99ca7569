//go:build linux

package interop

import (
	"fmt"
	"io"
	"net"
	"testing"
	"time"
)

// A ban is of the address: a new connection with a new peer id is not let in.
func TestABanOutlivesTheConnectionAndThePeerID(t *testing.T) {
	t.Parallel()
	m := attacked(t)
	meta := parse(t, m.torrent)
	from := serve(t, liar, meta)
	g := get(t, m.torrent, folder(t, "copy"), folder(t, "state"), from)
	at := listens(t, g)
	g.await(t, "a ban", func(r *report) bool {
		return r.Event == "peer" && r.State == "banned" && r.Address == from.String()
	})
	for n := range 3 {
		dial := net.Dialer{LocalAddr: &net.TCPAddr{IP: from.Addr().AsSlice()}, Timeout: patience}
		conn, err := dial.Dial("tcp", at.String())
		if err != nil {
			t.Fatal(err)
		}
		a := &attacker{conn: conn, local: conn.LocalAddr().(*net.TCPAddr).AddrPort()}
		_ = conn.SetDeadline(time.Now().Add(patience))
		a.send(handshake(infoHash(meta), fast))
		if got := a.mustBeClosed(t, fmt.Sprint("connection ", n)); got > 68 {
			t.Errorf("%d bytes were sent to a banned address", got)
		}
		_ = conn.Close()
	}
	other := attack(t, at)
	other.join(t, meta, fast)
	if _, err := io.ReadFull(other.conn, make([]byte, 5)); err != nil {
		t.Errorf("another address is not let in: %v", err)
	}
}
