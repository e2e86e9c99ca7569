// Package utp is the Micro Transport Protocol (BEP 29): streams over UDP that give way to
// others, as BitTorrent uses them.
//
// A Socket takes the connections of others and makes its own, all over one UDP port. Both
// kinds are a net.Conn. It speaks with libutp, libtorrent and what is made of them; what
// these do otherwise than TCP stays so:
//
//   - Of others, who accepts sends nothing before the first bytes of who dialled have come.
//     So who dials writes first.
//   - With CloseWrite only our own direction ends. A remote of another make ends its own a
//     little later, whatever it has still to send.
//
// One process (package sup) does all the work of a Socket, with as many goroutines for a
// thousand connections as for one. There is no global state, and nothing is printed.
package utp

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strconv"

	"github.com/etorrent/etorrent/internal/core/utp/conn"
	"github.com/etorrent/etorrent/internal/proc/clock"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/proc/utp"
	"github.com/etorrent/etorrent/sup"
)

// Socket is a UDP port with its connections, a net.Listener. Its methods may be called from
// everywhere at once.
type Socket struct {
	mux    *utp.Mux
	link   *utp.Sockets
	egress *pnet.Egress
	tree   *sup.Tree
	trace  *utp.Trace // nil: there is none
}

// Listen opens a UDP socket at HOST:PORT, where it takes connections and makes them. The
// network is "udp", "udp4" or "udp6"; an empty host is every address, of both families with
// "udp"; the name of a host stands for its first address; port 0 is any free one. ctx bounds the
// opening only. The error is a *net.OpError.
func Listen(ctx context.Context, network, address string, asked ...Option) (*Socket, error) {
	return listen(ctx, network, address, lives, newOptions(asked))
}

// life says how long a Socket lives.
type life uint8

const (
	lives life = iota // until it is closed
	// livesOnce is until it is unused.
	livesOnce
)

func listen(ctx context.Context, network, address string, l life, o options) (*Socket, error) {
	s := &Socket{egress: pnet.NewEgress(o.network)}
	at, err := s.places(ctx, network, address)
	if err != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Err: err}
	}
	k := clock.New()
	s.link = utp.NewSockets(s.egress, k, at)
	if o.trace.to != nil {
		s.trace = utp.NewTrace(o.trace.to, o.trace.every, k.Now())
	}
	s.mux = utp.New(utp.Config{
		Link: s.link, Clock: k, Core: conn.Defaults(), Backlog: o.backlog, Linger: o.linger, Silence: o.silence, Trace: s.trace,
	})
	s.tree, err = sup.Start(ctx, root, s.supervisor(l), sup.Options{Observe: observer(l, o.observe), Hook: o.hook})
	if err != nil {
		var failed *sup.StartError
		if errors.As(err, &failed) {
			err = failed.Err
		}
		return nil, &net.OpError{Op: "listen", Net: network, Err: err}
	}
	s.mux.Until(s.tree.Done())
	return s, nil
}

// supervisor has the process be started again after a crash, at the same port, unless its
// only connection is gone with it: the end of that process is the end of the tree.
func (s *Socket) supervisor(l life) sup.Supervisor {
	child, often := s.mux.Child(), crashes
	child.Restart = sup.Transient
	if l == livesOnce {
		child.Restart, often.Restarts = sup.Permanent, 0
	}
	children := []sup.Child{child}
	if s.trace != nil {
		children = []sup.Child{s.trace.Child(), child} // stopped last: it writes how connections end
	}
	return sup.Supervisor{Strategy: sup.OneForOne, Intensity: often, Children: children}
}

// root is the name of the tree.
const root = "socket"

// observer tells of all but that the tree of a livesOnce ended: it does so in order.
func observer(l life, tell func(sup.Report)) func(sup.Report) {
	if l == lives || tell == nil {
		return tell
	}
	return func(r sup.Report) {
		if r.Path != root {
			tell(r)
		}
	}
}

// Accept waits for a connection. Where the Socket was closed the error is net.ErrClosed.
func (s *Socket) Accept() (net.Conn, error) {
	c, err := s.AcceptContext(context.Background())
	if err != nil {
		return nil, err
	}
	return c, nil
}

// AcceptContext is Accept that waits until ctx ends.
func (s *Socket) AcceptContext(ctx context.Context) (*Conn, error) {
	c, err := s.mux.Accept(ctx)
	if err != nil {
		return nil, err
	}
	return &Conn{c}, nil
}

// Dial connects to HOST:PORT from the Socket's own port, within 15 s. A name is tried at each
// of its addresses, one after the other. The error is ctx's, or an *EndError, in a *net.OpError
// that names the remote.
func (s *Socket) Dial(ctx context.Context, address string) (*Conn, error) {
	addrs, port, err := s.resolve(ctx, address)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: utp.Network, Err: err}
	}
	for _, a := range addrs {
		var c *utp.Conn
		if c, err = s.mux.Dial(ctx, netip.AddrPortFrom(a, port)); err == nil {
			return &Conn{c}, nil
		}
		if ctx.Err() != nil {
			break
		}
	}
	return nil, err
}

// Close ends the Socket: it takes no more connections, ends its own as Conn.Close does, and
// waits until their remotes have acknowledged all, for as long as Linger says. What is left
// then is aborted. The error may be a *TraceError.
func (s *Socket) Close() error {
	s.mux.Shut()
	err := s.tree.Stop(context.Background())
	if s.trace != nil {
		err = errors.Join(err, s.trace.Err())
	}
	return err
}

// Addr is where the Socket is; of one for both families its address of IPv4.
func (s *Socket) Addr() net.Addr { return utp.Addr{AddrPort: s.link.LocalAddr(netip.AddrPort{})} }

// Done is closed when the Socket is down: after Close, or because its process crashed again
// and again.
func (s *Socket) Done() <-chan struct{} { return s.tree.Done() }

// Tree is the process of the Socket with its connections, as it is at the moment.
func (s *Socket) Tree() sup.Snapshot { return s.tree.Snapshot() }

// Dial connects to HOST:PORT from a Socket of its own, which ends when the connection is
// over. The network is "udp", "udp4" or "udp6".
func Dial(ctx context.Context, network, address string, asked ...Option) (*Conn, error) {
	o := newOptions(asked)
	o.backlog = 0
	s, err := listen(ctx, narrow(network, address), ":0", livesOnce, o)
	if err != nil {
		return nil, err
	}
	c, err := s.Dial(ctx, address)
	s.mux.Shut()
	return c, err
}

// narrow is the network of the family that an address is of, where it is no name.
func narrow(network, address string) string {
	host, _, _ := net.SplitHostPort(address)
	a, err := netip.ParseAddr(host)
	if err != nil || network != "udp" {
		return network
	}
	return [...]string{"udp4", "udp6"}[pnet.FamilyOf(a)]
}

// places are where sockets are to be opened.
func (s *Socket) places(ctx context.Context, network, address string) ([]netip.AddrPort, error) {
	families, known := map[string][]pnet.Family{"udp": pnet.Families[:], "udp4": {pnet.V4}, "udp6": {pnet.V6}}[network]
	if !known {
		return nil, net.UnknownNetworkError(network)
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	addrs, port, err := s.resolve(ctx, address)
	if err != nil {
		return nil, err
	}
	var out []netip.AddrPort
	for _, f := range families {
		for _, a := range addrs {
			if host == "" {
				out = append(out, f.Any(port))
				break
			}
			if pnet.FamilyOf(a) == f && len(out) == 0 {
				out = append(out, netip.AddrPortFrom(a, port))
			}
		}
	}
	if len(out) == 0 {
		return nil, &net.AddrError{Err: "no address of " + network, Addr: address}
	}
	return out, nil
}

// resolve returns the addresses of HOST:PORT; no host is the machine itself.
func (s *Socket) resolve(ctx context.Context, address string) ([]netip.Addr, uint16, error) {
	host, number, err := net.SplitHostPort(address)
	if err != nil {
		return nil, 0, err
	}
	port, err := strconv.ParseUint(number, 10, 16)
	if err != nil {
		return nil, 0, &net.AddrError{Err: "no port", Addr: address}
	}
	if host == "" {
		return []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1})}, uint16(port), nil
	}
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a.Unmap()}, uint16(port), nil
	}
	addrs, err := s.egress.Lookup(ctx, host)
	for i := range addrs {
		addrs[i] = addrs[i].Unmap()
	}
	return addrs, uint16(port), err
}
