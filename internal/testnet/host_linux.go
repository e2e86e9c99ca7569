package testnet

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// Host is a network namespace: a machine as far as its network goes. Its methods
// Listen, ListenPacket and DialContext make it the Network of an engine.
type Host struct {
	name  string
	links atomic.Int64
}

// prefix begins the names of all namespaces that this package makes.
const prefix = "testnet"

var hosts atomic.Int64

// NewHost makes a namespace with a loopback that is up. The error is *Unavailable
// where that cannot be.
func NewHost() (*Host, error) {
	if os.Geteuid() != 0 {
		return nil, &Unavailable{Reason: NotRoot}
	}
	for _, tool := range []string{"ip", "tc"} {
		if _, err := exec.LookPath(tool); err != nil {
			return nil, &Unavailable{Reason: "iproute2 is not installed", Err: err}
		}
	}
	removeStale()
	h := &Host{name: fmt.Sprintf("%s-%d-%d", prefix, os.Getpid(), hosts.Add(1))}
	if err := run("ip", "netns", "add", h.name); err != nil {
		return nil, &Unavailable{Reason: "the kernel makes no namespaces", Err: err}
	}
	if err := h.run("ip", "link", "set", "lo", "up"); err != nil {
		return nil, errors.Join(&Unavailable{Reason: "no loopback", Err: err}, h.Close())
	}
	return h, nil
}

// removeStale removes what dead processes left behind.
func removeStale() {
	names, _ := filepath.Glob("/run/netns/" + prefix + "-*")
	for _, path := range names {
		name := filepath.Base(path)
		pid, err := strconv.Atoi(strings.Split(name, "-")[1])
		if err == nil && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			_ = (&Host{name: name}).Close()
		}
	}
}

// Name is the name of the namespace, as `ip netns` shows it.
func (h *Host) Name() string { return h.name }

// Close kills what still runs in the namespace and removes it, with its ends of
// every link.
func (h *Host) Close() error {
	out, _ := exec.Command("ip", "netns", "pids", h.name).Output()
	for _, field := range strings.Fields(string(out)) {
		if pid, err := strconv.Atoi(field); err == nil && pid != os.Getpid() {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	return run("ip", "netns", "del", h.name)
}

// Command is a program that will run in the namespace.
func (h *Host) Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, "ip", append([]string{"netns", "exec", h.name, name}, args...)...)
}

// SetCongestionControl chooses TCP's congestion control for every connection over
// the namespace's loopback, whatever program makes it.
func (h *Host) SetCongestionControl(name string) error {
	return h.run("ip", "route", "change", "local", "127.0.0.0/8", "dev", "lo", "table", "local", "congctl", name)
}

// Do calls do on a thread that is in the namespace: sockets made by it stay there.
// It must not start goroutines that make more.
func (h *Host) Do(do func() error) error {
	there, err := os.Open("/run/netns/" + h.name)
	if err != nil {
		return err
	}
	defer there.Close()
	runtime.LockOSThread()
	here, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		runtime.UnlockOSThread()
		return err
	}
	defer here.Close()
	if err := unix.Setns(int(there.Fd()), unix.CLONE_NEWNET); err != nil {
		runtime.UnlockOSThread()
		return fmt.Errorf("enter namespace %s: %w", h.name, err)
	}
	result := do()
	if err := unix.Setns(int(here.Fd()), unix.CLONE_NEWNET); err != nil {
		return errors.Join(result, err) // the thread stays locked, and ends with its goroutine
	}
	runtime.UnlockOSThread()
	return result
}

// Listen is net.Listen in the namespace.
func (h *Host) Listen(ctx context.Context, network, address string) (l net.Listener, err error) {
	doErr := h.Do(func() error {
		l, err = (&net.ListenConfig{}).Listen(ctx, network, address)
		return err
	})
	return l, doErr
}

// ListenPacket is net.ListenPacket in the namespace.
func (h *Host) ListenPacket(ctx context.Context, network, address string) (c net.PacketConn, err error) {
	doErr := h.Do(func() error {
		c, err = (&net.ListenConfig{}).ListenPacket(ctx, network, address)
		return err
	})
	return c, doErr
}

// DialContext is net.Dialer's in the namespace. The address has to be numeric.
func (h *Host) DialContext(ctx context.Context, network, address string) (c net.Conn, err error) {
	doErr := h.Do(func() error {
		c, err = (&net.Dialer{}).DialContext(ctx, network, address)
		return err
	})
	return c, doErr
}

// run runs a program in the namespace.
func (h *Host) run(args ...string) error {
	return run(append([]string{"ip", "netns", "exec", h.name}, args...)...)
}

func run(args ...string) error {
	out, err := exec.Command(args[0], args[1:]...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}

// Origin is a host whose connections come from one of its addresses.
type Origin struct {
	*Host
	addr netip.Addr
}

// From is the host with connections that come from a.
func (h *Host) From(a netip.Addr) *Origin { return &Origin{Host: h, addr: a} }

// DialContext is that of Host, from the address.
func (o *Origin) DialContext(ctx context.Context, network, address string) (c net.Conn, err error) {
	doErr := o.Do(func() error {
		d := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(o.addr, 0))}
		c, err = d.DialContext(ctx, network, address)
		return err
	})
	return c, doErr
}
