package etorrent_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
	"github.com/etorrent/etorrent/metainfo"
)

// TestRatesOfTheClientAndOfATorrentMayChange fetches two torrents of one seeder, and
// measures ten seconds at each rate.
func TestRatesOfTheClientAndOfATorrentMayChange(t *testing.T) {
	long(t)
	inSwarm(t, func(t *testing.T, s *swarm) {
		seeder, leecher := s.join(), s.join()
		leecher.SetLimits(etorrent.Limits{Down: 1, Up: 1}) // until it is measured
		var fetching []*etorrent.Torrent
		for _, name := range []string{"one", "other"} {
			c := etorrenttest.NewContent(t, name, 64<<10, 60_000_000)
			c.Seed(t, seeder.Client, seeder.storage)
			fetching = append(fetching, c.Fetch(t, leecher.Client, seeder.at()))
		}
		for _, c := range []struct {
			down, own float64 // of the leecher, of its first torrent
			up        float64 // of the seeder
			want      [2]float64
		}{
			{down: 20 << 10, want: [2]float64{10 << 10, 10 << 10}},
			{down: 20 << 10, own: 5 << 10, want: [2]float64{5 << 10, 15 << 10}},
			{own: 10 << 10, up: 1 << 20, want: [2]float64{10 << 10, 1<<20 - 10<<10}},
			{down: 100 << 10, own: 1 << 20, want: [2]float64{50 << 10, 50 << 10}},
			{down: 2 << 20, own: 200 << 10, want: [2]float64{200 << 10, 2<<20 - 200<<10}},
			{up: 1 << 20, want: [2]float64{512 << 10, 512 << 10}},
		} {
			leecher.SetLimits(etorrent.Limits{Down: int64(c.down)})
			seeder.SetLimits(etorrent.Limits{Up: int64(c.up)})
			if err := fetching[0].SetLimits(t.Context(), etorrent.TorrentLimits{Down: int64(c.own)}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(5 * time.Second)
			var before [2]int64
			for k, f := range fetching {
				before[k] = f.Stats().Downloaded
			}
			time.Sleep(10 * time.Second)
			for k, f := range fetching {
				got := float64(f.Stats().Downloaded-before[k]) / 10
				if math.Abs(got-c.want[k]) > 0.02*c.want[k]+16<<10/10 { // it is counted in blocks
					t.Errorf("%+v: torrent %d received %.0f bytes a second", c, k, got)
				}
			}
		}
	})
}

// rateCase is a limit with so many peers under it.
type rateCase struct{ perSecond, peers int }

// rateCases are those of both directions. The fastest, whose cost is the bytes that
// move, is there once for each, with many peers and with one.
var rateCases = []rateCase{{50 << 10, 1}, {50 << 10, 20}, {1 << 20, 1}, {1 << 20, 20}, {10 << 20, 20}}

// torrentFor is a torrent that lasts longer than a test of a rate. Where little comes
// its blocks are small, since whole ones are counted.
func (c rateCase) torrentFor(t *testing.T) *metainfo.Torrent {
	if c.perSecond < 1<<20 {
		return zeros(t, 1<<10, 40*c.perSecond>>10)
	}
	return zeros(t, 1<<20, 40*c.perSecond>>20)
}

// payload is what of the rate is not headers.
func (c rateCase) payload(meta *metainfo.Torrent) float64 {
	block := float64(min(16<<10, meta.PieceLength))
	return float64(c.perSecond) * block / (block + 13)
}

// side is one side of a transfer: how many bytes each has moved that has a part in it.
type side func() []float64

// receivedOfEach is what came from each peer of a torrent.
func receivedOfEach(f *etorrent.Torrent) side {
	return func() (out []float64) {
		for _, p := range f.Peers() {
			out = append(out, float64(p.Downloaded))
		}
		return out
	}
}

// receivedBy is what each of some torrents received.
func receivedBy(all []*etorrent.Torrent) side {
	return func() (out []float64) {
		for _, f := range all {
			out = append(out, float64(f.Stats().Downloaded))
		}
		return out
	}
}

// sent is what a torrent sent to all.
func sent(f *etorrent.Torrent) side {
	return func() []float64 { return []float64{float64(f.Stats().Uploaded)} }
}

// span is for how long a rate is measured. The fastest costs the bytes that move, and
// 2 % of three seconds are fewer bytes than those of ten.
func (c rateCase) span() time.Duration {
	if c.perSecond > 10<<20 {
		return 3 * time.Second
	}
	return 10 * time.Second
}

// judge fails unless the rate is kept within 2 % for its span from now on, and shared
// evenly by all of a side that have a slot.
func (c rateCase) judge(t *testing.T, meta *metainfo.Torrent, sides ...side) {
	t.Helper()
	var before [][]float64
	for _, s := range sides {
		before = append(before, s())
	}
	time.Sleep(c.span())
	for i, s := range sides {
		sum, squares := 0.0, 0.0
		after := s()
		for k, n := range after {
			n -= before[i][k]
			sum, squares = sum+n, squares+n*n
		}
		if want := c.span().Seconds() * c.payload(meta); math.Abs(sum-want) > 0.02*want+16<<10 {
			t.Errorf("%+v: %.0f bytes in %v, %.1f %%", c, sum, c.span(), 100*sum/want)
		}
		if j := sum * sum / squares / float64(len(after)); j < 0.9 {
			t.Errorf("%+v: Jain's index is %.3f", c, j)
		}
	}
}

// inCase runs a test for each case. Where time is short it is one: the race detector
// sees how those who draw meet a new rate there, and learns nothing from how well it is
// kept.
func inCase(t *testing.T, cases []rateCase, run func(t *testing.T, s *swarm, c rateCase)) {
	for _, c := range cases {
		if testing.Short() && c != (rateCase{1 << 20, 20}) {
			continue
		}
		t.Run(fmt.Sprintf("%+v", c), func(t *testing.T) {
			t.Parallel()
			inSwarm(t, func(t *testing.T, s *swarm) { run(t, s, c) })
		})
	}
}

// A limit of what is received that is set at run time holds a second later, and each
// of those who send gets the same of it.
func TestWhatIsReceivedIsKeptToANewRateWithinASecondAndShared(t *testing.T) {
	inCase(t, append(rateCases, rateCase{100_000_000, 20}), func(t *testing.T, s *swarm, c rateCase) {
		meta := c.torrentFor(t)
		leecher, fetching := s.fetchZeros(meta, func(o *etorrent.Options) { o.Limits.Down = 10 << 10 })
		for range c.peers {
			seeder, _ := s.seedZeros(meta)
			introduce(t, fetching, seeder.at())
		}
		time.Sleep(20 * time.Second)
		leecher.SetLimits(etorrent.Limits{Down: int64(c.perSecond)})
		time.Sleep(time.Second)
		c.judge(t, meta, receivedOfEach(fetching))
	})
}

// The same holds of what is sent. Where the limit is enough for fewer slots than
// there are peers, they take turns.
func TestWhatIsSentIsKeptToANewRateWithinASecondAndShared(t *testing.T) {
	inCase(t, append(rateCases, rateCase{100_000_000, 1}), func(t *testing.T, s *swarm, c rateCase) {
		meta := c.torrentFor(t)
		seeder, seeding := s.seedZeros(meta)
		seeder.SetLimits(etorrent.Limits{Up: 10 << 10})
		var fetching []*etorrent.Torrent
		for range c.peers {
			_, one := s.fetchZeros(meta)
			introduce(t, one, seeder.at())
			fetching = append(fetching, one)
		}
		time.Sleep(20 * time.Second)
		if err := seeding.SetLimits(t.Context(), etorrent.TorrentLimits{Up: int64(c.perSecond)}); err != nil {
			t.Fatal(err)
		}
		seeder.SetLimits(etorrent.Limits{})
		time.Sleep(time.Second)
		sides := []side{sent(seeding)}
		if c.perSecond >= 1<<20 {
			sides = append(sides, receivedBy(fetching))
		}
		c.judge(t, meta, sides...)
	})
}

// The rates of a torrent hold in the next run too, until others are set.
func TestTheRatesOfATorrentAreKept(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "kept", 16<<10, 4<<20)
		state := etorrenttest.NewState()
		seeder := s.join()
		c.Seed(t, seeder.Client, seeder.storage)
		leecher := s.join(func(o *etorrent.Options) { o.State = state.Open() })
		if err := c.Fetch(t, leecher.Client).SetLimits(t.Context(), etorrent.TorrentLimits{Down: 20 << 10, Up: -1}); err != nil {
			t.Fatal(err)
		}
		etorrenttest.Shutdown(t, leecher.Client)
		for _, want := range []float64{20 << 10, 100 << 10} {
			leecher.start(t, func(o *etorrent.Options) { o.State = state.Open() })
			fetching := c.Fetch(t, leecher.Client, seeder.at())
			time.Sleep(2 * time.Second)
			before := fetching.Stats().Downloaded
			time.Sleep(10 * time.Second)
			if got := float64(fetching.Stats().Downloaded-before) / 10; math.Abs(got-want) > 0.02*want+16<<10/10 {
				t.Errorf("%.0f bytes a second, want %.0f", got, want)
			}
			if err := fetching.SetLimits(t.Context(), etorrent.TorrentLimits{Down: 100 << 10}); err != nil {
				t.Fatal(err)
			}
			etorrenttest.Shutdown(t, leecher.Client)
		}
	})
}
