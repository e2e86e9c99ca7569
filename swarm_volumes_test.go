package etorrent_test

import (
	"context"
	"testing"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/storage/faulty"
)

// volumes keeps torrents on volumes of their own, by their names.
type volumes map[string]storage.Storage

func (v volumes) Open(ctx context.Context, s storage.Spec) (storage.Store, error) {
	st, err := v[s.Name].Open(ctx, s)
	return onVolume{st, s.Name}, err
}

// onVolume is a store on a volume of a name.
type onVolume struct {
	storage.Store
	volume string
}

func (s onVolume) Features() storage.Features {
	f := s.Store.Features()
	f.Volume = s.volume
	return f
}

// A volume that stands still keeps what it has of slabs and memory. Torrents of
// others are fetched meanwhile.
func TestAVolumeThatStandsStillHoldsUpNoOther(t *testing.T) {
	long(t)
	inSwarm(t, func(t *testing.T, s *swarm) {
		still := etorrenttest.NewContent(t, "still", 256<<10, 40<<20)
		quick := etorrenttest.NewContent(t, "quick", 256<<10, 40<<20)
		seeder := s.join()
		still.Seed(t, seeder.Client, seeder.storage)
		quick.Seed(t, seeder.Client, seeder.storage)
		one, other := etorrenttest.NewStorage(), etorrenttest.NewStorage()
		stalls := faulty.New(one)
		healed := make(chan struct{})
		stalls.InjectAll(faulty.Write, faulty.Stall{Until: healed})
		leecher := s.join(func(o *etorrent.Options) { o.Storage = volumes{"still": stalls, "quick": other} })
		first := still.Fetch(t, leecher.Client, seeder.at())
		second := quick.Fetch(t, leecher.Client, seeder.at())
		s.stored(second)
		quick.Check(t, other, etorrenttest.Dir)
		if n := first.Stats().Durable; n > 0 {
			t.Errorf("%d pieces are durable on the volume that stands still", n)
		}
		stalls.Heal(faulty.Write)
		close(healed)
		s.stored(first)
		still.Check(t, one, etorrenttest.Dir)
	})
}
