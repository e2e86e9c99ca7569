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

// spec describes a payload, in bytes.
type spec struct{ size, piece int64 }

// material is one file of bytes that look random, and its torrent.
type material struct {
	spec
	dir     string // where the file lies
	name    string
	torrent string
}

// newMaterial makes a payload that is the same in each run of the program.
func newMaterial(work string, s spec) (*material, error) {
	m := &material{spec: s, dir: filepath.Join(work, "source"), name: fmt.Sprintf("payload-%d-%d.bin", s.size, s.piece)}
	m.torrent = filepath.Join(m.dir, m.name+".torrent")
	b, err := metainfo.NewBuilder(metainfo.Spec{
		Name: m.name, PieceLength: s.piece, Files: []metainfo.SpecFile{{Length: s.size}},
	})
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(m.dir, 0o755); err != nil {
		return nil, err
	}
	f, err := os.Create(m.file())
	if err != nil {
		return nil, err
	}
	err = fill(f, b, s)
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	return m, os.WriteFile(m.torrent, b.Build(), 0o644)
}

func (m *material) file() string { return filepath.Join(m.dir, m.name) }

func (m *material) remove() error { return errors.Join(os.Remove(m.file()), os.Remove(m.torrent)) }

func fill(w io.Writer, b *metainfo.Builder, s spec) error {
	random := rand.NewChaCha8([32]byte{'b', 'e', 'n', 'c', 'h'})
	piece := make([]byte, s.piece)
	for left := s.size; left > 0; left -= int64(len(piece)) {
		piece = piece[:min(left, s.piece)]
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

// compare proves that the copy in a folder is byte for byte what was sent.
func (m *material) compare(dir string) error {
	a, err := os.Open(m.file())
	if err != nil {
		return err
	}
	defer a.Close()
	b, err := os.Open(filepath.Join(dir, m.name))
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

// prepare makes the payloads that a row needs, and removes those that it does not.
func (l *lab) prepare(specs []spec) error {
	needed, missing := map[spec]int64{}, int64(0)
	for _, s := range specs {
		needed[s] = s.size
		if l.materials[s] == nil {
			missing += s.size
		}
	}
	for s, m := range l.materials {
		if needed[s] > 0 {
			continue
		}
		if err := m.remove(); err != nil {
			return err
		}
		delete(l.materials, s)
	}
	if err := l.reset(); err != nil {
		return err
	}
	if err := l.room(l.work, missing); err != nil {
		return err
	}
	for s := range needed {
		if l.materials[s] != nil {
			continue
		}
		m, err := newMaterial(l.work, s)
		if err != nil {
			return err
		}
		l.materials[s] = m
	}
	return nil
}
