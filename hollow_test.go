package etorrent_test

import (
	"context"
	"crypto/sha1"
	"fmt"
	"testing"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/metainfo"
)

// hollow is a Storage of files that are zero everywhere, so that a large torrent
// takes no memory: what is written is dropped.
type hollow struct{ facts storage.FileFacts }

func (h hollow) Open(context.Context, storage.Spec) (storage.Store, error) {
	return hollowStore(h), nil
}

type hollowStore struct{ facts storage.FileFacts }

func (s hollowStore) ReadAt(p []byte, _ int64) (int, error) {
	clear(p)
	return len(p), nil
}
func (s hollowStore) WriteAt(p []byte, _ int64) (int, error)                { return len(p), nil }
func (s hollowStore) Prepare(_ context.Context, files []int) ([]int, error) { return files, nil }
func (s hollowStore) Sync(context.Context, *etorrent.PieceSet) error        { return nil }
func (s hollowStore) Recheck(context.Context, []int) error                  { return nil }
func (s hollowStore) Delete(context.Context, []int) error                   { return nil }
func (s hollowStore) Features() storage.Features                            { return storage.Features{Volume: "hollow"} }
func (s hollowStore) Close() error                                          { return nil }
func (s hollowStore) ViewHoles(int64, int) storage.HoleEvidence             { return storage.AllHole }

func (s hollowStore) Examine(context.Context) ([]storage.FileFacts, error) {
	return []storage.FileFacts{s.facts}, nil
}

// zeros is a torrent of one file of zeros, in so many pieces.
func zeros(t *testing.T, pieceLength, pieces int) *metainfo.Torrent {
	t.Helper()
	size := int64(pieceLength) * int64(pieces)
	name := fmt.Sprintf("%d zeros", size)
	b, err := metainfo.NewBuilder(metainfo.Spec{
		Name: name, PieceLength: int64(pieceLength),
		Files: []metainfo.SpecFile{{Path: []string{name}, Length: size}},
	})
	if err != nil {
		t.Fatal(err)
	}
	sum := sha1.Sum(make([]byte, pieceLength))
	for range pieces {
		b.PushPiece(sum)
	}
	meta, err := metainfo.Parse(b.Build())
	if err != nil {
		t.Fatal(err)
	}
	return meta
}

// seedZeros has a new member of a swarm share zeros.
func (s *swarm) seedZeros(meta *metainfo.Torrent) (*member, *etorrent.Torrent) {
	m := s.join(func(o *etorrent.Options) {
		o.Storage = hollow{storage.Present{Size: meta.TotalLength, Links: 1}}
	})
	return m, s.open(m, meta, etorrent.ShareOnly())
}

// fetchZeros has a new member fetch them, at a standstill.
func (s *swarm) fetchZeros(meta *metainfo.Torrent, change ...func(*etorrent.Options)) (*member, *etorrent.Torrent) {
	m := s.join(append(change, func(o *etorrent.Options) { o.Storage = hollow{storage.Absent{}} })...)
	return m, s.open(m, meta)
}

func (s *swarm) open(m *member, meta *metainfo.Torrent, o ...etorrent.AddOption) *etorrent.Torrent {
	s.t.Helper()
	torrent, err := m.Add(s.t.Context(), etorrent.FromMetainfo(meta), o...)
	if err == nil {
		err = torrent.Wait(s.t.Context(), etorrent.FilesOpen)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return torrent
}
