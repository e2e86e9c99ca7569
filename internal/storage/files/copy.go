package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"github.com/etorrent/etorrent/internal/storage"
)

// copyAtOnce is how much is copied between two looks at the context, and the least
// that stays a hole.
const copyAtOnce = 64 << 10

// copier is what a copy asks of the system. Tests put something else in its place.
type copier struct {
	clone func(to, from *os.File) error
	space func() storage.SpaceEvidence
}

// copyAll copies a file with its mode. Where the file system lets files share their
// bytes it takes no room. Elsewhere there must be room for what the original takes,
// and what reads as zeros stays a hole, unless space is to be set aside. No call is
// asked where holes are: some file systems take what waits in the cache for one.
func (s *store) copyAll(ctx context.Context, from, to *os.File) error {
	info, err := from.Stat()
	if err != nil {
		return err
	}
	if err := to.Chmod(info.Mode().Perm()); err != nil {
		return err
	}
	if s.copier.clone(to, from) == nil {
		return nil
	}
	return s.copyBytes(ctx, to, from, info)
}

func (s *store) copyBytes(ctx context.Context, to, from *os.File, info os.FileInfo) error {
	if room, told := s.copier.space().(storage.SpaceKnown); told && room.Free < storedBytes(info) {
		return fmt.Errorf("a copy needs %d bytes and %d are free: %w", storedBytes(info), room.Free, syscall.ENOSPC)
	}
	if s.spec.Allocate == storage.Full {
		if err := allocate(to, info.Size()); err != nil {
			return err
		}
	}
	if err := to.Truncate(info.Size()); err != nil {
		return err
	}
	part, zeros := make([]byte, copyAtOnce), make([]byte, copyAtOnce)
	for at := int64(0); ; at += copyAtOnce {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := from.ReadAt(part, at)
		if n > 0 && !bytes.Equal(part[:n], zeros[:n]) {
			if _, err := to.WriteAt(part[:n], at); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
