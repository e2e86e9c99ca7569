//go:build linux

package interop

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/testnet"
)

// swarm is a seeder and clients that fetch from it and from each other, and stay
// until all have everything.
type swarm struct {
	*meeting
	seeder  *participant
	members []*participant // without the seeder
}

// participant is a client of a swarm.
type participant struct {
	client
	*running
	at       *testnet.Port
	dir      string
	now      standing
	err      error // of the last question that was not answered
	finished time.Duration
}

// join starts a client at a link of its own.
func (s *swarm) join(t *testing.T, c client, j job, link testnet.Rate) *participant {
	t.Helper()
	c.need(t)
	m := &participant{client: c, at: s.plug(t), dir: j.dir}
	if err := m.at.SetRate(link, testnet.Rate{}); err != nil {
		t.Fatal(err)
	}
	j.torrent = s.torrent
	m.running = c.run(t, m.at, j)
	return m
}

// fetch has a client join without content.
func (s *swarm) fetch(t *testing.T, c client, link testnet.Rate) {
	t.Helper()
	s.members = append(s.members, s.join(t, c, job{dir: folder(t, "copy"), role: roleAny}, link))
}

// awaitAll waits until all have everything, and compares their copies.
func (s *swarm) awaitAll(t *testing.T, patience time.Duration) {
	t.Helper()
	begin := time.Now()
	for left := len(s.members); left > 0; {
		time.Sleep(100 * time.Millisecond)
		left = 0
		switch err := s.seeder.ask(); {
		case err != nil && s.seeder.client.name == "libtorrent":
			t.Skipf("%v: the super seeding of libtorrent 2.0.8 does that now and then", err)
		case err != nil:
			t.Error(err)
			return
		}
		for _, m := range s.members {
			if err := m.ask(); err != nil {
				t.Error(err)
				return
			}
			if m.now.done && m.finished == 0 {
				m.finished = time.Since(begin)
			}
			if !m.now.done {
				left++
			}
		}
		if time.Since(begin) > patience {
			t.Errorf("%d of %d do not have everything after %v", left, len(s.members), patience)
			return
		}
	}
	for _, m := range s.members {
		mustBeCopy(t, m.client, s.material, m.dir)
	}
}

// ask learns how far the client is; the error says that it has ended.
func (m *participant) ask() error {
	select {
	case <-m.ended:
		return fmt.Errorf("%s ended", m.name())
	default:
	}
	now, err := m.poll()
	if m.err = err; err == nil {
		m.now = now
	}
	return nil
}

func (m *participant) name() string { return m.client.name + " at " + m.at.Addr().String() }

// close takes the last counts of all, and ends those that tell theirs at their end.
func (s *swarm) close(t *testing.T) {
	t.Helper()
	for _, m := range append([]*participant{s.seeder}, s.members...) {
		if err := m.ask(); err != nil {
			t.Error(err)
		}
	}
	for _, m := range append([]*participant{s.seeder}, s.members...) {
		if m.last != nil {
			m.now = m.last(t)
		}
	}
}

// ratio is how many bytes a client gave for each that it took.
func (m *participant) ratio() float64 { return float64(m.now.up) / float64(max(1, m.now.down)) }

// table shows what each has given and taken.
func (s *swarm) table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-13s %9s %9s %6s %9s   %s\n", "client", "up MiB", "down MiB", "ratio", "finished", "of its link, up and down, MiB")
	for _, m := range append([]*participant{s.seeder}, s.members...) {
		ratio, finished := fmt.Sprintf("%.2f", m.ratio()), fmt.Sprintf("%.1f s", m.finished.Seconds())
		switch {
		case m == s.seeder:
			ratio, finished = "-", "seeder"
		case m.finished == 0:
			finished = "-"
		}
		sent, received, err := m.at.Carried()
		fmt.Fprintf(&b, "%-13s %9.1f %9.1f %6s %9s   %.1f %.1f %v\n", m.client.name, mebi(m.now.up), mebi(m.now.down), ratio, finished,
			mebi(sent), mebi(received), errors.Join(err, m.err))
	}
	return b.String()
}

func mebi(n int64) float64 { return float64(n) / (1 << 20) }

// copies is how often the seeder gave the content.
func (s *swarm) copies() float64 { return float64(s.seeder.now.up) / float64(s.size) }

// ratios are those of one client.
func (s *swarm) ratios(name string) []float64 {
	var out []float64
	for _, m := range s.members {
		if m.client.name == name {
			out = append(out, m.ratio())
		}
	}
	return out
}
