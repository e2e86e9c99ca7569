package create

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"strings"

	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/metainfo"
)

// Sum is the SHA-256 of a file of a tree.
type Sum struct {
	Path string // as that of the File
	Sum  [sha256.Size]byte
}

// TorrentAndSums is Torrent, and the sums of the files by the same read, in the
// tree's order. The bytes are read once, from the first to the last, so that it works
// on one core.
func TorrentAndSums(ctx context.Context, t *Tree, spec metainfo.Spec, tell Progress) ([]byte, []Sum, error) {
	var sums []Sum
	raw, err := t.torrent(ctx, spec, func(lies storage.Spec, store storage.Store) ([][sha1.Size]byte, error) {
		w := walk{ctx: ctx, lies: lies, store: store, tell: tell, buffer: make([]byte, walkBytes), piece: sha1.New()}
		err := w.run()
		sums = w.sums
		return w.pieces, err
	})
	if err != nil {
		return nil, nil, err
	}
	return raw, sums, nil
}

// walkBytes is how much is read at once.
const walkBytes = 1 << 20

// walk reads all bytes in their order.
type walk struct {
	ctx    context.Context
	lies   storage.Spec
	store  storage.Store
	tell   Progress
	buffer []byte
	piece  hash.Hash // of the bytes since the last whole piece
	in     int64     // how many those are
	pieces [][sha1.Size]byte
	sums   []Sum
}

func (w *walk) run() error {
	for _, f := range w.lies.Files {
		sum := sha256.New()
		if err := w.file(f, sum); err != nil {
			return err
		}
		if f.Role == storage.Data {
			w.sums = append(w.sums, Sum{Path: f.Path, Sum: [sha256.Size]byte(sum.Sum(nil))})
		}
	}
	if w.in > 0 {
		w.endPiece()
	}
	return nil
}

func (w *walk) file(f storage.File, sum hash.Hash) error {
	for at := f.Offset; at < f.Offset+f.Length; {
		if err := w.ctx.Err(); err != nil {
			return err
		}
		part := w.buffer[:min(walkBytes, f.Offset+f.Length-at, w.lies.Geometry.PieceLength-w.in)]
		if n, err := w.store.ReadAt(part, at); n < len(part) {
			return err
		}
		_, _ = sum.Write(part) // never fails, as package hash says
		_, _ = w.piece.Write(part)
		at, w.in = at+int64(len(part)), w.in+int64(len(part))
		if w.in == w.lies.Geometry.PieceLength {
			w.endPiece()
		}
		w.tell(at, w.lies.Geometry.TotalLength)
	}
	return nil
}

func (w *walk) endPiece() {
	w.pieces = append(w.pieces, [sha1.Size]byte(w.piece.Sum(nil)))
	w.piece.Reset()
	w.in = 0
}

// escaped are the signs that a line of sums writes otherwise.
var escaped = strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`)

// Lines are the sums as sha256sum(1) of GNU reads them, with a name before each
// path; an empty one is none.
func Lines(name string, sums []Sum) []byte {
	var b strings.Builder
	for _, s := range sums {
		path := s.Path
		if name != "" {
			path = name + "/" + path
		}
		if safe := escaped.Replace(path); safe != path {
			b.WriteByte('\\')
			path = safe
		}
		b.WriteString(hex.EncodeToString(s.Sum[:]) + "  " + path + "\n")
	}
	return []byte(b.String())
}
