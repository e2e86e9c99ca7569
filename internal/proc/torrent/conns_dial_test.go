package torrent_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent/etorrenttest"
	"github.com/etorrent/etorrent/internal/core/race"
	"github.com/etorrent/etorrent/internal/proc/torrent"
	"github.com/etorrent/etorrent/internal/vocab/transport"
)

// some are the pieces that are there: while others are missing at both ends neither
// leaves the other.
var some = []int{0, 3, 4, 7}

// pair is two engines with one torrent, of which the second has some pieces and the
// first dials it.
type pair struct {
	*air
	content        *etorrenttest.Content
	dialler, other *engine
	at             [2]*torrent.Torrent // of the dialler, of the other one
	begun          time.Time
}

// inPair runs a test with engines at two addresses that are as far from each other.
func inPair(t *testing.T, at [2]string, latency time.Duration, run func(*testing.T, *pair)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		a := newAir(t)
		a.network.SetLink(etorrenttest.Link{Latency: latency})
		p := &pair{air: a, content: etorrenttest.NewContent(t, "two ways", 16<<10, 320<<10)}
		p.dialler, p.other = a.engine(t, at[0], transport.Any), a.engine(t, at[1], transport.Any)
		run(t, p)
	})
}

var (
	apart    = [2]string{"198.51.100.1", "203.0.113.1"}
	together = [2]string{"127.0.0.2", "127.0.0.3"}
)

// begin has the dialler begin to dial.
func (p *pair) begin() {
	p.at[1] = p.other.share(p.content, some)
	p.begun = time.Now()
	p.at[0] = p.dialler.run(p.content, p.other)
}

// expect looks that one connection is there, at both ends the same, and that the
// transfer was done with it.
func (p *pair) expect(t *testing.T, over transport.Transport) {
	t.Helper()
	time.Sleep(10 * time.Second)
	synctest.Wait()
	for n, at := range p.at {
		s, _ := at.Status()
		peers := at.Peers()
		if len(peers) != 1 || peers[0].Transport != over || s.Durable != len(some) {
			t.Errorf("end %d has the connections %+v, %d of %d pieces", n, peers, s.Durable, len(some))
		}
		if s.PeersOver[over] != 1 || s.PeersOver[1-over] != 0 {
			t.Errorf("end %d counts %v", n, s.PeersOver)
		}
		if down, up := at.Tally().Over(1 - over); down+up != 0 {
			t.Errorf("end %d counts %d bytes over the other transport", n, down+up)
		}
	}
	if open, stuck := p.network.Open(), p.waiting(); open != 1 || stuck != 0 {
		t.Errorf("%d connections are open, and %d wait for nothing", open, stuck)
	}
}

// within looks when the dialler's connection was admitted.
func (p *pair) within(t *testing.T, least, most time.Duration) {
	t.Helper()
	joined := p.dialler.joined()
	if len(joined) != 1 {
		t.Fatalf("admitted %+v", joined)
	}
	if joined[0].Transport != p.at[0].Peers()[0].Transport {
		t.Errorf("admitted over %v", joined[0].Transport)
	}
	if d := joined[0].At.Sub(p.begun); d < least || d > most {
		t.Errorf("admitted after %v", d)
	}
}

func (p *pair) tried(t *testing.T, tcp, utp int) {
	t.Helper()
	if n, m := p.dialled(p.other.at(transport.TCP)), p.dialled(p.other.at(transport.UTP)); n != tcp || m != utp {
		t.Errorf("%d attempts over TCP and %d over uTP", n, m)
	}
}

const hop = 20 * time.Millisecond // one way

func TestFarAwayUTPIsTriedFirstAndAloneWhereItWorks(t *testing.T) {
	inPair(t, apart, hop, func(t *testing.T, p *pair) {
		p.begin()
		p.expect(t, transport.UTP)
		p.within(t, 0, 10*hop)
		p.tried(t, 0, 1)
	})
}

func TestNearByTCPIsTriedFirstAndAloneWhereItWorks(t *testing.T) {
	inPair(t, together, hop, func(t *testing.T, p *pair) {
		p.begin()
		p.expect(t, transport.TCP)
		p.within(t, 0, 10*hop)
		p.tried(t, 1, 0)
	})
}

func TestUTPThatAnswersNothingIsFollowedByTCPAfterThreeHundredMilliseconds(t *testing.T) {
	for _, w := range []weather{silent, mute} {
		inPair(t, apart, hop, func(t *testing.T, p *pair) {
			p.set(p.other.at(transport.UTP), w)
			p.begin()
			p.expect(t, transport.TCP)
			p.within(t, race.HeadStart, race.HeadStart+10*hop)
			time.Sleep(time.Hour)
			p.tried(t, 1, 1) // the loser has the endpoint wait for nothing
			p.expect(t, transport.TCP)
		})
	}
}

func TestATransportThatIsRefusedIsFollowedByTheOtherAtOnce(t *testing.T) {
	for at, first := range map[[2]string]transport.Transport{apart: transport.UTP, together: transport.TCP} {
		inPair(t, at, hop, func(t *testing.T, p *pair) {
			p.set(p.other.at(first), refuses)
			p.begin()
			p.expect(t, transport.All[1-first])
			p.within(t, 0, 10*hop)
			p.tried(t, 1, 1)
		})
	}
}

func TestWhereBothEndsSeeTheHandshakesInAnotherOrderTheDiallersChoiceStays(t *testing.T) {
	inPair(t, apart, hop, func(t *testing.T, p *pair) {
		p.set(p.other.at(transport.UTP), late) // the other end finishes that one first
		p.begin()
		p.expect(t, transport.TCP)
		p.within(t, race.HeadStart, race.HeadStart+10*hop)
		if n := len(p.other.joined()); n != 2 {
			t.Errorf("the other end admitted %d", n)
		}
		p.tried(t, 1, 1)
	})
}

func TestOneConnectionStaysHoweverFarTheWayIsAndWhoeverDials(t *testing.T) {
	latencies := []time.Duration{0, 70, 100, 149, 150, 151, 290, 300, 310, 450, 600, 900, 1500}
	if testing.Short() { // the order of events is another with each, and who reads what is not
		latencies = []time.Duration{0, 150, 310}
	}
	for _, milliseconds := range latencies {
		latency := milliseconds * time.Millisecond
		for _, w := range []weather{fair, late} {
			for _, both := range []int{0, 1} {
				t.Run(fmt.Sprint(latency, w, both), func(t *testing.T) {
					inPair(t, apart, latency, func(t *testing.T, p *pair) {
						p.set(p.other.at(transport.UTP), w)
						if both == 1 {
							p.at[1] = p.other.share(p.content, some, p.dialler)
							p.at[0] = p.dialler.run(p.content, p.other)
						} else {
							p.begin()
						}
						time.Sleep(time.Minute)
						synctest.Wait()
						here, there := p.at[0].Peers(), p.at[1].Peers()
						if len(here) != 1 || len(there) != 1 || here[0].Transport != there[0].Transport || p.network.Open() != 1 {
							t.Errorf("one end has %+v, the other %+v", here, there)
						}
						if s, _ := p.at[0].Status(); s.Durable != len(some) {
							t.Errorf("%d of %d pieces", s.Durable, len(some))
						}
						if n := len(p.dialler.joined()); both == 0 && n != 1 {
							t.Errorf("the dialler admitted %d", n)
						}
					})
				})
			}
		}
	}
}

func TestAnEndpointFailsWhenBothTransportsDo(t *testing.T) {
	inPair(t, apart, hop, func(t *testing.T, p *pair) {
		for _, over := range transport.All {
			p.set(p.other.at(over), refuses)
		}
		p.begin()
		time.Sleep(100 * time.Millisecond)
		p.tried(t, 1, 1)
		time.Sleep(time.Second)
		p.tried(t, 2, 2) // again after 500 ms, and then after a second
		for _, over := range transport.All {
			p.set(p.other.at(over), fair)
		}
		p.expect(t, transport.UTP)
	})
}

func TestWhatWorkedLastIsTriedFirst(t *testing.T) {
	inPair(t, apart, hop, func(t *testing.T, p *pair) {
		p.set(p.other.at(transport.UTP), silent)
		p.begin()
		p.expect(t, transport.TCP)
		if err := p.other.roster.Retire(t.Context(), p.at[1].ID()); err != nil {
			t.Fatal(err)
		}
		p.set(p.other.at(transport.UTP), fair)
		p.at[1] = p.other.run(p.content)
		p.expect(t, transport.TCP)
		p.tried(t, p.dialled(p.other.at(transport.TCP)), 1)
	})
}

// What the dialler answers to the process that crashed is no answer to the next one.
func TestACrashOfControlWhileItDialsLeavesOneConnection(t *testing.T) {
	moments := 15
	if testing.Short() { // the later ones are alike to the race detector
		moments = 4
	}
	for _, w := range []weather{silent, mute, late, refuses} {
		for milliseconds := range moments {
			inPair(t, apart, 5*hop, func(t *testing.T, p *pair) {
				p.set(p.other.at(transport.UTP), w)
				p.begin()
				time.Sleep(time.Duration(50*milliseconds) * time.Millisecond)
				synctest.Wait()
				if err := p.dialler.killControl(); err != nil {
					t.Fatal(err)
				}
				time.Sleep(20 * time.Second) // as long as what it had begun may go on
				p.expect(t, transport.TCP)
			})
		}
	}
}

func TestAPolicyOfOneTransportTriesNoOther(t *testing.T) {
	for policy, over := range map[transport.Policy]transport.Transport{transport.OnlyTCP: transport.TCP, transport.OnlyUTP: transport.UTP} {
		for _, w := range []weather{fair, silent} {
			inPair(t, apart, hop, func(t *testing.T, p *pair) {
				p.dialler = p.engine(t, "198.51.100.2", policy)
				p.set(p.other.at(over), w)
				p.begin()
				time.Sleep(10 * time.Second)
				if n := p.dialled(p.other.at(transport.All[1-over])); n != 0 {
					t.Errorf("%v: %d attempts over the other", policy, n)
				}
				if n := len(p.dialler.joined()); (n == 1) != (w == fair) {
					t.Errorf("%v: %d connections", policy, n)
				}
			})
		}
	}
}
