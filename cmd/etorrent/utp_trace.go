package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/etorrent/etorrent/cmd/etorrent/internal/amount"
	"github.com/etorrent/etorrent/cmd/etorrent/internal/utpplot"
	"github.com/etorrent/etorrent/internal/utpsim"
	"github.com/etorrent/etorrent/internal/utpsim/trial"
	"github.com/etorrent/etorrent/internal/vocab/utptrace"
)

// The bounds of what is traced: what is on its way must fit into memory, and the end be
// worth waiting for.
const (
	mostTracedFlows = 16
	mostTracedBytes = 64 << 30
	mostInFlight    = 64 << 20
	leastTracedRate = 8 << 10 // bytes a second
	mostTracedRate  = 1e9 / 8
)

// traceFlags are what a person chose of a trace.
type traceFlags struct {
	rate               rateValue
	rtt, queue, jitter time.Duration
	loss               lossValue
	flows              int
	late, lasts, every time.Duration
	profile, beside    namedValue
	random             uint64
	trace, picture     string
}

func newUtpTrace(s *session) *cobra.Command {
	f := traceFlags{
		rate:    2_500_000,
		profile: namedValue{"ledbat++", trial.Profiles()}, beside: namedValue{"none", []string{"none", "reno", "cubic"}},
	}
	c := &cobra.Command{
		Use:   "trace [FILE]",
		Short: "Show windows, queueing delays and losses of uTP connections",
		Long: `Run uTP connections of this program over a link in virtual time, without a network,
and print what each gets of it, how long packets wait and what is lost. The same
flags give the same trace. With a FILE, or - for standard input, a trace that was
recorded is shown instead.

The first flow has the link alone until the next begins, --late after it. Each way
of the link has the rate, half of the round trip, and a queue that takes as much as
the rate carries in --queue. --beside has a flow of TCP begin with the first. The
profile ledbat is that of libutp, ledbat++ ours.

--trace writes samples and events as JSON, one object a line, and --picture an SVG of
the windows, the delays, the rates and the losses over time.`,
		Example: "  etorrent utp trace --late 60s --picture ours.svg\n  etorrent utp trace --late 60s --profile ledbat --trace libutp.jsonl\n  etorrent utp trace libutp.jsonl --picture libutp.svg",
		Args:    arguments(0, 1, ""),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveDefault
		},
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return showTrace(s, &f, c.Flags(), args[0])
			}
			return runTrace(s, &f)
		},
	}
	flags := c.Flags()
	flags.Var(&f.rate, "rate", "of the link")
	spanVar(flags, &f.rtt, "rtt", 50*time.Millisecond, "round trip of the link without a queue")
	spanVar(flags, &f.queue, "queue", 250*time.Millisecond, "how long a packet waits in the queue when it is full")
	flags.Var(&f.loss, "loss", "share of the packets that is lost by accident")
	spanVar(flags, &f.jitter, "jitter", 0, "up to which each packet is late on its own")
	flags.IntVar(&f.flows, "flows", 2, fmt.Sprintf("connections, at most %d", mostTracedFlows))
	spanVar(flags, &f.late, "late", 0, "how long after the one before it a connection begins")
	spanVar(flags, &f.lasts, "for", 2*time.Minute, "how long the trace is")
	spanVar(flags, &f.every, "every", 100*time.Millisecond, "between two samples of a connection")
	flags.Var(&f.profile, "profile", "congestion control: "+strings.Join(f.profile.names, " or "))
	flags.Var(&f.beside, "beside", "a flow of TCP beside them: none, reno or cubic")
	flags.Uint64Var(&f.random, "random-seed", 1, "number that all that is random follows from")
	flags.StringVar(&f.trace, "trace", "", "file to write samples and events to, as lines of JSON")
	flags.StringVar(&f.picture, "picture", "", "file to write a picture to, as SVG")
	return c
}

// config is the trial that the flags describe.
func (f *traceFlags) config() (trial.Config, error) {
	rate := float64(f.rate)
	begins := time.Duration(max(f.flows-1, 0)) * f.late
	switch {
	case rate < leastTracedRate || rate > mostTracedRate:
		return trial.Config{}, usageError("--rate: not from 64kbit to 1gbit")
	case f.rtt < time.Millisecond || f.rtt > 10*time.Second:
		return trial.Config{}, usageError("--rtt: %v is not from 1ms to 10s", f.rtt)
	case f.queue < time.Millisecond || f.queue > 10*time.Second:
		return trial.Config{}, usageError("--queue: %v is not from 1ms to 10s", f.queue)
	case rate*(f.rtt+f.queue).Seconds() > mostInFlight:
		return trial.Config{}, usageError("--queue: more than %s would be on the way", amount.Size(mostInFlight))
	case f.jitter > time.Second:
		return trial.Config{}, usageError("--jitter: %v is more than 1s", f.jitter)
	case f.flows < 1 || f.flows > mostTracedFlows:
		return trial.Config{}, usageError("--flows: %d is not from 1 to %d", f.flows, mostTracedFlows)
	case f.lasts < time.Second || f.lasts > 24*time.Hour:
		return trial.Config{}, usageError("--for: %v is not from 1s to 24h", f.lasts)
	case rate*f.lasts.Seconds() > mostTracedBytes:
		return trial.Config{}, usageError("--for: the link would carry more than %s in it", amount.Size(mostTracedBytes))
	case begins >= f.lasts:
		return trial.Config{}, usageError("--late: the last connection would begin after %v, when the trace has ended", begins)
	case f.every < 10*time.Millisecond || f.every > time.Minute:
		return trial.Config{}, usageError("--every: %v is not from 10ms to 1m", f.every)
	}
	link := utpsim.Link{
		Rate: 8 * int64(f.rate), Delay: f.rtt / 2, Queue: max(int(rate*f.queue.Seconds()), 2*fullPacket), Loss: float64(f.loss) / 100, Jitter: f.jitter,
	}
	return trial.Config{
		Seed: f.random, Link: link, Title: f.title(), Flows: f.flows, Late: f.late, Profile: f.profile.name,
		Beside: map[string]trial.TCP{"none": trial.NoTCP, "reno": trial.Reno, "cubic": trial.Cubic}[f.beside.name],
		For:    f.lasts, Interval: f.every,
	}, nil
}

// fullPacket is the largest on the link, with its headers.
const fullPacket = 1500

// title describes the link, for people.
func (f *traceFlags) title() string {
	title := fmt.Sprintf("%s, round trip %s, queue %s", bits(float64(f.rate)), millis(f.rtt), millis(f.queue))
	if f.loss > 0 {
		title += ", " + f.loss.String() + " lost"
	}
	if f.jitter > 0 {
		title += ", jitter " + millis(f.jitter)
	}
	return title
}

// millis writes a time in milliseconds.
func millis(d time.Duration) string {
	return strconv.FormatFloat(d.Seconds()*1000, 'g', 6, 64) + " ms"
}

// bits writes a rate of bytes a second as the rates of links are written.
func bits(rate float64) string {
	switch b := 8 * rate; {
	case b >= 1e9:
		return strconv.FormatFloat(b/1e9, 'g', 4, 64) + " Gbit/s"
	case b >= 1e6:
		return strconv.FormatFloat(b/1e6, 'g', 4, 64) + " Mbit/s"
	default:
		return strconv.FormatFloat(b/1e3, 'g', 4, 64) + " kbit/s"
	}
}

func runTrace(s *session, f *traceFlags) error {
	c, err := f.config()
	if err != nil {
		return err
	}
	trace, err := createText(f.trace, "")
	if err != nil {
		return err
	}
	picture, err := createText(f.picture, "")
	if err != nil {
		_ = trace.Close()
		return err
	}
	bar := newWorkBar(s, "simulating")
	c.Quit = s.ctx.Done()
	c.Show = func(done time.Duration) {
		bar.show(int64(done.Seconds()*float64(f.rate)), int64(c.For.Seconds()*float64(f.rate)))
	}
	var gathered utpplot.Gatherer
	err = trial.Run(c, io.MultiWriter(trace, &gathered))
	bar.clear()
	closed := trace.Close()
	switch {
	case errors.Is(err, trial.ErrQuit):
		return s.ctx.Err()
	case closed != nil:
		return failed(exitDisk, "%w", closed)
	case err != nil:
		return err
	}
	t, err := gathered.Trace()
	if err != nil {
		return err
	}
	return tellTrace(s, t, picture)
}

// showTrace shows a trace that was recorded. Flags of a simulation mean nothing then.
func showTrace(s *session, f *traceFlags, flags *pflag.FlagSet, name string) error {
	var other error
	flags.Visit(func(given *pflag.Flag) {
		if given.Name != "picture" && other == nil {
			other = usageError("--%s: nothing is simulated where a FILE is shown", given.Name)
		}
	})
	if other != nil {
		return other
	}
	from, title := s.host.stdin, "standard input"
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return failed(exitSource, "%w", err)
		}
		defer func() { _ = file.Close() }()
		from, title = file, name
	}
	t, err := utpplot.Read(from)
	var fault *utptrace.FaultError
	switch {
	case errors.As(err, &fault):
		return failed(exitSource, "%s: %w", title, fault)
	case err != nil:
		return failed(exitSource, "%s: %w", title, reasonOf(err))
	}
	picture, err := createText(f.picture, "")
	if err != nil {
		return err
	}
	return tellTrace(s, t, picture)
}

// lossValue is a share in percent, with a fraction.
type lossValue float64

func (v *lossValue) String() string { return strconv.FormatFloat(float64(*v), 'f', -1, 64) + "%" }
func (v *lossValue) Type() string   { return "PERCENT" }
func (v *lossValue) Set(s string) error {
	n, err := strconv.ParseFloat(strings.TrimSuffix(s, "%"), 64)
	if err != nil || !(n >= 0 && n <= 50) {
		return fmt.Errorf("%q is no share from 0%% to 50%%", s)
	}
	*v = lossValue(n)
	return nil
}
