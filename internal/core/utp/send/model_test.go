package send_test

import (
	"slices"
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/rtt"
	"github.com/etorrent/etorrent/internal/core/utp/send"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// modelPacket is one of a model, which keeps all that were ever sent.
type modelPacket struct {
	at, size, times int
	order, episode  int
	last            mono.Instant
	state, again    string
	before          uint64
	sounding        int // 1: it is one
}

// model is a flight as one would write it without a thought for speed. Packets are
// numbered from 0 and do not wrap.
type model struct {
	most, behind   int
	all            []*modelPacket
	una            int
	order          int
	delivered      uint64
	rtt            rtt.Estimator
	rackOrder      int
	took           time.Duration
	furthest       int
	reach          int
	due            mono.Instant
	reorders       int
	masks          int
	factor, kept   int
	widened        int
	repeats        int
	episode        send.EpisodeKind
	number, until  int
	called         int
	since          mono.Instant
	passed, probed int
}

func newModel(cfg send.Config) *model {
	return &model{most: cfg.Most, behind: cfg.Behind, furthest: -1, reach: -1, factor: 1}
}

func (m *model) in(states ...string) []*modelPacket {
	var out []*modelPacket
	for _, p := range m.all[m.una:] {
		if slices.Contains(states, p.state) {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b *modelPacket) int { return a.order - b.order })
	return out
}

func tally(ps []*modelPacket) send.Tally {
	t := send.Tally{Packets: len(ps)}
	for _, p := range ps {
		t.Bytes += p.size
	}
	return t
}

func (m *model) flying() []*modelPacket   { return m.in("flying") }
func (m *model) grounded() []*modelPacket { return m.in("lost", "timed out", "withheld") }

func (m *model) firstLost() int {
	first := len(m.all)
	for _, p := range m.grounded() {
		first = min(first, p.at)
	}
	return first
}

func (m *model) fly(now mono.Instant, p *modelPacket) {
	m.order++
	p.state, p.last, p.order, p.before = "flying", now, m.order, m.delivered
	p.times++
}

func (m *model) send(now mono.Instant, size, sounding int) {
	p := &modelPacket{at: len(m.all), size: size, again: "no", sounding: sounding}
	m.all = append(m.all, p)
	m.fly(now, p)
}

func (m *model) resent(now mono.Instant, at int) {
	p := m.all[at]
	p.again = map[string]string{"lost": "loss", "timed out": "timeout", "withheld": "no"}[p.state]
	m.fly(now, p)
}

func (m *model) probe(now mono.Instant) int {
	last := 0
	for _, p := range m.flying() {
		last = max(last, p.at)
	}
	if m.episode != send.NoEpisode && m.all[m.una].state == "flying" {
		last = m.una
	}
	m.all[last].again = "probe"
	m.fly(now, m.all[last])
	return last
}

func (m *model) notSent(at int) {
	m.all[at].times--
	m.all[at].sounding = 0
	m.all[at].state = "withheld"
}

func (m *model) viewAck(ack int) send.AckKind {
	switch {
	case ack < m.una-1-m.behind:
		return send.Stale
	case ack < m.una-1:
		return send.Behind
	case ack == m.una-1:
		return send.Repeats
	case ack >= len(m.all):
		return send.Unsent
	}
	for _, p := range m.all[m.una : ack+1] {
		if p.times == 0 {
			return send.Unsent
		}
	}
	return send.Advances
}

func (m *model) acknowledge(now mono.Instant, ack int, p *utpwire.Packet) send.Acknowledged {
	out := send.Acknowledged{Kind: m.viewAck(ack)}
	if out.Kind == send.Unsent || out.Kind == send.Stale {
		return out
	}
	resent, newest, sampled := 0, 0, 0
	var sample time.Duration
	arrive := func(p *modelPacket) {
		out.Arrived.Packets++
		out.Arrived.Bytes += p.size
		m.delivered += uint64(p.size)
		quick := now.Sub(p.last) < m.rtt.Least()
		if p.state != "withheld" && (p.times == 1 || p.state == "flying" && !quick) {
			if p.order > m.rackOrder {
				m.rackOrder, m.took = p.order, now.Sub(p.last)
			}
			if p.order > newest {
				newest, out.Newest = p.order, send.Delivery{SentAt: p.last, Before: p.before}
			}
			if p.times == 1 && p.order > sampled {
				sampled, sample = p.order, now.Sub(p.last)
			}
			if p.again == "probe" {
				m.count(p, "lost", &out.Lost)
			} else if p.times == 1 && p.sounding == 1 {
				p.sounding, out.Sounding = 0, send.SoundingArrived
			}
			if p.times > 1 {
				resent++
			}
		}
		if p.state == "lost" || p.state == "timed out" || p.state == "flying" && p.times > 1 && quick {
			m.disprove(p, &out)
		}
		if p.at < m.furthest && p.times == 1 {
			m.reorders = 1
		}
		m.furthest = max(m.furthest, p.at)
		p.state = "arrived"
	}
	for ; out.Kind == send.Advances && m.una <= ack; m.una++ {
		if p := m.all[m.una]; p.state != "arrived" {
			arrive(p)
		}
	}
	for i := range p.Mask.Bits() {
		at := ack + 2 + i
		if p.Mask[i/8]>>(i%8)&1 == 1 && at > m.una && at < len(m.all) && m.all[at].state != "arrived" && m.all[at].times > 0 {
			arrive(m.all[at])
			out.Selected++
		}
	}
	for m.una < len(m.all) && m.all[m.una].state == "arrived" {
		m.una++
	}
	if out.Arrived.Packets > 0 {
		m.since, m.passed, m.probed = now, 0, 0
		if resent == 0 && sample > 0 {
			out.RTT = sample
			m.rtt.Sample(now, sample)
		}
		if m.episode != send.NoEpisode && m.una >= m.until {
			m.episode, out.Ended = send.NoEpisode, send.Recovered
			if m.kept--; m.kept <= 0 {
				m.factor = 1
			}
		}
	}
	m.noteReach(ack, p, out.Kind)
	m.judge(now, &out.Lost)
	m.viewHole(now, p, &out)
	return out
}

func (m *model) noteReach(ack int, p *utpwire.Packet, kind send.AckKind) {
	to, n := len(m.all)-1, len(p.Mask)
	if n > 0 {
		m.masks = 1
	}
	switch {
	case n == 0 && (p.Kind == utpwire.Data || m.masks == 0):
		to = min(to, ack+1)
	case n == 4:
		to = min(to, ack+31)
	case n >= 128:
		to = min(to, ack+1+8*n)
	}
	if kind != send.Behind {
		m.reach = to
	}
}

func (m *model) window(wide int) time.Duration {
	if wide == 0 && m.reorders == 0 && (m.episode != send.NoEpisode || len(m.in("arrived")) >= 3) {
		return 0
	}
	return min(m.rtt.Least()/4*time.Duration(m.factor), m.rtt.Smoothed())
}

func (m *model) judge(now mono.Instant, out *send.Losses) {
	m.due = mono.Never
	wait := m.took + m.window(0)
	for _, p := range m.flying() {
		if p.order >= m.rackOrder || p.at > m.reach {
			continue
		}
		due := p.last.Add(wait)
		if due > now {
			m.due = mono.Earliest(m.due, due)
		} else {
			m.lose(p, "lost", out)
		}
	}
}

func (m *model) viewHole(now mono.Instant, p *utpwire.Packet, out *send.Acknowledged) {
	if out.Arrived.Packets > 0 || m.una == len(m.all) {
		m.repeats = 0
		return
	}
	if out.Kind != send.Repeats || p.Kind != utpwire.State {
		return
	}
	m.repeats++
	hole := m.all[m.una]
	wait := max(m.took, m.rtt.Smoothed()) + m.window(1)
	if (m.repeats >= 3 || len(m.in("arrived")) > 0 && hole.times > 1) && hole.state == "flying" && wait > 0 && hole.last.Add(wait) <= now {
		m.lose(hole, "lost", &out.Lost)
	}
}

func (m *model) lose(p *modelPacket, as string, out *send.Losses) {
	p.state = as
	m.count(p, as, out)
}

// count counts a packet that is lost.
func (m *model) count(p *modelPacket, as string, out *send.Losses) {
	if p.sounding == 1 {
		p.sounding, out.Sounding = 0, send.SoundingLost
		if as == "lost" {
			return
		}
		out.Sounding = send.SoundingUndecided
	}
	out.Packets++
	out.Bytes += p.size
	m.blame(p, out)
}

func (m *model) blame(p *modelPacket, out *send.Losses) {
	if m.episode == send.NoEpisode {
		m.begin(send.LossEpisode, out)
	}
	m.called++
	p.episode = m.number
}

func (m *model) begin(kind send.EpisodeKind, out *send.Losses) {
	m.episode, m.until, m.called, m.number = kind, len(m.all), 0, m.number+1
	out.Began = kind
}

func (m *model) disprove(p *modelPacket, out *send.Acknowledged) {
	out.Spurious++
	if p.sounding == 1 {
		p.sounding, out.Sounding = 0, send.SoundingArrived
	}
	switch {
	case p.state == "timed out" || p.state == "flying" && p.again == "timeout":
		if m.episode != send.TimeoutEpisode {
			return
		}
		m.episode, out.Ended = send.NoEpisode, send.Undone
		for _, other := range m.in("timed out") {
			if other != p {
				other.state = "flying"
			}
		}
	case p.state == "lost" || p.again == "loss":
		m.reorders, m.kept = 1, 16
		if p.order > m.widened {
			m.widened, m.factor = m.order, min(m.factor+1, 64)
		}
		if m.episode == send.LossEpisode && p.episode == m.number {
			if m.called--; m.called == 0 {
				m.episode, out.Ended = send.NoEpisode, send.Undone
			}
		}
	}
}

func (m *model) probes() int {
	if m.passed > 0 || m.rtt.Smoothed() == 0 || m.probed == 1 {
		return 0
	}
	return 1
}

func (m *model) silence() mono.Instant {
	f := m.flying()
	if len(f) == 0 {
		return mono.Never
	}
	at := max(f[0].last, m.since).Add(m.rtt.Timeout(m.passed))
	if m.probes() == 1 {
		patience := 2 * m.rtt.Smoothed()
		if len(f) == 1 {
			patience += 40 * time.Millisecond
		}
		at = min(at, max(f[len(f)-1].last, m.since).Add(patience))
	}
	return at
}

func (m *model) expire(now mono.Instant) send.Expired {
	var out send.Expired
	at := m.silence()
	switch {
	case m.due != mono.Never && m.due <= now:
		out.Kind = send.ReorderingOver
		m.judge(now, &out.Lost)
	case at == mono.Never || at > now:
	case m.probes() == 1:
		out.Kind = send.ProbeDue
		m.probed, m.since = 1, now
	default:
		out.Kind = send.TimedOut
		m.probed, m.since = 0, now
		if f := m.flying(); len(f) == 1 && f[0].sounding == 1 {
			m.due = mono.Never
			m.lose(f[0], "lost", &out.Lost)
			out.Passed = m.passed
			return out
		}
		m.passed++
		out.Passed = m.passed
		m.begin(send.TimeoutEpisode, &out.Lost)
		m.due = mono.Never
		wait := m.took + m.window(0)
		for _, p := range m.flying() {
			if p.at == m.una || m.took == 0 || p.last.Add(wait) <= now {
				m.lose(p, "timed out", &out.Lost)
			}
		}
	}
	return out
}
