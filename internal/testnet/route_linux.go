package testnet

import (
	"errors"
	"net/netip"
	"os"
)

// Route joins two hosts by way of a router between them, so that what waits for the
// line waits in no host that sends: a kernel keeps its own TCP from filling a queue of
// its own. From the first host to the router it is a cable, from there on Line.
type Route struct {
	Line   *Line // from the router to the second host
	cable  *Link // from the first host to the router
	router *Host
}

// NewRoute joins two hosts. The random seed is that of NewLine.
func NewRoute(a, b *Host, randomSeed uint64) (*Route, error) {
	router, err := NewHost()
	if err != nil {
		return nil, err
	}
	r := &Route{router: router}
	if err := r.lay(a, b, randomSeed); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

func (r *Route) lay(a, b *Host, randomSeed uint64) error {
	err := r.router.Do(func() error { return os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0) })
	if err != nil {
		return &Unavailable{Reason: "no namespace forwards", Err: err}
	}
	if r.cable, err = Join(a, r.router); err != nil {
		return err
	}
	if r.Line, err = NewLine(r.router, b, randomSeed); err != nil {
		return err
	}
	first, near := r.cable.Addrs()
	far, second := r.Line.Addrs()
	return errors.Join(
		a.ip("route", "add", second.String(), "via", near.String()),
		b.ip("route", "add", first.String(), "via", far.String(), "dev", r.Line.devices[1]),
	)
}

// Addrs are the addresses of the first and of the second host.
func (r *Route) Addrs() (first, second netip.Addr) {
	first, _ = r.cable.Addrs()
	_, second = r.Line.Addrs()
	return first, second
}

// Close takes the route away, with its router.
func (r *Route) Close() error {
	var err error
	if r.Line != nil {
		err = r.Line.Close()
	}
	return errors.Join(err, r.router.Close())
}
