package storage

import "golang.org/x/sys/windows"

// systemFaults are the error codes that Windows gives.
var systemFaults = []faultRow{
	{windows.ERROR_DISK_FULL, NoSpace{}},
	{windows.ERROR_HANDLE_DISK_FULL, NoSpace{}},
	{windows.ERROR_DISK_QUOTA_EXCEEDED, QuotaExceeded{}},
	{windows.ERROR_WRITE_PROTECT, ReadOnlyFileSystem{}},
	{windows.ERROR_FILE_TOO_LARGE, FileTooLarge{}},
	{windows.ERROR_CRC, InputOutput{}},
	{windows.ERROR_IO_DEVICE, InputOutput{}},
	{windows.ERROR_WRITE_FAULT, InputOutput{}},
	{windows.ERROR_READ_FAULT, InputOutput{}},
	{windows.ERROR_NOT_READY, Missing{}},
	{windows.ERROR_TOO_MANY_OPEN_FILES, TooManyFiles{}},
	{windows.ERROR_INVALID_NAME, NameRefused{}},
	{windows.ERROR_FILENAME_EXCED_RANGE, NameRefused{}},
	{windows.ERROR_DIRECTORY, PathBlocked{}},
}
