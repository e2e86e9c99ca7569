package disk

import (
	"sync"

	core "github.com/etorrent/etorrent/internal/core/storage"
)

// DefaultMemory is the budget for pieces under assembly, in bytes.
const DefaultMemory = 32 << 20

// Memory is the budget for pieces under assembly that all disks share. It is a
// passive leaf: its lock guards a number.
type Memory struct {
	mu    sync.Mutex
	bound int64
	used  int64
}

// NewMemory returns a budget of bound bytes.
func NewMemory(bound int64) *Memory { return &Memory{bound: bound} }

// Reserve takes n bytes, unless they are not there.
func (m *Memory) Reserve(n int64) core.Room {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.used+n > m.bound {
		return core.RoomNone
	}
	m.used += n
	if m.used > m.bound/4*3 {
		return core.RoomTight
	}
	return core.RoomAmple
}

// Return gives n bytes back.
func (m *Memory) Return(n int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.used -= n
}

// Used is how many bytes are reserved.
func (m *Memory) Used() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.used
}
