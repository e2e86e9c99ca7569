//go:build linux

package interop

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/etorrent/etorrent/metainfo"
)

// cheat is a peer that has everything and sends a part of the blocks wrong.
type cheat struct {
	at      netip.AddrPort
	content []byte
	mu      sync.Mutex
	rnd     *rand.Rand
	wrong   map[uint32]int // blocks sent wrong, by piece
}

// cheatOf serves wrong blocks, one in a hundred, until the test ends.
func cheatOf(t *testing.T, m *metainfo.Torrent, content []byte, rnd *rand.Rand) *cheat {
	t.Helper()
	c := &cheat{content: content, wrong: map[uint32]int{}, rnd: rand.New(rand.NewPCG(rnd.Uint64(), 1))}
	c.at = serve(t, serving{"cheats", func(a *attacker, m *metainfo.Torrent) {
		a.promise(m)
		a.answer(func(index, begin, length uint32) []byte { return c.piece(m, index, begin, length) })
	}}, m)
	return c
}

// piece is the answer to a request.
func (c *cheat) piece(m *metainfo.Torrent, index, begin, length uint32) []byte {
	message := block(index, begin, int(length))
	at := int64(index)*m.PieceLength + int64(begin)
	copy(message[13:], c.content[at:at+int64(length)])
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rnd.IntN(100) == 0 {
		message[13+c.rnd.IntN(int(length))] ^= 0xff
		c.wrong[index]++
	}
	return message
}

// sentWrong is how many blocks of a piece it sent wrong.
func (c *cheat) sentWrong(piece uint32) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.wrong[piece]
}

func TestOneLiarAmongTenHoldersIsBanned(t *testing.T) {
	t.Parallel()
	fetchAmongCheats(t, 1)
}

func TestFourLiarsAmongTenHoldersAreBanned(t *testing.T) {
	t.Parallel()
	fetchAmongCheats(t, 4)
}

// fetchAmongCheats downloads twice at once from ten holders, some of which lie.
// Each download meets liars of its own, so that what they did can be told apart.
func fetchAmongCheats(t *testing.T, liars int) {
	t.Helper()
	const holders, downloads = 10, 2
	tr := oneFile(48 << 20)
	m := tr.material(t, 256<<10, madeByUs)
	meta := parse(t, m.torrent)
	content, err := os.ReadFile(filepath.Join(m.parent, meta.Name))
	if err != nil {
		t.Fatal(err)
	}
	rnd := random(t)
	var honest []netip.AddrPort
	for range holders - liars {
		honest = append(honest, listens(t, seed(t, m.torrent, m.parent)))
	}
	var all [downloads][]*cheat
	var gets [downloads]*child
	to := [downloads]string{folder(t, "copy"), folder(t, "copy")}
	for k := range downloads {
		peers := append([]netip.AddrPort{}, honest...)
		for range liars {
			c := cheatOf(t, meta, content, rnd)
			all[k] = append(all[k], c)
			peers = append(peers, c.at)
		}
		gets[k] = get(t, m.torrent, to[k], folder(t, "state"), peers...)
	}
	for k, g := range gets {
		g.mustExit(t, 0)
		mustBeEqual(t, m.parent, to[k])
		mustBanOnly(t, g, all[k])
	}
}

// mustBanOnly fails unless every liar whose wrong blocks made a piece corrupt was
// banned before it did that to more than two, and nobody else was.
func mustBanOnly(t *testing.T, g *child, cheats []*cheat) {
	t.Helper()
	banned := map[string]int{} // how many pieces were corrupt before, of all
	var corrupt []uint32
	for _, r := range g.all() {
		switch {
		case r.Event == "peer" && r.State == "banned":
			banned[r.Address] = len(corrupt)
		case r.Event == "piece" && r.State == "corrupt":
			corrupt = append(corrupt, uint32(r.Index))
		}
	}
	for _, c := range cheats {
		before, was := banned[c.at.String()]
		if !was {
			before = len(corrupt)
		}
		if n := c.wasted(corrupt[:before], cheats); n > 2 || n > 0 && !was {
			t.Errorf("%v made %d pieces corrupt before it was banned (banned: %t)", c.at, n, was)
		}
		delete(banned, c.at.String())
	}
	for addr := range banned {
		t.Errorf("%s is banned and lied to nobody", addr)
	}
	t.Logf("%d corrupt pieces of %d liars", len(corrupt), len(cheats))
}

// wasted is how many corrupt pieces are this liar's doing and no other's.
func (c *cheat) wasted(corrupt []uint32, all []*cheat) int {
	n := 0
	for _, i := range corrupt {
		by := 0
		for _, other := range all {
			by += min(1, other.sentWrong(i))
		}
		if by == 1 && c.sentWrong(i) > 0 {
			n++
		}
	}
	return n
}

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
