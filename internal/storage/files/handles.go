package files

import (
	"container/list"
	"os"
	"sync"

	"github.com/etorrent/etorrent/internal/storage"
)

// Handles is a budget of open files, shared by all stores that are given it.
// Files stay open until others need their place. It is exceeded only by files
// that are in use or hold unsynced writes at the same moment.
type Handles struct {
	mu    sync.Mutex
	limit int
	order *list.List       // of *handle, the least recently used last
	way   map[string]*mark // the folders above those of torrents
}

// NewHandles returns a budget of limit open files, at least 1.
func NewHandles(limit int) *Handles {
	return &Handles{limit: max(limit, 1), order: list.New(), way: map[string]*mark{}}
}

// Open is the number of files that are open now.
func (hs *Handles) Open() int {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	return hs.order.Len()
}

// handle is one open file. All but f is guarded by Handles.mu.
type handle struct {
	f     *os.File
	owner *store
	file  int
	home  home
	mode  storage.Access
	id    identity
	owns  ownership
	users int
	place *list.Element // nil once retired: the last user closes
}

// ownership says whether the file of a handle was seen to have no other name.
type ownership uint8

const (
	ownershipUnseen ownership = iota
	oursAlone
)

// find returns the open file for use, nil if there is none of that mode.
func (hs *Handles) find(s *store, i int, mode storage.Access) *handle {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	return hs.findLocked(s, i, mode)
}

func (hs *Handles) findLocked(s *store, i int, mode storage.Access) *handle {
	h := s.files[i].handle
	if h == nil || (mode == storage.ReadWrite && h.mode == storage.ReadOnly) {
		return nil
	}
	h.users++
	hs.order.MoveToFront(h.place)
	return h
}

// admit takes a handle of a file that was opened after its memory was before, and
// returns the handle to use and the file that it makes superfluous, if any. One
// that is not the file in use is superfluous itself.
func (hs *Handles) admit(h *handle, before memory, size int64) (*handle, *os.File, error) {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	if err := h.owner.recognise(h.file, before, h.id, size); err != nil {
		return nil, h.f, err
	}
	if have := hs.findLocked(h.owner, h.file, h.mode); have != nil {
		return have, h.f, nil
	}
	state := &h.owner.files[h.file]
	surplus := hs.retire(state.handle)
	h.users = 1
	h.place = hs.order.PushFront(h)
	state.handle = h
	return h, surplus, nil
}

// retire takes h out of the budget and returns its file when nobody uses it.
func (hs *Handles) retire(h *handle) *os.File {
	if h == nil || h.place == nil {
		return nil
	}
	hs.order.Remove(h.place)
	h.place = nil
	h.owner.files[h.file].handle = nil
	if h.users > 0 {
		return nil
	}
	return h.f
}

// release ends one use and returns the file if it is to be closed.
func (hs *Handles) release(h *handle) *os.File {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	h.users--
	if h.users == 0 && h.place == nil {
		return h.f
	}
	return nil
}

// drop retires all handles of a store and returns the files to close.
func (hs *Handles) drop(s *store) []*os.File {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	var idle []*os.File
	for i := range s.files {
		if f := hs.retire(s.files[i].handle); f != nil {
			idle = append(idle, f)
		}
	}
	return idle
}

// dropFile is drop for one file; the result may be nil.
func (hs *Handles) dropFile(s *store, i int) *os.File {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	return hs.retire(s.files[i].handle)
}

// dropWriter is dropFile for a file that is open for writing, that nobody uses
// and that has nothing unsynced.
func (hs *Handles) dropWriter(s *store, i int) *os.File {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	state := &s.files[i]
	if h := state.handle; h == nil || h.mode == storage.ReadOnly || h.users > 0 || state.mark.view() == dirty {
		return nil
	}
	return hs.retire(state.handle)
}

// changed notes that a write up to end has ended.
func (hs *Handles) changed(h *handle, end int64) {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	state := &h.owner.files[h.file]
	state.mark.changed()
	if h.place != nil { // else it is another file by now
		state.memory.size = max(state.memory.size, end)
	}
}

// excess retires the least recently used idle file without unsynced writes if
// the budget leaves no place for one more. Where all idle ones have such writes
// it returns the oldest of s instead, taken into use, to be flushed.
func (hs *Handles) excess(s *store) (surplus *os.File, unsynced *handle) {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	if hs.order.Len() < hs.limit {
		return nil, nil
	}
	for e := hs.order.Back(); e != nil; e = e.Prev() {
		h := e.Value.(*handle)
		state := &h.owner.files[h.file]
		switch {
		case h.users > 0:
		case state.mark.view() != dirty || state.doubt != nil:
			return hs.retire(h), nil
		case unsynced == nil && h.owner == s:
			unsynced = h
		}
	}
	if unsynced != nil {
		unsynced.users++
	}
	return nil, unsynced
}
