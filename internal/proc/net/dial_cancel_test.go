package net_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent/etorrenttest"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/vocab/transport"
	"github.com/etorrent/etorrent/sup"
)

func TestADialThatIsCancelledIsNotAnsweredAndMakesRoomAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, hole, live := turns(t)
		var running, waiting []pnet.Dialling
		for n := range 8 {
			x := d.Dial(pnet.DialRequest{For: 1, To: hole, Begun: func() {
				if n >= 4 {
					t.Errorf("attempt %d was begun", n)
				}
			}}, func(pnet.DialResult) { t.Errorf("attempt %d was answered", n) })
			if n < 4 {
				running = append(running, x)
			} else {
				waiting = append(waiting, x)
			}
		}
		synctest.Wait()
		for _, x := range slices.Concat(waiting, running, running) {
			x.Cancel()
		}
		began := time.Now()
		var made time.Duration = -1
		d.Dial(pnet.DialRequest{For: 1, To: live}, func(r pnet.DialResult) {
			made = time.Since(began)
			_ = r.Conn.Close()
		})
		time.Sleep(time.Hour)
		synctest.Wait()
		if made != 0 {
			t.Errorf("the next is connected after %v", made)
		}
	})
}

func TestACancelledDialIsClosedAndNotBegunAgainWhateverCrashes(t *testing.T) {
	for point := int64(1); point <= 30; point++ {
		synctest.Test(t, func(t *testing.T) {
			var at atomic.Int64
			w := newDialWorld(t, func(sup.Point) bool { return at.Add(1) == point })
			x := w.dialer.Dial(pnet.DialRequest{To: w.to}, func(r pnet.DialResult) {
				if r.Err == nil {
					_ = r.Conn.Close() // where it was answered before
				}
				t.Errorf("crash at point %d: it is answered: %v", point, r.Err)
			})
			time.Sleep(5 * time.Millisecond)
			x.Cancel()
			w.dial(1)
			if connected, failed := w.taken(); connected != 1 || failed != 0 { // and the network tells of what is left open
				t.Errorf("crash at point %d: %d connected, %d failed", point, connected, failed)
			}
		})
	}
}

func TestWhatIsDueComesBeforeWhatTheSameTorrentWishedBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, hole, _ := turns(t)
		var order []string
		wish := func(name string, turn pnet.Turn) {
			d.Dial(pnet.DialRequest{For: 1, To: hole, Turn: turn, Within: time.Second, Begun: func() { order = append(order, name) }}, func(pnet.DialResult) {})
		}
		for n := range 4 {
			wish(fmt.Sprint("runs ", n), pnet.InTurn)
		}
		synctest.Wait()
		wish("third", pnet.InTurn)
		wish("first", pnet.Due)
		wish("fourth", pnet.InTurn)
		wish("second", pnet.Due)
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := order[4:]; !slices.Equal(got, []string{"first", "second", "third", "fourth"}) {
			t.Errorf("begun in the order %q", got)
		}
	})
}

func TestADialOverUTPGoesByTheWayThatThereIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		errAsked := errors.New("asked")
		host := etorrenttest.NewNetwork(t).Host("10.0.0.1")
		for _, c := range []struct {
			connect pnet.Connect
			err     error
			shows   pnet.DialEvidence
			any     transport.Policy
		}{
			{func(context.Context, netip.AddrPort) (pnet.Conn, error) { return nil, errAsked }, errAsked, pnet.DialFailed, transport.Any},
			{nil, nil, pnet.DialNoTransport, transport.OnlyTCP},
		} {
			d := pnet.NewDialer(pnet.NewEgress(host), 4, c.connect)
			tree, err := sup.Start(t.Context(), "test", sup.Supervisor{Strategy: sup.OneForOne, Children: []sup.Child{d.Child()}}, sup.Options{})
			if err != nil {
				t.Fatal(err)
			}
			answers := sup.NewMailbox[pnet.DialResult]()
			d.Dial(pnet.DialRequest{To: netip.MustParseAddrPort("10.0.0.2:1"), Via: transport.UTP}, answers.Put)
			<-answers.Wake()
			r := answers.Take(nil)[0]
			if r.Via != transport.UTP || c.err != nil && !errors.Is(r.Err, c.err) || pnet.ViewDial(r.Err) != c.shows {
				t.Errorf("answered %+v", r)
			}
			if got := d.Permits(transport.Any); got != c.any || d.Permits(transport.OnlyUTP) != transport.OnlyUTP {
				t.Errorf("of any there is %v", got)
			}
			if err := tree.Stop(context.Background()); err != nil {
				t.Error(err)
			}
		}
	})
}
