package ondisk_test

import (
	"context"
	"crypto/sha1"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/etorrent/etorrent/internal/ondisk"
	"github.com/etorrent/etorrent/metainfo"
)

const pieceLength = 16 << 10

// sizes are the lengths of the files of the torrent below, in its order.
var sizes = []struct {
	name string
	size int64
}{{"a.bin", 40_000}, {"b/empty", 0}, {"b/c.bin", 20_000}, {"d.bin", 100_000}}

// torrentOf makes a torrent whose bytes all are fill, and its files below
// dir/show.
func torrentOf(t *testing.T, dir string, fill byte) *ondisk.Plan {
	t.Helper()
	spec := metainfo.Spec{Name: "show", Layout: metainfo.MultiFile, PieceLength: pieceLength}
	var all []byte
	for _, f := range sizes {
		data := make([]byte, f.size)
		for i := range data {
			data[i] = fill
		}
		write(t, filepath.Join(dir, "show", f.name), data)
		all = append(all, data...)
		spec.Files = append(spec.Files, metainfo.SpecFile{Path: strings.Split(f.name, "/"), Length: f.size})
	}
	b, err := metainfo.NewBuilder(spec)
	if err != nil {
		t.Fatal(err)
	}
	for piece := range slices.Chunk(all, pieceLength) {
		b.PushPiece(sha1.Sum(piece))
	}
	meta, err := metainfo.Parse(b.Build())
	if err != nil {
		t.Fatal(err)
	}
	plan, err := ondisk.NewPlan(meta, "linux")
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func write(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o666); err != nil {
		t.Fatal(err)
	}
}

func TestTheFolderOrTheContentItselfIsFound(t *testing.T) {
	dir := t.TempDir()
	plan := torrentOf(t, dir, 1)
	elsewhere := t.TempDir()
	for _, c := range []struct {
		at   string
		want ondisk.PlaceEvidence
	}{
		{dir, ondisk.FoundBelow{Dir: dir, Present: 4, Files: 4}},
		{filepath.Join(dir, "show"), ondisk.FoundItself{Dir: dir, Present: 4, Files: 4}},
		{elsewhere, ondisk.FoundNothing{Looked: []string{filepath.Join(elsewhere, "show")}}},
		{filepath.Join(elsewhere, "none"), ondisk.FoundNothing{Looked: []string{filepath.Join(elsewhere, "none", "show")}}},
	} {
		got, err := plan.Locate(context.Background(), c.at)
		if d := cmp.Diff(c.want, got); d != "" || err != nil {
			t.Errorf("%s: error %v (-want +got):\n%s", c.at, err, d)
		}
	}
}

func TestASingleFileIsFoundByItsOwnPath(t *testing.T) {
	dir := t.TempDir()
	b, err := metainfo.NewBuilder(metainfo.Spec{Name: "one.bin", Files: []metainfo.SpecFile{{Length: 5}}, PieceLength: pieceLength})
	if err != nil {
		t.Fatal(err)
	}
	b.PushPiece(sha1.Sum([]byte("bytes")))
	meta, err := metainfo.Parse(b.Build())
	if err != nil {
		t.Fatal(err)
	}
	plan, err := ondisk.NewPlan(meta, "linux")
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "one.bin"), []byte("bytes"))
	got, err := plan.Locate(t.Context(), filepath.Join(dir, "one.bin"))
	if d := cmp.Diff(ondisk.PlaceEvidence(ondisk.FoundItself{Dir: dir, Present: 1, Files: 1}), got); d != "" || err != nil {
		t.Errorf("error %v (-want +got):\n%s", err, d)
	}
}

func TestACheckTellsWhatIsWrongWithWhichFile(t *testing.T) {
	for _, c := range []struct {
		name   string
		damage func(t *testing.T, show string)
		files  []ondisk.FileEvidence
		bad    int
	}{
		{"nothing", func(*testing.T, string) {}, []ondisk.FileEvidence{ondisk.FileGood{}, ondisk.FileGood{}, ondisk.FileGood{}, ondisk.FileGood{}}, 0},
		{
			"a byte", func(t *testing.T, show string) { flip(t, filepath.Join(show, "d.bin"), 99_999) },
			[]ondisk.FileEvidence{ondisk.FileGood{}, ondisk.FileGood{}, ondisk.FileGood{}, ondisk.FileDamaged{Pieces: 1}}, 1,
		},
		{
			"an empty file gone", func(t *testing.T, show string) { remove(t, filepath.Join(show, "b/empty")) },
			[]ondisk.FileEvidence{ondisk.FileGood{}, ondisk.FileAbsent{}, ondisk.FileGood{}, ondisk.FileGood{}}, 0,
		},
		{
			"a file gone", func(t *testing.T, show string) { remove(t, filepath.Join(show, "b/c.bin")) },
			[]ondisk.FileEvidence{ondisk.FileDamaged{Pieces: 1}, ondisk.FileGood{}, ondisk.FileAbsent{}, ondisk.FileDamaged{Pieces: 1}}, 2,
		},
		{
			"a longer file", func(t *testing.T, show string) { write(t, filepath.Join(show, "d.bin"), ones(100_001)) },
			[]ondisk.FileEvidence{ondisk.FileGood{}, ondisk.FileGood{}, ondisk.FileGood{}, ondisk.FileLonger{Size: 100_001}}, 0,
		},
		{
			"a longer file with a wrong byte", func(t *testing.T, show string) {
				write(t, filepath.Join(show, "d.bin"), ones(100_001))
				flip(t, filepath.Join(show, "d.bin"), 99_999)
			},
			[]ondisk.FileEvidence{ondisk.FileGood{}, ondisk.FileGood{}, ondisk.FileGood{}, ondisk.FileDamaged{Pieces: 1}}, 1,
		},
		{
			"bytes in an empty file", func(t *testing.T, show string) { write(t, filepath.Join(show, "b/empty"), ones(1)) },
			[]ondisk.FileEvidence{ondisk.FileGood{}, ondisk.FileLonger{Size: 1}, ondisk.FileGood{}, ondisk.FileGood{}}, 0,
		},
		{
			"a shorter file", func(t *testing.T, show string) { write(t, filepath.Join(show, "d.bin"), ones(50_000)) },
			[]ondisk.FileEvidence{ondisk.FileGood{}, ondisk.FileGood{}, ondisk.FileGood{}, ondisk.FileShorter{Size: 50_000}}, 4,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			plan := torrentOf(t, dir, 1)
			c.damage(t, filepath.Join(dir, "show"))
			last := 0
			got, err := plan.Check(t.Context(), dir, func(done, _ int) { last = done })
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.files, got.Files); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if got.Damaged.Count() != c.bad || got.Good.Count()+c.bad != plan.Meta.PieceCount() || last != plan.Meta.PieceCount() {
				t.Errorf("%d damaged, %d good, told of %d", got.Damaged.Count(), got.Good.Count(), last)
			}
		})
	}
}

func ones(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = 1
	}
	return b
}

func flip(t *testing.T, name string, at int) {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	data[at] ^= 0x80
	write(t, name, data)
}

func remove(t *testing.T, name string) {
	t.Helper()
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
}

func TestAFileThatMayNotBeReadIsTold(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may read everything")
	}
	dir := t.TempDir()
	plan := torrentOf(t, dir, 1)
	if err := os.Chmod(filepath.Join(dir, "show", "a.bin"), 0); err != nil {
		t.Fatal(err)
	}
	got, err := plan.Check(t.Context(), dir, func(int, int) {})
	if err != nil {
		t.Fatal(err)
	}
	if _, unusable := got.Files[0].(ondisk.FileUnusable); !unusable {
		t.Errorf("got %T", got.Files[0])
	}
}

func TestNamesThatHadToChangeAreTold(t *testing.T) {
	b, err := metainfo.NewBuilder(metainfo.Spec{
		Name: "show\x1b[31m", Layout: metainfo.MultiFile, PieceLength: pieceLength,
		Files: []metainfo.SpecFile{{Path: []string{"CON.txt"}}, {Path: []string{"fine"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	meta, err := metainfo.Parse(b.Build())
	if err != nil {
		t.Fatal(err)
	}
	plan, err := ondisk.NewPlan(meta, "windows")
	if err != nil {
		t.Fatal(err)
	}
	want := []ondisk.Renaming{
		{File: -1, From: "show\x1b[31m", To: "show_[31m", Cause: "unsafe character replaced"},
		{File: 0, From: "CON.txt", To: "show_[31m/_CON.txt", Cause: "names a device"},
	}
	if d := cmp.Diff(want, plan.Renamed); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
