//go:build linux

package interop

import (
	"io"
	"net"
	"net/netip"
	"testing"

	"github.com/etorrent/etorrent/metainfo"
)

// A serving is what a hostile peer does with a connection that we dialled.
type serving struct {
	name string
	do   func(a *attacker, m *metainfo.Torrent)
}

// servings are all dialled by one download.
var servings = []serving{
	{"closes at once", func(*attacker, *metainfo.Torrent) {}},
	{"never answers", func(a *attacker, _ *metainfo.Torrent) { a.drain() }},
	{"answers with garbage", func(a *attacker, _ *metainfo.Torrent) { a.send(make([]byte, 1000)); a.drain() }},
	{"answers for another torrent", func(a *attacker, _ *metainfo.Torrent) { a.send(handshake([20]byte{9})); a.drain() }},
	{"echoes", func(a *attacker, _ *metainfo.Torrent) { _, _ = io.Copy(a.conn, a.conn) }},
	{"has everything and stays silent", func(a *attacker, m *metainfo.Torrent) { a.promise(m); a.drain() }},
	{"has everything and rejects all", func(a *attacker, m *metainfo.Torrent) { a.promise(m); a.reject() }},
	{"chokes after each unchoke", func(a *attacker, m *metainfo.Torrent) {
		a.promise(m)
		a.send(times(50, append(frame(idChoke), frame(idUnchoke)...)))
		a.drain()
	}},
}

// liar sends zeros for every block.
var liar = serving{"lies", func(a *attacker, m *metainfo.Torrent) { a.promise(m); a.lie() }}

func TestPeersThatBreakTheirPromisesDoNotStopADownload(t *testing.T) {
	t.Parallel()
	fetchAmong(t, servings)
}

func TestALiarDoesNotStopADownload(t *testing.T) {
	t.Parallel()
	fetchAmong(t, []serving{liar})
}

// fetchAmong downloads from one good seeder among peers that are none.
func fetchAmong(t *testing.T, others []serving) {
	t.Helper()
	m := attacked(t)
	meta := parse(t, m.torrent)
	l := runLibtorrent(t, m.torrent, m.parent, roleSeed)
	l.limit(t, 1<<20, unchanged)
	peers := []netip.AddrPort{l.listens(t)}
	for _, s := range others {
		peers = append(peers, serve(t, s, meta))
	}
	to := folder(t, "copy")
	g := get(t, m.torrent, to, folder(t, "state"), peers...)
	stop := watchMemory(t, g)
	g.mustExit(t, 0)
	stop()
	l.mustBeContent(t)
	mustBeEqual(t, m.parent, to)
	corrupt := 0
	for _, r := range g.all() {
		if r.Event == "piece" && r.State == "corrupt" {
			corrupt++
		}
	}
	t.Logf("%d corrupt pieces, %d bytes fetched of %d", corrupt, endOf(t, g).Torrents[0].Downloaded, m.size)
}

// serve accepts connections at an address of its own until the test ends.
func serve(t *testing.T, s serving, m *metainfo.Torrent) netip.AddrPort {
	t.Helper()
	l, err := net.Listen("tcp", netip.AddrPortFrom(address(), 0).String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				s.do(&attacker{conn: conn}, m)
			}()
		}
	}()
	return l.Addr().(*net.TCPAddr).AddrPort()
}

// drain reads until the other side closes.
func (a *attacker) drain() { _, _ = io.Copy(io.Discard, a.conn) }

// promise does the handshakes, claims every piece, and unchokes.
func (a *attacker) promise(m *metainfo.Torrent) {
	if _, err := io.ReadFull(a.conn, make([]byte, 68)); err != nil {
		return
	}
	a.send(handshake(infoHash(m), fast), frame(idBitfield, bitfield(m.PieceCount())...), frame(idUnchoke))
}

// lie answers requests with zeros.
func (a *attacker) lie() {
	a.answer(func(index, begin, length uint32) []byte { return block(index, begin, int(length)) })
}

// reject refuses requests.
func (a *attacker) reject() {
	a.answer(func(index, begin, length uint32) []byte { return numbers(idReject, index, begin, length) })
}
