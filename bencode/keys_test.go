package bencode_test

import (
	"testing"

	"github.com/etorrent/etorrent/bencode"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// wantFindings judges a dictionary "d" + key "0:" … by remembering all keys; it
// begins at offset.
func wantFindings(keys []string, offset int) (want []bencode.Finding) {
	seen := map[string]int{}
	last, reported := "", 0
	offset++
	for i, key := range keys {
		if i > 0 && key < last && reported == 0 {
			want = append(want, bencode.Finding{Offset: offset, Irregularity: bencode.KeysUnsorted})
			reported++
		}
		if seen[key]++; seen[key] > 1 {
			want = append(want, bencode.Finding{Offset: offset, Irregularity: bencode.KeyRepeated})
		}
		last = key
		offset += len(bencode.AppendText(nil, key)) + len("0:")
	}
	return want
}

func appendKeys(dst []byte, keys []string) []byte {
	dst = append(dst, 'd')
	for _, key := range keys {
		dst = append(bencode.AppendText(dst, key), "0:"...)
	}
	return append(dst, 'e')
}

func TestKeyFindingsEqualThoseOfAModel(t *testing.T) {
	keyLists := rapid.SliceOfN(rapid.StringMatching(`[a-e]{0,2}`), 0, 60)
	rapid.Check(t, func(t *rapid.T) {
		outer, inner := keyLists.Draw(t, "outer"), keyLists.Draw(t, "inner")
		b := appendKeys(nil, outer)
		b = bencode.AppendText(b[:len(b)-1], "~") // the inner dictionary is the last value
		want := append(wantFindings(outer, 0), wantFindings(inner, len(b))...)
		b = append(appendKeys(b, inner), 'e')
		_, found, err := bencode.Parse(b, bencode.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, found); d != "" && len(want) <= bencode.MaxFindings {
			t.Fatalf("%q (-want +got):\n%s", b, d)
		}
	})
}
