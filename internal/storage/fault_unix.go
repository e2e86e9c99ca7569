//go:build unix

package storage

import "syscall"

// systemFaults are the error numbers that POSIX systems give.
var systemFaults = []faultRow{
	{syscall.ENOSPC, NoSpace{}},
	{syscall.EDQUOT, QuotaExceeded{}},
	{syscall.EROFS, ReadOnlyFileSystem{}},
	{syscall.EFBIG, FileTooLarge{}},
	{syscall.EIO, InputOutput{}},
	{syscall.ENXIO, Missing{}},
	{syscall.ENODEV, Missing{}},
	{syscall.ESTALE, Missing{}},
	{syscall.EMFILE, TooManyFiles{}},
	{syscall.ENFILE, TooManyFiles{}},
	{syscall.ENAMETOOLONG, NameRefused{}},
	{syscall.EILSEQ, NameRefused{}},
	{syscall.ENOTDIR, PathBlocked{}},
	{syscall.EISDIR, PathBlocked{}},
	{syscall.ELOOP, PathBlocked{}},
}
