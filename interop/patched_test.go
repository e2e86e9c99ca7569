//go:build linux

package interop

import (
	"context"
	"encoding/binary"
	"maps"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"

	library "github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/metainfo"
)

// patched is an etorrent of our own that serves what it has, and of which the network
// spoils one block in a hundred.
type patched struct {
	at  netip.AddrPort
	mu  sync.Mutex
	rnd *rand.Rand
	// sent and wrong count the blocks that it sent, and sent wrong, by piece, to who
	// listens on a port.
	sent  map[uint16]int
	wrong map[uint16]map[uint32]int
	due   map[uint16]int // which of a hundred is spoilt
}

const (
	// spoiling is of how many blocks one is spoilt, by chance.
	spoiling = 100
	// firstSpoilt is among how many the first one is: a peer on a busy machine may not be
	// asked for a hundred.
	firstSpoilt = 16
)

// patchedSeed shares what lies below dir, and lies, until the test ends. Rate is in
// bytes a second, 0 for no limit.
func patchedSeed(t *testing.T, m *metainfo.Torrent, dir string, rate int64, rnd *rand.Rand) *patched {
	t.Helper()
	p := &patched{
		at: netip.AddrPortFrom(address(), 6881), rnd: rand.New(rand.NewPCG(rnd.Uint64(), 1)),
		sent: map[uint16]int{}, wrong: map[uint16]map[uint32]int{}, due: map[uint16]int{},
	}
	c := startClient(t, library.Options{
		Dir: dir, Network: p, Listen: []string{p.at.String()}, Ports: library.ThisPortOnly, Limits: library.Limits{Up: rate},
	})
	seeding, err := c.Add(t.Context(), library.FromMetainfo(m), library.ShareOnly())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := seeding.Wait(ctx, library.FilesOpen); err != nil {
		t.Fatal(err)
	}
	return p
}

// Listen, ListenPacket and DialContext make it the Network of its engine.

func (p *patched) Listen(ctx context.Context, network, address string) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, network, address)
	return spoiltListener{l, p}, err
}

func (p *patched) ListenPacket(ctx context.Context, network, address string) (net.PacketConn, error) {
	return new(net.ListenConfig).ListenPacket(ctx, network, address)
}

func (p *patched) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, network, address)
}

type spoiltListener struct {
	net.Listener
	of *patched
}

func (l spoiltListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &spoilt{Conn: c, of: l.of, skip: 68}, nil
}

// spoilt is a connection that changes blocks on their way out. It hears from the
// remote's extended handshake on which port that listens.
type spoilt struct {
	net.Conn
	of *patched

	mu    sync.Mutex
	heard []byte // the first bytes of the remote
	port  uint16 // 0: not known yet

	skip  int    // bytes to the next frame, or of its rest; the writer's
	head  []byte // of a frame, as far as it has come
	piece uint32 // of the block under way
	spoil int    // how many bytes of it are left until one is changed; 0: none
}

// listenPort is the key p of an extended handshake (BEP 10).
var listenPort = regexp.MustCompile(`1:pi(\d+)e`)

func (s *spoilt) Read(b []byte) (int, error) {
	n, err := s.Conn.Read(b)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.port == 0 && len(s.heard) < 4<<10 {
		s.heard = append(s.heard, b[:n]...)
		if m := listenPort.FindSubmatch(s.heard); m != nil {
			port, _ := strconv.ParseUint(string(m[1]), 10, 16)
			s.port = uint16(port)
		}
	}
	return n, err
}

// Write may change b: it is a copy that the engine made for the socket.
func (s *spoilt) Write(b []byte) (int, error) {
	for rest := b; len(rest) > 0; {
		if s.skip > 0 {
			n := min(s.skip, len(rest))
			if s.spoil > 0 && s.spoil <= n {
				rest[s.spoil-1] ^= 0xff
				s.spoil = 0
			} else if s.spoil > 0 {
				s.spoil -= n
			}
			s.skip, rest = s.skip-n, rest[n:]
			continue
		}
		s.head = append(s.head, rest[0])
		rest = rest[1:]
		s.frame()
	}
	return s.Conn.Write(b)
}

// frame looks at the head of a frame when there is enough of it.
func (s *spoilt) frame() {
	if len(s.head) < 4 {
		return
	}
	length := int(binary.BigEndian.Uint32(s.head))
	switch {
	case length == 0:
		s.head = s.head[:0]
	case len(s.head) < 5:
	case s.head[4] != idPiece:
		s.skip, s.head = length-1, s.head[:0]
	case len(s.head) == 13:
		s.piece = binary.BigEndian.Uint32(s.head[5:])
		s.skip, s.head = length-9, s.head[:0]
		s.spoil = s.of.draw(s, s.skip)
	}
}

// draw decides whether a block is spoilt, and where.
func (p *patched) draw(s *spoilt, length int) int {
	s.mu.Lock()
	to := s.port
	s.mu.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.sent[to] == 0:
		p.due[to] = p.rnd.IntN(firstSpoilt)
	case p.sent[to]%spoiling == 0:
		p.due[to] = p.rnd.IntN(spoiling)
	}
	p.sent[to]++
	if (p.sent[to]-1)%spoiling != p.due[to] {
		return 0
	}
	if p.wrong[to] == nil {
		p.wrong[to] = map[uint32]int{}
	}
	p.wrong[to][s.piece]++
	return 1 + p.rnd.IntN(length)
}

// sentWrong is how many blocks of a piece it sent wrong to who listens on a port.
func (p *patched) sentWrong(to uint16, piece uint32) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.wrong[to][piece]
}

// blocks is how many blocks it sent to who listens on a port.
func (p *patched) blocks() map[uint16]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.sent)
}

// lies is how many blocks it sent wrong.
func (p *patched) lies() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, pieces := range p.wrong {
		for _, blocks := range pieces {
			n += blocks
		}
	}
	return n
}

// The spoiling network is what it says: a fetcher that takes everything from a
// patched peer finds as many wrong blocks as were counted.
func TestAPatchedPeerSpoilsTheBlocksThatItCounts(t *testing.T) {
	t.Parallel()
	m := oneFile(32<<20).material(t, 64<<10, madeByUs)
	meta := parse(t, m.torrent)
	p := patchedSeed(t, meta, m.parent, 0, random(t))
	a := attack(t, p.at)
	a.join(t, meta, fast, extended)
	a.send(extendedHandshake("d1:pi4242ee"), frame(idInterested))
	a.awaitMessage(t, idUnchoke)
	wrong := map[uint32]int{}
	content, err := os.ReadFile(filepath.Join(m.parent, meta.Name))
	if err != nil {
		t.Fatal(err)
	}
	_ = a.conn.SetDeadline(time.Now().Add(patience))
	for i := range uint32(meta.PieceCount()) {
		for begin := uint32(0); begin < 64<<10; begin += 16 << 10 {
			a.send(numbers(idRequest, i, begin, 16<<10))
			b := a.awaitMessage(t, idPiece)
			at := int64(i)*meta.PieceLength + int64(begin)
			differ := 0
			for k, x := range b[8:] {
				if x != content[at+int64(k)] {
					differ++
				}
			}
			if differ > 1 {
				t.Fatalf("%d bytes of a block are wrong", differ)
			}
			wrong[i] += differ
		}
	}
	sum := 0
	for i, n := range wrong {
		if got := p.sentWrong(4242, i); got != n {
			t.Errorf("piece %d: %d blocks were wrong, %d counted", i, n, got)
		}
		sum += n
	}
	if sum < 20 || p.blocks()[4242] != 2048 {
		t.Errorf("%d of %d blocks were wrong", sum, p.blocks()[4242])
	}
}
