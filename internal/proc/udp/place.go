package udp

import (
	"errors"
	"net/netip"
	"slices"
	"time"

	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/vocab/mono"
)

const (
	// retryAfter is the first wait after a socket could not be had; it doubles.
	retryAfter  = 200 * time.Millisecond
	retryAtMost = 30 * time.Second
)

// place is where the datagrams of one family are to be taken.
type place struct {
	want netip.AddrPort // zero: nowhere; port 0: any, once somebody sends
	had  netip.AddrPort // where they were last
	use  use
}

// use says whether somebody has sent, so that any port is better than none.
type use uint8

const (
	unused use = iota
	used
)

// hear notes beside what addresses datagrams are to be taken.
func (k *kept) hear(listening []netip.AddrPort) {
	k.hearing = heard
	for _, f := range pnet.Families {
		k.places[f].want = wanted(k.places[f].want, f, listening)
	}
}

// wanted is where the datagrams of a family are to be taken beside listeners, now
// being where they are: there, if that will do; else beside the first listener of
// the family, and on any port if there is no listener.
func wanted(now netip.AddrPort, f pnet.Family, listening []netip.AddrPort) netip.AddrPort {
	var all []netip.AddrPort
	for _, l := range listening {
		if at := f.Beside(l); at.IsValid() {
			all = append(all, at)
		}
	}
	switch {
	case len(listening) == 0 && now.IsValid(), slices.Contains(all, now):
		return now
	case len(listening) == 0:
		return f.Any(0)
	case len(all) == 0:
		return netip.AddrPort{}
	}
	return all[0]
}

// retry is when what failed is tried again.
type retry struct {
	at   mono.Instant // mono.Never: nothing failed
	wait time.Duration
}

func newRetry() retry { return retry{wait: retryAfter} }

// failed arms it, later each time.
func (r *retry) failed(now mono.Instant) {
	r.at = now.Add(r.wait)
	r.wait = min(2*r.wait, retryAtMost)
}

// use says that somebody sends over a family.
func (x *process) use(f pnet.Family) {
	at := &x.kept.places[f]
	if x.sockets[f] == nil && at.use == unused {
		at.use = used
		if x.kept.hearing == heard {
			x.settle()
		}
	}
}

// settle opens the sockets that should be open and are not, and shows how that
// went.
func (x *process) settle() {
	for _, f := range pnet.Families {
		x.place(f)
	}
	x.show()
}

func (x *process) place(f pnet.Family) {
	at, s := &x.kept.places[f], x.sockets[f]
	switch {
	case !at.want.IsValid():
		x.close(f)
		x.faults[f] = nil
		return
	case at.want.Port() == 0 && (s != nil || at.use == unused), s != nil && s.at == at.want:
		x.faults[f] = nil
		return
	}
	x.p.Act("open")
	var packets pnet.Packets
	var err error
	if at.want.Port() != 0 {
		packets, err = x.h.open(x.p.Context(), f, at.want)
	}
	x.faults[f] = err
	if packets == nil && s == nil && at.use == used {
		packets, err = x.openAnywhere(f)
		if x.faults[f] == nil {
			x.faults[f] = err
		}
	}
	if packets != nil {
		x.install(f, packets)
	}
}

// openAnywhere takes the port that the family had, that of the other family, or
// any.
func (x *process) openAnywhere(f pnet.Family) (packets pnet.Packets, err error) {
	at := &x.kept.places[f]
	ports := []uint16{at.had.Port(), 0}
	for _, other := range x.sockets {
		if other != nil {
			ports = []uint16{at.had.Port(), other.at.Port(), 0}
		}
	}
	for i, port := range ports {
		if port == 0 && i < len(ports)-1 {
			continue
		}
		if packets, err = x.h.open(x.p.Context(), f, netip.AddrPortFrom(at.want.Addr(), port)); err == nil {
			return packets, nil
		}
	}
	return nil, err
}

// show tells where datagrams are taken, and has what failed tried again.
func (x *process) show() {
	now := Shown{Err: x.fault()}
	for f, at := range map[pnet.Family]*netip.AddrPort{pnet.V4: &now.V4, pnet.V6: &now.V6} {
		if s := x.sockets[f]; s != nil {
			*at = s.at
		}
	}
	x.retry.at = mono.Never
	if now.Err != nil {
		x.retry.failed(x.h.cfg.Clock.Now())
	}
	x.p.Degraded(now.Err)
	x.h.wire.show(x)
	before, _ := x.h.shown.Read()
	if before.V4 == now.V4 && before.V6 == now.V6 && text(before.Err) == text(now.Err) {
		return
	}
	x.h.shown.Post(now)
	if x.h.cfg.Changed != nil {
		x.h.cfg.Changed(now)
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// fault is why datagrams are not taken where they should be. That the host does
// without a family is no fault, as long as it has the other.
func (x *process) fault() error {
	var faults, absent []error
	opened := 0
	for f, err := range x.faults {
		switch {
		case x.sockets[f] != nil:
			opened++
			fallthrough
		case err != nil && pnet.ViewListen(err) != pnet.ListenAbsent:
			faults = append(faults, err)
		default:
			absent = append(absent, err)
		}
	}
	if opened == 0 {
		faults = append(faults, absent...)
	}
	faults = slices.DeleteFunc(faults, func(err error) bool { return err == nil })
	if len(faults) == 1 {
		return faults[0]
	}
	return errors.Join(faults...)
}
