package sim

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/core/peer"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
)

// kinds are the worlds by name, so that one can be run again alone:
//
//	ETORRENT_SIM=tiny/42 go test ./sim -run TestOneWorld -v
var kinds = map[string]func(run uint64) Config{
	"tiny":   Tiny,
	"liars":  liars,
	"large":  large,
	"crash":  crashing,
	"unruly": unruly,
	"scarce": scarce,
}

// check runs a world. A failure prints how it ended and how to see it again.
func check(t *testing.T, kind string, run uint64) Result {
	t.Helper()
	c := kinds[kind](run)
	r := Run(c)
	if r.Err != nil {
		t.Errorf("%v\n%s\nagain: ETORRENT_SIM=%s/%d go test ./sim -run TestOneWorld -v", r.Err, lastLines(c, 30), kind, run)
	}
	return r
}

// lastLines runs a world again for the end of its trace.
func lastLines(c Config, n int) string {
	var trace bytes.Buffer
	c.Trace = &trace
	Run(c)
	lines := strings.Split(strings.TrimSpace(trace.String()), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// everyWorld says whether all worlds of a kind are to be run: those of the kinds that
// ETORRENT_SIM_ALL names, or of "all". Of the others it is one in five.
func everyWorld(kind string) bool {
	named := strings.Fields(os.Getenv("ETORRENT_SIM_ALL"))
	return slices.Contains(named, kind) || slices.Contains(named, "all")
}

// shards runs the worlds of a kind in parallel, and hands each result on.
func shards(t *testing.T, kind string, worlds int, each func(t *testing.T, run uint64, r Result)) {
	t.Helper()
	if !everyWorld(kind) {
		worlds = max(2, worlds/5)
	}
	const width = 4
	for shard := range width {
		t.Run(fmt.Sprintf("%d of %d", shard+1, width), func(t *testing.T) {
			t.Parallel()
			for run := shard; run < worlds && !t.Failed(); run += width {
				each(t, uint64(run), check(t, kind, uint64(run)))
			}
		})
	}
}

// In tiny worlds everything goes wrong that can, and windows are full at times.
func TestTinyWorldsKeepTheirPromises(t *testing.T) {
	var all summary
	shards(t, "tiny", 1000, func(_ *testing.T, _ uint64, r Result) { all.add(r.Totals) })
	t.Cleanup(func() { all.judge(t) })
}

// summary adds up what happened in worlds that run side by side.
type summary struct {
	mu  sync.Mutex
	sum Totals
}

func (s *summary) add(r Totals) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range []struct {
		to *int
		n  int
	}{
		{&s.sum.Kills, r.Kills}, {&s.sum.PowerCuts, r.PowerCuts}, {&s.sum.Crashes, r.Crashes}, {&s.sum.Resets, r.Resets},
		{&s.sum.Faults, r.Faults}, {&s.sum.Left, r.Left}, {&s.sum.Chokes, r.Chokes}, {&s.sum.Corrupt, r.Corrupt},
		{&s.sum.Compared, r.Compared}, {&s.sum.Full, r.Full}, {&s.sum.Crossed, r.Crossed},
		{&s.sum.Rejoined, r.Rejoined}, {&s.sum.Adopted, r.Adopted},
	} {
		*x.to += x.n
	}
	for why, n := range r.Returned {
		s.sum.Returned[why] += n
	}
}

// judge fails unless everything came often enough to prove something.
func (s *summary) judge(t *testing.T) {
	t.Helper()
	t.Logf("%+v", s.sum)
	least := func(what string, n, least int) {
		if n < least {
			t.Errorf("%s: %d, which proves too little", what, n)
		}
	}
	least("kills", s.sum.Kills, 100)
	least("power cuts", s.sum.PowerCuts, 100)
	least("crashes", s.sum.Crashes, 100)
	least("resets", s.sum.Resets, 100)
	least("faults", s.sum.Faults, 100)
	least("chokes", s.sum.Chokes, 100)
	least("departures", s.sum.Left, 10)
	least("corrupt pieces", s.sum.Corrupt, 10)
	least("comparisons with the picker", s.sum.Compared, 100_000)
	least("full windows", s.sum.Full, 1000)
	least("connections that outlived their picker", s.sum.Rejoined, 100)
	least("blocks in flight then", s.sum.Adopted, 100)
	least("rejected blocks", s.sum.Returned[peer.ReturnRejected], 10)
	least("blocks returned at a choke", s.sum.Returned[peer.ReturnChoked], 10)
	least("blocks that timed out", s.sum.Returned[peer.ReturnTimedOut], 10)
}

// large has what goes wrong by its run number.
func large(run uint64) Config {
	c := Large(run)
	h := &c.Hazards
	h.Away = 5 * time.Second
	switch run % 5 {
	case 1:
		h.PowerCut, h.Faults = 20*time.Second, 2
	case 2:
		h.Leave, h.Reset = 30*time.Second, 5*time.Second
	case 3:
		h.Crash = 10 * time.Second
	case 4:
		c.Nodes = append(append(Swarm(6, Seed), Swarm(4, Liar)...), Swarm(20, Leech)...)
		h.Kill, h.Reset = time.Minute, 10*time.Second
	}
	return c
}

func TestLargeWorldsKeepTheirPromises(t *testing.T) {
	shards(t, "large", 10, func(t *testing.T, run uint64, r Result) {
		t.Logf("run %d: %v, %d events, %+v", run, r.Took, r.Events, r.Totals)
	})
}

// crashing is a large world in which each node crashes every ten seconds, half of
// the times because its program is killed and half because its power is cut.
func crashing(run uint64) Config {
	c := Large(run)
	c.Rate = 150_000
	c.Hazards = Hazards{Kill: 20 * time.Second, PowerCut: 20 * time.Second, Away: 2 * time.Second}
	return c
}

func TestAllFinishThoughEveryNodeCrashesEveryTenSeconds(t *testing.T) {
	shards(t, "crash", 4, func(t *testing.T, run uint64, r Result) {
		crashes := r.Kills + r.PowerCuts
		t.Logf("run %d: %v, %d crashes of 30 nodes", run, r.Took, crashes)
		if mean := r.Took.Seconds() * 30 / float64(max(1, crashes)); mean > 15 {
			t.Errorf("run %d: a node crashes every %.1f s, which proves too little", run, mean)
		}
	})
}

// liars is a world of ten holders, of which one or four corrupt one block of a
// hundred, and three that fetch.
func liars(run uint64) Config {
	lying := 1 + 3*int(run%2)
	return Config{
		Run: run, Nodes: append(append(Swarm(10-lying, Seed), Swarm(lying, Liar)...), Swarm(3, Leech)...),
		Pieces: 24, PieceBlocks: 8, Rate: 1 << 20, Latency: 50 * time.Millisecond, Slots: 8,
		Memory: 4 << 20, Lies: 10, Limit: time.Hour,
	}
}

// A liar is banned before it has wasted two pieces for each that it served. For one
// of them it may waste a second before the proof is there, and a third with what
// was on its way.
func TestLiarsAreBannedAndNobodyElse(t *testing.T) {
	const width = 8 // as the shards write side by side
	bans, worst := make([]int, width), make([]int, width)
	shards(t, "liars", 1000, func(t *testing.T, run uint64, r Result) {
		k := run % width
		bans[k] += r.Bans
		worst[k] = max(worst[k], r.WastedByOne)
		if honest := 3; r.WastedByOne >= 2*honest || r.MostWasted > 3 {
			t.Errorf("run %d: one liar wasted %d pieces, %d of one node", run, r.WastedByOne, r.MostWasted)
		}
	})
	t.Cleanup(func() {
		sum, most := 0, 0
		for k := range width {
			sum, most = sum+bans[k], max(most, worst[k])
		}
		t.Logf("%d bans; at most %d pieces wasted by one liar", sum, most)
		if sum < 100 {
			t.Errorf("only %d bans in all worlds", sum)
		}
	})
}

// unruly is a large world with everything at once.
func unruly(run uint64) Config {
	c := Large(run)
	c.Pieces, c.PieceBlocks, c.Short = 48, 6, int(run%uint64(geometry.BlockSize))
	c.Nodes = append(append(append(Swarm(4, Seed), Swarm(2, Liar)...), Swarm(4, FreeRider)...), Swarm(20, Leech)...)
	c.Hazards = Hazards{
		Kill: 40 * time.Second, PowerCut: 40 * time.Second, Away: 20 * time.Second,
		Crash: 20 * time.Second, Reset: 10 * time.Second, Leave: 3 * time.Minute, Faults: 5, Choke: 10 * time.Second, Until: 20 * time.Minute,
	}
	return c
}

func TestAWorldIsReplayedByItsRunNumber(t *testing.T) {
	t.Parallel()
	for kind, runs := range map[string]uint64{"tiny": 40, "liars": 4, "unruly": 2} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			replayed(t, kind, runs)
		})
	}
}

// replayed runs worlds of a kind twice, and beside each the next.
func replayed(t *testing.T, kind string, runs uint64) {
	t.Helper()
	for run := range runs {
		var first, second bytes.Buffer
		a, b := kinds[kind](run), kinds[kind](run)
		a.Trace, b.Trace = &first, &second
		one, two := Run(a), Run(b)
		if one.Digest != two.Digest || !bytes.Equal(first.Bytes(), second.Bytes()) {
			t.Errorf("%s %d took another course the second time", kind, run)
		}
		if other := Run(kinds[kind](run + 1)); other.Digest == one.Digest {
			t.Errorf("%s %d and %d are the same world", kind, run, run+1)
		}
	}
}

func TestPlantedDefectsAreNoticed(t *testing.T) {
	for _, d := range []struct {
		name   string
		defect defect
		kind   string
		within uint64 // worlds
		says   string
	}{
		{"a claim without its sync", defectClaimsUnsynced, "tiny", 20, "a power cut would show that it is not there"},
		{"a hash that is never compared", defectTrustsAnyHash, "liars", 40, "a read shows that it is not there"},
		{"a departure that the picker is not told of", defectForgetsDepartures, "tiny", 20, "waits for blocks of one that has left"},
		{"a ban of somebody else", defectBlamesAnybody, "liars", 40, "is banned, and never lied"},
		{"a picker that deals twice of what the window takes", defectDoublesCredit, "tiny", 20, "in flight, the window was"},
		{"a block given back that the picker is not told of", defectForgetsReturns, "tiny", 20, "was dealt and is not in flight"},
		{"a picker that is not told what is in flight", defectForgetsFlying, "tiny", 120, "is in flight and was not dealt"},
		{"memory that stays reserved", defectKeepsMemory, "tiny", 20, "bytes are reserved,"},
		{"a request that is answered twice", defectAnswersTwice, "tiny", 20, "answers what was not asked"},
		{"a request that is never answered", defectForgetsRequests, "tiny", 40, "requests are never answered by"},
	} {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			for run := range d.within {
				c := kinds[d.kind](run)
				c.defect = d.defect
				if r := Run(c); r.Err != nil && strings.Contains(r.Err.Error(), d.says) {
					t.Logf("noticed: %v", r.Err)
					return
				} else if r.Err != nil {
					t.Logf("noticed otherwise: %v", r.Err)
				}
			}
			t.Errorf("not noticed as such in %d worlds", d.within)
		})
	}
}

func TestOneWorld(t *testing.T) {
	kind, number, found := strings.Cut(os.Getenv("ETORRENT_SIM"), "/")
	if !found {
		t.Skip("ETORRENT_SIM=kind/run names no world")
	}
	run, err := strconv.ParseUint(number, 10, 64)
	if err != nil || kinds[kind] == nil {
		t.Fatalf("no world %s/%s: %v", kind, number, err)
	}
	path := filepath.Join(os.TempDir(), fmt.Sprintf("etorrent-sim-%s-%d.trace", kind, run))
	to, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	c := kinds[kind](run)
	c.Trace = to
	r := Run(c)
	t.Logf("%+v\ntrace: %s", r, path)
	if r.Err != nil {
		t.Error(r.Err)
	}
}

func TestWorldsForAsLongAsOneLikes(t *testing.T) {
	span, err := time.ParseDuration(os.Getenv("ETORRENT_SIM_FOR"))
	if err != nil {
		t.Skip("ETORRENT_SIM_FOR names no time")
	}
	end := time.Now().Add(span)
	from := uint64(time.Now().UnixNano())
	for worlds := uint64(0); !t.Failed(); worlds++ {
		if time.Now().After(end) {
			t.Logf("%d worlds of each kind", worlds)
			return
		}
		for _, kind := range []string{"tiny", "unruly", "liars", "crash", "large", "scarce"} {
			check(t, kind, from+worlds)
		}
	}
}

// frugalWorlds are worlds in which everything has to come once: small torrents, of
// which the beginning is the end, a larger one, and one whose nodes choke at random.
func frugalWorlds() map[string]Config {
	larger := Large(7)
	larger.Pieces, larger.Nodes = 512, append(Swarm(2, Seed), Swarm(10, Leech)...)
	choking := Large(3)
	choking.Pieces, choking.Hazards.Choke = 256, 2*time.Second
	return map[string]Config{"small": Large(0), "small too": Large(1), "512 pieces": larger, "choking": choking}
}

func TestLittleComesTwice(t *testing.T) {
	t.Parallel()
	for name, c := range frugalWorlds() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := Run(c)
			share := 100 * float64(r.Duplicates) / float64(r.Blocks)
			late := 100 * float64(r.EndgameDuplicates) / float64(r.Blocks)
			t.Logf("%d of %d blocks came twice, %.2f %%, %.2f %% in the endgame; %s", r.Duplicates, r.Blocks, share, late, reasons(r))
			if r.Err != nil || share > 1 {
				t.Errorf("%.2f %% came twice, %v", share, r.Err)
			}
		})
	}
}

// reasons says why blocks came twice.
func reasons(r Result) string {
	var all []string
	for why, n := range r.Twice {
		all = append(all, fmt.Sprintf("%v %d", Twice(why), n))
	}
	return strings.Join(all, ", ")
}
