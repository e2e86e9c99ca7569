//go:build amd64 || arm64 || loong64 || mips64 || mips64le || ppc64 || ppc64le || riscv64 || s390x

package etorrent_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
)

// narrow is the host's network, whose sockets take little at a time.
type narrow struct{}

func little(_, _ string, c syscall.RawConn) error {
	return c.Control(func(fd uintptr) {
		_ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_SNDBUF, 1)
		_ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 1)
	})
}

func (narrow) Listen(ctx context.Context, network, address string) (net.Listener, error) {
	return (&net.ListenConfig{Control: little}).Listen(ctx, network, address)
}

func (narrow) ListenPacket(ctx context.Context, network, address string) (net.PacketConn, error) {
	return new(net.ListenConfig).ListenPacket(ctx, network, address)
}

func (narrow) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return (&net.Dialer{Control: little}).DialContext(ctx, network, address)
}

func (narrow) Addrs() ([]netip.Addr, error) {
	return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
}

func (narrow) WatchAddrs() (etorrent.AddrsWatch, error) { return nil, errors.ErrUnsupported }

// unchoked waits for an upload slot.
func (x *stranger) unchoked() {
	x.t.Helper()
	_, _ = x.conn.Write(wireFrame(2))
	for id, _ := x.message(); id != 1; id, _ = x.message() {
	}
}

// A file that is shortened while its bytes wait to be sent ends the connection that they
// wait for, with a reason, and nothing else.
func TestAFileThatIsShortenedWhileItIsSentEndsTheConnectionAlone(t *testing.T) {
	const block = 128 << 10 // more than one packet, which a socket takes in any case
	short := etorrenttest.NewContent(t, "short", 256<<10, 1<<20)
	whole := etorrenttest.NewContent(t, "whole", 256<<10, 1<<20)
	dir := t.TempDir()
	client := start(t, etorrent.Options{Dir: dir, Network: narrow{}})
	for _, c := range []*etorrenttest.Content{short, whole} {
		mustWrite(t, filepath.Join(dir, c.Metainfo.Name), c.Bytes)
		if _, err := client.Add(t.Context(), etorrent.FromMetainfo(c.Metainfo), etorrent.ShareOnly()); err != nil {
			t.Fatal(err)
		}
	}
	completed := 0
	for e, err := range client.Events(t.Context(), 0) { // what is not claimed yet is looked at when it is
		if err != nil {
			t.Fatal(err)
		}
		if _, is := e.(etorrent.CompletedEvent); is {
			if completed++; completed == 2 {
				break
			}
		}
	}
	meet := func(c *etorrenttest.Content) *stranger {
		conn, err := narrow{}.DialContext(t.Context(), "tcp", listening(t, client).String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		x := &stranger{t: t, conn: conn}
		x.meet(c)
		x.unchoked()
		_, _ = conn.Write(wireFrame(6, 0, 0, block))
		return x
	}
	x := meet(short)
	begin := make([]byte, 13+1)
	if _, err := io.ReadFull(x.conn, begin); err != nil || begin[13] != short.Bytes[0] {
		t.Fatalf("the block does not begin: %v", err)
	}
	path := filepath.Join(dir, short.Metainfo.Name)
	if maps, err := os.ReadFile("/proc/self/maps"); err != nil || !strings.Contains(string(maps), path) {
		t.Skipf("it is not mapped: %v", err)
	}
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	rest, _ := io.ReadAll(x.conn)
	if len(rest) >= block-1 || !bytes.Equal(rest, short.Bytes[1:1+len(rest)]) {
		t.Errorf("%d bytes followed, or they are others", len(rest))
	}
	for e, err := range client.Events(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		if left, is := e.(etorrent.PeerLeftEvent); is {
			// The disk is told, too; if it sees first what happened, that is the reason.
			if !strings.Contains(left.Reason, "shortened") && left.Reason != "files changed" {
				t.Errorf("it was left for %q", left.Reason)
			}
			break
		}
	}
	id, body := meet(whole).message()
	if id != 7 || !bytes.Equal(body[8:], whole.Bytes[:block]) {
		t.Error("what is whole is not served any more")
	}
}
