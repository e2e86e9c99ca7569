package etorrent_test

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
	"github.com/etorrent/etorrent/metainfo"
)

// The tests of this file have one raw remote that is slow on purpose. Each rule
// that bounds it is named by the reason for which it is left, and by the time
// until then.

// stranger is a raw connection to or from a client.
type stranger struct {
	t    *testing.T
	conn net.Conn
}

func (s *swarm) stranger(to *member) *stranger {
	s.t.Helper()
	return s.strangerFrom("10.9.0.1", to)
}

func (s *swarm) strangerFrom(host string, to *member) *stranger {
	s.t.Helper()
	s.listens(to)
	conn, err := s.network.Host(host).DialContext(s.t.Context(), "tcp", to.at().String())
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = conn.Close() })
	return &stranger{t: s.t, conn: conn}
}

// greeting is a handshake without extensions.
func greeting(c *etorrenttest.Content) []byte { return greetingOf(c, 0) }

func greetingOf(c *etorrenttest.Content, number int) []byte {
	hash := metainfo.HashInfo(c.Metainfo.InfoBytes)
	b := append([]byte("\x13BitTorrent protocol"), make([]byte, 8)...)
	return fmt.Appendf(append(b, hash[:]...), "-XX0001-%012d", number)
}

func wireFrame(id byte, numbers ...uint32) []byte {
	b := append(binary.BigEndian.AppendUint32(nil, uint32(1+4*len(numbers))), id)
	for _, n := range numbers {
		b = binary.BigEndian.AppendUint32(b, n)
	}
	return b
}

// meet does both handshakes.
func (x *stranger) meet(c *etorrenttest.Content) {
	x.t.Helper()
	_, _ = x.conn.Write(greeting(c))
	if _, err := io.ReadFull(x.conn, make([]byte, 68)); err != nil {
		x.t.Fatal(err)
	}
}

// opened waits until a torrent takes connections.
func opened(t *testing.T, fetching *etorrent.Torrent) {
	t.Helper()
	if err := fetching.Wait(t.Context(), etorrent.FilesOpen); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
}

// hunger has the client send it a hundred blocks.
func (x *stranger) hunger() {
	x.t.Helper()
	_, _ = x.conn.Write(wireFrame(2))
	for {
		id, _ := x.message()
		if id == 1 {
			break
		}
	}
	var wants []byte
	for n := range uint32(100) {
		wants = append(wants, wireFrame(6, n/16, n%16*16<<10, 16<<10)...)
	}
	_, _ = x.conn.Write(wants)
}

// message reads the next message that is no keep-alive.
func (x *stranger) message() (id byte, payload []byte) {
	x.t.Helper()
	for {
		var head [4]byte
		if _, err := io.ReadFull(x.conn, head[:]); err != nil {
			x.t.Fatal(err)
		}
		body := make([]byte, binary.BigEndian.Uint32(head[:]))
		if _, err := io.ReadFull(x.conn, body); err != nil {
			x.t.Fatal(err)
		}
		if len(body) > 0 {
			return body[0], body[1:]
		}
	}
}

// trickle sends a byte a minute until the other side closes.
func (x *stranger) trickle(b []byte) {
	x.t.Helper()
	for _, one := range b {
		if _, err := x.conn.Write([]byte{one}); err != nil {
			return
		}
		time.Sleep(time.Minute)
	}
	x.t.Errorf("all of %d bytes were taken", len(b))
}

// sip reads a byte a second until the other side closes, and says how many.
func (x *stranger) sip() int {
	n := 0
	for one := make([]byte, 1); ; n++ {
		if _, err := x.conn.Read(one); err != nil {
			return n
		}
		time.Sleep(time.Second)
	}
}

// mustBeLeft waits for the end of the connection, at most a span of virtual time
// after begun, and wants it to be for a reason.
func mustBeLeft(t *testing.T, m *member, begun time.Time, within time.Duration, reason string) {
	t.Helper()
	synctest.Wait()
	for _, e := range past(m) {
		left, is := e.(etorrent.PeerLeftEvent)
		if !is {
			continue
		}
		if took := left.Head.At.Sub(begun); took > within || left.Reason != reason {
			t.Errorf("left after %v for %q, want %v and %q", took, left.Reason, within, reason)
		}
		return
	}
	t.Errorf("not left after %v", time.Since(begun))
}

// drained fails the test if connections are open or slabs are lent.
func (s *swarm) drained(members ...*member) {
	s.t.Helper()
	synctest.Wait()
	if n := s.network.Open(); n != 0 {
		s.t.Errorf("%d connections are open", n)
	}
	for _, m := range members {
		if n := etorrent.Slabs(m.Client); n != 0 {
			s.t.Errorf("%d slabs are lent", n)
		}
	}
}

func TestAHandshakeAByteAMinuteIsLeftAfterTenSeconds(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "greet", 16<<10, 320<<10)
		seeder := s.join()
		c.Seed(t, seeder.Client, seeder.storage)
		x, begun := s.stranger(seeder), time.Now()
		go x.trickle(greeting(c))
		if _, err := x.conn.Read(make([]byte, 1)); err == nil {
			t.Error("it was answered")
		}
		if took := time.Since(begun); took > 10*time.Second {
			t.Errorf("left after %v", took)
		}
		_ = x.conn.Close()
		s.drained(seeder)
		time.Sleep(2 * time.Minute) // the trickle notices
	})
}

func TestOneThatWeDialledAnswersWithinTwentySecondsOrIsLeft(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "dialled", 16<<10, 320<<10)
		leecher := s.join()
		trap := s.network.Host("10.9.0.2")
		l, err := trap.Listen(t.Context(), "tcp", ":6881")
		if err != nil {
			t.Fatal(err)
		}
		fetching := c.Fetch(t, leecher.Client, trap.Endpoint())
		conn, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		_ = l.Close()
		begun := time.Now()
		x := &stranger{t: t, conn: conn}
		go x.trickle(greeting(c))
		if _, err := io.Copy(io.Discard, conn); err != nil {
			t.Logf("it was left: %v", err)
		}
		if took := time.Since(begun); took > 20*time.Second {
			t.Errorf("left after %v", took)
		}
		_ = conn.Close()
		if err := fetching.Retire(t.Context()); err != nil {
			t.Error(err)
		}
		s.drained(leecher)
		time.Sleep(2 * time.Minute)
	})
}

// trickles are frames that come a byte a minute, behind what makes them due.
var trickles = []struct {
	name  string
	frame []byte
}{
	{"an unknown message", append(binary.BigEndian.AppendUint32(nil, 1000), make([]byte, 1000)...)},
	{"a bitfield", wireFrame(5, 0)},
	{"a request", wireFrame(6, 0, 0, 16<<10)},
	{"a block", append(binary.BigEndian.AppendUint32(nil, 9+16<<10), make([]byte, 9+16<<10)...)},
	{"a block header", append([]byte{0, 0, 0x40, 9, 7}, make([]byte, 8)...)},
}

func TestAFrameAByteAMinuteIsLeftAsSilent(t *testing.T) {
	for _, f := range trickles {
		t.Run(f.name, func(t *testing.T) {
			inSwarm(t, func(t *testing.T, s *swarm) {
				c := etorrenttest.NewContent(t, "frames", 16<<10, 320<<10)
				leecher := s.join()
				opened(t, c.Fetch(t, leecher.Client))
				x := s.stranger(leecher)
				x.meet(c)
				_, _ = x.conn.Write(append(wireFrame(4, 0), wireFrame(1)...)) // it has piece 0, and unchokes
				begun := time.Now()
				go func() { _, _ = io.Copy(io.Discard, x.conn) }()
				x.trickle(f.frame)
				mustBeLeft(t, leecher, begun, 5*time.Minute, "silent")
				_ = x.conn.Close()
				s.drained(leecher)
			})
		})
	}
}

// A block that does not come is asked for elsewhere, and the one who trickles it
// holds up nothing.
func TestABlockAByteAMinuteHoldsUpNobody(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "block", 16<<10, 320<<10)
		seeder, leecher := s.join(), s.join()
		c.Seed(t, seeder.Client, seeder.storage)
		fetching := c.Fetch(t, leecher.Client)
		opened(t, fetching)
		x := s.stranger(leecher)
		x.meet(c)
		_, _ = x.conn.Write(append([]byte{0, 0, 0, 4, 5, 0xff, 0xff, 0xf0}, wireFrame(1)...))
		go func() { _, _ = io.Copy(io.Discard, x.conn) }()
		go x.trickle(append([]byte{0, 0, 0x40, 9, 7}, make([]byte, 8+16<<10)...))
		time.Sleep(10 * time.Second)
		begun := time.Now()
		introduce(t, fetching, seeder.at())
		s.stored(fetching)
		if took := time.Since(begun); took > 2*time.Minute {
			t.Errorf("all was there after %v", took)
		}
		c.Check(t, leecher.storage, etorrenttest.Dir)
		_ = x.conn.Close()
		time.Sleep(2 * time.Minute)
	})
}

// A remote that requests much and takes little gives its slabs back at once that
// others need them, and is left when it goes on so.
func TestOneThatReadsAByteASecondIsLeftAndHoldsNoSlabMeanwhile(t *testing.T) {
	for _, how := range []struct {
		name string
		read func(x *stranger)
	}{
		{"a byte a second", func(x *stranger) { x.sip() }},
		{"nothing", func(*stranger) {}},
	} {
		t.Run(how.name, func(t *testing.T) {
			inSwarm(t, func(t *testing.T, s *swarm) {
				s.network.SetLink(etorrenttest.Link{Buffer: 4 << 10})
				c := etorrenttest.NewContent(t, "sip", 256<<10, 4<<20)
				seeder := s.join()
				c.Seed(t, seeder.Client, seeder.storage)
				x, begun := s.stranger(seeder), time.Now()
				x.meet(c)
				x.hunger()
				go how.read(x)
				time.Sleep(5 * time.Second)
				if n := etorrent.Slabs(seeder.Client); n == 0 {
					t.Error("nothing is read ahead")
				}
				time.Sleep(6 * time.Second)
				if n := etorrent.Slabs(seeder.Client); n != 0 {
					t.Errorf("%d slabs wait for one that does not read", n)
				}
				time.Sleep(4 * time.Minute)
				mustBeLeft(t, seeder, begun, 200*time.Second, "not reading")
				_ = x.conn.Close()
				time.Sleep(2 * time.Second) // the sip notices
				s.drained(seeder)
			})
		})
	}
}

// One that pauses gets all that it asked for when it reads again.
func TestOneThatReadsAgainGetsAllItAskedFor(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		s.network.SetLink(etorrenttest.Link{Buffer: 4 << 10})
		c := etorrenttest.NewContent(t, "pause", 256<<10, 4<<20)
		seeder := s.join()
		c.Seed(t, seeder.Client, seeder.storage)
		x := s.stranger(seeder)
		x.meet(c)
		x.hunger()
		got := map[int]bool{}
		for len(got) < 100 {
			if len(got)%50 == 7 {
				time.Sleep(time.Minute)
			}
			id, body := x.message()
			if id != 7 {
				continue
			}
			at := int(binary.BigEndian.Uint32(body))*256<<10 + int(binary.BigEndian.Uint32(body[4:]))
			if got[at] || string(body[8:]) != string(c.Bytes[at:at+16<<10]) {
				t.Fatalf("a wrong answer, or a second one, of byte %d, %d long", at, len(body)-8)
			}
			got[at] = true
		}
	})
}

// One that makes us answer and does not read the answers is not read either, and
// left.
func TestOneThatNeverReadsOurAnswersIsLeft(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		s.network.SetLink(etorrenttest.Link{Buffer: 4 << 10})
		c := etorrenttest.NewContent(t, "deaf", 16<<10, 320<<10)
		seeder := s.join()
		c.Seed(t, seeder.Client, seeder.storage)
		x, begun := s.stranger(seeder), time.Now()
		hello := greeting(c)
		hello[27] |= 0x04 // FAST: every refusal is an answer
		_, _ = x.conn.Write(hello)
		time.Sleep(time.Second)
		go func() {
			for n := uint32(0); ; n++ { // slow enough to be no flood
				if _, err := x.conn.Write(wireFrame(6, 19, n%100, 1)); err != nil {
					return
				}
				time.Sleep(20 * time.Millisecond)
			}
		}()
		time.Sleep(5 * time.Minute)
		mustBeLeft(t, seeder, begun, 4*time.Minute, "not reading")
		_ = x.conn.Close()
		s.drained(seeder)
	})
}
