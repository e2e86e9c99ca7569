package bencode_test

import (
	"bytes"
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/etorrent/etorrent/bencode"
	"github.com/etorrent/etorrent/internal/fuzzseed"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// A tree is an int64, a string, a []any or a map[string]any of trees.
func trees(depth int) *rapid.Generator[any] {
	leaf := rapid.OneOf(rapid.Int64().AsAny(), rapid.StringN(0, 12, -1).AsAny())
	if depth == 0 {
		return leaf
	}
	below := rapid.Deferred(func() *rapid.Generator[any] { return trees(depth - 1) })
	return rapid.OneOf(leaf,
		rapid.SliceOfN(below, 0, 5).AsAny(),
		rapid.MapOfN(rapid.StringN(0, 4, -1), below, 0, 5).AsAny())
}

func appendTree(dst []byte, tree any) []byte {
	switch tree := tree.(type) {
	case int64:
		return bencode.AppendInt(dst, tree)
	case string:
		return bencode.AppendText(dst, tree)
	case []any:
		return bencode.AppendList(dst, func(w *bencode.ListWriter) { writeMembers(w, tree) })
	case map[string]any:
		return bencode.AppendDict(dst, func(w *bencode.DictWriter) { writePairs(w, tree) })
	}
	panic("no tree")
}

func writeMembers(w *bencode.ListWriter, members []any) {
	for _, m := range members {
		switch m := m.(type) {
		case int64:
			w.Int(m)
		case string:
			w.Bytes([]byte(m))
		case []any:
			w.List(func(w *bencode.ListWriter) { writeMembers(w, m) })
		case map[string]any:
			w.Dict(func(w *bencode.DictWriter) { writePairs(w, m) })
		}
	}
}

func writePairs(w *bencode.DictWriter, pairs map[string]any) {
	for _, key := range slices.Sorted(maps.Keys(pairs)) {
		switch v := pairs[key].(type) {
		case int64:
			w.Int(key, v)
		case string:
			w.Bytes(key, []byte(v))
		case []any:
			w.List(key, func(w *bencode.ListWriter) { writeMembers(w, v) })
		case map[string]any:
			w.Dict(key, func(w *bencode.DictWriter) { writePairs(w, v) })
		}
	}
}

func treeOf(v bencode.Value) any {
	switch v.Kind() {
	case bencode.Integer:
		n, _ := v.Int()
		return n
	case bencode.String:
		s, _ := v.Text()
		return s
	case bencode.List:
		members := []any{}
		for item := range v.Items() {
			members = append(members, treeOf(item))
		}
		return members
	case bencode.Dict:
		pairs := map[string]any{}
		for key, value := range v.Pairs() {
			if _, known := pairs[string(key)]; !known {
				pairs[string(key)] = treeOf(value)
			}
		}
		return pairs
	case bencode.Absent:
	}
	return nil
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := trees(4).Draw(t, "tree")
		b := appendTree(nil, want)
		v, found, err := bencode.Parse(b, bencode.Limits{})
		if err != nil || found != nil {
			t.Fatalf("%q: %v %v", b, err, found)
		}
		if d := cmp.Diff(want, treeOf(v)); d != "" {
			t.Fatalf("%q (-want +got):\n%s", b, d)
		}
	})
}

func TestEveryBeginningOfADocumentIsTruncated(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := appendTree(nil, trees(3).Draw(t, "tree"))
		for n := range b {
			_, _, err := bencode.Parse(b[:n], bencode.Limits{})
			var got *bencode.SyntaxError
			if !errors.As(err, &got) || got.Reason != bencode.Truncated || got.Offset > n {
				t.Fatalf("%q: %v", b[:n], err)
			}
		}
	})
}

func TestDictWriterRefusesKeysOutOfOrder(t *testing.T) {
	for _, second := range []string{"a", "b", ""} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("key %q after key \"b\" did not panic", second)
				}
			}()
			bencode.AppendDict(nil, func(w *bencode.DictWriter) {
				w.Int("b", 1)
				w.Int(second, 1)
			})
		}()
	}
}

func TestRawValuesAreWrittenVerbatim(t *testing.T) {
	got := bencode.AppendDict(nil, func(w *bencode.DictWriter) {
		w.Raw("", []byte("i-0e"))
		w.List("l", func(w *bencode.ListWriter) { w.Raw([]byte("02:ab")); w.Text("c") })
		w.Text("t", "u")
	})
	if want := "d0:i-0e1:ll02:ab1:ce1:t1:ue"; string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func FuzzParse(f *testing.F) {
	fuzzseed.Add(f)
	for _, seed := range []string{
		"d1:ai-1e1:bli0e0:ee", "d1:b0:1:a0:1:b0:e", "i-0e", "002:ab", "li007e", "d1:ae",
		"99999999999999999999:", "d8:msg_typei1e5:piecei0eeDATA", "lllleeee",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		l := bencode.Limits{MaxBytes: 1 << 16, MaxDepth: 20, MaxItems: 1000}
		v, used, found, err := bencode.ParsePrefix(b, l)
		if err != nil {
			return
		}
		if !bytes.Equal(v.Raw(), b[:used]) {
			t.Fatal("raw is not what was used")
		}
		if len(found) > 0 {
			checkFindings(t, found, used)
			treeOf(v)
			return
		}
		if again := appendTree(nil, treeOf(v)); !bytes.Equal(again, b[:used]) {
			t.Fatalf("regular %q is written as %q", b[:used], again)
		}
	})
}

func checkFindings(t *testing.T, found []bencode.Finding, used int) {
	t.Helper()
	if len(found) > bencode.MaxFindings {
		t.Fatalf("%d findings", len(found))
	}
	for i, f := range found {
		if f.Offset >= used || i > 0 && f.Offset < found[i-1].Offset {
			t.Fatalf("findings %v in %d bytes", found, used)
		}
	}
}

// BenchmarkParse reads a document shaped like a .torrent of 100,000 files.
func BenchmarkParse(b *testing.B) {
	doc := bencode.AppendDict(nil, func(w *bencode.DictWriter) {
		w.List("files", func(w *bencode.ListWriter) {
			for i := range 100_000 {
				w.Dict(func(w *bencode.DictWriter) {
					w.Int("length", int64(i))
					w.List("path", func(w *bencode.ListWriter) { w.Text("some folder"); w.Text("some file.bin") })
				})
			}
		})
		w.Bytes("pieces", make([]byte, 5<<20))
	})
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := bencode.Parse(doc, bencode.Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}
