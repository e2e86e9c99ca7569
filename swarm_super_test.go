package etorrent_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
	"github.com/etorrent/etorrent/internal/vocab/wire"
	"github.com/etorrent/etorrent/sup"
)

// speaker is a raw remote that knows FAST and BEP 10, with all that it was told.
type speaker struct {
	*stranger
	heard chan wire.Message
}

// speaker connects one that has its own address and peer id.
func (s *swarm) speaker(host string, to *member, c *etorrenttest.Content, number int) *speaker {
	s.t.Helper()
	x := &speaker{stranger: s.strangerFrom(host, to), heard: make(chan wire.Message, 1000)}
	hello := greetingOf(c, number)
	hello[25], hello[27] = hello[25]|0x10, hello[27]|0x04
	_, _ = x.conn.Write(hello)
	if _, err := io.ReadFull(x.conn, make([]byte, 68)); err != nil {
		s.t.Fatal(err)
	}
	go x.listen()
	return x
}

func (x *speaker) listen() {
	defer close(x.heard)
	for {
		var head [4]byte
		if _, err := io.ReadFull(x.conn, head[:]); err != nil {
			return
		}
		frame := append(head[:], make([]byte, binary.BigEndian.Uint32(head[:]))...)
		if _, err := io.ReadFull(x.conn, frame[4:]); err != nil {
			return
		}
		var m wire.Message
		if d := wire.Decode(frame, &wire.Limits{}, &m); d.Outcome == wire.Complete {
			m.Payload = bytes.Clone(m.Payload)
			x.heard <- m
		}
	}
}

func (x *speaker) say(all ...wire.Message) {
	for _, m := range all {
		_, _ = x.conn.Write(m.Append(nil))
	}
}

// told are the messages of a while.
func (x *speaker) told(within time.Duration) []wire.Message {
	time.Sleep(within)
	synctest.Wait()
	var out []wire.Message
	for {
		select {
		case m, open := <-x.heard:
			if !open {
				return out
			}
			out = append(out, m)
		default:
			return out
		}
	}
}

// of are the messages of one kind.
func of(all []wire.Message, k wire.Kind) []wire.Message {
	return slices.DeleteFunc(slices.Clone(all), func(m wire.Message) bool { return m.Kind != k })
}

// goals are what extended handshakes say of the speaker's goal.
func goals(all []wire.Message) []wire.UploadOnly {
	var out []wire.UploadOnly
	for _, m := range of(all, wire.Extended) {
		if seen, is := wire.ViewExtendedHandshake(m.Payload).(wire.ExtendedHandshakeWellFormed); is {
			out = append(out, seen.Handshake.UploadOnly)
		}
	}
	return out
}

func TestOneThatSuperSeedsShowsAPieceAndAnotherWhenThatIsThere(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "veil", 16<<10, 320<<10)
		seeder := s.join()
		c.Seed(t, seeder.Client, seeder.storage, etorrent.SuperSeeding())
		x := s.speaker("10.9.0.1", seeder, c, 1)
		x.say(wire.Message{Kind: wire.HaveNone}, wire.Message{Kind: wire.Interested})
		first := x.told(2 * time.Second)
		if len(of(first, wire.HaveNone)) != 1 || len(of(first, wire.AllowedFast)) != 0 || !slices.Equal(goals(first), []wire.UploadOnly{wire.UploadOnlyUnsaid}) {
			t.Errorf("it begins with %v", first)
		}
		haves := of(first, wire.Have)
		if len(haves) == 0 || len(haves) > 2 || len(of(first, wire.Unchoke)) != 1 {
			t.Fatalf("%v", first)
		}
		hidden := haves[0].Piece
		for slices.ContainsFunc(haves, func(m wire.Message) bool { return m.Piece == hidden }) {
			hidden = (hidden + 1) % 20
		}
		x.say(wire.Message{Kind: wire.Request, Piece: hidden, Length: 16 << 10}, wire.Message{Kind: wire.Request, Piece: haves[0].Piece, Length: 16 << 10})
		second := x.told(time.Second)
		if r := of(second, wire.Reject); len(r) != 1 || r[0].Piece != hidden {
			t.Errorf("what is hidden: %v", r)
		}
		if p := of(second, wire.Piece); len(p) != 1 || p[0].Piece != haves[0].Piece {
			t.Errorf("what is shown: %d blocks", len(p))
		}
		x.say(wire.Message{Kind: wire.Have, Piece: haves[0].Piece})
		if more := of(x.told(2*time.Second), wire.Have); len(more) == 0 {
			t.Error("nothing more is shown")
		}
	})
}

func TestOneThatSuperSeedsShowsEverythingWhenAnotherSeedCame(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "unveil", 16<<10, 320<<10)
		seeder := s.join()
		c.Seed(t, seeder.Client, seeder.storage, etorrent.SuperSeeding())
		x := s.speaker("10.9.0.1", seeder, c, 1)
		x.say(wire.Message{Kind: wire.HaveNone})
		begin := x.told(5 * time.Second)
		shown := len(of(begin, wire.Have))
		other := s.speaker("10.9.0.2", seeder, c, 2)
		other.say(wire.Message{Kind: wire.HaveAll})
		rest := x.told(5 * time.Second)
		if n := shown + len(of(rest, wire.Have)); n != 20 {
			t.Errorf("it was told of %d pieces of 20: %v and then %v", n, begin, rest)
		}
		if !slices.Equal(goals(rest), []wire.UploadOnly{wire.UploadOnlyYes}) {
			t.Errorf("it was told %v of our goal", goals(rest))
		}
		late := s.speaker("10.9.0.3", seeder, c, 3)
		if first := late.told(time.Second); len(of(first, wire.HaveAll)) != 1 {
			t.Errorf("one that comes later is told %v", first)
		}
		if ends := endings(seeder); len(ends) != 1 || ends[0].Why != etorrent.SuperSeedingOtherSeed || ends[0].Complete != 1 {
			t.Errorf("it ended by %+v", ends)
		}
	})
}

// endings are the events of the end of super seeding.
func endings(m *member) (out []etorrent.SuperSeedingEndedEvent) {
	for _, e := range past(m) {
		if e, is := e.(etorrent.SuperSeedingEndedEvent); is {
			out = append(out, e)
		}
	}
	return out
}

func TestThatEnoughHaveEverythingEndsSuperSeedingAndIsTold(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "enough", 16<<10, 32<<10)
		seeder := s.join()
		c.Seed(t, seeder.Client, seeder.storage, etorrent.SuperSeeding())
		for n := range 10 {
			if ends := endings(seeder); len(ends) != 0 {
				t.Fatalf("with %d it ended by %+v", n, ends)
			}
			x := s.speaker(fmt.Sprintf("10.9.%d.1", n), seeder, c, n)
			x.say(wire.Message{Kind: wire.HaveNone}, wire.Message{Kind: wire.Interested})
			x.told(time.Second)
			x.say(wire.Message{Kind: wire.Have, Piece: 0}, wire.Message{Kind: wire.Have, Piece: 1})
			x.told(time.Second)
		}
		if ends := endings(seeder); len(ends) != 1 || ends[0].Why != etorrent.SuperSeedingEnoughComplete || ends[0].Complete != 10 {
			t.Errorf("it ended by %+v", ends)
		}
	})
}

// brood is a seeder and ten leechers that all know each other, with equal lines.
func (s *swarm) brood(c *etorrenttest.Content, change func(*etorrent.Options), how ...etorrent.AddOption) (*etorrent.Torrent, []*etorrent.Torrent) {
	s.t.Helper()
	line := func(o *etorrent.Options) { o.Limits.Up = 200 << 10 }
	seeder := s.join(line, change)
	seeding := c.Seed(s.t, seeder.Client, seeder.storage, how...)
	s.listens(seeder)
	at := []netip.AddrPort{seeder.at()}
	var fetching []*etorrent.Torrent
	for range 10 {
		m := s.join(line)
		s.listens(m)
		fetching = append(fetching, c.Fetch(s.t, m.Client, at...))
		at = append(at, m.at())
	}
	return seeding, fetching
}

func TestOneThatSuperSeedsSendsLittleMoreThanOneCopy(t *testing.T) {
	long(t)
	const size = 8 << 20
	copies := map[string]float64{}
	for name, how := range map[string][]etorrent.AddOption{"super": {etorrent.SuperSeeding()}, "ordinary": nil} {
		inSwarm(t, func(t *testing.T, s *swarm) {
			s.network.SetLink(etorrenttest.Link{Latency: 20 * time.Millisecond})
			c := etorrenttest.NewContent(t, "copies", 64<<10, size)
			begun := time.Now()
			seeding, fetching := s.brood(c, func(*etorrent.Options) {}, how...)
			s.stored(fetching...)
			copies[name] = float64(seeding.Stats().Uploaded) / size
			t.Logf("%s: %.2f copies, %v", name, copies[name], time.Since(begun).Round(time.Second))
		})
	}
	if copies["super"] > 1.1 || copies["ordinary"] < 1.2 {
		t.Errorf("%.2f copies were sent, and %.2f in ordinary seeding", copies["super"], copies["ordinary"])
	}
}

// What was shown outlives the process that decided it.
func TestACrashOfAssignShowsNothingElseToThoseWhoFetch(t *testing.T) {
	const size = 4 << 20
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "crashes", 64<<10, size)
		var acts atomic.Int64
		hook := func(o *etorrent.Options) {
			o.Hook = func(p sup.Point) {
				if p.Kind == "assign" && p.Label == "reveal" && p.At == sup.BetweenActions && acts.Add(1)%15 == 0 {
					panic("injected")
				}
			}
		}
		seeding, fetching := s.brood(c, hook, etorrent.SuperSeeding())
		s.stored(fetching...)
		crashes := acts.Load() / 15
		t.Logf("%d crashes, %.2f copies", crashes, float64(seeding.Stats().Uploaded)/size)
		if crashes < 3 || seeding.Stats().Uploaded > size*3/2 {
			t.Errorf("%d crashes, %d bytes sent", crashes, seeding.Stats().Uploaded)
		}
	})
}
