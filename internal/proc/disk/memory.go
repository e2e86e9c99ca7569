package disk

import (
	"sync"

	core "github.com/etorrent/etorrent/internal/core/storage"
)

const (
	// DefaultMemory is the budget for pieces under assembly, in bytes.
	DefaultMemory = 16 << 20
	// memoryFloor is what a disk may have in any case, so that others who hold all
	// the memory, since theirs stands still, cannot slow it down.
	memoryFloor = 16 * chunkBytes
)

// Memory is the budget for pieces under assembly that all disks share. It is a
// passive leaf: its lock guards a number.
type Memory struct {
	mu    sync.Mutex
	bound int64
	used  int64
	lent  int // slabs that blocks stay in
}

// NewMemory returns a budget of bound bytes.
func NewMemory(bound int64) *Memory { return &Memory{bound: bound} }

// reserve takes n bytes, unless they are not there and not owed either.
func (m *Memory) reserve(n int64, owed entitlement) core.Room {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.used+n > m.bound && owed == notOwed {
		return core.RoomNone
	}
	m.used += n
	if m.used > m.bound/4*3 {
		return core.RoomTight
	}
	return core.RoomAmple
}

func (m *Memory) giveBack(n int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.used -= n
}

// lend takes a place for a slab in which so many blocks stay. The more are lent, the
// more blocks it must be: one may keep a whole slab for long.
func (m *Memory) lend(blocks int) core.Room {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.lent >= lentSlabs || 2*blocks <= m.lent {
		return core.RoomNone
	}
	m.lent++
	return core.RoomAmple
}

func (m *Memory) returnSlabs(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lent -= n
}

// Lent is how many slabs blocks stay in.
func (m *Memory) Lent() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.lent
}

// Used is how many bytes are reserved.
func (m *Memory) Used() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.used
}

// entitlement says whether memory is given beyond the budget.
type entitlement uint8

const (
	notOwed entitlement = iota
	owed
)

// share is one disk process's part of the Memory.
type share struct {
	of   *Memory
	used int64
}

// Reserve takes n bytes: below the floor in any case.
func (s *share) Reserve(n int64) core.Room {
	e := notOwed
	if s.used+n <= memoryFloor {
		e = owed
	}
	room := s.of.reserve(n, e)
	if room != core.RoomNone {
		s.used += n
	}
	return room
}

// Return gives n bytes back.
func (s *share) Return(n int64) {
	s.used -= n
	s.of.giveBack(n)
}
