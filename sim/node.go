package sim

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/etorrent/etorrent/internal/core/assign"
	"github.com/etorrent/etorrent/internal/core/book"
	"github.com/etorrent/etorrent/internal/core/storage"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// node is one machine of the swarm: what survives its programs.
type node struct {
	w       *World
	number  int // from 1 on
	name    string
	role    Role
	addr    netip.AddrPort
	platter *platter
	up      lane
	down    lane
	life    *life // nil while no program runs
	lives   int
	waste   map[*node]int // pieces that another node spoilt for this one
	spoilt  int           // pieces that this one spoilt for others
	state   nodeState
	done    mono.Instant  // when it had everything; Never: it has not, or had it from the beginning
	copies  float64       // that the first seed had sent then
	sent    int64         // bytes of blocks
	counted *pieceset.Set // of its pieces, for the entropy
}

// nodeState says whether a node belongs to the swarm.
type nodeState uint8

const (
	nodeThere nodeState = iota
	nodeLeft            // for good
)

// lane is one direction of a node's access line, which serves what comes in turn.
type lane struct {
	rate int // bytes a second
	free mono.Instant
}

// carry returns when the last of n bytes is through.
func (l *lane) carry(now mono.Instant, n int) mono.Instant {
	l.free = max(l.free, now).Add(time.Duration(n) * time.Second / time.Duration(l.rate))
	return l.free
}

// life is one run of a node's program: its processes and connections.
type life struct {
	w       *World
	n       *node
	peerID  [20]byte
	assign  *assigner
	disk    *disk
	control *control
	conns   []*conn // that are not over, in the order in which they began
	senders map[assign.HolderID]*node
	alarms  alarms
	veil    veil
	origins origins
}

// alarms are when the timers of a life are armed for.
type alarms struct{ disk, control, choker, reveal mono.Instant }

func (w *World) newNode(role Role) *node {
	k := len(w.nodes) + 1
	n := &node{
		// A network of its own, as in the world: the pieces that a beginner may fetch
		// follow from that.
		w: w, number: k, role: role, name: fmt.Sprintf("%v %d", role, k),
		addr:  netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(k >> 8), byte(k), 1}), 6881),
		waste: map[*node]int{}, platter: newPlatter(w.content, w.rnd),
		up: lane{rate: w.draw(w.cfg.rateOf(role))}, down: lane{rate: w.draw(3 * w.cfg.Rate)},
	}
	n.counted = pieceset.New(n.platter.Pieces())
	if role == Seed || role == Liar {
		n.platter.fill()
	}
	w.nodes = append(w.nodes, n)
	return n
}

func (c *Config) rateOf(r Role) int {
	if r == Seed && c.Seeds.Rate > 0 {
		return c.Seeds.Rate
	}
	return c.Rate
}

// draw is a number between half and twice the mean.
func (w *World) draw(mean int) int { return mean/2 + w.rnd.IntN(mean*3/2) }

// wake starts the node's program.
func (n *node) wake() {
	if n.life != nil || n.state == nodeLeft {
		return
	}
	n.lives++
	l := &life{w: n.w, n: n, senders: map[assign.HolderID]*node{}, origins: origins{}}
	if n.role == Seed && n.w.cfg.Seeds.How == SuperSeeding {
		l.veil = veiled
	}
	for k := range l.peerID {
		l.peerID[k] = byte(n.w.rnd.Uint32())
	}
	n.life = l
	n.w.note(l, "wakes")
	l.disk = openDisk(l, nil)
	l.control = newControl(l, book.NewBans())
	l.begin(0)
	l.disk.begin()
	l.control.box.put(l.control.begin)
}

// begin starts the picker after a while, and has the disk and the connections tell it
// what there is.
func (l *life) begin(after time.Duration) {
	a := newAssigner(l, after)
	l.assign = a
	l.after(after, func() {
		if a.isOver() {
			return
		}
		l.disk.attach()
		c := l.control
		c.box.put(func() {
			if c.isOver() {
				return
			}
			for _, k := range l.conns {
				k.box.put(k.rejoin)
			}
		})
	})
}

// isOver says whether the program has ended.
func (l *life) isOver() bool { return l.n.life != l }

// after lets something happen after a span, if the program still runs then.
func (l *life) after(d time.Duration, do func()) {
	l.w.after(d, func() {
		if !l.isOver() {
			do()
		}
	})
}

// hop is how long a message takes between two processes: mostly very little.
func (l *life) hop() time.Duration {
	if l.w.rnd.IntN(100) == 0 {
		return l.w.within(20 * time.Millisecond)
	}
	return l.w.within(200 * time.Microsecond)
}

// alarm lets something happen at an instant, unless it is to happen before.
func (l *life) alarm(armed *mono.Instant, at mono.Instant, do func()) {
	if *armed != mono.Never && *armed <= at {
		return
	}
	*armed = at
	l.w.at(at, func() {
		if *armed == at && !l.isOver() {
			*armed = mono.Never
			do()
		}
	})
}

// sender is the node behind a connection of this life.
func (l *life) sender(h assign.HolderID) *node { return l.senders[h] }

// killed ends the program; the machine goes on, and closes its sockets.
func (n *node) killed() {
	l := n.life
	n.w.note(l, "killed")
	l.disk.crash()
	for _, c := range l.conns {
		c.cut(n.w.within(n.w.cfg.Latency))
	}
	n.life = nil
}

// powerCut ends everything at once. Its remotes hear nothing until the machine is
// back, or until they give up.
func (n *node) powerCut() {
	if l := n.life; l != nil {
		n.w.note(l, "power cut")
		for _, x := range l.disk.writes {
			l.disk.putSome(x)
		}
		for _, c := range l.conns {
			c.cut(n.w.within(userTimeout))
		}
		n.life = nil
	}
	n.platter.powerCut()
	n.mustHold()
}

// userTimeout is how long bytes stay unacknowledged before TCP gives a connection
// up (RFC 5482).
const userTimeout = 30 * time.Second

// mustHold fails the world unless every claimed piece is there after a power cut.
func (n *node) mustHold() {
	for i := range n.platter.row.claims.All() {
		if n.platter.survives(i) != storage.ReadRight {
			n.w.failNode(n, "piece %d is claimed and not there after a power cut", i)
		}
	}
}

// crashDisk restarts the disk process. What was reported written is told to the
// next one, which reads it again before it is claimed.
func (l *life) crashDisk() {
	l.w.note(l, "disk crashes")
	l.disk.crash()
	recalled := l.control.written.Clone()
	recalled.RemoveAll(l.n.platter.row.claims)
	l.disk = openDisk(l, recalled)
	l.alarms.disk = mono.Never
	a := l.assign
	a.report(func() { a.blame.Forget(a) })
	l.disk.begin()
	l.disk.attach()
	if l.control.phase == halted {
		l.control.goOn()
	}
}

// crashAssign restarts the picker. The connections go on.
func (l *life) crashAssign() {
	l.w.note(l, "assign crashes")
	l.begin(l.hop())
}

// crashControl restarts control and all behind it; bans outlive it.
func (l *life) crashControl() {
	l.w.note(l, "control crashes")
	l.endAll("control crashed")
	was := l.control
	l.control = newControl(l, was.bans)
	l.control.counted = was.counted
	l.control.durable = l.n.platter.row.claims.Clone()
	l.alarms.control, l.alarms.choker = mono.Never, mono.Never
	l.begin(0)
	if _, paused := l.disk.core.Phase().(storage.Paused); paused {
		l.disk.resume()
	}
	l.control.box.put(l.control.begin)
}

// endAll ends every connection where the picker does not live to hear of it.
func (l *life) endAll(why string) {
	for len(l.conns) > 0 {
		l.conns[0].end(why)
	}
}

// finish notes that the node has everything.
func (n *node) finish() {
	if n.done == mono.Never && n.role != Seed && n.role != Liar {
		n.done, n.copies = n.w.now, n.w.copies()
		if stays := n.w.cfg.Stays; stays > 0 {
			n.w.after(stays, n.depart)
		}
	}
}

// depart takes the node out for good.
func (n *node) depart() {
	if n.life != nil {
		n.killed()
	}
	n.state = nodeLeft
	n.w.spreads(n)
}

// has is how many pieces the row of a node claims.
func (n *node) has() int { return n.platter.row.claims.Count() }

// missing are the pieces that it does not claim.
func (n *node) missing() *pieceset.Set {
	s := pieceset.Full(n.platter.Pieces())
	s.RemoveAll(n.platter.row.claims)
	return s
}
