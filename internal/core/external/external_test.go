package external

import (
	"fmt"
	"net/netip"
	"testing"

	"pgregory.net/rapid"
)

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

var ours, other = addr("198.51.100.7"), addr("198.51.100.8")

// peer is an address in a network of its own.
func peer(n int) netip.Addr { return addr(fmt.Sprintf("203.%d.%d.9", n/250, n%250)) }

func peer6(n int) netip.Addr { return addr(fmt.Sprintf("2001:db8:%x::9", n)) }

// tell has so many peers say the same, and returns what the last word meant.
func tell(c *Core, from, to int, at netip.Addr) (last Evidence) {
	for n := from; n < to; n++ {
		last = c.Vote(peer(n), PeersVoice, at)
	}
	return last
}

func TestAnAddressIsTakenThatEnoughNetworksName(t *testing.T) {
	c := New()
	if e := tell(c, 0, 2, ours); e != (Noted{}) {
		t.Errorf("two peers: %v", e)
	}
	if e := tell(c, 2, 3, ours); e != (Taken{ours}) {
		t.Errorf("three peers: %v", e)
	}
	if e := tell(c, 3, 4, ours); e != (Noted{}) {
		t.Errorf("it is taken a second time: %v", e)
	}
	c = New()
	c.Vote(peer(0), TrackersVoice, ours)
	if e := c.Vote(peer(1), PeersVoice, ours); e != (Taken{ours}) {
		t.Errorf("a tracker and a peer: %v", e)
	}
	c = New()
	for n := range 3 {
		if e, want := c.Vote(peer6(n), PeersVoice, addr("2001:db8:ffff::1")), n == 2; (e == Taken{addr("2001:db8:ffff::1")}) != want {
			t.Errorf("%d peers of IPv6: %v", n+1, e)
		}
	}
}

func TestANetworkHasOneVoteWhoeverInItSaysWhat(t *testing.T) {
	c := New()
	for n := range 100 {
		if e := c.Vote(addr(fmt.Sprintf("203.0.113.%d", n+1)), PeersVoice, other); e != (Noted{}) {
			t.Fatalf("%d of one /24: %v", n+1, e)
		}
		if e := c.Vote(addr(fmt.Sprintf("2001:db8:7:%x::1", n)), PeersVoice, addr("2001:db8:ffff::1")); e != (Noted{}) {
			t.Fatalf("%d of one /48: %v", n+1, e)
		}
	}
	if e := c.Vote(addr("203.0.113.1"), TrackersVoice, other); e != (Noted{}) {
		t.Errorf("with its tracker: %v", e)
	}
}

func TestAnAddressThatHasNotMoreThanHalfIsNotTaken(t *testing.T) {
	c := New()
	tell(c, 0, 10, other)
	if e := tell(c, 10, 20, ours); e != (Noted{}) {
		t.Errorf("half and half: %v", e)
	}
	if e := tell(c, 20, 21, ours); e != (Taken{ours}) {
		t.Errorf("with one more: %v", e)
	}
	if e := tell(c, 0, 1, ours); e != (Noted{}) { // who changes its mind
		t.Errorf("one more: %v", e)
	}
}

func TestAnotherAddressIsFoundOutByAndBy(t *testing.T) {
	c := New()
	tell(c, 0, 1000, ours)
	n := 1000
	for ; tell(c, n, n+1, other) != (Taken{other}); n++ {
		if n > 1000+VotersAtMost {
			t.Fatal("it never is")
		}
	}
	if n-1000 != VotersAtMost/2 {
		t.Errorf("after %d", n-1000)
	}
	c.Forget() // as when this machine has other addresses
	if e := tell(c, 0, 3, ours); e != (Taken{ours}) {
		t.Errorf("after it was forgotten: %v", e)
	}
}

func TestWhatIsNoVoteIsToldByItsFlaw(t *testing.T) {
	for _, c := range []struct {
		by, at string
		why    Flaw
	}{
		{"203.0.113.1", "192.168.1.7", NotPublic},
		{"203.0.113.1", "127.0.0.1", NotPublic},
		{"203.0.113.1", "100.64.3.4", NotPublic},
		{"203.0.113.1", "0.0.0.0", NotPublic},
		{"203.0.113.1", "224.0.0.1", NotPublic},
		{"203.0.113.1", "255.255.255.255", NotPublic},
		{"203.0.113.1", "::ffff:10.0.0.1", NotPublic},
		{"2001:db8::1", "fe80::1%eth0", NotPublic},
		{"2001:db8::1", "fd00::1", NotPublic},
		{"2001:db8::1", "::1", NotPublic},
		{"10.0.0.1", "198.51.100.7", VoterNotPublic},
		{"127.0.0.1", "198.51.100.7", VoterNotPublic},
		{"203.0.113.1", "2001:db8::7", OtherFamily},
		{"2001:db8::7", "198.51.100.7", OtherFamily},
		{"198.51.100.7", "::ffff:198.51.100.7", OwnWord},
	} {
		if e := New().Vote(addr(c.by), PeersVoice, addr(c.at)); e != (Discounted{c.why}) {
			t.Errorf("%s says %s: %v", c.by, c.at, e)
		}
	}
	if e := New().Vote(netip.Addr{}, TrackersVoice, ours); e != (Discounted{VoterNotPublic}) {
		t.Errorf("nobody says something: %v", e)
	}
	if e := New().Vote(peer(1), TrackersVoice, netip.Addr{}); e != (Discounted{NotPublic}) {
		t.Errorf("nothing is said: %v", e)
	}
}

// Whatever is said, what is taken has enough votes of different public networks and
// more than half of those that count, and what is kept is bounded.
func TestWhatIsTakenHasTheVotes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := New()
		last := map[netip.Prefix]vote{}
		var order []netip.Prefix
		said := []netip.Addr{ours, other, addr("198.51.100.9"), addr("10.0.0.1"), addr("2001:db8:ffff::1")}
		for range rapid.IntRange(1, 300).Draw(t, "votes") {
			by := peer(rapid.IntRange(0, 90).Draw(t, "network"))
			voice := Voice(rapid.IntRange(0, 1).Draw(t, "voice"))
			at := rapid.SampledFrom(said).Draw(t, "at")
			e := c.Vote(by, voice, at)
			if !at.Is4() || at == said[3] {
				if _, is := e.(Discounted); !is {
					t.Fatalf("%v says %v: %v", by, at, e)
				}
				continue
			}
			network := networkOf(by)
			order = append(order, network)
			last[network] = vote{network, voice, at}
			mine, all := 0, 0
			seen := map[netip.Prefix]bool{}
			for i := len(order) - 1; i >= 0 && len(seen) < VotersAtMost; i-- {
				if v := last[order[i]]; !seen[order[i]] {
					seen[order[i]] = true
					all += v.voice.weight()
					if v.at == at {
						mine += v.voice.weight()
					}
				}
			}
			if _, is := e.(Taken); is && (mine < Enough || 2*mine <= all) {
				t.Fatalf("%v is taken with %d of %d", at, mine, all)
			}
			if c.families[0].taken != at && mine >= Enough && 2*mine > all {
				t.Fatalf("%v is not taken with %d of %d", at, mine, all)
			}
			if len(c.families[0].votes) > VotersAtMost {
				t.Fatalf("%d votes are kept", len(c.families[0].votes))
			}
		}
	})
}
