//go:build linux

package relay

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/utpsim"
	"github.com/etorrent/etorrent/utp"
)

// library is our package utp.
type library struct {
	from *utp.Socket // that dials; nil: one for each connection
}

func (library) listen(ctx context.Context, host netip.Addr, j job) (netip.AddrPort, func() outcome, error) {
	s, err := utp.Listen(ctx, "udp", netip.AddrPortFrom(host, 0).String())
	if err != nil {
		return netip.AddrPort{}, nil, err
	}
	return netip.MustParseAddrPort(s.Addr().String()), func() outcome {
		defer j.closes(ctx, s)()
		c, err := s.AcceptContext(ctx)
		if err != nil {
			return outcome{fault: err.Error()}
		}
		return j.on(ctx, c, time.Now())
	}, nil
}

func (l library) dial(ctx context.Context, at netip.AddrPort, j job) (func() outcome, error) {
	return func() outcome {
		begun := time.Now()
		c, err := l.connect(ctx, at, j)
		if err != nil {
			return outcome{fault: err.Error()}
		}
		return j.on(ctx, c, begun)
	}, nil
}

// connect dials from a socket that ends with the connection, or with ctx where it is to
// stay.
func (l library) connect(ctx context.Context, at netip.AddrPort, j job) (*utp.Conn, error) {
	s := l.from
	if s == nil && !j.stays() {
		return utp.Dial(ctx, "udp", at.String())
	}
	if s == nil {
		own, err := quiet(ctx, at.Addr())
		if err != nil {
			return nil, err
		}
		j.closes(ctx, own)
		s = own
	}
	return s.Dial(ctx, at.String())
}

// quiet is a socket that is not dialled.
func quiet(ctx context.Context, host netip.Addr) (*utp.Socket, error) {
	return utp.Listen(ctx, "udp", netip.AddrPortFrom(host, 0).String(), utp.Backlog(0))
}

// closes is what closes the socket when its job is done, or with ctx where it is to stay.
func (j job) closes(ctx context.Context, s *utp.Socket) func() {
	ends := func() { _ = s.Close() }
	if j.stays() {
		context.AfterFunc(ctx, ends)
		return func() {}
	}
	return ends
}

// errLeft is a connection that was left on purpose.
var errLeft = errors.New("left")

// on does a job on a connection, until all is acknowledged.
func (j job) on(ctx context.Context, c *utp.Conn, begun time.Time) outcome {
	defer context.AfterFunc(ctx, func() { _ = c.Abort() })()
	o, err := j.through(c, begun)
	if errors.Is(err, errLeft) {
		_ = c.Abort()
		return o
	}
	_ = c.Close()
	select {
	case <-c.Done():
	case <-ctx.Done():
		err = errors.Join(err, fmt.Errorf("%w: %s", ctx.Err(), standing(c)))
	}
	if err != nil {
		o.fault = err.Error()
	}
	return o
}

// standing is how far a connection is that does not end, or that nobody says it.
func standing(c *utp.Conn) string {
	told := make(chan string, 1)
	go func() { told <- fmt.Sprintf("%+v", c.Status()) }()
	select {
	case s := <-told:
		return s
	case <-time.After(5 * time.Second):
		return "its socket does not answer"
	}
}

// stream is a connection, or the standard input and output of a program that has one.
type stream interface {
	io.ReadWriter
	CloseWrite() error
}

// through does a job until both directions have ended.
func (j job) through(c stream, begun time.Time) (outcome, error) {
	written, satisfied := make(chan error, 1), make(chan struct{})
	go func() {
		err := j.write(c)
		<-satisfied
		if !j.echo && j.leaves == 0 {
			err = errors.Join(err, c.CloseWrite())
		}
		written <- err
	}()
	o, err := j.read(c, begun, satisfied)
	err = errors.Join(err, <-written)
	if j.echo {
		err = errors.Join(err, c.CloseWrite())
	}
	return o, err
}

// write sends what there is to send, in pieces that are no multiple of a packet.
func (j job) write(to io.Writer) error {
	for at := int64(0); at < j.send; {
		n, err := to.Write(utpsim.Pattern(at, int(min(j.send-at, 50_000))))
		if err != nil {
			return err
		}
		if at += int64(n); j.pause > 0 && j.send > 1 && at >= j.send/2 {
			time.Sleep(j.pause) // the silence is what is tested
			j.pause = 0
		}
	}
	return nil
}

// read reads to the end, and closes satisfied when what is wanted has come.
func (j job) read(c stream, begun time.Time, satisfied chan<- struct{}) (o outcome, err error) {
	defer func() {
		if satisfied != nil {
			close(satisfied)
		}
	}()
	sum, buf := sha256.New(), make([]byte, 64<<10)
	for {
		if satisfied != nil && j.want != untilEnd && o.received >= j.want {
			close(satisfied)
			satisfied = nil
		}
		n, err := c.Read(buf)
		if n > 0 {
			o.took = time.Since(begun)
			o.received += int64(n)
			sum.Write(buf[:n])
			if j.leaves > 0 && o.received >= j.leaves {
				return o, errLeft
			}
			if j.echo {
				if _, err := c.Write(buf[:n]); err != nil {
					return o, err
				}
			}
		}
		if err == io.EOF {
			o.sum = hex.EncodeToString(sum.Sum(nil))
			return o, nil
		}
		if err != nil {
			return o, err
		}
	}
}

// command is our program's utp cat.
type command struct{ path string }

// ourProgram is what ETORRENT_PROGRAM names, else it is built.
func ourProgram(t *testing.T) party {
	t.Helper()
	if given := os.Getenv("ETORRENT_PROGRAM"); given != "" {
		path, err := filepath.Abs(given)
		if err != nil {
			t.Fatal(err)
		}
		return command{path}
	}
	c := command{filepath.Join(t.TempDir(), "etorrent")}
	build := exec.Command("go", "build", "-o", c.path, "./cmd/etorrent")
	build.Dir = filepath.Join("..", "..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return c
}

// piped is a program that runs.
type piped struct {
	io.Reader
	io.WriteCloser
	errs *bufio.Reader
	cmd  *exec.Cmd
}

func (p piped) CloseWrite() error { return p.WriteCloser.Close() }

func (c command) start(ctx context.Context, words ...string) (p piped, err error) {
	p.cmd = exec.CommandContext(ctx, c.path, append([]string{"utp", "cat"}, words...)...)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	in, err := p.cmd.StdinPipe()
	if err != nil {
		return p, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return p, err
	}
	errs, err := p.cmd.StderrPipe()
	if err != nil {
		return p, err
	}
	p.Reader, p.WriteCloser, p.errs = out, in, bufio.NewReader(errs)
	return p, p.cmd.Start()
}

// does a job and waits for the program's end.
func (p piped) does(j job) outcome {
	o, err := j.through(p, time.Now())
	said, _ := io.ReadAll(p.errs)
	if end := p.cmd.Wait(); end != nil || err != nil {
		o.fault = fmt.Sprintf("%v, %v: %s", err, end, said)
	}
	return o
}

func (c command) listen(ctx context.Context, host netip.Addr, j job) (at netip.AddrPort, end func() outcome, err error) {
	p, err := c.start(ctx, "--listen", netip.AddrPortFrom(host, 0).String())
	if err != nil {
		return at, nil, err
	}
	line, err := p.errs.ReadString('\n')
	if err != nil {
		return at, nil, err
	}
	at, err = netip.ParseAddrPort(strings.TrimSpace(strings.TrimPrefix(line, "listening on ")))
	return at, func() outcome { return p.does(j) }, err
}

func (c command) dial(ctx context.Context, at netip.AddrPort, j job) (func() outcome, error) {
	p, err := c.start(ctx, at.String())
	return func() outcome { return p.does(j) }, err
}
