package storagetest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// specOf lays files of the given paths and lengths one behind the other, in
// pieces of 64 bytes.
func specOf(s Subject, files ...storage.File) storage.Spec {
	spec := storage.Spec{Name: "test", Dir: s.Dir, Files: files}
	for i := range spec.Files {
		spec.Files[i].Offset = spec.Geometry.TotalLength
		spec.Geometry.TotalLength += spec.Files[i].Length
	}
	spec.Geometry = geometry.Geometry{TotalLength: spec.Geometry.TotalLength, PieceLength: 64}
	return spec
}

func file(path string, length int64) storage.File { return storage.File{Path: path, Length: length} }

func padding(length int64) storage.File {
	return storage.File{Length: length, Role: storage.Padding}
}

// randomSpec has up to 40 files of up to 300 bytes in nested folders, some of
// length 0 and some padding.
func randomSpec(s Subject, r *rand.Rand) storage.Spec {
	files := make([]storage.File, 1+r.IntN(40))
	for i := range files {
		switch r.IntN(6) {
		case 0:
			files[i] = padding(int64(r.IntN(100)))
		case 1:
			files[i] = file(fmt.Sprintf("content/empty%d", i), 0)
		default:
			path := fmt.Sprintf("content/%d/%d/file%d", r.IntN(3), r.IntN(3), i)
			files[i] = file(path, int64(r.IntN(300)))
		}
	}
	spec := specOf(s, files...)
	spec.Geometry.PieceLength = int64(1 + r.IntN(200))
	return spec
}

// run is a random source that replays: the run number is in the test's name.
func run(number uint64) *rand.Rand { return rand.New(rand.NewPCG(number, 0)) }

func fill(r *rand.Rand, p []byte) {
	for i := range p {
		p[i] = byte(1 + r.IntN(255))
	}
}

func open(t *testing.T, s Subject, spec storage.Spec) storage.Store {
	t.Helper()
	st, err := s.Storage.Open(t.Context(), spec)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() { _ = st.Close() })
	return st
}

// openPrepared opens and makes all files.
func openPrepared(t *testing.T, s Subject, spec storage.Spec) storage.Store {
	t.Helper()
	st := open(t, s, spec)
	prepareAll(t, st, spec)
	return st
}

func prepareAll(t *testing.T, st storage.Store, spec storage.Spec) []int {
	t.Helper()
	made, err := st.Prepare(context.Background(), allFiles(spec))
	if err != nil {
		t.Fatalf("prepare: %v", err)
	}
	return made
}

func allFiles(spec storage.Spec) []int {
	files := make([]int, len(spec.Files))
	for i := range files {
		files[i] = i
	}
	return files
}

func allPieces(spec storage.Spec) *pieceset.Set { return pieceset.Full(spec.Geometry.Pieces()) }

func write(t *testing.T, st storage.Store, p []byte, off int64) {
	t.Helper()
	if n, err := st.WriteAt(p, off); n != len(p) || err != nil {
		t.Fatalf("write of %d bytes at %d: %d, %v", len(p), off, n, err)
	}
}

func read(t *testing.T, st storage.Store, n int, off int64) []byte {
	t.Helper()
	p := make([]byte, n)
	if got, err := st.ReadAt(p, off); got != n || err != nil {
		t.Fatalf("read of %d bytes at %d: %d, %v", n, off, got, err)
	}
	return p
}

func syncAll(t *testing.T, st storage.Store, spec storage.Spec) {
	t.Helper()
	if err := st.Sync(context.Background(), allPieces(spec)); err != nil {
		t.Fatalf("sync: %v", err)
	}
}

func examine(t *testing.T, st storage.Store) []storage.FileFacts {
	t.Helper()
	facts, err := st.Examine(context.Background())
	if err != nil {
		t.Fatalf("examine: %v", err)
	}
	return facts
}

// wantFault fails the test unless err means what a fault of type F means.
func wantFault[F storage.FaultEvidence](t *testing.T, err error) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	if _, ok := storage.View(err).(F); !ok {
		var want F
		t.Fatalf("error %v views as %T, want %T", err, storage.View(err), want)
	}
}

func outside(t *testing.T, s Subject) Outside {
	t.Helper()
	if s.Outside == nil {
		t.Skip("the subject has no Outside")
	}
	return s.Outside
}
