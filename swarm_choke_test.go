package etorrent_test

import (
	"encoding/binary"
	"fmt"
	"io"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
	"github.com/etorrent/etorrent/sup"
)

// asker is a raw remote that wants to fetch and asks for nothing.
type asker struct {
	*stranger
	chokes, unchokes atomic.Int32 // that it was told
}

// asker connects one that has its own address and peer id, and is interested.
func (s *swarm) asker(to *member, c *etorrenttest.Content, number int) *asker {
	s.t.Helper()
	x := &asker{stranger: s.strangerFrom(fmt.Sprintf("10.9.1.%d", number), to)}
	_, _ = x.conn.Write(append(greetingOf(c, number), wireFrame(2)...))
	if _, err := io.ReadFull(x.conn, make([]byte, 68)); err != nil {
		s.t.Fatal(err)
	}
	go x.listen()
	synctest.Wait()
	return x
}

// listen notes what it is told until the connection ends.
func (x *asker) listen() {
	var head [4]byte
	for {
		if _, err := io.ReadFull(x.conn, head[:]); err != nil {
			return
		}
		body := make([]byte, binary.BigEndian.Uint32(head[:]))
		if _, err := io.ReadFull(x.conn, body); err != nil {
			return
		}
		switch {
		case len(body) == 1 && body[0] == 0:
			x.chokes.Add(1)
		case len(body) == 1 && body[0] == 1:
			x.unchokes.Add(1)
		}
	}
}

// stay sends a sign of life: who says nothing for four minutes is left.
func (x *asker) stay() { _, _ = x.conn.Write(make([]byte, 4)) }

func (x *asker) isServed() bool { return x.unchokes.Load() > x.chokes.Load() }

// fourSlots is a limit, in bytes a second, that four slots are enough for, and
// sevenSlots another.
const fourSlots, sevenSlots = 1000, 100 << 10

// askers are remotes of a seeder with four slots, and the seeder.
func (s *swarm) askers(n int, o ...func(*etorrent.Options)) (*member, *etorrenttest.Content, []*asker) {
	s.t.Helper()
	c := etorrenttest.NewContent(s.t, "slots", 16<<10, 320<<10)
	limit := func(o *etorrent.Options) { o.Limits.Up = fourSlots }
	seeder := s.join(append([]func(*etorrent.Options){limit}, o...)...)
	c.Seed(s.t, seeder.Client, seeder.storage)
	var all []*asker
	for k := range n {
		all = append(all, s.asker(seeder, c, 1+k))
	}
	return seeder, c, all
}

// wantServed fails unless those with these places are served, and no others.
func wantServed(t *testing.T, all []*asker, which ...int) {
	t.Helper()
	synctest.Wait()
	want := map[int]bool{}
	for _, k := range which {
		want[k] = true
	}
	for k, x := range all {
		if x.isServed() != want[k] {
			t.Errorf("remote %d: served %t; %d unchokes, %d chokes", k, x.isServed(), x.unchokes.Load(), x.chokes.Load())
		}
	}
}

func TestASlotThatBecomesFreeIsGivenAwayAtOnce(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		_, _, all := s.askers(6)
		wantServed(t, all, 0, 1, 2, 3) // no time passes
		_ = all[1].conn.Close()
		wantServed(t, all, 0, 1, 2, 3, 4) // the closed one was never told otherwise
		_, _ = all[2].conn.Write(wireFrame(3))
		wantServed(t, all, 0, 1, 3, 4, 5)
	})
}

func TestRemotesThatDoNotUseTheirSlotsGiveWayToThoseWhoWait(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		_, _, all := s.askers(14, func(o *etorrent.Options) { o.Limits.Up = sevenSlots })
		for n := range uint32(400) { // for a minute
			_, _ = all[0].conn.Write(wireFrame(6, n%20, 0, 16<<10))
		}
		time.Sleep(25 * time.Second)
		synctest.Wait()
		for k, x := range all {
			if x.unchokes.Load() == 0 {
				t.Errorf("remote %d was not served", k)
			}
		}
		if n := all[0].chokes.Load(); n > 0 {
			t.Errorf("the one that fetches was choked, before its turn was over")
		}
	})
}

func TestWhoWaitsForOurLimitKeepsItsTurn(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		_, _, all := s.askers(8) // a block takes 16 s
		for _, x := range all[:4] {
			_, _ = x.conn.Write(wireFrame(6, 0, 0, 16<<10))
			_, _ = x.conn.Write(wireFrame(6, 1, 0, 16<<10))
		}
		time.Sleep(25 * time.Second)
		wantServed(t, all, 0, 1, 2, 3)
	})
}

// crashing has the choker crash at the next point of a kind, once it is armed.
func crashing(armed *atomic.Bool, at sup.Moment) func(*etorrent.Options) {
	return func(o *etorrent.Options) {
		o.Hook = func(p sup.Point) {
			if p.Kind == "choker" && p.At == at && armed.CompareAndSwap(true, false) {
				panic("injected")
			}
		}
	}
}

func TestACrashOfTheChokerTakesNoSlots(t *testing.T) {
	for _, at := range []sup.Moment{sup.OnReceive, sup.InStep, sup.BetweenActions} {
		t.Run(at.String(), func(t *testing.T) {
			inSwarm(t, func(t *testing.T, s *swarm) {
				var armed atomic.Bool
				_, _, all := s.askers(7, crashing(&armed, at))
				for _, x := range all[1:3] {
					_, _ = x.conn.Write(wireFrame(3))
					synctest.Wait()
				}
				for _, x := range all[1:3] {
					_, _ = x.conn.Write(wireFrame(2))
				}
				wantServed(t, all, 0, 3, 4, 5)
				armed.Store(true)
				_ = all[0].conn.Close() // its slot goes to one of those that wait
				time.Sleep(time.Second)
				if armed.Load() {
					t.Fatal("it did not crash")
				}
				served := 0
				for _, x := range all[1:] {
					if x.isServed() {
						served++
					}
				}
				if served != 4 {
					t.Errorf("%d are served with four slots", served)
				}
				for k, x := range all[3:6] {
					if x.chokes.Load() > 0 {
						t.Errorf("remote %d was choked", 3+k)
					}
				}
			})
		})
	}
}

func TestAfterACrashOfTheChokerNobodyIsServedWithoutASlot(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		var armed atomic.Bool
		seeder, c, all := s.askers(7, func(o *etorrent.Options) { o.Limits.Up = sevenSlots }, crashing(&armed, sup.InStep))
		wantServed(t, all, 0, 1, 2, 3, 4, 5, 6)
		seeder.SetLimits(etorrent.Limits{Up: fourSlots})
		armed.Store(true)
		all = append(all, s.asker(seeder, c, 8))
		time.Sleep(time.Second)
		wantServed(t, all, 0, 1, 2, 3)
	})
}
