//go:build unix

package ondisk_test

import (
	"crypto/sha1"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/etorrent/etorrent/internal/ondisk"
	"github.com/etorrent/etorrent/metainfo"
)

// linked is a torrent of a file, two links to it, and one to nothing.
func linked(t *testing.T) *ondisk.Plan {
	t.Helper()
	b, err := metainfo.NewBuilder(metainfo.Spec{
		Name: "show", Layout: metainfo.MultiFile, PieceLength: pieceLength,
		Files: []metainfo.SpecFile{
			{Path: []string{"a"}, Length: 5},
			{Path: []string{"b", "l"}, Target: []string{"a"}},
			{Path: []string{"lost"}, Target: []string{"nothing"}},
			{Path: []string{"m"}, Target: []string{"a"}},
		},
	})
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
	return plan
}

func TestALinkIsPlannedWithItsTextOrLeftOutWithTheReason(t *testing.T) {
	plan := linked(t)
	if d := cmp.Diff([]string{"show/a", "show/b/l", "", "show/m"}, plan.Paths); d != "" {
		t.Errorf("paths (-want +got):\n%s", d)
	}
	if d := cmp.Diff(map[int]string{1: "../a", 3: "a"}, plan.Links); d != "" {
		t.Errorf("links (-want +got):\n%s", d)
	}
	if d := cmp.Diff(map[int]string{2: "it leads to no file or folder of the torrent"}, plan.LeftOut); d != "" {
		t.Errorf("left out (-want +got):\n%s", d)
	}
}

func TestACheckTellsOfLinksWithoutDamage(t *testing.T) {
	dir, plan := t.TempDir(), linked(t)
	write(t, filepath.Join(dir, "show", "a"), []byte("bytes"))
	write(t, filepath.Join(dir, "show", "lost"), []byte("not ours"))
	check := func(what string, l, m ondisk.FileEvidence) {
		t.Helper()
		got, err := plan.Check(t.Context(), dir, func(int, int) {})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]ondisk.FileEvidence{ondisk.FileGood{}, l, ondisk.FileVirtual{}, m}, got.Files); d != "" || got.Damaged.Count() > 0 {
			t.Errorf("%s: %d damaged (-want +got):\n%s", what, got.Damaged.Count(), d)
		}
	}
	check("no links", ondisk.FileAbsent{}, ondisk.FileAbsent{})
	write(t, filepath.Join(dir, "show", "b", "l"), []byte("bytes"))
	symlink(t, "a", filepath.Join(dir, "show", "m"))
	check("a copy and a link", ondisk.FileMislinked{Text: "../a"}, ondisk.FileGood{})
	remove(t, filepath.Join(dir, "show", "b", "l"))
	remove(t, filepath.Join(dir, "show", "m"))
	symlink(t, "../a", filepath.Join(dir, "show", "b", "l"))
	symlink(t, filepath.Join(dir, "show", "a"), filepath.Join(dir, "show", "m"))
	check("a link and an absolute one", ondisk.FileGood{}, ondisk.FileMislinked{Text: "a"})
	place, err := plan.Locate(t.Context(), dir)
	if d := cmp.Diff(ondisk.PlaceEvidence(ondisk.FoundBelow{Dir: dir, Present: 1, Files: 1}), place); d != "" || err != nil {
		t.Errorf("located: %v (-want +got):\n%s", err, d)
	}
}

func symlink(t *testing.T, text, name string) {
	t.Helper()
	if err := os.Symlink(text, name); err != nil {
		t.Fatal(err)
	}
}
