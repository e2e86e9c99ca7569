package storagetest

import (
	"bytes"
	"testing"

	"github.com/etorrent/etorrent/internal/storage"
)

// holesReadAsZero holds for a store that tells of no holes, too.
func holesReadAsZero(t *testing.T, s Subject) {
	spec := specOf(s, file("a", 100_000), padding(24), file("b", 0), file("c", 200_000))
	st := openPrepared(t, s, spec)
	spans := [][2]int64{{0, 300_024}, {0, 100_000}, {40_000, 50_000}, {99_999, 100_025}, {100_000, 100_024}, {200_000, 300_024}, {300_023, 300_024}}
	look := func() {
		t.Helper()
		for _, span := range spans {
			checkHole(t, st, span[0], int(span[1]-span[0]))
		}
	}
	look() // files are there and have no bytes
	for _, at := range []int64{99_999, 300_023, 45_000, 200_000} {
		write(t, st, []byte{1}, at)
		look()
	}
	write(t, st, make([]byte, 300_024), 0)
	look()
	if out := s.Outside; out != nil {
		if err := out.Truncate(s.Dir+"/c", 150_000); err != nil {
			t.Fatal(err)
		}
		if err := out.Remove(s.Dir + "/a"); err != nil {
			t.Fatal(err)
		}
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	spans = append(spans, [][2]int64{{-1, 10}, {300_000, 300_025}, {300_024, 300_025}, {10, 10}}...)
	for _, span := range spans {
		if viewHoles(st, span[0], int(span[1]-span[0])) != storage.HoleUnknown {
			t.Errorf("bytes %d to %d of a closed store are known", span[0], span[1])
		}
	}
	st = open(t, s, spec)
	look()
}

// viewHoles asks a store, if it can tell.
func viewHoles(st storage.Store, off int64, n int) storage.HoleEvidence {
	if viewer, can := storage.As[storage.HoleViewer](st); can {
		return viewer.ViewHoles(off, n)
	}
	return storage.HoleUnknown
}

// checkHole reads a range that is called a hole.
func checkHole(t *testing.T, st storage.Store, off int64, n int) {
	t.Helper()
	if viewHoles(st, off, n) != storage.AllHole {
		return
	}
	p := bytes.Repeat([]byte{9}, n)
	if got, err := st.ReadAt(p, off); got != n || err != nil {
		t.Fatalf("%d bytes at %d are a hole, and reading them gave %d, %v", n, off, got, err)
	}
	if at := bytes.IndexFunc(p, func(r rune) bool { return r != 0 }); at >= 0 {
		t.Fatalf("%d bytes at %d are a hole, and byte %d is not zero", n, off, at)
	}
}
