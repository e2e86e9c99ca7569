package storage

// Mapper is a Store that can lend bytes of its files as the system has them in memory,
// without a copy. As a GatherWriter is another WriteAt, so it is another ReadAt, and is
// not looked for through wrappers.
type Mapper interface {
	// Map lends n bytes from off on, which are in memory when it returns: it waits for
	// the device as ReadAt does. None says that they are to be read: since they do not
	// lie in one file, since too much is lent already, or since they cannot be had,
	// which ReadAt tells the reason of.
	Map(off int64, n int) Mapping
	// MapCached is Map without waiting: none also where the bytes are not in memory, or
	// that cannot be known.
	MapCached(off int64, n int) Mapping
}

// Mapping is the loan of bytes that are mapped from a file, to one owner. Who reads them
// when somebody has shortened the file ends the program (SIGBUS), but the kernel, which
// answers EFAULT: so they are for system calls alone. What is written to the file
// meanwhile shows in them. The zero Mapping is none.
type Mapping struct {
	bytes []byte
	of    MappingLender
}

// MappingLender takes back what it lent.
type MappingLender interface {
	// EndLoan ends one loan.
	EndLoan()
}

// NewMapping returns the loan of bytes.
func NewMapping(bytes []byte, of MappingLender) Mapping { return Mapping{bytes, of} }

// IsNone says whether this is the zero Mapping. Who released one puts none in its place.
func (m Mapping) IsNone() bool { return m.of == nil }

// ForKernel is length bytes from the given one on, for a system call. Nothing else may
// read them.
func (m Mapping) ForKernel(from, length uint32) []byte {
	return m.bytes[from : from+length : from+length]
}

// Release gives the bytes back.
func (m Mapping) Release() { m.of.EndLoan() }
