// Package slots divides the upload slots that one limit is enough for among the
// torrents below it.
//
// Each torrent says how many slots it could use, and gets a share. Where there are
// too few, all shares are the same, but for those who could use no more; what is
// over beyond that, or all where there are fewer slots than torrents, goes round in
// turns of 30 s, to who has waited longest. No slot is in two shares: one that is
// taken from a torrent is given to another when no remote has it any more.
package slots

import (
	"cmp"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
)

const (
	// Unshared is the share of everybody while there is no limit.
	Unshared = math.MaxInt

	// turn is how long a slot is kept that others wait for. It is that of a remote,
	// which gets up to its speed in it.
	turn = 30 * time.Second
	// many is for how many torrents the shares are weighed at any time; those of more
	// are weighed once in weighEvery, since that looks at each.
	many       = 64
	weighEvery = time.Second
)

// Pool is the slots of one limit. It is a passive leaf: its lock guards counters,
// and nothing waits in it.
type Pool struct {
	mu      sync.Mutex
	total   int // 0: no limit
	used    int // by all claims
	short   int // members that could use more than their share
	members []*Member
	weighed mono.Instant
}

// Member is what one torrent has of a pool. It has one owner at a time.
type Member struct {
	pool  *Pool
	wake  chan struct{}
	state state
	standing
	target int          // its share when all who have too much have given it back
	since  mono.Instant // when its share last changed, or it began to want
}

// state says whether a member is among those of its pool.
type state uint8

const (
	outside state = iota
	inside
)

// standing are the numbers of slots of a member.
type standing struct {
	want  int // that it could use
	held  int // that remotes have, by its last word
	share int // that it may have
}

// claim is what nobody else can have.
func (s standing) claim() int { return max(s.held, s.share) }

// New returns a pool of so many slots; 0 is no limit.
func New(total int) *Pool { return &Pool{total: total} }

// Join returns a member that wants nothing yet. Of a nil Pool it has no limit.
func (p *Pool) Join() *Member {
	if p == nil {
		p = New(0)
	}
	return &Member{pool: p, wake: make(chan struct{}, 1)}
}

// SetTotal changes the number of slots at once; 0 is no limit.
func (p *Pool) SetTotal(now mono.Instant, total int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.total = total
	if total > 0 {
		p.weigh(now)
		p.grow(now)
	}
	for _, m := range p.members {
		m.Nudge()
	}
}

// Wake receives when there is a reason to Ask again: the share may be another.
func (m *Member) Wake() <-chan struct{} { return m.wake }

// Nudge makes Wake receive.
func (m *Member) Nudge() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// Ask says how many slots the member could use and how many remotes have one, and
// returns how many may. Who has more than that takes some away, and then says so by
// asking again.
func (m *Member) Ask(now mono.Instant, want, held int) (share int) {
	p := m.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	if m.state == outside {
		m.state = inside
		p.members = append(p.members, m)
	}
	if m.want == 0 {
		m.since = now
	}
	if p.total == 0 {
		p.set(m, standing{want: want, held: held, share: held})
		return Unshared
	}
	p.set(m, standing{want: want, held: held, share: min(m.share, want)})
	if m.share < want && (len(p.members) <= many || now >= p.weighed.Add(weighEvery)) {
		p.weigh(now)
	}
	p.grow(now)
	return m.share
}

// Leave gives all back. The member may ask again.
func (m *Member) Leave(now mono.Instant) {
	p := m.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	p.set(m, standing{})
	m.state = outside
	p.members = slices.DeleteFunc(p.members, func(other *Member) bool { return other == m })
	if p.total > 0 {
		p.grow(now)
	}
}

// set changes what a member has, and the sums with it. The lock is held.
func (p *Pool) set(m *Member, s standing) {
	p.count(m, -1)
	m.standing = s
	p.count(m, 1)
}

func (p *Pool) count(m *Member, sign int) {
	p.used += sign * m.claim()
	if m.share < m.want {
		p.short += sign
	}
}

// weigh says what is a fair share of each, and takes back what is above it. The lock
// is held.
func (p *Pool) weigh(now mono.Instant) {
	p.weighed = now
	level := p.level()
	rest := p.total
	var more []*Member // that could use more than the level
	for _, m := range p.members {
		m.target = min(m.want, level)
		if rest -= m.target; m.want > level {
			more = append(more, m)
		}
	}
	slices.SortStableFunc(more, func(a, b *Member) int {
		return cmp.Or(cmp.Compare(a.turnAt(now, level), b.turnAt(now, level)), cmp.Compare(a.since, b.since))
	})
	for _, m := range more[:min(rest, len(more))] {
		m.target++
	}
	for _, m := range p.members {
		if m.share > m.target {
			p.give(now, m, m.target)
		}
	}
}

// level is the largest share that all can have who could use as much.
func (p *Pool) level() int {
	for level := 1; ; level++ {
		sum, largest := 0, 0
		for _, m := range p.members {
			sum += min(m.want, level)
			largest = max(largest, m.want)
		}
		if sum > p.total || level > largest {
			return level - 1
		}
	}
}

// place orders those who could use a slot above the level.
type place uint8

const (
	inTurn  place = iota // has one, and may keep it
	waiting              // has none
	overdue              // has had one for its turn
)

func (m *Member) turnAt(now mono.Instant, level int) place {
	switch {
	case m.share <= level:
		return waiting
	case now.Sub(m.since) < turn:
		return inTurn
	}
	return overdue
}

// grow gives free slots away. The lock is held.
func (p *Pool) grow(now mono.Instant) {
	for p.used < p.total && p.short > 0 {
		var next *Member
		for _, m := range p.members {
			if m.share < m.want && (next == nil || m.isBefore(next)) {
				next = m
			}
		}
		p.give(now, next, next.share+1)
	}
}

// isBefore says whether m gets a free slot rather than another.
func (m *Member) isBefore(other *Member) bool {
	mine, others := m.target-m.share, other.target-other.share
	if (mine > 0) != (others > 0) {
		return mine > 0
	}
	return cmp.Or(cmp.Compare(m.share, other.share), cmp.Compare(m.since, other.since)) < 0
}

// give changes the share of a member. What it had remotes may have: it is the
// member's until it says otherwise.
func (p *Pool) give(now mono.Instant, m *Member, share int) {
	p.set(m, standing{want: m.want, held: m.claim(), share: share})
	m.since = now
	m.Nudge()
}
