package torrent

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// laidOut is a layout of files with the given lengths, of which some are padding.
func laidOut(pieceLength int64, lengths []int64, padding map[int]struct{}) *layout {
	l := &layout{}
	at := int64(0)
	for i, n := range lengths {
		role := storage.Data
		if _, is := padding[i]; is {
			role = storage.Padding
		}
		l.files = append(l.files, storage.File{Offset: at, Length: n, Role: role})
		at += n
	}
	l.geometry = geometry.Geometry{TotalLength: at, PieceLength: pieceLength}
	return l
}

// wholeBy are the files with bytes, all of which lie in pieces of a set.
func wholeBy(l *layout, durable *pieceset.Set) []int {
	var out []int
	for n, f := range l.files {
		whole := f.Length > 0 && f.Role == storage.Data
		for at := f.Offset; at < f.Offset+f.Length; at++ {
			whole = whole && durable.Has(pieceset.Index(at/l.geometry.PieceLength))
		}
		if whole {
			out = append(out, n)
		}
	}
	return out
}

func TestAFileIsToldByItsLastPieceAndByNoOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lengths := rapid.SliceOfN(rapid.Int64Range(0, 40), 1, 12).Draw(t, "lengths")
		padding := map[int]struct{}{}
		for _, i := range rapid.SliceOfN(rapid.IntRange(0, len(lengths)-1), 0, 3).Draw(t, "padding") {
			padding[i] = struct{}{}
		}
		l := laidOut(rapid.Int64Range(1, 16).Draw(t, "piece length"), lengths, padding)
		durable := pieceset.New(l.geometry.Pieces())
		order := rapid.Permutation(slices.Collect(pieceset.Full(durable.Size()).All())).Draw(t, "order")
		claimed := rapid.IntRange(0, len(order)).Draw(t, "claimed")
		for _, i := range order[:claimed] {
			durable.Add(i)
		}
		l.countMissing(durable)
		told := wholeBy(l, durable)
		for _, i := range order[claimed:] {
			durable.Add(i)
			told = append(told, l.countDurable(i)...)
			slices.Sort(told)
			if want := wholeBy(l, durable); !slices.Equal(told, want) {
				t.Fatalf("with pieces %v: told of %v, whole are %v", slices.Collect(durable.All()), told, want)
			}
		}
	})
}

// With a scan of the files for each piece, or of the pieces for each file, this
// takes hours.
func TestManyFilesAndPiecesAreCountedWithoutAScan(t *testing.T) {
	const perFile, pieceLength = 10, 16 << 10
	files := 100_000
	if testing.Short() { // one goroutine, from which the race detector learns nothing
		files /= 20
	}
	pieces := files * perFile
	lengths := make([]int64, files)
	for i := range lengths {
		lengths[i] = perFile * pieceLength
	}
	lengths[0], lengths[files-1] = lengths[0]+1, lengths[files-1]-1 // every border lies within a piece
	l := laidOut(pieceLength, lengths, nil)
	l.countMissing(pieceset.New(pieces))
	told := 0
	for i := range pieceset.Full(pieces).All() {
		for range l.countDurable(pieceset.Index(pieces) - 1 - i) {
			told++
		}
	}
	if told != files {
		t.Errorf("told of %d files of %d", told, files)
	}
	if l.countMissing(pieceset.Full(pieces)); slices.Max(l.missing) != 0 || slices.Min(l.missing) != 0 {
		t.Errorf("from %d to %d pieces are missing of a whole torrent", slices.Min(l.missing), slices.Max(l.missing))
	}
}
