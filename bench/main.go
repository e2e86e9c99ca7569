//go:build linux

// Command bench measures what it costs to move a torrent over loopback: ours to
// ours, beside libtorrent to libtorrent and beside the floor, a program that
// does only what cannot be left out. NOTES.md says what is measured and how.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"
)

func main() {
	if len(os.Args) > 2 && os.Args[1] == floorRole {
		if err := floorMain(os.Args[2], os.Args[3:]); err != nil {
			fmt.Fprintln(os.Stderr, "bench floor:", err)
			os.Exit(1)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := bench(ctx, os.Stdout, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	dir    string
	mib    int
	piece  int // KiB
	rounds int
	rows   string
	limit  time.Duration
}

func parse(args []string) (options, error) {
	var o options
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.StringVar(&o.dir, "dir", "/dev/shm", "folder for the payload and its copy; the default is memory")
	f.IntVar(&o.mib, "mib", 1024, "size of the payload in MiB")
	f.IntVar(&o.piece, "piece", 1024, "piece length in KiB, a power of two")
	f.IntVar(&o.rounds, "rounds", 3, "runs of each row, taken in turns; the table has the medians")
	f.StringVar(&o.rows, "rows", "floor,libtorrent,ours", "rows to measure")
	f.DurationVar(&o.limit, "limit", 5*time.Minute, "time after which a run is given up")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if o.mib < 1 || o.rounds < 1 || f.NArg() > 0 {
		return o, fmt.Errorf("usage: -mib and -rounds are at least 1, and there are no arguments")
	}
	return o, nil
}

func bench(ctx context.Context, out io.Writer, args []string) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp(o.dir, "etorrent-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	m, err := newMaterial(work, int64(o.mib)<<20, int64(o.piece)<<10)
	if err != nil {
		return err
	}
	rows, err := choose(o.rows)
	if err != nil {
		return err
	}
	printHost(out, m)
	t := newTable(rows)
	for _, r := range rows {
		version, err := r.prepare(ctx, m)
		fmt.Fprintf(out, "%s: %s\n", r.name, cmp.Or(version, "not measured"))
		if err != nil {
			t.fail(r, err)
		}
	}
	for n := range o.rounds {
		for _, r := range rows {
			if t.failed[r.name] != nil || ctx.Err() != nil {
				continue
			}
			one, err := measureRow(ctx, r, m, o.limit)
			if err != nil {
				t.fail(r, err)
				continue
			}
			t.add(r, one)
			fmt.Fprintf(out, "round %d: %-10s %6.0f MB/s\n", n+1, r.name, one.rate())
		}
	}
	return t.print(out)
}

// measureRow runs a row once and proves the copy.
func measureRow(ctx context.Context, r row, m *material, limit time.Duration) (measure, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if err := m.reset(); err != nil {
		return measure{}, err
	}
	one, err := r.run(ctx, m)
	if err != nil {
		return measure{}, err
	}
	one.bytes = m.size
	return one, m.compare()
}

func printHost(out io.Writer, m *material) {
	fmt.Fprintf(out, "%d MiB in pieces of %d KiB, below %s; %s; net.ipv4.tcp_congestion_control %s\n",
		m.size>>20, m.pieceLength>>10, filepath.Dir(m.work), host(), kernel("net/ipv4/tcp_congestion_control"))
}

// kernel reads one setting below /proc/sys.
func kernel(name string) string {
	b, err := os.ReadFile("/proc/sys/" + name)
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(b))
}
