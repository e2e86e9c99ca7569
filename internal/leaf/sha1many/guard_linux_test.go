package sha1many

import (
	"bytes"
	"crypto/sha1"
	"syscall"
	"testing"
)

// guarded returns n bytes behind which lies a page that nobody may read.
func guarded(t *testing.T, n int) []byte {
	page := syscall.Getpagesize()
	m, err := syscall.Mmap(-1, 0, 2*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Munmap(m) })
	if err := syscall.Mprotect(m[page:], syscall.PROT_NONE); err != nil {
		t.Fatal(err)
	}
	return m[page-n : page]
}

func TestNothingIsReadBehindTheBytes(t *testing.T) {
	withKernels(t, func() {
		var w Pair
		p, q := guarded(t, 2048), guarded(t, 2049)
		a, b, want := sha1.New(), sha1.New(), sha1.Sum(p)
		w.Write(a, b, p, q)
		if !bytes.Equal(a.Sum(nil), want[:]) {
			t.Error("a sum differs")
		}
	})
}
