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

var rateCases = []rateCase{
	{50 << 10, 1}, {50 << 10, 20}, {1 << 20, 1}, {1 << 20, 20}, {10 << 20, 1}, {10 << 20, 20}, {100_000_000, 1}, {100_000_000, 20},
}

// torrentFor is a torrent that lasts longer than a test of a rate. Where little comes
// its blocks are small, since whole ones are counted.
func (c rateCase) torrentFor(t *testing.T) *metainfo.Torrent {
	if c.perSecond < 1<<20 {
		return zeros(t, 1<<10, 20_000)
	}
	return zeros(t, 1<<20, 40*c.perSecond>>20)
}

// payload is what of the rate is not headers.
func (c rateCase) payload(meta *metainfo.Torrent) float64 {
	block := float64(min(16<<10, meta.PieceLength))
	return float64(c.perSecond) * block / (block + 13)
}

// judge fails unless the rate is kept within 2 % for ten seconds from now on, and
// shared evenly by all that have a slot.
func (c rateCase) judge(t *testing.T, meta *metainfo.Torrent, all []*etorrent.Torrent, count func(*etorrent.Torrent) int64) {
	t.Helper()
	var before []int64
	for _, one := range all {
		before = append(before, count(one))
	}
	time.Sleep(10 * time.Second)
	sum, squares := 0.0, 0.0
	for k, one := range all {
		n := float64(count(one) - before[k])
		sum, squares = sum+n, squares+n*n
	}
	if want := 10 * c.payload(meta); math.Abs(sum-want) > 0.02*want+16<<10 {
		t.Errorf("%+v: %.0f bytes in ten seconds, %.1f %%", c, sum, 100*sum/want)
	}
	if j := sum * sum / squares / float64(len(all)); j < 0.9 {
		t.Errorf("%+v: Jain's index is %.3f", c, j)
	}
}

// inCase runs a test for each case, but for the fastest ones where time is short.
func inCase(t *testing.T, run func(t *testing.T, s *swarm, c rateCase)) {
	for _, c := range rateCases {
		if testing.Short() && c.perSecond > 1<<20 {
			continue
		}
		t.Run(fmt.Sprintf("%+v", c), func(t *testing.T) {
			inSwarm(t, func(t *testing.T, s *swarm) { run(t, s, c) })
		})
	}
}

// A limit of what is received that is set at run time holds a second later, and each
// of those who send gets the same of it.
func TestWhatIsReceivedIsKeptToANewRateWithinASecondAndShared(t *testing.T) {
	inCase(t, func(t *testing.T, s *swarm, c rateCase) {
		meta := c.torrentFor(t)
		leecher, fetching := s.fetchZeros(meta, func(o *etorrent.Options) { o.Limits.Down = 10 << 10 })
		var seeding []*etorrent.Torrent
		for range c.peers {
			seeder, one := s.seedZeros(meta)
			seeding = append(seeding, one)
			introduce(t, fetching, seeder.at())
		}
		time.Sleep(20 * time.Second)
		leecher.SetLimits(etorrent.Limits{Down: int64(c.perSecond)})
		time.Sleep(time.Second)
		c.judge(t, meta, []*etorrent.Torrent{fetching}, func(t *etorrent.Torrent) int64 { return t.Stats().Downloaded })
		c.judge(t, meta, seeding, func(t *etorrent.Torrent) int64 { return t.Stats().Uploaded })
	})
}

// The same holds of what is sent. Where the limit is enough for fewer slots than
// there are peers, they take turns.
func TestWhatIsSentIsKeptToANewRateWithinASecondAndShared(t *testing.T) {
	inCase(t, func(t *testing.T, s *swarm, c rateCase) {
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
		c.judge(t, meta, []*etorrent.Torrent{seeding}, func(t *etorrent.Torrent) int64 { return t.Stats().Uploaded })
		if c.perSecond >= 1<<20 {
			c.judge(t, meta, fetching, func(t *etorrent.Torrent) int64 { return t.Stats().Downloaded })
		}
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
