package store_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/internal/fuzzseed"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

func drawPartials(t *rapid.T) store.Partials {
	pieces := rapid.SliceOfDistinct(rapid.Uint32Range(0, 1<<32-1), rapid.ID[uint32]).Draw(t, "pieces")
	set := map[pieceset.Index][]byte{}
	for _, p := range pieces {
		set[pieceset.Index(p)] = rapid.SliceOfN(rapid.Byte(), 0, 9).Draw(t, "blocks")
	}
	return sorted(set)
}

func sorted(set map[pieceset.Index][]byte) store.Partials {
	var out store.Partials
	for p, b := range set {
		at := 0
		for at < len(out) && out[at].Piece < p {
			at++
		}
		out = append(out[:at], append(store.Partials{{Piece: p, Blocks: b}}, out[at:]...)...)
	}
	return out
}

// comesBack checks the round trip of v and that every shorter blob is refused.
func comesBack[V any](t *rapid.T, v V, encode func([]byte, V) []byte, decode func([]byte) (V, error)) {
	blob := encode(nil, v)
	got, err := decode(blob)
	if err != nil {
		t.Fatalf("decode: %v", err)
	}
	if d := cmp.Diff(v, got, cmpopts.EquateEmpty()); d != "" {
		t.Fatalf("(-want +got):\n%s", d)
	}
	for n := range blob {
		if _, err := decode(blob[:n]); err == nil {
			t.Fatalf("%d of %d bytes are decoded", n, len(blob))
		}
	}
	if _, err := decode(append(blob, 0xff)); err == nil {
		t.Fatal("a trailing byte is decoded")
	}
}

func TestPartialsComeBackAndShortOnesAreRefused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		comesBack(t, drawPartials(t), store.AppendPartials, store.DecodePartials)
	})
}

func TestFileMapsComeBackAndShortOnesAreRefused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := store.FileMap(rapid.SliceOf(rapid.String()).Draw(t, "paths"))
		comesBack(t, m, store.AppendFileMap, store.DecodeFileMap)
	})
}

func TestPrioritiesComeBackAndUnknownOnesAreRefused(t *testing.T) {
	all := []store.Priority{store.PriorityNormal, store.PriorityUnwanted, store.PriorityLow, store.PriorityHigh}
	got, err := store.DecodePriorities(store.AppendPriorities(nil, all))
	if err != nil || !cmp.Equal(got, all) {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range [][]byte{nil, {}, {2}, {1, 4}} {
		if _, err := store.DecodePriorities(bad); err == nil {
			t.Errorf("%v is decoded", bad)
		}
	}
}

func TestClaimsComeBackAndMisfitsAreRefused(t *testing.T) {
	set := pieceset.Of(11, 0, 10)
	blob := store.AppendClaims(nil, set)
	got, err := store.DecodeClaims(blob, 11)
	if err != nil || !got.Equal(set) {
		t.Errorf("%v, %v", got, err)
	}
	for _, pieces := range []int{8, 10, 17} {
		if _, err := store.DecodeClaims(blob, pieces); err == nil {
			t.Errorf("claims of 11 pieces are decoded as of %d", pieces)
		}
	}
}

func TestHugeCountsAndNumbersAreRefused(t *testing.T) {
	huge := []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}
	for _, tail := range [][]byte{huge, append([]byte{1}, huge...), append(append([]byte{1}, huge...), 0)} {
		blob := append([]byte{1}, tail...)
		if _, err := store.DecodePartials(blob); err == nil {
			t.Errorf("partials % x are decoded", blob)
		}
		if _, err := store.DecodeFileMap(blob); err == nil {
			t.Errorf("file map % x is decoded", blob)
		}
	}
}

// FuzzCodecs gives the same bytes to every decoder of a row.
func FuzzCodecs(f *testing.F) {
	fuzzseed.Add(f)
	f.Add([]byte{}, uint16(0))
	f.Add(store.AppendPartials(nil, nil), uint16(1))
	f.Add(store.AppendPartials(nil, store.Partials{{Piece: 5, Blocks: []byte{0xa0}}, {Piece: 1 << 31}}), uint16(8))
	f.Add(store.AppendFileMap(nil, store.FileMap{"a/b", "", "\xff"}), uint16(9))
	f.Add(store.AppendClaims(nil, pieceset.Of(11, 0, 10)), uint16(11))
	f.Add(store.AppendPriorities(nil, []store.Priority{store.PriorityLow, store.PriorityHigh}), uint16(11))
	f.Fuzz(func(t *testing.T, blob []byte, pieces uint16) {
		fuzzPartials(t, blob)
		if m, err := store.DecodeFileMap(blob); err == nil {
			again, err := store.DecodeFileMap(store.AppendFileMap(nil, m))
			if err != nil || !cmp.Equal(m, again) {
				t.Fatalf("%q comes back as %q, %v", m, again, err)
			}
		}
		if p, err := store.DecodePriorities(blob); err == nil && string(store.AppendPriorities(nil, p)) != string(blob) {
			t.Fatalf("% x comes back as %v", blob, p)
		}
		if c, err := store.DecodeClaims(blob, int(pieces)); err == nil && string(store.AppendClaims(nil, c)) != string(blob) {
			t.Fatalf("% x of %d pieces comes back as % x", blob, pieces, store.AppendClaims(nil, c))
		}
	})
}

func fuzzPartials(t *testing.T, blob []byte) {
	t.Helper()
	p, err := store.DecodePartials(blob)
	if err != nil {
		return
	}
	again, err := store.DecodePartials(store.AppendPartials(nil, p))
	if err != nil || !cmp.Equal(p, again) {
		t.Fatalf("%v comes back as %v, %v", p, again, err)
	}
	for i := 1; i < len(p); i++ {
		if p[i].Piece <= p[i-1].Piece {
			t.Fatalf("%v does not ascend", p)
		}
	}
}
