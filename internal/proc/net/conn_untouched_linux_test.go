package net_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	pnet "github.com/etorrent/etorrent/internal/proc/net"
)

// What is mapped from a file is sent; when somebody has shortened the file, the write
// fails, and nothing else.
func TestBytesOfAFileThatWasShortenedEndInAnError(t *testing.T) {
	page := os.Getpagesize()
	path, data := filepath.Join(t.TempDir(), "mapped"), bytes.Repeat([]byte("mapped. "), page/4)
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	mapped, err := unix.Mmap(int(f.Fd()), 0, len(data), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		t.Skip(err)
	}
	defer unix.Munmap(mapped)
	from, to, _ := pair(t, 0, "127.0.0.1:0")
	c := from.(pnet.Untouching)
	if n, _, err := c.TryWriteUntouched([][]byte{mapped}); n != len(data) || err != nil {
		t.Fatalf("%d of %d bytes, %v", n, len(data), err)
	}
	if err := os.Truncate(path, int64(page)); err != nil {
		t.Fatal(err)
	}
	if n, _, err := c.TryWriteUntouched([][]byte{[]byte("header"), mapped[page:]}); n != 6 && !errors.Is(err, pnet.ErrUnreadable) {
		t.Errorf("%d bytes, %v", n, err)
	}
	if n, _, err := c.TryWriteUntouched([][]byte{mapped[page:]}); n != 0 || !errors.Is(err, pnet.ErrUnreadable) {
		t.Errorf("%d bytes, %v", n, err)
	}
	if n, _, err := c.TryWriteUntouched([][]byte{mapped[:page]}); n != page || err != nil {
		t.Errorf("%d bytes of what is there, %v", n, err)
	}
	if err := from.Close(); err != nil {
		t.Fatal(err)
	}
	if n, _ := readAll(t, to); n < len(data)+page {
		t.Errorf("%d bytes came", n)
	}
}
