// Package knife cuts the power under a program after the fact: it reads a
// recording of the system calls by which the program changed a folder (by
// strace), and makes the folders that could be found after a power cut at any
// moment of it.
//
// # The file system
//
// The model is as bad as POSIX allows, after "All File Systems Are Not Created
// Equal" (Pillai and others, OSDI 2014), and worse than ext4, XFS or btrfs:
//
//   - What a sync made durable is there: fsync and fdatasync of a file for its
//     bytes and its size, fsync of a folder for its entries. A sync counts when
//     it returned before the cut, and for calls that returned before it began.
//   - Of all other calls any subset is there, in any combination: a later write
//     without an earlier one, a file without its bytes, a rename without the
//     removal of what it replaced.
//   - A write that was not synced may be torn between sectors of 512 bytes.
//   - The sync of a file does not make its name durable; the sync of its folder
//     does, and no other.
//   - Only a single entry is atomic: one name is made, removed or moved.
//   - A sync that failed covers nothing. Of a file, no later sync covers what it
//     failed for, since the kernel may hold the pages for clean: only what is
//     written again, or read from the disk again after the pages were dropped
//     (POSIX_FADV_DONTNEED), can be proven. A later sync of a folder counts.
//   - A file may have several names; the bytes are the file's.
//
// Copies within the kernel (copy_file_range, sendfile) are writes of what the
// source holds. What was understood is compared with the folder itself when a
// recording has ended (Differs).
//
// What a program maps into memory is not recorded. etorrent maps only SQLite's
// shared-memory index (state.db-shm), which SQLite makes anew after a crash;
// ReadTrace fails on a writable shared map of any other file.
package knife
