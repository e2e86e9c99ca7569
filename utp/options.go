package utp

import (
	"io"
	"time"

	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/proc/utp"
	"github.com/etorrent/etorrent/sup"
)

// Defaults of the options.
const (
	// DefaultBacklog is how many connections wait to be accepted.
	DefaultBacklog = 128
	// DefaultLinger is how long Socket.Close waits for what is on its way.
	DefaultLinger = 10 * time.Second
	// DefaultSilence is how long nothing may come of a remote. One that is there says
	// something every half a minute, also if there is nothing to send.
	DefaultSilence = 5 * time.Minute
)

// Network is where sockets come from: the host's stack, or one in memory.
type Network = pnet.Network

// Option says more about a Socket.
type Option func(*options)

type options struct {
	backlog         int
	linger, silence time.Duration
	network         Network
	observe         func(sup.Report)
	hook            sup.Hook
	trace           tracing
}

// tracing is where a trace goes; to nil there is none.
type tracing struct {
	to    io.Writer
	every time.Duration
}

// newOptions are the defaults, and what was asked for.
func newOptions(asked []Option) options {
	o := options{backlog: DefaultBacklog, linger: DefaultLinger, silence: DefaultSilence}
	for _, option := range asked {
		option(&o)
	}
	return o
}

// Backlog is how many connections may wait to be accepted; further ones are refused. With
// 0 all are: the Socket only dials.
func Backlog(connections int) Option { return func(o *options) { o.backlog = max(0, connections) } }

// Linger is how long Socket.Close waits for remotes to acknowledge what was written to
// them; then connections are aborted.
func Linger(d time.Duration) Option { return func(o *options) { o.linger = max(0, d) } }

// Silence is after how long without a word of the remote a connection is given up, half a
// minute at the least, also if there is nothing to send; 0 stands for never. One that has
// to acknowledge something is given up after 30 s and six tries, whatever this is.
func Silence(d time.Duration) Option { return func(o *options) { o.silence = max(0, d) } }

// OnNetwork has the sockets be of a network; nil stands for the host's.
func OnNetwork(n Network) Option { return func(o *options) { o.network = n } }

// Observe has f be told of each crash: of a connection, which ends with it, or of the
// Socket's process, which ends all connections. f must not wait.
func Observe(f func(sup.Report)) Option { return func(o *options) { o.observe = f } }

// Trace has w be written what the first 64 connections of the Socket are up to, as lines of
// JSON that docs/utptrace.schema.json describes and `etorrent utp trace` shows: windows,
// delays and losses of each, a sample no more often than every so long (at least a
// millisecond), and what happened. About each second some whole lines are written, by a
// goroutine of their own, and the last ones before Socket.Close returns. A w that is slow
// holds nobody up: where lines are missing a line says so. An error of w ends the trace, and
// Socket.Close tells it as a *TraceError; so it does of a Write that has not returned after
// five seconds. w is never called after Close has returned. With the package's Dial there is no
// Close: the last lines come soon after Conn.Done, and nobody hears of an error.
func Trace(w io.Writer, every time.Duration) Option {
	return func(o *options) { o.trace = tracing{w, max(every, time.Millisecond)} }
}

// TraceError says that a Trace could not be written, and ended before its connections did.
type TraceError = utp.TraceError
