package etorrent_test

import (
	"bytes"
	"context"
	"crypto/sha1"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/metainfo"
)

// content is a torrent of one file with random bytes.
func content(t *testing.T, size, pieceLength int) ([]byte, *metainfo.Torrent) {
	t.Helper()
	data := make([]byte, size)
	rnd := rand.New(rand.NewPCG(7, uint64(size)))
	for i := range data {
		data[i] = byte(rnd.Uint32())
	}
	b, err := metainfo.NewBuilder(metainfo.Spec{
		Name: "data.bin", PieceLength: int64(pieceLength),
		Files: []metainfo.SpecFile{{Path: []string{"data.bin"}, Length: int64(size)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; at < size; at += pieceLength {
		b.PushPiece(sha1.Sum(data[at:min(at+pieceLength, size)]))
	}
	meta, err := metainfo.Parse(b.Build())
	if err != nil {
		t.Fatal(err)
	}
	return data, meta
}

func start(t *testing.T, o etorrent.Options) *etorrent.Client {
	t.Helper()
	if o.Listen == nil {
		o.Listen = []string{"127.0.0.1:0"}
	}
	c, err := etorrent.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := c.Shutdown(ctx); err != nil {
			t.Error(err)
		}
	})
	return c
}

func listening(t *testing.T, c *etorrent.Client) netip.AddrPort {
	t.Helper()
	addrs, err := c.Listening(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return addrs[0]
}

func TestAFileGoesFromOneClientToAnother(t *testing.T) {
	data, meta := content(t, 5<<20+123, 256<<10)
	from, to := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(from, "data.bin"), data, 0o644); err != nil {
		t.Fatal(err)
	}
	seeder := start(t, etorrent.Options{Dir: from})
	seeding, err := seeder.Add(t.Context(), etorrent.FromMetainfo(meta), etorrent.ShareOnly())
	if err != nil {
		t.Fatal(err)
	}
	if err := seeding.Wait(t.Context(), etorrent.FilesOpen); err != nil {
		t.Fatal(err)
	}
	leecher := start(t, etorrent.Options{Dir: to})
	fetching, err := leecher.Add(t.Context(), etorrent.FromMetainfo(meta), etorrent.WithPeers(listening(t, seeder)))
	if err != nil {
		t.Fatal(err)
	}
	await(t, fetching, etorrent.DataStored, seeder, leecher)
	got, err := os.ReadFile(filepath.Join(to, "data.bin"))
	if err != nil || !bytes.Equal(got, data) {
		t.Fatalf("the copy differs: %v", err)
	}
}

// await waits for a milestone and shows what happened if it is not reached.
func await(t *testing.T, to *etorrent.Torrent, m etorrent.Milestone, clients ...*etorrent.Client) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := to.Wait(ctx, m); err != nil {
		for i, c := range clients {
			past, end := context.WithCancel(t.Context())
			end()
			for e, err := range c.Events(past, 0) {
				switch e := e.(type) {
				case etorrent.PieceEvent:
				case etorrent.CrashedEvent:
					t.Logf("client %d: %s: %s\n%s", i, e.Path, e.Err, e.Stack)
				default:
					t.Logf("client %d: %T %+v %v", i, e, e, err)
				}
			}
		}
		t.Fatalf("%v: %+v", err, to.Stats())
	}
}
