//go:build linux

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"time"
)

// options are the flags.
type options struct {
	dir, disk  string
	rows       string
	rounds     int
	warmUps    int
	foreign    float64 // share of the machine
	congestion string
	limit      time.Duration
	program    string
	against    string
	json, svg  string
	svgUTP     string
	sizes      sizes
	idle       idleOptions
	delay      delayOptions
	slowSpan   time.Duration
	utpMany    utpManyOptions
}

// sizes say how much the rows move.
type sizes struct {
	piece                         int // KiB
	main, allocations, hash, slow int // MiB
	stock                         int // MiB, of libutp and libtorrent
	utpGet                        int // MiB
	star8, star50                 int // MiB a leecher
}

// quick has the values of flags under -quick, for those that are not given.
var quick = map[string]string{
	"rounds": "1", "warm-ups": "0", "foreign": "100", "mib": "128",
	"mib-star8": "32", "mib-star50": "8", "mib-hash": "512", "mib-slow": "256", "mib-stock": "8", "mib-utp-get": "64", "slow-span": "8s", "idle-peers": "300", "idle-settle": "2s", "delay-warm-up": "2s", "delay-span": "4s", "utp-connections": "200", "utp-settle": "3s",
}

const usageText = `usage: go run ./bench [flags]

Measures rows of programs that do the same work one directly after the other,
and tells the medians of what each cost, of the ratios between them, and whether
the project's aims hold. NOTES.md says what each row measures and how.

As root every program runs in a network namespace of its own with one congestion
control; else in the host's network as it is.

Rows, in their order:
`

func parse(out io.Writer, args []string) (options, error) {
	var o options
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(out)
	f.Usage = func() {
		fmt.Fprint(out, usageText)
		for _, r := range allRows(o) {
			fmt.Fprintf(out, "  %-16s %s\n", r.name, r.about)
		}
		fmt.Fprintln(out, "\nFlags:")
		f.PrintDefaults()
	}
	f.StringVar(&o.dir, "dir", "/dev/shm", "folder for payloads and copies; the default is memory")
	f.StringVar(&o.disk, "disk", "", "folder on a real file system for the row disk; none is the one above the current folder")
	f.StringVar(&o.rows, "rows", "", "rows to measure, with commas between; none is all")
	f.IntVar(&o.rounds, "rounds", 9, "rounds that count of each row; in a round each program of the row has its turn")
	f.IntVar(&o.warmUps, "warm-ups", 1, "rounds before them that do not count")
	f.Float64Var(&o.foreign, "foreign", 5, "a round does not count when other programs used more than so many percent of the machine")
	f.StringVar(&o.congestion, "congestion", "cubic", "TCP's congestion control, for every program")
	f.DurationVar(&o.limit, "limit", 5*time.Minute, "time after which a run is given up")
	f.StringVar(&o.program, "program", "", "an etorrent to measure, instead of building one from this folder")
	f.StringVar(&o.against, "against", "", "another etorrent, for the row against")
	f.StringVar(&o.json, "json", "", "file to write all figures to, as JSON")
	f.StringVar(&o.svg, "svg", "", "file to draw a chart of the rows floor and libtorrent to")
	f.StringVar(&o.svgUTP, "svg-utp", "", "file to draw a chart of the rows utp and utp-stock to")
	f.IntVar(&o.sizes.main, "mib", 1024, "size of the payload of most rows, in MiB")
	f.IntVar(&o.sizes.piece, "piece", 1024, "piece length in KiB, a power of two")
	f.IntVar(&o.sizes.star8, "mib-star8", 512, "what each of 8 leechers fetches, in MiB")
	f.IntVar(&o.sizes.star50, "mib-star50", 80, "what each of 50 leechers fetches, in MiB")
	f.IntVar(&o.sizes.allocations, "mib-allocations", 4096, "size of the payload of the row allocations, in MiB")
	f.IntVar(&o.sizes.hash, "mib-hash", 4096, "size of the payload of the rows verify and create, in MiB")
	f.IntVar(&o.sizes.utpGet, "mib-utp-get", 512, "payload of the rows utp-get and utp-get-stock, in MiB")
	f.IntVar(&o.sizes.stock, "mib-stock", 64, "what libutp and libtorrent move with stock buffers in the rows utp-stock and utp-get-stock, in MiB")
	f.IntVar(&o.idle.peers, "idle-peers", 2000, "connections of the row idle")
	f.DurationVar(&o.idle.settle, "idle-settle", 10*time.Second, "how long the row idle waits before it looks at memory")
	f.DurationVar(&o.delay.warm, "delay-warm-up", 5*time.Second, "what does not count of a transfer over a long line, in whole seconds")
	f.DurationVar(&o.delay.span, "delay-span", 30*time.Second, "what then counts, in whole seconds")
	f.IntVar(&o.delay.reqq, "reqq", 0, "requests that libtorrent's seed lets wait, in the rows foreign; 0 is its own number")
	f.IntVar(&o.sizes.slow, "mib-slow", 4096, "what goes to the fast device in the row slow-disk, in MiB")
	f.DurationVar(&o.slowSpan, "slow-span", 30*time.Second, "after which the row slow-disk waits no longer for the fast device")
	f.IntVar(&o.utpMany.connections, "utp-connections", 1000, "connections of the row utp-many")
	f.DurationVar(&o.utpMany.settle, "utp-settle", 40*time.Second, "how long they rest before the row looks at memory")
	hasty := f.Bool("quick", false, "one round of small sizes: shows that everything works, and measures nothing well")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if *hasty {
		if err := setUnlessGiven(f, quick); err != nil {
			return o, err
		}
	}
	o.delay.congestion = o.congestion
	return o, o.check(f.NArg())
}

func (o options) check(arguments int) error {
	for _, n := range []int{o.rounds, o.sizes.piece, o.sizes.main, o.sizes.allocations, o.sizes.hash, o.sizes.slow, o.sizes.stock, o.sizes.star8, o.sizes.star50, o.idle.peers, o.utpMany.connections} {
		if n < 1 {
			return errors.New("rounds, sizes and peers are at least 1; -h tells more")
		}
	}
	if arguments > 0 {
		return errors.New("there are flags and no arguments; -h tells more")
	}
	return nil
}

func setUnlessGiven(f *flag.FlagSet, values map[string]string) error {
	given := map[string]struct{}{}
	f.Visit(func(g *flag.Flag) { given[g.Name] = struct{}{} })
	for name, value := range values {
		if _, was := given[name]; was {
			continue
		}
		if err := f.Set(name, value); err != nil {
			return err
		}
	}
	return nil
}
