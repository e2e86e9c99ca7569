//go:build linux

package main

import (
	"crypto/sha1"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
)

// roleHash is this program as the floor of hashing.
const roleHash = "hash"

// hashChunk is how many bytes are read at once: they stay in a core's own cache until
// they are hashed.
const hashChunk = 128 << 10

// hashMain is FILE PIECE: it reads a file by pread and takes the SHA-1 of each piece,
// on all cores, and nothing else.
func hashMain(args []string) error {
	if len(args) != 2 {
		return errors.New("usage: FILE PIECE")
	}
	piece, err := strconv.ParseInt(args[1], 10, 64)
	if err != nil {
		return err
	}
	f, err := os.Open(args[0])
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	sums := make([][sha1.Size]byte, (info.Size()+piece-1)/piece)
	var next atomic.Int64
	failed := make([]error, runtime.GOMAXPROCS(0))
	var workers sync.WaitGroup
	for w := range failed {
		workers.Go(func() {
			buf, h := make([]byte, min(hashChunk, piece)), sha1.New()
			for {
				n := next.Add(1) - 1
				if n >= int64(len(sums)) {
					return
				}
				h.Reset()
				if _, err := io.CopyBuffer(onlyWriter{h}, io.NewSectionReader(f, n*piece, piece), buf); err != nil {
					failed[w] = err
					return
				}
				h.Sum(sums[n][:0])
			}
		})
	}
	workers.Wait()
	if err := errors.Join(failed...); err != nil {
		return err
	}
	_, err = fmt.Printf("%d pieces, the last %x\n", len(sums), sums[len(sums)-1])
	return err
}

// onlyWriter hides what else a writer can, so that the given buffer is used.
type onlyWriter struct{ io.Writer }
