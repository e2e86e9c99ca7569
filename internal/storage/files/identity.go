package files

import (
	"os"

	"github.com/etorrent/etorrent/internal/storage"
)

// identity is the numbers that tell one file from another. The zero identity
// says nothing.
type identity struct{ device, inode uint64 }

// numbers says whether the numbers stay with a file that nobody has open.
type numbers uint8

const (
	numbersStay numbers = iota
	// numbersPass says that a file may get others when the system has forgotten
	// it: FAT has none of its own, FUSE and SMB may make them up.
	numbersPass
)

// kinship says whether two identities can be of one file.
type kinship uint8

const (
	sameFile kinship = iota
	otherFile
)

func (a identity) view(b identity) kinship {
	if a == b || a == (identity{}) || b == (identity{}) {
		return sameFile
	}
	return otherFile
}

// identityAt is the identity of the regular file at a path that was looked at.
func identityAt(root *os.Root, name string, info os.FileInfo) identity {
	if p, there := presentOf(root, name, info).(storage.Present); there {
		return identity{p.Device, p.Inode}
	}
	return identity{}
}

// memory is what the store goes by that a file is the one in use.
type memory struct {
	state memoryState
	id    identity // zero where numbers pass
	heir  identity // of the copy that is taking the file's name
	size  int64    // what it had when it was taken into use, or was written up to
	turn  uint64   // counts the files that took the place of another by our doing
}

// renew makes the store go by m from now on.
func (f *fileState) renew(m memory) {
	m.turn = f.memory.turn + 1
	f.memory = m
}

// memoryState says whether a file is in use.
type memoryState uint8

const (
	notInUse memoryState = iota
	inUse
)

// take takes a file into use, unless it is already.
func (s *store) take(i int, id identity, size int64) {
	s.handles.mu.Lock()
	defer s.handles.mu.Unlock()
	if f := &s.files[i]; f.memory.state == notInUse {
		f.renew(s.memoryOf(id, size))
	}
}

func (s *store) memoryOf(id identity, size int64) memory {
	if s.numbers == numbersPass {
		id = identity{}
	}
	return memory{state: inUse, id: id, size: size}
}

// view says whether what lies at the path with this identity can be the file in
// use. An open file keeps its numbers on every file system.
func (f *fileState) view(at identity) kinship {
	want := f.memory.id
	if f.handle != nil {
		want = f.handle.id
	}
	if heir := f.memory.heir; heir != (identity{}) && heir == at {
		return sameFile
	}
	return want.view(at)
}
