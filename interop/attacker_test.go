//go:build linux

package interop

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/etorrent/etorrent/metainfo"
)

// attacker is a raw connection to an etorrent.
type attacker struct {
	conn  net.Conn
	local netip.AddrPort
}

// attack connects to an etorrent from an address of its own.
func attack(t *testing.T, to netip.AddrPort) *attacker {
	t.Helper()
	from := net.Dialer{LocalAddr: &net.TCPAddr{IP: address().AsSlice()}, Timeout: patience}
	conn, err := from.Dial("tcp", to.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	return &attacker{conn: conn, local: conn.LocalAddr().(*net.TCPAddr).AddrPort()}
}

// send writes as long as the other side lives; that it closes is no error here.
func (a *attacker) send(b ...[]byte) {
	_, _ = a.conn.Write(bytes.Join(b, nil))
}

// join does both handshakes.
func (a *attacker) join(t *testing.T, m *metainfo.Torrent, with ...extension) {
	t.Helper()
	a.send(handshake(infoHash(m), with...))
	if _, err := io.ReadFull(a.conn, make([]byte, 68)); err != nil {
		t.Fatalf("no handshake came: %v", err)
	}
}

func infoHash(m *metainfo.Torrent) [20]byte { return metainfo.HashInfo(m.InfoBytes) }

// awaitMessage reads until a message of an id comes and returns its payload.
func (a *attacker) awaitMessage(t *testing.T, id byte) []byte {
	t.Helper()
	for {
		got, payload, err := a.message()
		if err != nil {
			t.Fatalf("message %d did not come: %v", id, err)
		}
		if got == id {
			return payload
		}
	}
}

// message reads the next message that is no keep-alive.
func (a *attacker) message() (id byte, payload []byte, err error) {
	var head [4]byte
	for {
		if _, err := io.ReadFull(a.conn, head[:]); err != nil {
			return 0, nil, err
		}
		n := binary.BigEndian.Uint32(head[:])
		if n == 0 {
			continue
		}
		if n > 1<<20 {
			return 0, nil, errors.New("a message of more than 1 MiB")
		}
		body := make([]byte, n)
		_, err := io.ReadFull(a.conn, body)
		return body[0], body[1:], err
	}
}

// answer gives an answer to every request until the other side closes.
func (a *attacker) answer(with func(index, begin, length uint32) []byte) {
	for {
		id, payload, err := a.message()
		if err != nil {
			return
		}
		if id == idRequest && len(payload) == 12 {
			number := func(at int) uint32 { return binary.BigEndian.Uint32(payload[at:]) }
			a.send(with(number(0), number(4), number(8)))
		}
	}
}

// mustBeClosed reads until the other side closes the connection, and returns
// how many bytes came before. What names the attack.
func (a *attacker) mustBeClosed(t *testing.T, what string) int64 {
	t.Helper()
	_ = a.conn.SetDeadline(time.Now().Add(patience))
	n, err := io.Copy(io.Discard, a.conn)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%s: the connection of %v is open after %v", what, a.local, patience)
	}
	return n
}

// mustBeNamed waits until the program says why it left a connection.
func (a *attacker) mustBeNamed(t *testing.T, c *child, o offence) {
	t.Helper()
	left := c.await(t, "why it left for "+o.name, func(r *report) bool {
		return r.Event == "peer" && r.State == "left" && r.Address == a.local.String()
	})
	if left.Reason != o.reason {
		t.Errorf("%s: left for %q, want %q", o.name, left.Reason, o.reason)
	}
}
