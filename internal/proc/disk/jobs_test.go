package disk

import (
	"crypto/sha1"
	"hash"
	"os"
	"path/filepath"
	"testing"

	core "github.com/etorrent/etorrent/internal/core/storage"
	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/storage/files"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// allZeros expects zeros in even pieces and something else in odd ones.
type allZeros struct{ geometry.Geometry }

func (allZeros) NewHash(int) hash.Hash { return sha1.New() }

func (z allZeros) Matches(piece int, sum []byte) bool {
	zero := sha1.Sum(make([]byte, z.PieceSize(pieceset.Index(piece))))
	return piece%2 == 0 && string(sum) == string(zero[:])
}

// Whether its file system tells of holes or not, a check says the same.
func TestAPieceOfHolesIsRightOrWrongAndOneOfAShortFileMissing(t *testing.T) {
	const length = 1 << 20
	dir := t.TempDir()
	for name, size := range map[string]int64{"whole": 4 * length, "short": length + length/2} {
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := f.Truncate(size); err != nil {
			t.Fatal(err)
		}
	}
	spec := storage.Spec{Name: "sparse", Dir: dir, Geometry: geometry.Geometry{TotalLength: 8*length - 10, PieceLength: length}}
	for _, f := range []storage.File{
		{Path: "whole", Length: 3*length - 10}, {Role: storage.Padding, Length: 10}, {Path: "short", Length: 3 * length}, {Path: "absent", Length: 2*length - 10},
	} {
		if n := len(spec.Files); n > 0 {
			f.Offset = spec.Files[n-1].Offset + spec.Files[n-1].Length
		}
		spec.Files = append(spec.Files, f)
	}
	st, err := files.New(files.Options{}).Open(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	v := allZeros{spec.Geometry}
	for _, viewer := range []storage.HoleViewer{st.(storage.HoleViewer), nil} {
		o := &open{req: OpenRequest{Spec: spec, Verifier: v}, files: st, zeros: storage.NewZeros(viewer, spec.Geometry, v.NewHash)}
		for i, want := range []core.ReadEvidence{
			core.ReadRight, core.ReadWrong, core.ReadRight, core.ReadWrong, core.ReadMissing, core.ReadMissing, core.ReadMissing, core.ReadMissing,
		} {
			j := &checkJob{t: o, piece: pieceset.Index(i)}
			j.work()
			if j.evidence != want || j.err != nil {
				t.Errorf("piece %d: %v, %v, want %v", i, j.evidence, j.err, want)
			}
		}
	}
}
