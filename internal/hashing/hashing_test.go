package hashing_test

import (
	"bytes"
	"context"
	"crypto/sha1"
	"errors"
	"hash"
	"io"
	"math/rand/v2"
	"testing"
	"testing/synctest"

	"github.com/etorrent/etorrent/internal/hashing"
	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/sup"
)

func sha(int) hash.Hash { return sha1.New() }

// content returns n bytes that are the same for the same n.
func content(n int) []byte {
	r := rand.NewChaCha8([32]byte{byte(n)})
	b := make([]byte, n)
	_, _ = r.Read(b)
	return b
}

func TestEveryPieceIsHashedOnce(t *testing.T) {
	for _, c := range []struct{ size, piece, workers int }{
		{0, 16 << 10, 2}, {1, 16 << 10, 2}, {1 << 20, 16 << 10, 1}, {1<<20 + 1, 16 << 10, 3}, {3 << 20, 1 << 20, 0}, {5<<20 + 100, 1 << 20, 1}, {100, 7, 8},
	} {
		synctest.Test(t, func(t *testing.T) {
			data := content(c.size)
			g := geometry.Geometry{TotalLength: int64(c.size), PieceLength: int64(c.piece)}
			seen := pieceset.New(g.Pieces())
			job := hashing.Job{Bytes: bytes.NewReader(data), Geometry: g, NewHash: sha, Workers: c.workers}
			err := hashing.Run(t.Context(), job, func(e hashing.PieceEvidence) error {
				h := e.(hashing.PieceHashed)
				from := g.PieceOffset(h.Piece)
				want := sha1.Sum(data[from : from+g.PieceSize(h.Piece)])
				if seen.Has(h.Piece) || !bytes.Equal(h.Sum, want[:]) {
					t.Errorf("%+v: piece %d again or wrong", c, h.Piece)
				}
				seen.Add(h.Piece)
				return nil
			})
			if err != nil || !seen.IsFull() {
				t.Errorf("%+v: %d of %d pieces, error %v", c, seen.Count(), seen.Size(), err)
			}
		})
	}
}

func TestMissingBytesAreToldAndTheRestIsHashed(t *testing.T) {
	g := geometry.Geometry{TotalLength: 100, PieceLength: 10}
	unread := pieceset.New(g.Pieces())
	job := hashing.Job{Bytes: bytes.NewReader(content(55)), Geometry: g, NewHash: sha, Workers: 2}
	err := hashing.Run(t.Context(), job, func(e hashing.PieceEvidence) error {
		switch e := e.(type) {
		case hashing.PieceHashed:
		case hashing.PieceUnread:
			if !errors.Is(e.Err, io.ErrUnexpectedEOF) {
				t.Errorf("piece %d: %v", e.Piece, e.Err)
			}
			unread.Add(e.Piece)
		}
		return nil
	})
	if err != nil || !unread.Equal(pieceset.Of(10, 5, 6, 7, 8, 9)) {
		t.Errorf("%d pieces unread, error %v", unread.Count(), err)
	}
}

func TestTheCallerEndsTheRun(t *testing.T) {
	stop := errors.New("enough")
	g := geometry.Geometry{TotalLength: 1 << 20, PieceLength: 1 << 10}
	job := hashing.Job{Bytes: bytes.NewReader(content(1 << 20)), Geometry: g, NewHash: sha}
	synctest.Test(t, func(t *testing.T) {
		if err := hashing.Run(t.Context(), job, func(hashing.PieceEvidence) error { return stop }); err != stop {
			t.Errorf("each's error became %v", err)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		err := hashing.Run(ctx, job, func(hashing.PieceEvidence) error { cancel(stop); return nil })
		if err != stop {
			t.Errorf("the context's cause became %v", err)
		}
	})
}

type bomb struct{}

func (bomb) ReadAt([]byte, int64) (int, error) { panic("boom") }

func TestACrashOfAWorkerEndsTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := geometry.Geometry{TotalLength: 1 << 20, PieceLength: 1 << 10}
		err := hashing.Run(t.Context(), hashing.Job{Bytes: bomb{}, Geometry: g, NewHash: sha}, func(hashing.PieceEvidence) error {
			t.Error("a piece came out of a crash")
			return nil
		})
		var gaveUp *sup.EscalatedError
		if !errors.As(err, &gaveUp) {
			t.Errorf("got %v", err)
		}
	})
}

// half is a reader and viewer of which the first half is a hole, which must not
// be read.
type half struct {
	t    *testing.T
	data []byte
}

func (h half) ReadAt(p []byte, off int64) (int, error) {
	if off < int64(len(h.data)/2) {
		h.t.Errorf("%d bytes were read at %d", len(p), off)
	}
	return bytes.NewReader(h.data).ReadAt(p, off)
}

func (h half) ViewHoles(off int64, n int) storage.HoleEvidence {
	if off+int64(n) <= int64(len(h.data)/2) {
		return storage.AllHole
	}
	return storage.HasData
}

func TestHolesAreHashedWithoutReading(t *testing.T) {
	data := append(make([]byte, 50), content(50)...)
	g := geometry.Geometry{TotalLength: 100, PieceLength: 10}
	job := hashing.Job{Bytes: half{t, data}, Holes: half{t, data}, Geometry: g, NewHash: sha, Workers: 3}
	seen := pieceset.New(g.Pieces())
	err := hashing.Run(t.Context(), job, func(e hashing.PieceEvidence) error {
		h := e.(hashing.PieceHashed)
		from := g.PieceOffset(h.Piece)
		if want := sha1.Sum(data[from : from+10]); !bytes.Equal(h.Sum, want[:]) {
			t.Errorf("piece %d: %x, want %x", h.Piece, h.Sum, want)
		}
		seen.Add(h.Piece)
		return nil
	})
	if err != nil || !seen.IsFull() {
		t.Errorf("%d pieces, error %v", seen.Count(), err)
	}
}
