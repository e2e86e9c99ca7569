package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/etorrent/etorrent/cmd/etorrent/internal/amount"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/named"
	"github.com/etorrent/etorrent/sim"
)

// The bounds of what is simulated: a world must fit into memory.
const (
	mostSimulated       = 500
	mostSimulatedPieces = 4096
	blocksOfAPiece      = 8
)

// simFlags are what a person chose of a world.
type simFlags struct {
	peers, seeds, pieces, slots int
	rate, seedRate              rateValue
	latency, stays              time.Duration
	picker, choker              string
	freeRiders, liars           percentValue
	superSeed                   bool
	random                      uint64
	trace, log                  string
}

func newSim(s *session) *cobra.Command {
	f := simFlags{rate: 100 << 10, seedRate: 150 << 10, freeRiders: 20}
	c := &cobra.Command{
		Use:   "sim",
		Short: "Run a swarm in virtual time, and tell who finished when",
		Long: `Run a whole swarm of this program's own engines in virtual time, on one core and
without a network or a disk, and print a table of who had everything when. Each
node has a line, a delay to every other, and a disk; pieces have 128 KiB. The same
flags give the same world, so that two pickers or two chokers can be compared.

A picker chooses which piece is begun next: rarest, random or sequential. A choker
chooses who may fetch: tft (tit for tat), rotation, first-come or none. Free riders
fetch and give nothing. Liars have everything and corrupt a block in a hundred.
With --super-seed the seeds show their pieces one by one (BEP 16); --seeds 1 makes
the swarm of a torrent that is new.

--trace writes a line of comma-separated values whenever a node has more pieces on
its disk: seconds,node,role,pieces. --log writes every event as text.`,
		Example: "  etorrent sim --free-riders 20% --choker tft\n  etorrent sim --picker sequential --random-seed 42 --trace progress.csv",
		Args:    arguments(0, 0, ""),
		RunE: func(*cobra.Command, []string) error {
			return simulate(s, &f)
		},
	}
	flags := c.Flags()
	flags.IntVar(&f.peers, "peers", 30, fmt.Sprintf("nodes of the swarm, seeds included, at most %d", mostSimulated))
	flags.IntVar(&f.seeds, "seeds", 2, "nodes that have everything from the beginning")
	flags.IntVar(&f.pieces, "pieces", 128, fmt.Sprintf("pieces of 128 KiB, at most %d", mostSimulatedPieces))
	flags.IntVar(&f.slots, "slots", 5, "remotes that a node lets fetch at once")
	flags.Var(&f.rate, "rate", "what a node sends a second in the mean; it receives three times that")
	flags.Var(&f.seedRate, "seed-rate", "the same of a seed")
	spanVar(flags, &f.latency, "latency", 100*time.Millisecond, "the longest way from one node to another")
	spanVar(flags, &f.stays, "stays", 10*time.Second, "how long a node stays when it has everything; 0 is for good")
	flags.StringVar(&f.picker, "picker", "rarest", "how the next piece is chosen: rarest, random or sequential")
	flags.StringVar(&f.choker, "choker", "tft", "how it is chosen who may fetch: tft, rotation, first-come or none")
	flags.Var(&f.freeRiders, "free-riders", "share of those that fetch that give nothing")
	flags.Var(&f.liars, "liars", "share of the seeds that corrupt one block of a hundred")
	flags.BoolVar(&f.superSeed, "super-seed", false, "have seeds show what they have piece by piece")
	flags.Uint64Var(&f.random, "random-seed", 1, "number that all that is random follows from")
	flags.StringVar(&f.trace, "trace", "", "file to write the progress of all nodes to, as comma-separated values")
	flags.StringVar(&f.log, "log", "", "file to write every event to, as text")
	return c
}

// world is the recipe that the flags describe.
func (f *simFlags) world() (sim.Config, error) {
	fetch := f.peers - f.seeds
	liars := f.liars.of(f.seeds)
	switch {
	case f.peers < 2 || f.peers > mostSimulated:
		return sim.Config{}, usageError("--peers: %d is not from 2 to %d", f.peers, mostSimulated)
	case f.seeds < 1 || fetch < 1:
		return sim.Config{}, usageError("--seeds: %d of %d nodes leave nobody to give, or to fetch", f.seeds, f.peers)
	case liars == f.seeds:
		return sim.Config{}, usageError("--liars: no seed is left that is honest")
	case f.pieces < 1 || f.pieces > mostSimulatedPieces:
		return sim.Config{}, usageError("--pieces: %d is not from 1 to %d", f.pieces, mostSimulatedPieces)
	case f.slots < 1:
		return sim.Config{}, usageError("--slots: at least 1")
	case f.rate < 1<<10 || f.seedRate < 1<<10:
		return sim.Config{}, usageError("--rate, --seed-rate: at least 1K")
	case f.latency < 2 || f.latency > time.Minute:
		return sim.Config{}, usageError("--latency: %v is not from 2ns to %v", f.latency, time.Minute)
	}
	nodes := append(sim.Swarm(f.seeds-liars, sim.Seed), sim.Swarm(liars, sim.Liar)...)
	nodes = append(nodes, sim.FreeRiders(sim.Swarm(fetch, sim.Leech), int(f.freeRiders))...)
	w := sim.Config{
		Run: f.random, Nodes: nodes, Pieces: f.pieces, PieceBlocks: blocksOfAPiece,
		Rate: int(f.rate), Seeds: sim.Seeds{Rate: int(f.seedRate)}, Latency: f.latency, Slots: f.slots, Stays: f.stays,
		Picker: f.picker, Choker: f.choker, Memory: 4 << 20, Lies: 10, Limit: 24 * time.Hour,
	}
	if f.superSeed {
		w.Seeds.How = sim.SuperSeeding
	}
	var unknown *named.UnknownError
	if errors.As(w.CheckNames(), &unknown) {
		return w, usageError("--%s: %w", unknown.What, unknown)
	}
	return w, nil
}

func simulate(s *session, f *simFlags) error {
	w, err := f.world()
	if err != nil {
		return err
	}
	trace, err := createText(f.trace, "seconds,node,role,pieces\n")
	if err != nil {
		return err
	}
	log, err := createText(f.log, "")
	if err != nil {
		return errors.Join(err, trace.Close())
	}
	if f.log != "" {
		w.Trace = log
	}
	bar := newWorkBar(s, "simulating")
	var has, all int64 = 0, int64(len(w.Nodes)-f.seeds) * int64(w.Pieces) * blocksOfAPiece * geometry.BlockSize
	before := map[int]int{}
	w.Audience.Quit = s.ctx.Done()
	w.Audience.Watch = func(p sim.Progress) {
		_, _ = fmt.Fprintf(trace, "%.3f,%d,%s,%d\n", p.At.Seconds(), p.Node, p.Role, p.Has) // Close tells
		has += int64(p.Has-before[p.Node]) * blocksOfAPiece * geometry.BlockSize
		before[p.Node] = p.Has
		bar.show(has, all)
	}
	r := sim.Run(w)
	bar.clear()
	if err := errors.Join(trace.Close(), log.Close()); err != nil {
		return failed(exitDisk, "%w", err)
	}
	var stuck *sim.StuckError
	switch {
	case errors.Is(r.Err, sim.ErrQuit):
		return context.Canceled
	case errors.As(r.Err, &stuck):
		if err := tellTable(s.host.stdout, w, r); err != nil {
			return err
		}
		return failed(exitStalled, "%w", stuck)
	case r.Err != nil:
		return failed(exitStalled, "the world did not come to its end: %w", r.Err)
	}
	return tellSimulated(s.host.stdout, w, r)
}

// tellTable prints when those of each role had everything. Those that never had are the
// last.
func tellTable(to io.Writer, w sim.Config, r sim.Result) error {
	table := tabwriter.NewWriter(to, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(table, "role\tnodes\tfirst\thalf\tlast\t")
	for _, role := range []sim.Role{sim.Leech, sim.FreeRider} {
		var at []time.Duration
		for _, f := range r.Finishes {
			if f.Role == role {
				at = append(at, f.After)
			}
		}
		nodes := len(at)
		if r.Err != nil {
			nodes = countOfRole(w.Nodes, role)
		}
		if nodes == 0 {
			continue
		}
		slices.Sort(at)
		after := func(n int) string {
			if n >= len(at) {
				return "never"
			}
			return amount.Duration(at[n])
		}
		_, _ = fmt.Fprintf(table, "%v\t%d\t%s\t%s\t%s\t\n", role, nodes, after(0), after(nodes/2), after(nodes-1))
	}
	return table.Flush()
}

func countOfRole(nodes []sim.Role, role sim.Role) int {
	n := 0
	for _, r := range nodes {
		if r == role {
			n++
		}
	}
	return n
}

// tellSimulated prints the table, and what it cost.
func tellSimulated(to io.Writer, w sim.Config, r sim.Result) error {
	if err := tellTable(to, w, r); err != nil {
		return err
	}
	twice, late := share(r.Duplicates, r.Blocks), share(r.EndgameDuplicates, r.Blocks)
	_, err := fmt.Fprintf(to, "all had everything after %s of virtual time: %d blocks, %.2f %% of them twice (%.2f %% in the endgame); %s, %s; %s\n",
		amount.Duration(r.Took), r.Blocks, twice, late, amount.Count(r.Corrupt, "corrupt piece"), amount.Count(r.Bans, "ban"), amount.Count(r.Events, "event"))
	if err != nil {
		return err
	}
	slices.SortFunc(r.Finishes, func(a, b sim.Finish) int { return cmp.Compare(a.After, b.After) })
	enough := min(len(r.Finishes), 10)
	_, err = fmt.Fprintf(to, "the first seed had sent %.2f copies when %d were complete; entropy of the copies of the pieces %.3f\npicker %s, choker %s, random seed %d, trace %016x\n",
		r.Finishes[enough-1].Copies, enough, r.Entropy, w.Picker, w.Choker, w.Run, r.Digest)
	return err
}

// share is what n is of all, in percent.
func share(n, all int) float64 { return 100 * float64(n) / float64(max(1, all)) }

// textFile is a file that is written in parts, or nothing.
type textFile struct {
	*bufio.Writer
	file *os.File
}

// createText creates a file with a first line; without a name nothing is kept.
func createText(name, first string) (*textFile, error) {
	if name == "" {
		return &textFile{Writer: bufio.NewWriter(io.Discard)}, nil
	}
	f, err := os.Create(name)
	if err != nil {
		return nil, failed(exitDisk, "%w", err)
	}
	t := &textFile{Writer: bufio.NewWriter(f), file: f}
	_, err = t.WriteString(first)
	return t, err
}

// Close writes out what is left; the error is of any of the writes.
func (t *textFile) Close() error {
	err := t.Flush()
	if t.file != nil {
		err = errors.Join(err, t.file.Close())
	}
	return err
}

// percentValue is a share in percent.
type percentValue int

func (v *percentValue) String() string { return strconv.Itoa(int(*v)) + "%" }
func (v *percentValue) Type() string   { return "PERCENT" }
func (v *percentValue) Set(s string) error {
	n, err := strconv.Atoi(strings.TrimSuffix(s, "%"))
	if err != nil || n < 0 || n > 100 {
		return fmt.Errorf("%q is no share from 0%% to 100%%", s)
	}
	*v = percentValue(n)
	return nil
}

// of is that share of n, rounded.
func (v percentValue) of(n int) int { return (n*int(v) + 50) / 100 }
