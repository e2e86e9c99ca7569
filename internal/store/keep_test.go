package store_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/etorrent/etorrent/internal/core/announce"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/store/storetest"
	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/sup"
)

func keyed(key uint32) store.Announce { return store.Announce{Saved: announce.Saved{Key: key}} }

// owned inserts a row that the test owns.
func owned(t *testing.T, s *store.Service) (ident.TorrentID, store.Epoch) {
	t.Helper()
	id, err := s.Insert(t.Context(), row, storetest.Sample(1))
	if err != nil {
		t.Fatal(err)
	}
	epoch, err := s.Own(t.Context(), row, id, "me")
	if err != nil {
		t.Fatal(err)
	}
	return id, epoch
}

func keyOf(t *testing.T, s *store.Service, id ident.TorrentID) uint32 {
	t.Helper()
	r, err := s.Get(t.Context(), row, id)
	if err != nil {
		t.Fatal(err)
	}
	return r.Announce.Saved.Key
}

// keeper notes how many states came together.
type keeper struct {
	*slow
	together []int
}

func (d *keeper) SaveAnnounces(ctx context.Context, us []store.AnnounceUpdate) []error {
	d.together = append(d.together, len(us))
	return d.Driver.SaveAnnounces(ctx, us)
}

func TestAnnounceStatesAreKeptInOrderBeforeWhatIsAskedLaterAndShareATransaction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &keeper{slow: &slow{Driver: store.NewMemory(), release: make(chan struct{}, 9)}}
		d.release <- struct{}{}
		s, _ := serve(t, d, nil)
		id, epoch := owned(t, s)
		done := make(chan struct{})
		go func() { _, _ = s.Own(t.Context(), row, 777, "me"); close(done) }()
		synctest.Wait()
		var errs []error
		note := func(err error) { errs = append(errs, err) }
		s.KeepAnnounce(id, epoch, keyed(1), note)
		s.KeepAnnounce(id, epoch-1, keyed(2), note)
		s.KeepAnnounce(id, epoch, keyed(3), note)
		if len(errs) != 0 {
			t.Error("it waited")
		}
		d.release <- struct{}{}
		<-done
		if got := keyOf(t, s, id); got != 3 {
			t.Errorf("asked after the third, the row has number %d", got)
		}
		var stale *store.StaleEpochError
		if len(errs) != 3 || errs[0] != nil || !errors.As(errs[1], &stale) || errs[2] != nil || !slices.Equal(d.together, []int{3}) {
			t.Errorf("errors %v, transactions of %v", errs, d.together)
		}
	})
}

func TestAnnounceStateIsKeptThoughTheStoreCrashes(t *testing.T) {
	for _, at := range []sup.Moment{sup.OnReceive, sup.InStep, sup.BetweenActions} {
		synctest.Test(t, func(t *testing.T) {
			crashes := 0
			s, _ := serve(t, store.NewMemory(), func(p sup.Point) {
				if p.Kind == "store" && p.At == at && crashes > 0 {
					crashes--
					panic("injected")
				}
			})
			id, epoch := owned(t, s)
			crashes = 2
			told := 0
			for key := range uint32(3) {
				s.KeepAnnounce(id, epoch, keyed(key+1), func(err error) {
					if told++; err != nil {
						t.Error(err)
					}
				})
			}
			synctest.Wait()
			if got := keyOf(t, s, id); got != 3 || told != 3 || crashes != 0 {
				t.Errorf("%v: number %d is kept, told %d times, %d crashes to come", at, got, told, crashes)
			}
		})
	}
}

func TestWhatIsAskedToBeKeptIsKeptBeforeTheStoreStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := store.NewMemory()
		s, tree := serve(t, d, nil)
		id, epoch := owned(t, s)
		told := 0
		s.KeepAnnounce(id, epoch, keyed(7), func(error) { told++ })
		if err := tree.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		r, err := d.Get(t.Context(), id)
		if err != nil || r.Announce.Saved.Key != 7 || told != 1 {
			t.Errorf("%+v, %v, told %d times", r.Announce, err, told)
		}
	})
}
