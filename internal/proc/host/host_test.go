package host_test

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent/etorrenttest"
	"github.com/etorrent/etorrent/internal/proc/clock"
	"github.com/etorrent/etorrent/internal/proc/host"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/sup"
)

// begin runs a process until the test ends.
func begin(t *testing.T, c sup.Child, hook sup.Hook) *sup.Tree {
	t.Helper()
	tree, err := sup.Start(t.Context(), "host", sup.Supervisor{Children: []sup.Child{c}, Intensity: sup.Intensity{Restarts: 9, Within: time.Minute}}, sup.Options{Hook: hook})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tree.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	synctest.Wait()
	return tree
}

func TestASuspendIsToldOfAtOnceIfItIsLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source, told := etorrenttest.NewClock(), sup.NewMailbox[host.Change]()
		begin(t, host.NewSleep(source, told.Put).Child(), nil)
		expect := func(want ...host.Change) {
			t.Helper()
			synctest.Wait()
			if got := told.Take(nil); len(got) != len(want) || len(got) > 0 && got[0] != want[0] {
				t.Errorf("told %v, want %v", got, want)
			}
		}
		expect()
		for range 10 {
			source.Suspend(29 * time.Second)
			expect()
		}
		source.Suspend(30 * time.Second)
		expect(host.Slept{For: 30 * time.Second})
		source.SetAhead(-24 * time.Hour)
		source.SetAhead(48 * time.Hour)
		expect()
		source.Suspend(8 * time.Hour)
		expect(host.Slept{For: 8 * time.Hour})
		begun := time.Now()
		time.Sleep(time.Hour)
		if expect(); time.Since(begun) != time.Hour {
			t.Error("time went on by itself")
		}
	})
}

func TestWhereNobodyTellsOfSuspendsTheyAreSeenWithinAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source, told := etorrenttest.NewClock(), sup.NewMailbox[host.Change]()
		begin(t, host.NewSleep(clock.Unwatched(source), told.Put).Child(), nil)
		time.Sleep(90 * time.Second)
		source.Suspend(time.Hour)
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := told.Take(nil); len(got) != 1 || got[0] != (host.Slept{For: time.Hour}) {
			t.Errorf("told %v", got)
		}
	})
}

// crashOnce is a hook that panics the first time that an action is carried out.
func crashOnce() sup.Hook {
	armed := make(chan struct{}, 1)
	armed <- struct{}{}
	return func(p sup.Point) {
		if p.At != sup.BetweenActions {
			return
		}
		select {
		case <-armed:
			panic("injected")
		default:
		}
	}
}

func TestWhatIsNoticedBeforeACrashIsToldAfterIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source, told := etorrenttest.NewClock(), sup.NewMailbox[host.Change]()
		begin(t, host.NewSleep(source, told.Put).Child(), crashOnce())
		source.Suspend(time.Hour)
		synctest.Wait()
		if got := told.Take(nil); len(got) != 1 || got[0] != (host.Slept{For: time.Hour}) {
			t.Errorf("told %v of the suspend", got)
		}
		machine := etorrenttest.NewNetwork(t).Host("10.0.0.1")
		begin(t, host.NewAddrs(pnet.NewEgress(machine), told.Put).Child(), crashOnce())
		machine.SetAddrs("10.0.0.1", "10.0.0.2")
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if got := told.Take(nil); len(got) != 1 {
			t.Errorf("told %v of the addresses", got)
		}
	})
}

func TestAChangeOfAddressesIsToldOnceItIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		machine, told := etorrenttest.NewNetwork(t).Host("10.0.0.1"), sup.NewMailbox[host.Change]()
		begin(t, host.NewAddrs(pnet.NewEgress(machine), told.Put).Child(), nil)
		expect := func(when string, want ...string) {
			t.Helper()
			synctest.Wait()
			got := told.Take(nil)
			if len(want) == 0 && len(got) == 0 {
				return
			}
			var addrs []netip.Addr
			for _, a := range want {
				addrs = append(addrs, netip.MustParseAddr(a))
			}
			if len(got) != 1 || !slices.Equal(got[0].(host.Readdressed).Addrs, addrs) {
				t.Errorf("%s: told %v, want %v", when, got, want)
			}
		}
		expect("at first")
		for range 5 {
			machine.SetAddrs("10.0.0.1", "192.0.2.1")
			time.Sleep(500 * time.Millisecond)
			machine.SetAddrs("10.0.0.1", "192.0.2.2")
			time.Sleep(500 * time.Millisecond)
			expect("while it changes")
		}
		time.Sleep(time.Second)
		expect("when it is over", "10.0.0.1", "192.0.2.2")
		machine.SetAddrs("192.0.2.2", "10.0.0.1", "10.0.0.1")
		time.Sleep(5 * time.Second)
		expect("when the same are there in another order")
		for n := range 30 {
			machine.SetAddrs("10.0.0.1", netip.AddrFrom4([4]byte{192, 0, 2, byte(n)}).String())
			time.Sleep(500 * time.Millisecond)
		}
		if got := told.Take(nil); len(got) != 1 {
			t.Errorf("told %v of a change that goes on for 15 s", got)
		}
		time.Sleep(2 * time.Second)
		machine.SetAddrs()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if got := told.Take(nil); len(got) != 2 || len(got[1].(host.Readdressed).Addrs) != 0 || got[1].(host.Readdressed).Addrs == nil {
			t.Errorf("told %v when there is none", got)
		}
	})
}

// brittle is a network whose watches fail.
type brittle struct{ *etorrenttest.Host }

var errBrittle = errors.New("the watch failed")

type brittleWatch struct{ pnet.AddrsWatch }

func (w brittleWatch) Wait() error {
	_ = w.AddrsWatch.Wait()
	return errBrittle
}

func (b brittle) WatchAddrs() (pnet.AddrsWatch, error) {
	w, err := b.Host.WatchAddrs()
	return brittleWatch{w}, err
}

func TestAWatchThatFailsIsShownAndBegunAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		machine, told := etorrenttest.NewNetwork(t).Host("10.0.0.1"), sup.NewMailbox[host.Change]()
		tree := begin(t, host.NewAddrs(pnet.NewEgress(brittle{machine}), told.Put).Child(), nil)
		shown := func() error {
			d, _ := tree.Snapshot().Root.Children[0].State.(sup.Degraded)
			return d.Err
		}
		for range 3 {
			if err := shown(); err != nil {
				t.Errorf("degraded while it watches: %v", err)
			}
			machine.SetAddrs("10.0.0.1", "10.0.0.2")
			synctest.Wait()
			if err := shown(); !errors.Is(err, errBrittle) {
				t.Errorf("degraded: %v", err)
			}
			if got := told.Take(nil); len(got) > 1 {
				t.Errorf("told %v", got)
			}
			time.Sleep(time.Minute + time.Second)
			synctest.Wait()
			machine.SetAddrs("10.0.0.1")
			synctest.Wait()
			if got := told.Take(nil); len(got) != 1 {
				t.Errorf("told %v after it failed", got)
			}
			time.Sleep(time.Minute + time.Second)
			synctest.Wait()
		}
	})
}

// ownNetwork is one that does not know the addresses of its machine.
type ownNetwork struct{ pnet.Network }

func TestANetworkWithoutAddressesIsNotLookedAt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		machine, passed := etorrenttest.NewNetwork(t).Host("10.0.0.1"), 0
		begin(t, host.NewAddrs(pnet.NewEgress(ownNetwork{machine}), nil).Child(), func(sup.Point) { passed++ })
		time.Sleep(time.Hour)
		if passed > 0 {
			t.Errorf("it passed %d points", passed)
		}
	})
}
