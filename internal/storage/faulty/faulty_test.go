package faulty_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/storage/faulty"
	"github.com/etorrent/etorrent/internal/storage/memory"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/storagetest"
)

var errDevice = errors.New("the device is on fire")

func TestConformanceWithoutFaults(t *testing.T) {
	storagetest.Run(t, func(*testing.T) storagetest.Subject {
		inner := memory.New()
		return storagetest.Subject{Storage: faulty.New(inner), Dir: "/data", Outside: inner}
	})
}

// prepared is a store of two files of 4 bytes, one piece each, made and written.
func prepared(t *testing.T) (*faulty.Storage, storage.Store) {
	t.Helper()
	s := faulty.New(memory.New())
	st, err := s.Open(t.Context(), storage.Spec{
		Name: "two", Dir: "/d", Geometry: geometry.Geometry{TotalLength: 8, PieceLength: 4},
		Files: []storage.File{{Path: "a", Length: 4}, {Path: "b", Offset: 4, Length: 4}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := st.Prepare(t.Context(), []int{0, 1}); err != nil {
		t.Fatal(err)
	}
	if _, err := st.WriteAt([]byte("aaaabbbb"), 0); err != nil {
		t.Fatal(err)
	}
	return s, st
}

func TestOnlyTheNamedCallFails(t *testing.T) {
	s, st := prepared(t)
	s.Inject(faulty.Read, 2, faulty.Fail{Err: errDevice})
	p := make([]byte, 8)
	for call := 1; call <= 3; call++ {
		_, err := st.ReadAt(p, 0)
		if failed := errors.Is(err, errDevice); failed != (call == 2) {
			t.Errorf("read %d: %v", call, err)
		}
	}
	if n := s.Calls(faulty.Read); n != 3 {
		t.Errorf("%d reads are counted, want 3", n)
	}
}

func TestEveryCallFailsUntilHealed(t *testing.T) {
	s, st := prepared(t)
	s.InjectAll(faulty.Write, faulty.Fail{Err: errDevice})
	for range 3 {
		if _, err := st.WriteAt([]byte("x"), 0); !errors.Is(err, errDevice) {
			t.Errorf("write: %v", err)
		}
	}
	s.Heal(faulty.Write)
	if _, err := st.WriteAt([]byte("x"), 0); err != nil {
		t.Errorf("write after healing: %v", err)
	}
}

func TestTornWriteDoesItsFirstBytes(t *testing.T) {
	s, st := prepared(t)
	s.Inject(faulty.Write, 1, faulty.Torn{Bytes: 3, Err: errDevice})
	if n, err := st.WriteAt([]byte("xxxxxx"), 2); n != 3 || !errors.Is(err, errDevice) {
		t.Errorf("torn write: %d, %v", n, err)
	}
	p := make([]byte, 8)
	if _, err := st.ReadAt(p, 0); err != nil || string(p) != "aaxxxbbb" {
		t.Errorf("read %q, %v", p, err)
	}
}

func TestFailedSyncLastsUntilRecheck(t *testing.T) {
	s, st := prepared(t)
	s.Inject(faulty.Sync, 1, faulty.Fail{Err: errDevice})
	if err := st.Sync(t.Context(), pieceset.Of(2, 1)); !errors.Is(err, errDevice) {
		t.Errorf("sync: %v", err)
	}
	var several *storage.SyncError
	if err := st.Sync(t.Context(), pieceset.Full(2)); !errors.As(err, &several) || !slices.Equal(several.Files(), []int{1}) {
		t.Errorf("second sync: %v, want a fault of file 1", err)
	}
	if err := st.Sync(t.Context(), pieceset.Of(2, 0)); err != nil {
		t.Errorf("sync of the other file: %v", err)
	}
	if err := st.Recheck(t.Context(), []int{1}); err != nil {
		t.Fatal(err)
	}
	if err := st.Sync(t.Context(), pieceset.Full(2)); err != nil {
		t.Errorf("sync after recheck: %v", err)
	}
}

func TestFailedSyncOfNoPieceIsTold(t *testing.T) {
	s, st := prepared(t)
	s.Inject(faulty.Sync, 1, faulty.Fail{Err: errDevice})
	if err := st.Sync(t.Context(), pieceset.New(2)); !errors.Is(err, errDevice) {
		t.Errorf("sync: %v", err)
	}
}

func TestEveryOtherCallCanFail(t *testing.T) {
	s, st := prepared(t)
	ctx := t.Context()
	calls := map[faulty.Op]func() error{
		faulty.Open:    func() error { _, err := s.Open(ctx, storage.Spec{}); return err },
		faulty.Prepare: func() error { _, err := st.Prepare(ctx, nil); return err },
		faulty.Recheck: func() error { return st.Recheck(ctx, nil) },
		faulty.Examine: func() error { _, err := st.Examine(ctx); return err },
		faulty.Delete:  func() error { return st.Delete(ctx, nil) },
	}
	for op, call := range calls {
		s.Inject(op, 1, faulty.Torn{Err: errDevice})
		err := call()
		var told *storage.Error
		if !errors.As(err, &told) || told.Op != op.String() || !errors.Is(err, errDevice) {
			t.Errorf("%v: %v", op, err)
		}
	}
}

func TestALookCanFail(t *testing.T) {
	s, st := prepared(t)
	s.Inject(faulty.View, 1, faulty.Fail{Err: errDevice})
	v := st.(storage.FileViewer)
	if f, is := v.ViewFile(t.Context(), 0).(storage.Unusable); !is || !errors.Is(f.Err, errDevice) {
		t.Errorf("a look that fails says %#v", f)
	}
	if f, is := v.ViewFile(t.Context(), 0).(storage.Present); !is || f.Size != 4 {
		t.Errorf("the next look says %#v", f)
	}
}

func TestStallEndsWithItsChannelOrContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, st := prepared(t)
		until := make(chan struct{})
		s.Inject(faulty.Read, 1, faulty.Stall{Until: until})
		s.Inject(faulty.Sync, 1, faulty.Stall{Until: until})
		ctx, cancel := context.WithCancel(t.Context())
		read, synced := make(chan error, 1), make(chan error, 1)
		go func() { _, err := st.ReadAt(make([]byte, 8), 0); read <- err }()
		go func() { synced <- st.Sync(ctx, pieceset.Full(2)) }()
		synctest.Wait()
		if len(read)+len(synced) > 0 {
			t.Error("a stalled call went on")
		}
		cancel()
		if err := <-synced; !errors.Is(err, context.Canceled) {
			t.Errorf("sync: %v", err)
		}
		close(until)
		if err := <-read; err != nil {
			t.Errorf("read: %v", err)
		}
		if err := st.Sync(t.Context(), pieceset.Full(2)); err != nil {
			t.Errorf("sync after a cancelled one: %v", err)
		}
	})
}

// viewing is a storage whose stores tell of their room and holes.
type viewing struct{ *memory.Storage }

type view struct{ storage.Store }

func (v viewing) Open(ctx context.Context, spec storage.Spec) (storage.Store, error) {
	st, err := v.Storage.Open(ctx, spec)
	return view{st}, err
}

func (view) ViewSpace() storage.SpaceEvidence          { return storage.SpaceKnown{Free: 7} }
func (view) ViewHoles(int64, int) storage.HoleEvidence { return storage.HasData }

func TestWhatTheInnerStoreTellsIsPassedOnUnlessSet(t *testing.T) {
	spec := storage.Spec{Name: "none", Dir: "/d", Geometry: geometry.Geometry{PieceLength: 4}}
	for name, c := range map[string]struct {
		inner storage.Storage
		space storage.SpaceEvidence
		holes storage.HoleEvidence
	}{
		"a store that tells": {viewing{memory.New()}, storage.SpaceKnown{Free: 7}, storage.HasData},
		"one that does not":  {memory.New(), storage.SpaceUnknown{}, storage.HoleUnknown},
	} {
		s := faulty.New(c.inner)
		st, err := s.Open(t.Context(), spec)
		if err != nil {
			t.Fatal(err)
		}
		look := func(space storage.SpaceEvidence, limit storage.SizeLimit) {
			t.Helper()
			if got := st.(storage.SpaceViewer).ViewSpace(); got != space {
				t.Errorf("%s: space %v, want %v", name, got, space)
			}
			if got := st.Features().Largest; got != limit {
				t.Errorf("%s: limit %v, want %v", name, got, limit)
			}
		}
		if got := st.(storage.HoleViewer).ViewHoles(0, 1); got != c.holes {
			t.Errorf("%s: holes %v, want %v", name, got, c.holes)
		}
		look(c.space, storage.SizeLimitUnknown)
		s.LimitRoom(storage.SpaceKnown{Free: 3})
		s.LimitSizes(storage.SizeLimitFAT)
		look(storage.SpaceKnown{Free: 3}, storage.SizeLimitFAT)
		s.LimitRoom(nil)
		s.LimitSizes(storage.SizeLimitUnknown)
		look(c.space, storage.SizeLimitUnknown)
	}
}
