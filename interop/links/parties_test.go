//go:build linux

package links

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strconv"

	"github.com/etorrent/etorrent/internal/testnet"
	"github.com/etorrent/etorrent/internal/utpsim"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
	"github.com/etorrent/etorrent/utp"
)

// job is what an end of a connection sends, of the pattern, and what it waits for before it
// ends its stream, in bytes.
type job struct{ send, want int64 }

// outcome is what came of a job.
type outcome struct {
	received int64
	sum      string // SHA-256 of it
	fault    string // empty: the connection was closed in order
	packet   int    // of our package: bytes of UDP payload of a full packet in the end
}

// party is who speaks uTP on a host. What it begins ends with ctx.
type party interface {
	fmt.Stringer
	listen(ctx context.Context, at netip.AddrPort, j job) (bound netip.AddrPort, end func() outcome, err error)
	dial(ctx context.Context, at netip.AddrPort, j job) outcome
}

// library is our package utp.
type library struct{ host *testnet.Host }

func (library) String() string { return "ours" }

func (p library) listen(ctx context.Context, at netip.AddrPort, j job) (netip.AddrPort, func() outcome, error) {
	s, err := utp.Listen(ctx, "udp", at.String(), utp.OnNetwork(p.host))
	if err != nil {
		return at, nil, err
	}
	return netip.MustParseAddrPort(s.Addr().String()), func() outcome {
		defer func() { _ = s.Close() }()
		c, err := s.AcceptContext(ctx)
		if err != nil {
			return outcome{fault: err.Error()}
		}
		return j.on(ctx, c)
	}, nil
}

func (p library) dial(ctx context.Context, at netip.AddrPort, j job) outcome {
	c, err := utp.Dial(ctx, "udp", at.String(), utp.OnNetwork(p.host))
	if err != nil {
		return outcome{fault: err.Error()}
	}
	return j.on(ctx, c)
}

// on does a job on a connection, until all is acknowledged.
func (j job) on(ctx context.Context, c *utp.Conn) (o outcome) {
	defer context.AfterFunc(ctx, func() { _ = c.Abort() })()
	written, satisfied := make(chan error, 1), make(chan struct{})
	go func() {
		err := j.write(c)
		<-satisfied
		written <- errors.Join(err, c.CloseWrite())
	}()
	sum := sha256.New()
	first, err := io.CopyN(sum, c, j.want)
	close(satisfied)
	rest, restErr := io.Copy(sum, c)
	err = errors.Join(err, restErr, <-written, c.Close())
	<-c.Done()
	if err == nil && ctx.Err() != nil {
		err = ctx.Err()
	}
	if err != nil {
		o.fault = err.Error()
	}
	o.received, o.sum, o.packet = first+rest, hex.EncodeToString(sum.Sum(nil)), c.Status().Segment+utpwire.HeaderBytes
	return o
}

func (j job) write(to io.Writer) error {
	for at := int64(0); at < j.send; {
		n, err := to.Write(utpsim.Pattern(at, int(min(j.send-at, 50_000))))
		if err != nil {
			return err
		}
		at += int64(n)
	}
	return nil
}

// theirs is libutp: ../libutp/peer/sockets.cpp.
type theirs struct {
	host    *testnet.Host
	program string
}

func (theirs) String() string { return "libutp" }

// start starts it, and returns what it tells.
func (p theirs) start(ctx context.Context, mode string, at netip.AddrPort, j job) (*bufio.Scanner, func() error, error) {
	cmd := p.host.Command(ctx, p.program, mode, at.String(), "send", strconv.FormatInt(j.send, 10), "want", strconv.FormatInt(j.want, 10), "buffer", strconv.Itoa(socketBuffer))
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	return bufio.NewScanner(out), cmd.Wait, cmd.Start()
}

// told is a line of it.
type told struct {
	Event    string
	Host     string
	Port     uint16
	Received int64
	SHA256   string
	Fault    string
}

// next is what it tells next.
func next(lines *bufio.Scanner, event string) (line told, err error) {
	if !lines.Scan() {
		return line, fmt.Errorf("it ended before %q", event)
	}
	if err := json.Unmarshal(lines.Bytes(), &line); err != nil || line.Event != event {
		return line, fmt.Errorf("it tells %s, not %q: %w", lines.Bytes(), event, err)
	}
	return line, nil
}

// end waits until it has told all.
func end(lines *bufio.Scanner, wait func() error) outcome {
	line, err := next(lines, "ended")
	_ = wait() // its code says no more than its fault
	if err != nil {
		return outcome{fault: err.Error()}
	}
	return outcome{received: line.Received, sum: line.SHA256, fault: line.Fault}
}

func (p theirs) listen(ctx context.Context, at netip.AddrPort, j job) (netip.AddrPort, func() outcome, error) {
	lines, wait, err := p.start(ctx, "listen", at, j)
	if err != nil {
		return at, nil, err
	}
	line, err := next(lines, "listening")
	if err != nil {
		return at, nil, errors.Join(err, wait())
	}
	bound, err := netip.ParseAddr(line.Host)
	return netip.AddrPortFrom(bound, line.Port), func() outcome { return end(lines, wait) }, err
}

func (p theirs) dial(ctx context.Context, at netip.AddrPort, j job) outcome {
	lines, wait, err := p.start(ctx, "connect", at, j)
	if err != nil {
		return outcome{fault: err.Error()}
	}
	return end(lines, wait)
}

// patternSum is the SHA-256 of the first bytes of the pattern.
func patternSum(n int64) string {
	sum := sha256.New()
	for at := int64(0); at < n; {
		piece := utpsim.Pattern(at, int(min(n-at, 1<<19)))
		sum.Write(piece)
		at += int64(len(piece))
	}
	return hex.EncodeToString(sum.Sum(nil))
}
