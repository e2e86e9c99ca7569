package files

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"github.com/etorrent/etorrent/internal/storage"
)

// Numbers of file systems that statfs gives (linux/magic.h and the drivers).
const (
	magicFAT    = 0x4d44
	magicExFAT  = 0x2011bab0
	magicZFS    = 0x2fc12fc1
	magicBcache = 0xca451a4e
)

// withDescriptor runs a system call on an open file; signals do not end it.
func withDescriptor(f *os.File, call func(fd int) error) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var result error
	err = raw.Control(func(fd uintptr) {
		for {
			if result = call(int(fd)); result != unix.EINTR {
				return
			}
		}
	})
	if err != nil {
		return err
	}
	return result
}

// flushData makes data and size of a file durable.
func flushData(f *os.File) error { return withDescriptor(f, unix.Fdatasync) }

// dropCache lets the next reads come from the device.
func dropCache(f *os.File) {
	_ = withDescriptor(f, func(fd int) error {
		return unix.Fadvise(fd, 0, 0, unix.FADV_DONTNEED)
	})
}

// allocate sets n bytes aside for a new file. On file systems that copy on
// write the space would not be the one that is written, so there it stays
// sparse, as where the call is missing.
func allocate(f *os.File, n int64) error {
	var st unix.Statfs_t
	if err := withDescriptor(f, func(fd int) error { return unix.Fstatfs(fd, &st) }); err != nil {
		return err
	}
	switch uint32(st.Type) {
	case unix.BTRFS_SUPER_MAGIC, magicZFS, magicBcache:
		return nil
	}
	err := withDescriptor(f, func(fd int) error { return unix.Fallocate(fd, 0, 0, n) })
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EINVAL) {
		return nil
	}
	return err
}

// cloneFile makes an empty file share the bytes of another, where the file system
// can do that.
func cloneFile(to, from *os.File) error {
	return withDescriptor(from, func(source int) error {
		return withDescriptor(to, func(fd int) error { return unix.IoctlFileClone(fd, source) })
	})
}

// viewSparseness asks the file system that holds dir.
func viewSparseness(dir string) storage.Sparseness {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return storage.SparsenessUnknown
	}
	switch uint32(st.Type) {
	case magicFAT, magicExFAT:
		return storage.HolesFilled
	}
	return storage.HolesFree
}

// viewSizeLimit asks the file system that holds dir.
func viewSizeLimit(dir string) storage.SizeLimit {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return storage.SizeLimitUnknown
	}
	return sizeLimitOf(uint32(st.Type))
}

// sizeLimitOf is the limit of a file system by its number.
func sizeLimitOf(kind uint32) storage.SizeLimit {
	if kind == magicFAT {
		return storage.SizeLimitFAT
	}
	return storage.SizeLimitUnknown
}

// viewNumbers asks the file system that holds dir.
func viewNumbers(dir string) numbers {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return numbersPass
	}
	switch uint32(st.Type) {
	case magicFAT, magicExFAT, unix.FUSE_SUPER_MAGIC, unix.CIFS_SUPER_MAGIC, unix.SMB2_SUPER_MAGIC, unix.SMB_SUPER_MAGIC:
		return numbersPass
	}
	return numbersStay
}
