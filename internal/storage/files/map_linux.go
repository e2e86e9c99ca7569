//go:build linux && (amd64 || arm64 || loong64 || mips64 || mips64le || ppc64 || ppc64le || riscv64 || s390x)

package files

import (
	"io"
	"os"

	"golang.org/x/sys/unix"

	"github.com/etorrent/etorrent/internal/storage"
)

var _ storage.Mapper = (*store)(nil)

// Map lends what lies in one file of its own, unless too many windows are mapped. A
// kernel without MADV_POPULATE_READ (before 5.14) has nothing mapped by it.
func (s *store) Map(off int64, n int) storage.Mapping {
	i, at := s.mappable(off, n)
	if i < 0 {
		return storage.Mapping{}
	}
	h, err := s.acquire(i, storage.ReadOnly)
	if err != nil {
		return storage.Mapping{}
	}
	return s.lend(h, at, n, (*window).populate)
}

// MapCached lends what Map does, of a file that is open. It asks by cachestat, which
// kernels before 6.5 do not have, and which newer ones do not answer to whoever may not
// write the file. What leaves memory after that is waited for by who sends it.
func (s *store) MapCached(off int64, n int) storage.Mapping {
	i, at := s.mappable(off, n)
	if i < 0 {
		return storage.Mapping{}
	}
	h := s.handles.find(s, i, storage.ReadOnly)
	if h == nil || viewCached(h.f, at, n) == notAllCached {
		if h != nil {
			s.release(h)
		}
		return storage.Mapping{}
	}
	return s.lend(h, at, n, (*window).asIs)
}

// mappable is the file that has all of a range, and where; -1 where it is not mapped.
func (s *store) mappable(off int64, n int) (file int, at int64) {
	if n <= 0 || n > windowOver || s.numbers == numbersPass {
		return -1, 0
	}
	if _, err := s.heldRoot(); err != nil {
		return -1, 0
	}
	return s.wholly(off, n)
}

// lend lends n bytes of a file, which it releases, when they are ready.
func (s *store) lend(h *handle, at int64, n int, ready func(w *window, from, n int) error) storage.Mapping {
	defer s.release(h)
	if h.home != inPlace || h.id == (identity{}) {
		return storage.Mapping{}
	}
	w := s.window(h, at-at%windowStep)
	if w == nil {
		return storage.Mapping{}
	}
	from := int(at - w.pane.at)
	err := ready(w, from, n)
	size, sizeErr := h.f.Seek(0, io.SeekEnd) // the end of a file's last page is zeros to whoever maps it
	if err != nil || sizeErr != nil || size < at+int64(n) {
		w.EndLoan()
		return storage.Mapping{}
	}
	return storage.NewMapping(w.bytes[from:from+n], w)
}

// window lends the window of a file from an offset on; nil where it cannot be mapped.
func (s *store) window(h *handle, at int64) *window {
	p := pane{s, h.file, h.id, at}
	w, room := s.windows.take(p)
	if w != nil || room == windowsTaken {
		return w
	}
	bytes, err := unix.Mmap(int(h.f.Fd()), at, windowStep+windowOver, unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil
	}
	w, surplus := s.windows.admit(&window{of: s.windows, pane: p, bytes: bytes})
	unmap(surplus)
	if _, err := s.heldRoot(); err != nil {
		s.dropAllWindows() // the store closed meanwhile and could not see this one
	}
	return w
}

// populate has n bytes of a window in memory, and in the page tables. The first advice
// has the device bring all of them at once, where they are not there.
func (w *window) populate(from, n int) error {
	begin := from - from%os.Getpagesize()
	part := w.bytes[begin : from+n]
	_ = unix.Madvise(part, unix.MADV_WILLNEED)
	return unix.Madvise(part, unix.MADV_POPULATE_READ)
}

// asIs leaves it to the kernel to find the bytes that are in memory.
func (w *window) asIs(int, int) error { return nil }

// cached says whether bytes of a file are in memory.
type cached uint8

const (
	allCached cached = iota
	notAllCached
)

func viewCached(f *os.File, at int64, n int) cached {
	page := uint64(os.Getpagesize())
	part, stat := unix.CachestatRange{Off: uint64(at), Len: uint64(n)}, unix.Cachestat_t{}
	err := unix.Cachestat(uint(f.Fd()), &part, &stat, 0)
	if err != nil || stat.Cache < (part.Off+part.Len-1)/page-part.Off/page+1 {
		return notAllCached
	}
	return allCached
}

func unmap(all []*window) {
	for _, w := range all {
		_ = unix.Munmap(w.bytes)
	}
}
