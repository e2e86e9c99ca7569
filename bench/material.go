//go:build linux

package main

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/etorrent/etorrent/metainfo"
)

// payload is the name of the one file that travels.
const payload = "payload.bin"

// material is what every row moves: source/payload.bin and its .torrent file.
// Copies go below copyDir, which is empty at the start of each run.
type material struct {
	work, source, copyDir, torrent, program string
	size, pieceLength                       int64
}

// newMaterial makes the payload: bytes that look random and are the same in
// each run of the program.
func newMaterial(work string, size, pieceLength int64) (*material, error) {
	m := &material{
		work: work, source: filepath.Join(work, "source"), copyDir: filepath.Join(work, "copy"),
		torrent: filepath.Join(work, "payload.torrent"), program: filepath.Join(work, "etorrent"),
		size: size, pieceLength: pieceLength,
	}
	b, err := metainfo.NewBuilder(metainfo.Spec{
		Name: payload, PieceLength: pieceLength, Files: []metainfo.SpecFile{{Length: size}},
	})
	if err != nil {
		return nil, err
	}
	if err := os.Mkdir(m.source, 0o755); err != nil {
		return nil, err
	}
	f, err := os.Create(filepath.Join(m.source, payload))
	if err != nil {
		return nil, err
	}
	err = fill(f, b, size, pieceLength)
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	return m, os.WriteFile(m.torrent, b.Build(), 0o644)
}

func fill(w io.Writer, b *metainfo.Builder, size, pieceLength int64) error {
	random := rand.NewChaCha8([32]byte{'b', 'e', 'n', 'c', 'h'})
	piece := make([]byte, pieceLength)
	for left := size; left > 0; left -= int64(len(piece)) {
		piece = piece[:min(left, pieceLength)]
		if _, err := random.Read(piece); err != nil {
			return err
		}
		b.PushPiece(sha1.Sum(piece))
		if _, err := w.Write(piece); err != nil {
			return err
		}
	}
	return nil
}

// reset empties the folder of the copy and forgets what programs noted.
func (m *material) reset() error {
	for _, name := range []string{m.copyDir, m.state("seed"), m.state("get")} {
		if err := os.RemoveAll(name); err != nil {
			return err
		}
	}
	return os.Mkdir(m.copyDir, 0o755)
}

// state is the folder in which a program of ours keeps its rows.
func (m *material) state(role string) string { return filepath.Join(m.work, "state-"+role) }

// compare proves that the copy is byte for byte what was sent.
func (m *material) compare() error {
	a, err := os.Open(filepath.Join(m.source, payload))
	if err != nil {
		return err
	}
	defer a.Close()
	b, err := os.Open(filepath.Join(m.copyDir, payload))
	if err != nil {
		return err
	}
	defer b.Close()
	x, y := make([]byte, 1<<20), make([]byte, 1<<20)
	ra, rb := bufio.NewReader(a), bufio.NewReader(b)
	for off := int64(0); ; {
		n, errA := io.ReadFull(ra, x)
		k, errB := io.ReadFull(rb, y)
		if !bytes.Equal(x[:n], y[:k]) {
			return fmt.Errorf("the copy differs after %d bytes", off)
		}
		if errA != nil || errB != nil {
			return nil // both at their end, since both gave as much
		}
		off += int64(n)
	}
}
