package store_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/store/storetest"
	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/sup"
)

var row = &sup.CallRow{Name: "test", From: "edge", To: "store"}

// serve runs a store process over d until the test ends.
func serve(t *testing.T, d store.Driver, hook sup.Hook) (*store.Service, *sup.Tree) {
	t.Helper()
	s := store.NewService(d)
	spec := sup.Supervisor{Intensity: sup.Intensity{Restarts: 100, Within: 1}, Children: []sup.Child{s.Child()}}
	tree, err := sup.Start(t.Context(), "root", spec, sup.Options{Hook: hook})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tree.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s, tree
}

// throughService makes a Service look like the driver behind it.
type throughService struct {
	*store.Service
	store.Driver
}

func (s throughService) Insert(ctx context.Context, r *store.Row) (ident.TorrentID, error) {
	return s.Service.Insert(ctx, row, r)
}

func (s throughService) Get(ctx context.Context, id ident.TorrentID) (*store.Row, error) {
	return s.Service.Get(ctx, row, id)
}

func (s throughService) FindByKey(ctx context.Context, k store.Key) (ident.TorrentID, error) {
	return s.Service.FindByKey(ctx, row, k)
}

func (s throughService) List(ctx context.Context, after ident.TorrentID, limit int) ([]store.Summary, error) {
	return s.Service.List(ctx, row, after, limit)
}

func (s throughService) Delete(ctx context.Context, id ident.TorrentID) error {
	return s.Service.Delete(ctx, row, id)
}

func (s throughService) Own(ctx context.Context, id ident.TorrentID, owner string) (store.Epoch, error) {
	return s.Service.Own(ctx, row, id, owner)
}

func (s throughService) Learn(ctx context.Context, u store.MetadataUpdate) error {
	return s.Service.Learn(ctx, row, u)
}

func (s throughService) Claim(ctx context.Context, u store.ClaimUpdate) error {
	return s.Service.Claim(ctx, row, u)
}

func (s throughService) ClaimAll(ctx context.Context, us []store.ClaimUpdate) []error {
	return s.Service.ClaimAll(ctx, row, us)
}

func (s throughService) Unclaim(ctx context.Context, u store.UnclaimUpdate) error {
	return s.Service.Unclaim(ctx, row, u)
}

func (s throughService) MarkFiles(ctx context.Context, u store.FilesUpdate) error {
	return s.Service.MarkFiles(ctx, row, u)
}

func (s throughService) SaveCounters(ctx context.Context, u store.CountersUpdate) error {
	return s.Service.SaveCounters(ctx, row, u)
}

func (s throughService) SaveAnnounces(_ context.Context, us []store.AnnounceUpdate) []error {
	var errs []error
	for _, u := range us {
		done := make(chan error, 1)
		s.KeepAnnounce(u.ID, u.Epoch, u.Announce, func(err error) { done <- err })
		errs = append(errs, <-done)
	}
	return errs
}

func (s throughService) SaveSettings(ctx context.Context, u store.SettingsUpdate) error {
	return s.Service.SaveSettings(ctx, row, u)
}

func (s throughService) Hold(ctx context.Context, k store.Key, owner string) (store.Hold, error) {
	h, err := s.Service.Hold(ctx, row, k, owner)
	if err != nil {
		return nil, err
	}
	return holdThrough{s.Service, h}, nil
}

type holdThrough struct {
	s *store.Service
	h store.Hold
}

func (h holdThrough) Release() error { return h.s.Release(context.Background(), row, h.h) }

func TestAServiceConformsAsItsDriverDoes(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Driver {
		d := store.NewMemory()
		s, _ := serve(t, d, nil)
		return throughService{Service: s, Driver: d}
	})
}

func TestACrashFailsWhatIsAskedAndAskingAgainGivesTheSameOutcome(t *testing.T) {
	for _, at := range []sup.Moment{sup.OnReceive, sup.InStep, sup.BetweenActions} {
		synctest.Test(t, func(t *testing.T) {
			crashes := 0
			s, _ := serve(t, store.NewMemory(), func(p sup.Point) {
				if p.Kind == "store" && p.At == at && crashes > 0 {
					crashes--
					panic("injected")
				}
			})
			twice := func(ask func() error) {
				t.Helper()
				crashes = 1
				var down *sup.DownError
				if err := ask(); !errors.As(err, &down) {
					t.Fatalf("asked of a store that crashes: %v", err)
				}
				if err := ask(); err != nil {
					t.Fatalf("asked again: %v", err)
				}
			}
			askEverythingTwice(t, s, twice)
		})
	}
}

func askEverythingTwice(t *testing.T, s *store.Service, twice func(func() error)) {
	ctx := t.Context()
	var id ident.TorrentID
	var epoch store.Epoch
	var hold store.Hold
	var err error
	twice(func() error { id, err = s.Insert(ctx, row, storetest.Sample(1)); return err })
	twice(func() error { hold, err = s.Hold(ctx, row, store.Key{1}, "me"); return err })
	twice(func() error { epoch, err = s.Own(ctx, row, id, "me"); return err })
	twice(func() error {
		return s.Claim(ctx, row, store.ClaimUpdate{ID: id, Epoch: epoch, Add: pieceset.Of(storetest.Pieces, 1), Origin: store.Checked{}})
	})
	twice(func() error {
		return s.Unclaim(ctx, row, store.UnclaimUpdate{ID: id, Epoch: epoch, Remove: pieceset.Of(storetest.Pieces, 0), Reason: store.LossWrongHash})
	})
	twice(func() error {
		return s.SaveCounters(ctx, row, store.CountersUpdate{ID: id, Epoch: epoch, Counters: store.Counters{Downloaded: 99}})
	})
	r, err := s.Get(ctx, row, id)
	if err != nil {
		t.Fatal(err)
	}
	if r.Epoch != epoch || r.Counters.Downloaded != 99 || !r.Claims.Checked.Equal(pieceset.Of(storetest.Pieces, 1, 19)) ||
		r.Lost != (store.Loss{Reason: store.LossWrongHash, Pieces: 1}) {
		t.Errorf("row %+v", r)
	}
	twice(func() error { return s.Release(ctx, row, hold) })
	twice(func() error { return s.Delete(ctx, row, id) })
}

// slow is a driver whose Own waits, so that requests pile up behind it, and
// that notes how many claims came together.
type slow struct {
	store.Driver
	release chan struct{}
	sizes   []int
	fault   error
}

func (d *slow) Own(ctx context.Context, id ident.TorrentID, owner string) (store.Epoch, error) {
	<-d.release
	return d.Driver.Own(ctx, id, owner)
}

func (d *slow) ClaimAll(ctx context.Context, us []store.ClaimUpdate) []error {
	d.sizes = append(d.sizes, len(us))
	if d.fault != nil {
		return []error{d.fault}
	}
	return d.Driver.ClaimAll(ctx, us)
}

func TestClaimsThatWaitTogetherShareATransaction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &slow{Driver: store.NewMemory(), release: make(chan struct{})}
		s, _ := serve(t, d, nil)
		var ids []ident.TorrentID
		for n := range 3 {
			id, err := s.Insert(t.Context(), row, storetest.Sample(n))
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, id)
		}
		done := make(chan error, 10)
		go func() { _, err := s.Own(t.Context(), row, 777, "me"); done <- err }()
		synctest.Wait()
		for _, id := range ids {
			go func() {
				done <- s.Claim(t.Context(), row, store.ClaimUpdate{ID: id, Add: pieceset.Full(storetest.Pieces), Origin: store.Checked{}})
			}()
		}
		go func() {
			errs := s.ClaimAll(t.Context(), row, []store.ClaimUpdate{{ID: ids[0]}, {ID: 888}})
			done <- errors.Join(errs...)
		}()
		synctest.Wait()
		close(d.release)
		failed := 0
		for range 5 {
			if err := <-done; err != nil {
				failed++
			}
		}
		if !cmp.Equal(d.sizes, []int{5}) || failed != 2 {
			t.Errorf("transactions of %v claims, %d failed", d.sizes, failed)
		}
		for _, id := range ids {
			if r, err := s.Get(t.Context(), row, id); err != nil || !r.Claims.Checked.IsFull() {
				t.Errorf("torrent %d: %v", id, err)
			}
		}
	})
}

func TestAStoreThatCannotWorkIsDegradedUntilItCan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &slow{Driver: store.NewMemory(), fault: &store.DriverError{Op: "claim", Err: errors.New("disk full")}}
		s, tree := serve(t, d, nil)
		id, err := s.Insert(t.Context(), row, storetest.Sample(1))
		if err != nil {
			t.Fatal(err)
		}
		claim := func() error { return s.Claim(t.Context(), row, store.ClaimUpdate{ID: id}) }
		if err := claim(); err != d.fault {
			t.Errorf("claim: %v", err)
		}
		if st, is := tree.Snapshot().Root.Children[0].State.(sup.Degraded); !is || st.Err != d.fault {
			t.Errorf("state %v", tree.Snapshot().Root.Children[0].State)
		}
		d.fault = nil
		if err := claim(); err != nil {
			t.Errorf("claim: %v", err)
		}
		if _, is := tree.Snapshot().Root.Children[0].State.(sup.Running); !is {
			t.Errorf("state %v", tree.Snapshot().Root.Children[0].State)
		}
	})
}
