package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/etorrent/etorrent/cmd/etorrent/internal/amount"
	"github.com/etorrent/etorrent/cmd/etorrent/internal/demo"
)

// demoFlags are what a person chose of a demo.
type demoFlags struct {
	peers  int
	size   sizeValue
	rate   rateValue
	random uint64
	faults faultsValue
	plain  bool
	hold   bool
	record string
}

func newDemo(s *session) *cobra.Command {
	f := demoFlags{size: 32 << 20, rate: 4 << 20, faults: faultsValue(demo.AllFaults)}
	c := &cobra.Command{
		Use:   "demo",
		Short: "Show in four acts, under a minute, what the program promises",
		Long: `Show in four acts what the program promises. Each act is a swarm of real engines,
all in this program, over real loopback sockets; one of them is a child program.
Each ends in a verdict that is computed from what happened:

  1. a seeder with a limited rate: how many copies it sends, and how many those
     who fetch send each other
  2. peers and a torrent panic: who notices, and how soon they are back
  3. a child program is killed twice: what it claims, and what of that is right
  4. a liar sends wrong bytes: who is banned

It needs no network, no rights and no terminal, and removes its temporary folder.
--rate is what the seeder sends a second in the first act, and what each leecher
fetches a second in the others. It ends with 0 only if every verdict holds.`,
		Example: "  etorrent demo --hold\n  etorrent demo --plain --fault none\n  etorrent demo --record demo.cast",
		Args:    arguments(0, 0, ""),
		RunE: func(*cobra.Command, []string) error {
			return runDemo(s, &f)
		},
	}
	flags := c.Flags()
	flags.IntVar(&f.peers, "peers", 8, fmt.Sprintf("leechers of the first act, %d to %d; of the others at most 4", demo.LeastPeers, demo.MostPeers))
	flags.Var(&f.size, "size", "of what is fetched")
	flags.Var(&f.rate, "rate", "of the seeder in the first act, of each leecher in the others")
	flags.Uint64Var(&f.random, "random-seed", 1, "number that the content and all choices at random follow from")
	flags.Var(&f.faults, "fault", "which faults are made, with commas between: panic, kill, liar; all, none")
	flags.BoolVar(&f.plain, "plain", false, "plain lines also on a terminal")
	flags.BoolVar(&f.hold, "hold", false, "wait for a key between the acts")
	flags.StringVar(&f.record, "record", "", "file to write the session to, as an asciicast")
	return c
}

// config is the demo that the flags describe.
func (f *demoFlags) config(s *session) (demo.Config, error) {
	c := demo.Config{
		Peers: f.peers, Size: int64(f.size), Rate: int64(f.rate), RandomSeed: f.random, Faults: demo.Faults(f.faults),
		Environ: childEnvironment(s, os.Environ()),
	}
	switch {
	case c.Peers < demo.LeastPeers || c.Peers > demo.MostPeers:
		return c, usageError("--peers: %d is not from %d to %d", c.Peers, demo.LeastPeers, demo.MostPeers)
	case c.Size < demo.LeastSize:
		return c, usageError("--size: at least %s", amount.Size(demo.LeastSize))
	case c.Rate == 0 || float64(c.Size)/float64(c.Rate) < demo.LeastDuration.Seconds():
		return c, usageError("--rate: %s at this rate come in less than %v, which shows nothing", amount.Size(c.Size), demo.LeastDuration)
	}
	program, err := os.Executable()
	if err != nil {
		return c, failed(exitBug, "this program does not know its own path: %w", err)
	}
	c.Program = program
	if f.hold {
		c.Hold = newKeys(s).await
	}
	return c, nil
}

// childEnvironment leaves out what would be flags of the child.
func childEnvironment(s *session, environ []string) []string {
	taken := map[string]struct{}{}
	newGet(s).Flags().VisitAll(func(f *pflag.Flag) { taken[variableOf(f)] = struct{}{} })
	return slices.DeleteFunc(environ, func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		_, is := taken[name]
		return is
	})
}

func runDemo(s *session, f *demoFlags) error {
	config, err := f.config(s)
	if err != nil {
		return err
	}
	s.out = newOutput(s.host, outputFlags{plain: f.plain})
	views := []*demo.View{viewOf(s.out.people)}
	var recording *demo.Recording
	if f.record != "" {
		file, err := os.Create(f.record)
		if err != nil {
			return failed(exitDisk, "%w", err)
		}
		defer file.Close()
		recording = demo.NewRecording(file, s.host.now)
		views = append(views, &demo.View{Out: recording, Manner: demo.Drawn, Color: s.out.people.wish, Size: recording.Size})
	}
	err = demo.Run(s.ctx, s.p, demo.NewStage(s.host.now, views...), config)
	var path *fs.PathError
	if errors.As(err, &path) {
		err = failed(exitDisk, "%w", err)
	}
	if recording != nil && recording.Err() != nil {
		err = errors.Join(err, failed(exitDisk, "%s: %w", f.record, recording.Err()))
	}
	return err
}

// viewOf is the view of those who look at stdout.
func viewOf(w *people) *demo.View {
	v := &demo.View{Out: w.out, Color: w.color, Size: w.out.size}
	if w.mode == frameMode {
		v.Manner = demo.Drawn
	}
	return v
}

// faultsValue is a list of faults.
type faultsValue demo.Faults

var faultNames = []struct {
	name  string
	fault demo.Faults
}{{"panic", demo.Panic}, {"kill", demo.Kill}, {"liar", demo.Liar}, {"all", demo.AllFaults}, {"none", 0}}

func (v *faultsValue) String() string {
	var names []string
	for _, n := range faultNames[:3] {
		if demo.Faults(*v)&n.fault != 0 {
			names = append(names, n.name)
		}
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ",")
}
func (v *faultsValue) Type() string { return "LIST" }
func (v *faultsValue) Set(s string) error {
	var faults demo.Faults
	for word := range strings.SplitSeq(s, ",") {
		known := false
		for _, n := range faultNames {
			if n.name == strings.TrimSpace(word) {
				faults, known = faults|n.fault, true
			}
		}
		if !known {
			return fmt.Errorf("%q is none of panic, kill, liar, all, none", word)
		}
	}
	*v = faultsValue(faults)
	return nil
}

// sizeValue is a number of bytes.
type sizeValue int64

func (v *sizeValue) String() string { return amount.Size(int64(*v)) }
func (v *sizeValue) Type() string   { return "SIZE" }
func (v *sizeValue) Set(s string) error {
	n, err := amount.ParseSize(s)
	*v = sizeValue(n)
	return err
}
