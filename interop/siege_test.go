//go:build linux

package interop

import (
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/etorrent/etorrent/metainfo"
)

const (
	// besiegers attack at once, from siegeAddresses, so that none of these has more
	// than the program admits of one.
	besiegers      = 200
	siegeAddresses = 8
	// hoardFor and floodFor are how long an attack goes on: one to hoard takes
	// time, a flood is over when the tolerance is.
	hoardFor = 1500 * time.Millisecond
	floodFor = 400 * time.Millisecond
)

// besieger is one of many attackers. It fails no test: that it is left, at any
// point, is what should happen.
type besieger struct {
	*attacker
	meta *metainfo.Torrent
	n    int
}

// tactic is what every besieger does until it is left or the time is over.
type tactic struct {
	name  string
	with  []extension
	do    func(b *besieger)
	lasts time.Duration
}

// siege is one tactic carried out from addresses of its own: those of an earlier
// one may be banned.
type siege struct {
	tactic
	number int
}

// stay reads all that comes until the other side closes or the time is over.
func (b *besieger) stay() {
	for {
		if _, _, err := b.message(); err != nil {
			return
		}
	}
}

// deaf tactics read nothing of what they cause.
func deaf(bytes ...[]byte) func(*besieger) {
	return func(b *besieger) { b.send(bytes...) }
}

// unfinished is a frame of which the last byte is missing.
func unfinished(frame []byte) []byte { return frame[:len(frame)-1] }

// tactics hoard what a peer may make us keep, or have us work for nothing.
func tactics() []tactic {
	all := []tactic{
		{"requests that nobody reads the answers of", []extension{fast}, func(b *besieger) {
			b.send(frame(idInterested))
			for id := byte(255); id != idUnchoke; {
				var err error
				if id, _, err = b.message(); err != nil {
					return
				}
			}
			b.send(manyRequests(2000))
		}, hoardFor},
		{"rejects that nobody reads", []extension{fast}, func(b *besieger) {
			for range 100 {
				b.send(times(100, numbers(idRequest, 100, 0, 16384)))
				time.Sleep(5 * time.Millisecond)
			}
		}, hoardFor},
		{"extended messages without their end", []extension{extended}, deaf(unfinished(extendedHandshake(longName(65_000)))), hoardFor},
		{"unknown messages without their end", nil, deaf(unfinished(frame(99, make([]byte, 32<<10)...))), hoardFor},
		{"extended handshakes of 64 KiB", []extension{extended}, func(b *besieger) {
			for range 90 {
				b.send(extendedHandshake(longName(65_000)))
			}
			b.stay()
		}, hoardFor},
		{"haves of everything, one by one", nil, func(b *besieger) {
			for range 40 {
				for i := range uint32(pieces) {
					b.send(numbers(idHave, i))
				}
			}
			b.stay()
		}, hoardFor},
		{"first blocks only", []extension{fast}, func(b *besieger) {
			b.pretend(func(piece, begin, length uint32) []byte {
				if begin > 0 {
					return nil
				}
				return block(piece, begin, int(length))
			})
		}, hoardFor},
		{"blocks without their end", []extension{fast}, func(b *besieger) {
			b.pretend(func(piece, begin, length uint32) []byte { return unfinished(block(piece, begin, int(length))) })
		}, hoardFor},
		{"nothing but a seeder's word", []extension{fast}, func(b *besieger) {
			b.pretend(func(_, _, _ uint32) []byte { return nil })
		}, hoardFor},
	}
	for _, o := range floods {
		all = append(all, tactic{o.name, o.with, func(b *besieger) {
			b.send(o.bytes...)
			b.stay()
		}, floodFor})
	}
	return append(all,
		tactic{"every offence by turns", []extension{fast, extended}, func(b *besieger) {
			b.send(offences[b.n%len(offences)].bytes...)
			b.stay()
		}, floodFor},
		tactic{"wrong blocks", []extension{fast}, func(b *besieger) { // the last, for it bans them all
			b.pretend(func(piece, begin, length uint32) []byte { return block(piece, begin, int(length)) })
		}, hoardFor},
	)
}

// pretend says that it has everything, and answers requests as it likes.
func (b *besieger) pretend(with func(piece, begin, length uint32) []byte) {
	b.send(frame(idHaveAll), frame(idUnchoke))
	b.answer(with)
}

func longName(n int) string { return fmt.Sprintf("d1:v%d:%se", n, string(make([]byte, n))) }

// besiege has everybody carry out a tactic at once, and returns what the program
// held at most.
func (v *victim) besiege(t *testing.T, x siege) int64 {
	t.Helper()
	peak := v.peakUntil(t, func() {
		var all sync.WaitGroup
		for n := range besiegers {
			all.Go(func() { v.storm(x, n) })
		}
		all.Wait()
	})
	return peak
}

func (v *victim) storm(x siege, n int) {
	over := time.Now().Add(x.lasts)
	from := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 20, byte(x.number), byte(1+n%siegeAddresses))}, Deadline: over}
	conn, err := from.Dial("tcp", v.at.String())
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(over)
	b := &besieger{attacker: &attacker{conn: conn}, meta: v.meta, n: n}
	b.send(handshake(infoHash(v.meta), x.with...))
	hello := make([]byte, 68)
	for got := 0; got < len(hello); {
		k, err := conn.Read(hello[got:])
		if err != nil {
			return
		}
		got += k
	}
	x.do(b)
	time.Sleep(time.Until(over))
}

// peakUntil samples what the program holds while f runs.
func (v *victim) peakUntil(t *testing.T, f func()) int64 {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	var peak int64
	for {
		if n, err := memory(v.child); err == nil {
			peak = max(peak, n)
		}
		select {
		case <-done:
			return peak
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// withstand goes through all tactics, and fails the test where one makes the
// program hold too much.
func (v *victim) withstand(t *testing.T) {
	t.Helper()
	for n, x := range tactics() {
		peak := v.besiege(t, siege{x, n})
		t.Logf("%3d MiB at most under: %s", peak>>20, x.name)
		if peak > memoryLimit {
			t.Errorf("%s: %d MiB are held, at most %d allowed", x.name, peak>>20, memoryLimit>>20)
		}
	}
}

// siegeMaterial is what goes from the honest to the honest: enough to go on while
// the attacks last.
func siegeMaterial(t *testing.T) material {
	t.Helper()
	return oneFile((pieces-1)*65536+5).material(t, 65536, madeByUs)
}

// honestly is how much goes in a second.
const honestly = "300K"

func TestASeedUnderSiegeHoldsLittleAndServesOn(t *testing.T) {
	t.Parallel()
	m := siegeMaterial(t)
	s := seed(t, m.torrent, m.parent)
	at := listens(t, s)
	to := folder(t, "copy")
	g := etorrent(t, "get", append([]string{"get", m.torrent, "--down", honestly}, engine(to, folder(t, "state"), at)...)...)
	v := &victim{child: s, meta: parse(t, m.torrent), at: at}
	v.withstand(t)
	g.await(t, "that it is complete", named("complete"))
	g.mustExit(t, 0)
	stopSeed(t, s)
	mustBeEqual(t, m.parent, to)
}

func TestAFetcherUnderSiegeHoldsLittleAndFetchesOn(t *testing.T) {
	t.Parallel()
	m := siegeMaterial(t)
	s := etorrent(t, "seed", append([]string{"seed", m.torrent, "--up", honestly}, engine(m.parent, folder(t, "state"))...)...)
	to := folder(t, "copy")
	g := get(t, m.torrent, to, folder(t, "state"), listens(t, s))
	v := &victim{child: g, meta: parse(t, m.torrent), at: listens(t, g)}
	g.await(t, "that it fetches", func(r *report) bool { return r.Event == "progress" && r.Status == "fetching" })
	v.withstand(t)
	g.await(t, "that it is complete", named("complete"))
	g.mustExit(t, 0)
	mustBeEqual(t, m.parent, to)
	stopSeed(t, s)
}
