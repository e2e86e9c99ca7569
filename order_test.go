package etorrent_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/etorrent/etorrent"
)

// astray is how many of 128 pieces were verified more than 24 places from their own,
// in a fetch with some options.
func astray(t *testing.T, o ...etorrent.AddOption) int {
	t.Helper()
	data, meta := content(t, 128*(32<<10), 32<<10)
	from := t.TempDir()
	if err := os.WriteFile(filepath.Join(from, "data.bin"), data, 0o644); err != nil {
		t.Fatal(err)
	}
	seeder, leecher := start(t, etorrent.Options{Dir: from}), start(t, etorrent.Options{Dir: t.TempDir()})
	seeding, err := seeder.Add(t.Context(), etorrent.FromMetainfo(meta), etorrent.ShareOnly())
	if err != nil {
		t.Fatal(err)
	}
	if err := seeding.Wait(t.Context(), etorrent.FilesOpen); err != nil {
		t.Fatal(err)
	}
	fetching, err := leecher.Add(t.Context(), etorrent.FromMetainfo(meta), append(o, etorrent.WithPeers(listening(t, seeder)))...)
	if err != nil {
		t.Fatal(err)
	}
	await(t, fetching, etorrent.DataStored, seeder, leecher)
	past, end := context.WithCancel(t.Context())
	end()
	place, far := 0, 0
	for e, err := range leecher.Events(past, 0) {
		if err != nil {
			t.Fatal(err)
		}
		if p, is := e.(etorrent.PieceEvent); is && p.State == etorrent.PieceVerified {
			if off := int(p.Index) - place; off > 24 || off < -24 {
				far++
			}
			place++
		}
	}
	if place != 128 {
		t.Fatalf("%d pieces were verified", place)
	}
	return far
}

// Eight pieces that the seeder allows before it unchokes come first, and a worker that
// hashes sixteen pieces may be late with them while others go on.
func TestPiecesAreFetchedInTheirOrderWhereThatIsAsked(t *testing.T) {
	if n := astray(t, etorrent.InOrder()); n > 32 {
		t.Errorf("%d pieces were far from their places", n)
	}
	if n := astray(t); n < 40 {
		t.Errorf("without the option only %d pieces were far from their places", n)
	}
}

func TestAnUnknownPickerOrChokerIsRefusedWithThoseThatThereAre(t *testing.T) {
	_, meta := content(t, 32<<10, 32<<10)
	c := start(t, etorrent.Options{Dir: t.TempDir()})
	for _, o := range []etorrent.AddOption{etorrent.WithPicker("best"), etorrent.WithChoker("best")} {
		var unknown *etorrent.UnknownNameError
		if _, err := c.Add(t.Context(), etorrent.FromMetainfo(meta), o); !errors.As(err, &unknown) || len(unknown.Known) < 3 {
			t.Errorf("%v", err)
		}
	}
	for _, name := range etorrent.Pickers() {
		if n := astray(t, etorrent.WithPicker(name)); name == "sequential" && n > 32 || name == "rarest" && n < 40 {
			t.Errorf("%s: %d pieces were far from their places", name, n)
		}
	}
}
