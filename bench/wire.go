//go:build linux

package main

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"time"

	"github.com/etorrent/etorrent/internal/testnet"
)

// distance is a path between two machines.
type distance struct {
	rtt  time.Duration
	rate int // bytes per second
}

// wire is two namespaces with a line between them.
type wire struct {
	near, far *testnet.Host // near has the payload
	line      *testnet.Line
}

// lay makes a wire whose queue is as long as what the path holds. Whoever gets one
// takes it away.
func lay(d distance, congestion string) (w *wire, err error) {
	w = &wire{}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.remove())
		}
	}()
	if w.near, err = testnet.NewHost(); err != nil {
		return w, err
	}
	if w.far, err = testnet.NewHost(); err != nil {
		return w, err
	}
	for _, h := range []*testnet.Host{w.near, w.far} {
		if err = widen(h); err != nil {
			return w, err
		}
	}
	if w.line, err = testnet.NewLine(w.near, w.far, 1); err != nil {
		return w, err
	}
	held := int(float64(d.rate) * d.rtt.Seconds())
	path := testnet.Path{Delay: d.rtt / 2, Rate: d.rate, Queue: max(held, 64<<10)}
	w.line.SetPath(path, path)
	return w, w.line.SetCongestionControl(congestion)
}

// widen lets the buffers of a namespace's sockets grow beyond what the line holds, so
// that the kernel's usual bound of 4 MiB is not what is measured.
func widen(h *testnet.Host) error {
	return h.Do(func() error {
		for _, name := range []string{"tcp_wmem", "tcp_rmem"} {
			if err := os.WriteFile("/proc/sys/net/ipv4/"+name, []byte("4096 131072 33554432"), 0); err != nil {
				return err
			}
		}
		return nil
	})
}

// address is where the near end listens.
func (w *wire) address(port uint16) string {
	first, _ := w.line.Addrs()
	return netip.AddrPortFrom(first, port).String()
}

func (w *wire) remove() error {
	var errs []error
	if w.line != nil {
		errs = append(errs, w.line.Close())
	}
	for _, h := range []*testnet.Host{w.near, w.far} {
		if h != nil {
			errs = append(errs, h.Close())
		}
	}
	return errors.Join(errs...)
}

// hostOf is the address without the port.
func hostOf(address string) string {
	host, _, _ := net.SplitHostPort(address)
	return host
}
