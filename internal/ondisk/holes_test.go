package ondisk

import (
	"crypto/sha1"
	"os"
	"path/filepath"
	"testing"

	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/storage/faulty"
	"github.com/etorrent/etorrent/internal/storage/files"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/metainfo"
)

// Of a torrent whose first half is zeros and whose second is not, nothing is there
// but holes: the first half is right, and nothing is read.
func TestACheckReadsNoHoles(t *testing.T) {
	const pieces, length = 64, 1 << 20
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, "sparse"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(pieces * length); err != nil {
		t.Fatal(err)
	}
	b, err := metainfo.NewBuilder(metainfo.Spec{Name: "sparse", PieceLength: length, Files: []metainfo.SpecFile{{Length: pieces * length}}})
	if err != nil {
		t.Fatal(err)
	}
	want := pieceset.New(pieces)
	for i := range pieces {
		sum := sha1.Sum([]byte("something"))
		if i < pieces/2 {
			sum = sha1.Sum(make([]byte, length))
			want.Add(pieceset.Index(i))
		}
		b.PushPiece(sum)
	}
	meta, err := metainfo.Parse(b.Build())
	if err != nil {
		t.Fatal(err)
	}
	plan, err := NewPlan(meta, "linux")
	if err != nil {
		t.Fatal(err)
	}
	needHoles(t, plan, dir)
	counted := faulty.New(files.New(files.Options{}))
	got, err := plan.check(t.Context(), counted, dir, func(int, int) {})
	if err != nil {
		t.Fatal(err)
	}
	if !got.Good.Equal(want) || got.Damaged.Count() != pieces/2 || got.Files[0] != (FileDamaged{Pieces: pieces / 2}) {
		t.Errorf("%d good, %d damaged, %+v", got.Good.Count(), got.Damaged.Count(), got.Files[0])
	}
	if n := counted.Calls(faulty.Read); n > 0 {
		t.Errorf("%d reads", n)
	}
}

// needHoles skips where the file system does not tell of holes.
func needHoles(t *testing.T, p *Plan, dir string) {
	t.Helper()
	st, err := files.New(files.Options{}).Open(t.Context(), p.spec(dir))
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	if st.(storage.HoleViewer).ViewHoles(0, 1<<20) != storage.AllHole {
		t.Skipf("the file system of %s tells of no holes that can be relied on", dir)
	}
}
