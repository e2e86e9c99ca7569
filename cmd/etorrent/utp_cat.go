package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/etorrent/etorrent/cmd/etorrent/internal/amount"
	"github.com/etorrent/etorrent/utp"
)

// utpCatFlags are what a person chose of a stream.
type utpCatFlags struct {
	listen  listenValue
	patient time.Duration
	stats   bool
	trace   string
}

func newUtpCat(s *session) *cobra.Command {
	var f utpCatFlags
	c := &cobra.Command{
		Use:   "cat [HOST:PORT]",
		Short: "Send standard input over uTP, and write what comes to standard output",
		Long: `Connect to HOST:PORT over uTP, or take one connection with --listen, send what comes
on standard input, and write what the remote sends to standard output. The end of
standard input ends our direction; the command ends when both directions have, and
then stays for some four seconds, in which a remote that missed our last word can
ask for it again.

Who takes a connection can send nothing before something of who connected has come.

--trace writes how the connection does as JSON, one object a line, while it lasts;
etorrent utp trace FILE shows it.

Exit code 3 is a remote that could not be reached, 4 a connection that broke, 9 a port
that cannot be listened on, 7 a trace that cannot be written.`,
		Example: `  etorrent utp cat --listen :7000 >copy
  etorrent utp cat 192.0.2.7:7000 --stats <file`,
		Args:              arguments(0, 1, ""),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(_ *cobra.Command, args []string) error {
			s.out = outputBeside(s.host, outputFlags{})
			return utpCat(s, &f, strings.Join(args, ""))
		},
	}
	flags := c.Flags()
	flags.Var(&f.listen, "listen", "take a connection here; port 0 is any")
	spanVar(flags, &f.patient, "connect-timeout", 15*time.Second, "give up connecting after so long, 15s at most")
	flags.StringVar(&f.trace, "trace", "", "file to write windows, delays and losses to, as lines of JSON")
	flags.BoolVar(&f.stats, "stats", false, "tell of rates, round trip, window and losses at the end, on standard error")
	return c
}

func utpCat(s *session, f *utpCatFlags, remote string) error {
	switch {
	case f.listen.text == "" && remote == "":
		return usageError("name HOST:PORT to connect to, or a port by --listen")
	case f.listen.text != "" && remote != "":
		return usageError("%s cannot be connected to while --listen waits for a connection", remote)
	case f.patient <= 0:
		return usageError("--connect-timeout is %v, and must be more than nothing", f.patient)
	case f.trace == "-":
		return usageError("--trace needs a file: standard output has what the remote sends")
	}
	if remote != "" {
		if _, _, err := net.SplitHostPort(remote); err != nil {
			return usageError("%s is no HOST:PORT", remote)
		}
	}
	trace, err := openTrace(f.trace)
	if err != nil {
		return err
	}
	outliveReaders()
	return trace.close(carry(s, f, remote, trace.options()))
}

// carry has a connection, and carries both streams over it.
func carry(s *session, f *utpCatFlags, remote string, options []utp.Option) error {
	at, backlog := f.listen.text, 1
	if remote != "" {
		at, backlog = ":0", 0
	}
	socket, err := utp.Listen(s.ctx, "udp", at, append(options, utp.Backlog(backlog))...)
	if err != nil {
		return failed(exitListen, "cannot listen: %w", err)
	}
	var c *utp.Conn
	if remote != "" {
		c, err = connectTo(s.ctx, socket, remote, f.patient)
	} else {
		s.out.people.complain("listening on " + socket.Addr().String())
		c, err = socket.AcceptContext(s.ctx)
	}
	if err != nil {
		_ = socket.Close()
		return err
	}
	begun := time.Now()
	err = converse(s, c)
	took := time.Since(begun)
	err = stay(s.ctx, socket, c, err)
	if f.stats { // of what the remote acknowledged by now
		s.out.people.complain(streamStats(c.Status(), took))
	}
	return err
}

// connectTo connects, and says of a failure what to do about it.
func connectTo(ctx context.Context, from *utp.Socket, remote string, patient time.Duration) (*utp.Conn, error) {
	within, cancel := context.WithTimeout(ctx, patient)
	defer cancel()
	c, err := from.Dial(within, remote)
	var end *utp.EndError
	switch {
	case err == nil:
		return c, nil
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case errors.Is(err, context.DeadlineExceeded):
		return nil, failed(exitSource, "%s did not answer within %v; see that it listens for uTP and that no firewall keeps UDP away, or give it longer by --connect-timeout", remote, patient)
	case errors.As(err, &end) && end.Reason == utp.Unanswered:
		return nil, failed(exitSource, "%s does not answer; see that it listens for uTP and that no firewall keeps UDP away", remote)
	case errors.As(err, &end) && end.Reason == utp.Refused:
		return nil, failed(exitSource, "%s takes no connection; see that something listens there, and for uTP", remote)
	}
	return nil, failed(exitSource, "%s cannot be reached: %w", remote, err)
}

// converse copies both directions until both have ended, or one broke.
func converse(s *session, c *utp.Conn) error {
	ends := make(chan error, 2)
	s.p.Go("stdin", func() error {
		ends <- sendInput(c, s.host.stdin)
		return nil
	})
	s.p.Go("stdout", func() error {
		ends <- writeOutput(s.host.stdout, c)
		return nil
	})
	for range cap(ends) {
		select {
		case err := <-ends:
			if err != nil {
				return err
			}
		case <-s.ctx.Done():
			return context.Cause(s.ctx)
		}
	}
	return nil
}

// errUnread is that nobody reads standard output any more, which is an end in order.
var errUnread = errors.New("nobody reads standard output any more")

// catBuffer is how much is copied at once.
const catBuffer = 64 << 10

func sendInput(c *utp.Conn, from io.Reader) error {
	out := &pipeWriter{to: c}
	_, err := io.CopyBuffer(out, struct{ io.Reader }{from}, make([]byte, catBuffer))
	switch {
	case out.err != nil:
		return broken(c, out.err)
	case err != nil:
		return failed(exitSource, "standard input cannot be read: %w", reasonOf(err))
	}
	if err := c.CloseWrite(); err != nil {
		return broken(c, err)
	}
	return nil
}

func writeOutput(to *stream, c *utp.Conn) error {
	out := &pipeWriter{to: to}
	_, err := io.CopyBuffer(out, struct{ io.Reader }{c}, make([]byte, catBuffer))
	switch {
	case out.err != nil && isPipeClosed(out.err):
		return errUnread
	case out.err != nil:
		return out.err
	case err != nil:
		return broken(c, err)
	}
	if out, closes := to.Writer.(io.Closer); closes {
		_ = out.Close() // who reads it need not wait for our direction
	}
	return nil
}

// broken is a connection that ended before its streams did.
func broken(c *utp.Conn, err error) error {
	n := c.Status()
	reached := fmt.Sprintf("%s had come and %s had arrived", amount.Size(int64(n.Received)), amount.Size(int64(n.Acknowledged)))
	var end *utp.EndError
	if errors.As(err, &end) {
		switch end.Reason {
		case utp.Reset:
			return failed(exitStalled, "%v aborted the connection when %s", c.RemoteAddr(), reached)
		case utp.Silent:
			return failed(exitStalled, "%v fell silent when %s; see that its network and ours are there, and begin anew", c.RemoteAddr(), reached)
		case utp.Refused, utp.Unanswered, utp.Unreachable, utp.Crashed:
		}
	}
	return failed(exitStalled, "the connection with %v broke when %s: %w", c.RemoteAddr(), reached, err)
}

// stay ends the connection: in order, until the remote has all and could ask for our last
// word again, or at once where something went wrong.
func stay(ctx context.Context, socket *utp.Socket, c *utp.Conn, err error) error {
	if err == nil {
		_ = c.Close()
		select {
		case <-c.Done():
		case <-ctx.Done():
			err = context.Cause(ctx)
		}
	}
	if err != nil {
		_ = c.Abort()
	}
	closed := socket.Close() // all is over
	if err != nil && !errors.Is(err, errUnread) {
		return err
	}
	var fault *utp.TraceError
	if errors.As(closed, &fault) {
		return fault
	}
	return nil
}

// streamStats is how a connection did, for people.
func streamStats(n utp.Status, took time.Duration) string {
	rate := func(bytes uint64) string { return amount.Rate(int64(float64(bytes) / max(took.Seconds(), 1e-3))) }
	return fmt.Sprintf("received %s at %s, sent %s at %s; round trip %v, window %s, packets of %d bytes, %d of %s sent again",
		amount.Size(int64(n.Received)), rate(n.Received), amount.Size(int64(n.Acknowledged)), rate(n.Acknowledged),
		n.RTT.Round(10*time.Microsecond), amount.Size(int64(n.Window)), n.Segment, n.SentAgain, amount.Count(n.PacketsSent, "packet"))
}
