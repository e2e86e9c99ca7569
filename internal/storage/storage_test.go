package storage_test

import (
	"errors"
	"io"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// drawSpec draws up to 20 files of up to 50 bytes in pieces of up to 40.
func drawSpec(t *rapid.T) storage.Spec {
	spec := storage.Spec{Name: "drawn", Dir: "/d"}
	for i := range rapid.IntRange(1, 20).Draw(t, "files") {
		f := storage.File{Path: string(rune('a' + i)), Offset: spec.Geometry.TotalLength}
		f.Length = rapid.Int64Range(0, 50).Draw(t, "length")
		f.Role = storage.Role(rapid.IntRange(0, 1).Draw(t, "role"))
		spec.Files = append(spec.Files, f)
		spec.Geometry.TotalLength += f.Length
	}
	spec.Geometry.PieceLength = rapid.Int64Range(1, 40).Draw(t, "piece length")
	return spec
}

// fileAt is the file that holds byte off, by looking at every one.
func fileAt(s *storage.Spec, off int64) int {
	return slices.IndexFunc(s.Files, func(f storage.File) bool { return off >= f.Offset && off < f.Offset+f.Length })
}

func TestSegmentsCoverASpanByteByByte(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spec := drawSpec(t)
		if err := spec.Check(); err != nil {
			t.Fatal(err)
		}
		total := spec.Geometry.TotalLength
		off := rapid.Int64Range(0, total).Draw(t, "offset")
		n := rapid.IntRange(0, 200).Draw(t, "bytes")
		at := 0
		for seg := range spec.Segments(off, n) {
			if seg.From != at || seg.To <= seg.From {
				t.Fatalf("segment %+v does not follow byte %d", seg, at)
			}
			for ; at < seg.To; at++ {
				if want := fileAt(&spec, off+int64(at)); want != seg.File || seg.Offset+int64(at-seg.From) != off+int64(at)-spec.Files[want].Offset {
					t.Fatalf("byte %d is put into %+v, it is of file %d", off+int64(at), seg, want)
				}
			}
		}
		if want := int(min(int64(n), total-off)); at != want {
			t.Fatalf("segments end at byte %d of the span, want %d", at, want)
		}
	})
}

func TestFilesAndPiecesNameEachOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spec := drawSpec(t)
		pieces := pieceset.New(spec.Geometry.Pieces())
		for i := range pieces.Size() {
			if rapid.IntRange(0, 2).Draw(t, "in") == 0 {
				pieces.Add(pieceset.Index(i))
			}
		}
		var want []int
		for p := range pieces.All() {
			begin := spec.Geometry.PieceOffset(p)
			for off := begin; off < begin+spec.Geometry.PieceSize(p); off++ {
				i := fileAt(&spec, off)
				if !spec.PiecesOf(i).Has(p) {
					t.Fatalf("pieces of file %d lack %d", i, p)
				}
				if spec.Files[i].Role == storage.Data && !slices.Contains(want, i) {
					want = append(want, i)
				}
			}
		}
		if got := slices.Collect(spec.FilesOf(pieces)); !slices.Equal(got, want) {
			t.Fatalf("files of the pieces: %v, want %v", got, want)
		}
	})
}

func TestSpansOutsideHaveNoSegments(t *testing.T) {
	spec := storage.Spec{Geometry: geometry.Geometry{TotalLength: 4, PieceLength: 4}, Files: []storage.File{{Path: "a", Length: 4}}}
	for _, span := range [][2]int{{-1, 4}, {4, 1}, {0, 0}, {0, -1}, {100, 7}} {
		for seg := range spec.Segments(int64(span[0]), span[1]) {
			t.Errorf("span %v has segment %+v", span, seg)
		}
	}
}

func TestSyncErrorViewsAsItsFirstFault(t *testing.T) {
	err := error(&storage.SyncError{Faults: []storage.FileFault{
		{File: 3, Err: &storage.Error{Op: "sync", Path: "a", Err: io.ErrNoProgress}},
		{File: 5, Err: &storage.Error{Op: "sync", Path: "b", Err: storage.ErrTruncated}},
	}})
	if got, ok := storage.View(err).(storage.OtherFault); !ok || !errors.Is(got.Err, io.ErrNoProgress) {
		t.Errorf("views as %#v", storage.View(err))
	}
	if !errors.Is(err, storage.ErrTruncated) {
		t.Error("the second fault is hidden")
	}
	if want := `sync "a": multiple Read calls return no data or error; sync "b": file ends too early`; err.Error() != want {
		t.Errorf("text %q, want %q", err.Error(), want)
	}
}

func TestOwnCausesAreViewed(t *testing.T) {
	for cause, want := range map[error]storage.FaultEvidence{
		storage.ErrClosed: storage.StoreClosed{}, storage.ErrReadOnly: storage.NoPermission{},
		storage.ErrTruncated: storage.Truncated{}, storage.ErrNotRegular: storage.PathBlocked{}, storage.ErrNotFolder: storage.PathBlocked{},
		storage.ErrEscapes: storage.PathBlocked{},
		storage.ErrRemoved: storage.Missing{}, storage.ErrFolderReplaced: storage.Missing{},
		storage.ErrReplaced: storage.Changed{}, storage.ErrEdited: storage.Changed{}, storage.ErrShortened: storage.Truncated{},
	} {
		if got := storage.View(&storage.Error{Op: "read", Path: "x", Err: cause}); got != want {
			t.Errorf("%v views as %T, want %T", cause, got, want)
		}
	}
}
