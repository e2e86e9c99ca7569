package sim

import (
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
)

// World is one swarm in virtual time.
type World struct {
	cfg     Config
	rnd     *rand.Rand
	content *content
	nodes   []*node
	now     mono.Instant
	seq     uint64
	due     events
	count   int
	state   worldState
	err     error
	took    time.Duration
	totals  Totals
	entropy entropy
	// lateTwice is how many blocks came twice in the endgame.
	lateTwice int
	twice     [twiceReasons]int
	trace     tracer
}

// worldState says whether hazards still happen.
type worldState uint8

const (
	worldRuns worldState = iota
	worldRests
)

// begins is the instant at which every world begins.
const begins = mono.Instant(time.Second)

func newWorld(c Config) *World {
	rnd := rand.New(rand.NewPCG(c.Run, 0x5eed))
	w := &World{
		cfg: c, rnd: rnd, now: begins, content: newContent(rnd, c.Pieces, c.PieceBlocks, c.Short),
		trace: tracer{digest: fnv.New64a(), to: c.Trace},
	}
	w.entropy = entropy{copies: make([]int, w.content.Pieces()), since: begins}
	for _, role := range c.Nodes {
		w.newNode(role)
	}
	for _, n := range w.nodes {
		w.after(w.within(2*time.Second), n.wake)
		w.threaten(n)
	}
	return w
}

// run lets the world go on until every honest node has everything, and a while
// longer without hazards; then it looks at what is left.
func (w *World) run() {
	limit := begins.Add(w.cfg.Limit)
	for w.err == nil && w.lacking() != nil {
		if len(w.due) == 0 || w.now > limit {
			w.stuck()
			return
		}
		select {
		case <-w.cfg.Audience.Quit:
			w.err = ErrQuit
		default:
			w.next()
		}
	}
	w.took = w.now.Sub(begins)
	w.entropy.pass(w.now)
	w.rest()
}

// settling is how long a world goes on when all is fetched.
const settling = 30 * time.Second

// rest lets everything come to rest, and cuts the power of all at once.
func (w *World) rest() {
	w.state = worldRests
	for end := w.now.Add(settling); w.err == nil && len(w.due) > 0 && w.due[0].at < end; {
		w.next()
	}
	if w.err != nil {
		return
	}
	for _, n := range w.nodes {
		w.atRest(n)
	}
	for _, n := range w.nodes {
		n.powerCut()
	}
	if n := w.lacking(); n != nil && w.err == nil {
		w.failNode(n, "lost pieces at the end: %d of %d", n.has(), w.content.Pieces())
	}
}

// atRest fails the world if a node that is done holds what it should have given
// back.
func (w *World) atRest(n *node) {
	l := n.life
	if l == nil || !l.disk.isSettled() {
		return
	}
	if l.disk.budget.used != 0 || len(l.disk.memory) != 0 || len(l.disk.writes) != 0 || len(l.disk.stalled) != 0 {
		w.failNode(n, "%d bytes are reserved at rest, %d blocks kept", l.disk.budget.used, len(l.disk.memory))
	}
}

// lacking is an honest node that has not everything, nil if there is none. A free
// rider is honest; those that left do not count.
func (w *World) lacking() *node {
	for _, n := range w.nodes {
		if n.state == nodeThere && n.has() < w.content.Pieces() {
			return n
		}
	}
	return nil
}

// stuck fails a world that does not come to its end.
func (w *World) stuck() {
	n := w.lacking()
	say := ""
	for i := range n.missing().All() {
		say += fmt.Sprintf(" %d", i)
		if l := n.life; l != nil && l.assign.core != nil {
			say += fmt.Sprintf(" (picker: state %d, %d have it; disk: %v)", l.assign.core.State(i), l.assign.core.Availability(i), l.disk.core.Stage(i))
		}
	}
	if w.err == nil {
		w.err = fmt.Errorf("run %d: %w", w.cfg.Run, &StuckError{After: w.cfg.Limit, Node: n.name, Lacks: n.missing().Count()})
		w.trace.line("%v:%s", w.err, say)
	}
}

func (w *World) nodeAt(a netip.AddrPort) *node {
	for _, n := range w.nodes {
		if n.addr == a && n.state == nodeThere {
			return n
		}
	}
	return nil
}

// fail ends the world: what a life shows must not be. Only the first counts.
func (w *World) fail(l *life, format string, args ...any) { w.failNode(l.n, format, args...) }

func (w *World) failNode(n *node, format string, args ...any) {
	if w.err == nil {
		w.err = fmt.Errorf("run %d, %v, %s: %s", w.cfg.Run, w.now.Sub(begins), n.name, fmt.Sprintf(format, args...))
		w.trace.line("%v", w.err)
	}
}

// audit fails the world if a core contradicts itself.
func (w *World) audit(core string, l *life, err error) {
	if err != nil {
		w.fail(l, "%s: %v", core, err)
	}
}

// note writes a line into the trace.
func (w *World) note(l *life, format string, args ...any) {
	w.trace.line("%d %s#%d %s", int64(w.now.Sub(begins)), l.n.name, l.n.lives, fmt.Sprintf(format, args...))
}

// watch tells whoever watches how far a node is.
func (w *World) watch(n *node) {
	w.spreads(n)
	if w.cfg.Audience.Watch != nil {
		w.cfg.Audience.Watch(Progress{At: w.now.Sub(begins), Node: n.number, Role: n.role, Has: n.has()})
	}
}

func (w *World) result() Result {
	r := Result{Err: w.err, Took: w.took, Events: w.count, Digest: w.trace.sum(), Entropy: w.entropy.mean(), EndgameDuplicates: w.lateTwice, Twice: w.twice, Totals: w.totals}
	for _, n := range w.nodes {
		if n.done != mono.Never {
			r.Finishes = append(r.Finishes, Finish{n.role, n.done.Sub(begins), n.copies})
		}
	}
	return r
}

// tracer digests the lines of a trace, and writes them where somebody reads.
type tracer struct {
	digest interface {
		io.Writer
		Sum64() uint64
	}
	to io.Writer
}

func (t *tracer) line(format string, args ...any) {
	_, _ = fmt.Fprintf(t.digest, format+"\n", args...) // a hash takes everything
	if t.to != nil {
		_, _ = fmt.Fprintf(t.to, format+"\n", args...) // a trace that cannot be written changes no world
	}
}

func (t *tracer) sum() uint64 { return t.digest.Sum64() }
