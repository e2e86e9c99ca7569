package memory_test

import (
	"testing"

	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/storage/memory"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/storagetest"
)

func TestConformance(t *testing.T) {
	storagetest.Run(t, func(*testing.T) storagetest.Subject {
		s := memory.New()
		return storagetest.Subject{Storage: s, Dir: "/data", Outside: s}
	})
}

func TestConformanceOfACrashable(t *testing.T) {
	storagetest.Run(t, func(*testing.T) storagetest.Subject {
		s := memory.NewCrashable()
		return storagetest.Subject{Storage: s, Dir: "data/here", Outside: s}
	})
}

func TestCrashKeepsOnlyWhatWasSynced(t *testing.T) {
	s := memory.NewCrashable()
	spec := storage.Spec{
		Name: "crash", Dir: "/d", Geometry: geometry.Geometry{TotalLength: 8, PieceLength: 4},
		Files: []storage.File{{Path: "a", Length: 4}, {Path: "b", Offset: 4, Length: 4}},
	}
	st, err := s.Open(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := st.Prepare(t.Context(), []int{0, 1}); err != nil {
		t.Fatal(err)
	}
	if _, err := st.WriteAt([]byte("aaaabbbb"), 0); err != nil {
		t.Fatal(err)
	}
	if err := st.Sync(t.Context(), pieceset.Of(2, 0)); err != nil {
		t.Fatal(err)
	}
	if _, err := st.WriteAt([]byte("x"), 0); err != nil {
		t.Fatal(err)
	}
	s.Crash()
	if got, err := s.Get("/d/a"); string(got) != "aaaa" || err != nil {
		t.Errorf("synced file: %q, %v", got, err)
	}
	if got, err := s.Get("/d/b"); err == nil {
		t.Errorf("unsynced file is still there: %q", got)
	}
}
