package files

import (
	"math/rand/v2"
	"testing"

	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
)

// Spans are written as if they lay one behind the other: in one file, over several,
// over padding, and to what the parts file keeps.
func TestSpansAreWrittenAsOne(t *testing.T) {
	rnd := rand.New(rand.NewPCG(4, 4))
	const total = 400
	for range 300 {
		made := [][]int{{0, 2}, {0}}[rnd.IntN(2)]
		var stores [2]*store
		for n := range stores {
			stores[n] = opened(t, New(Options{}), storage.Spec{
				Name: "gathered", Dir: t.TempDir(), Geometry: geometry.Geometry{TotalLength: total, PieceLength: 64},
				Files: []storage.File{
					{Path: "a", Length: 250}, {Path: "pad", Offset: 250, Length: 6, Role: storage.Padding}, {Path: "b", Offset: 256, Length: 144},
				},
				Parts: ".parts",
			})
			if _, err := stores[n].Prepare(t.Context(), made); err != nil {
				t.Fatal(err)
			}
		}
		off := rnd.IntN(total)
		var spans [][]byte
		var all []byte
		for most := 1 + rnd.IntN(20); off+len(all) < total && len(spans) < most; {
			p := make([]byte, 1+rnd.IntN(min(40, total-off-len(all))))
			for i := range p {
				p[i] = byte(rnd.Uint32())
			}
			spans, all = append(spans, p), append(all, p...)
		}
		n, err := stores[0].WriteGathered(spans, int64(off))
		want, wantErr := stores[1].WriteAt(all, int64(off))
		if (err == nil) != (wantErr == nil) || err == nil && n != want {
			t.Fatalf("%d spans at %d: %d, %v; as one %d, %v", len(spans), off, n, err, want, wantErr)
		}
		var got, right [total]byte
		n, err = stores[0].ReadAt(got[:], 0)
		want, wantErr = stores[1].ReadAt(right[:], 0)
		if n != want || (err == nil) != (wantErr == nil) || got != right {
			t.Fatalf("%d spans at %d: other bytes lie there", len(spans), off)
		}
	}
}

func TestSpansBehindTheEndAreRefused(t *testing.T) {
	st := prepared(t, New(Options{}), twoFiles(t.TempDir()))
	if n, err := st.WriteGathered([][]byte{[]byte("aaaa"), []byte("bbbbb")}, 0); err == nil || n > 4 {
		t.Errorf("%d bytes, %v", n, err)
	}
	if n, err := st.WriteGathered([][]byte{[]byte("a")}, -1); err == nil || n != 0 {
		t.Errorf("%d bytes, %v", n, err)
	}
}
