package create_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/etorrent/etorrent/internal/create"
	"github.com/etorrent/etorrent/metainfo"
)

func TestSumsAreOfTheFilesAndTheTorrentIsTheSame(t *testing.T) {
	files := tree{"large": string(bytes.Repeat([]byte("0123456789"), 250_000)), "in/small": "abc", "in/empty": "", "z": "x"}
	dir := files.make(t)
	tr, err := list(t, dir, all)
	if err != nil {
		t.Fatal(err)
	}
	for _, length := range []int64{1 << 14, 1 << 20, 1 << 22} {
		spec := metainfo.Spec{PieceLength: length}
		want, err := create.Torrent(t.Context(), tr, spec, func(int64, int64) {})
		if err != nil {
			t.Fatal(err)
		}
		told := int64(0)
		raw, sums, err := create.TorrentAndSums(t.Context(), tr, spec, func(done, _ int64) { told = done })
		if err != nil || !bytes.Equal(raw, want) || told != tr.Total || len(sums) != len(files) {
			t.Fatalf("error %v, told of %d bytes, %d sums", err, told, len(sums))
		}
		for i, s := range sums {
			if s.Path != tr.Files[i].Path || s.Sum != sha256.Sum256([]byte(files[s.Path])) {
				t.Errorf("%s: %x", s.Path, s.Sum)
			}
		}
	}
}

func TestSumsOfWhatChangesAreRefused(t *testing.T) {
	dir := tree{"a": "1", "in/large": string(make([]byte, 300_000))}.make(t)
	tr, err := list(t, dir, all)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(dir, "in", "large"), 100_000); err != nil {
		t.Fatal(err)
	}
	if _, _, err := create.TorrentAndSums(t.Context(), tr, metainfo.Spec{}, func(int64, int64) {}); !errors.Is(err, create.ErrChanged) {
		t.Errorf("got %v", err)
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if _, _, err := create.TorrentAndSums(stopped, tr, metainfo.Spec{}, func(int64, int64) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestALineOfSumsHasNoLineBreakInIt(t *testing.T) {
	sum := [sha256.Size]byte{1}
	got := string(create.Lines("show", []create.Sum{{Path: "a b", Sum: sum}, {Path: "x\ny\\z\r", Sum: sum}}))
	if want := fmt.Sprintf("%x  show/a b\n\\%x  show/x\\ny\\\\z\\r\n", sum, sum); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := string(create.Lines("", []create.Sum{{Path: "a", Sum: sum}})); got != fmt.Sprintf("%x  a\n", sum) {
		t.Errorf("%q", got)
	}
}
