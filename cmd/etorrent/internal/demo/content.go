package demo

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/etorrent/etorrent/metainfo"
)

// fileName is that of the one file of the torrent.
const fileName = "demo.bin"

// material is what is fetched: a file of random bytes, and a torrent of it.
type material struct {
	dir     string // of the file
	meta    *metainfo.Torrent
	torrent string // path of the .torrent
	sum     [sha256.Size]byte
}

// pieceLength makes some hundred pieces of a size.
func pieceLength(size int64) int64 {
	length := int64(16 << 10)
	for length < 1<<20 && size/length > 200 {
		length *= 2
	}
	return length
}

// makeMaterial writes the file, and its torrent beside the folder.
func makeMaterial(dir string, size int64, random uint64) (*material, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	spec := metainfo.Spec{Name: fileName, PieceLength: pieceLength(size), Files: []metainfo.SpecFile{{Path: []string{fileName}, Length: size}}}
	b, err := metainfo.NewBuilder(spec)
	if err != nil {
		return nil, err
	}
	f, err := os.Create(filepath.Join(dir, fileName))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], random)
	source, all, piece := rand.NewChaCha8(key), sha256.New(), make([]byte, spec.PieceLength)
	for left := size; left > 0; left -= spec.PieceLength {
		part := piece[:min(left, spec.PieceLength)]
		_, _ = source.Read(part) // never fails
		_, _ = all.Write(part)
		b.PushPiece(sha1.Sum(part))
		if _, err := f.Write(part); err != nil {
			return nil, err
		}
	}
	m := &material{dir: dir, torrent: dir + ".torrent", sum: [sha256.Size]byte(all.Sum(nil))}
	raw := b.Build()
	if m.meta, err = metainfo.Parse(raw); err != nil {
		return nil, err
	}
	return m, os.WriteFile(m.torrent, raw, 0o666)
}

// spoil makes a copy in which a byte of every other piece is wrong.
func (m *material) spoil(dir string, rnd *rand.Rand) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	from, err := os.Open(filepath.Join(m.dir, fileName))
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.Create(filepath.Join(dir, fileName))
	if err != nil {
		return err
	}
	defer to.Close()
	piece := make([]byte, m.meta.PieceLength)
	for i := range m.meta.PieceCount() {
		n, err := io.ReadFull(from, piece)
		if err != nil && err != io.ErrUnexpectedEOF {
			return err
		}
		if i%2 == 0 {
			piece[rnd.IntN(n)] ^= 0xff
		}
		if _, err := to.Write(piece[:n]); err != nil {
			return err
		}
	}
	return nil
}

// rightOf counts those pieces of a bitfield that lie in a file as they should.
func (m *material) rightOf(file string, bitfield []byte) (claimed, right int, err error) {
	f, err := os.Open(file)
	if err != nil && !os.IsNotExist(err) {
		return 0, 0, err
	}
	defer f.Close()
	piece := make([]byte, m.meta.PieceLength)
	for i := range m.meta.PieceCount() {
		if i/8 >= len(bitfield) || bitfield[i/8]&(0x80>>(i%8)) == 0 {
			continue
		}
		claimed++
		at := int64(i) * m.meta.PieceLength
		part := piece[:min(m.meta.PieceLength, m.meta.TotalLength-at)]
		if _, err := f.ReadAt(part, at); err == nil && sha1.Sum(part) == m.meta.PieceHash(i) {
			right++
		}
	}
	return claimed, right, nil
}

// copied is a copy that somebody fetched.
type copied struct {
	who string
	sum [sha256.Size]byte
}

// sumOf hashes a copy.
func sumOf(who, dir string) (copied, error) {
	f, err := os.Open(filepath.Join(dir, fileName))
	if err != nil {
		return copied{}, err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return copied{}, err
	}
	return copied{who: who, sum: [sha256.Size]byte(h.Sum(nil))}, nil
}
