package files

import "path/filepath"

// viewWay says whether the entries of a folder above those of torrents are due to
// be flushed, and what a flush that begins now will have covered.
func (hs *Handles) viewWay(dir string) (due freshness, level uint64) {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	m := hs.wayMark(dir)
	return m.view(), m.level()
}

// wayFlushed notes a flush of a folder's entries.
func (hs *Handles) wayFlushed(dir string, level uint64) {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	hs.wayMark(dir).flushed = level
}

// wayChanged notes that folders may have been made from one down to another.
func (hs *Handles) wayChanged(from, to string) {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	for dir := to; len(dir) >= len(from); dir = filepath.Dir(dir) {
		hs.wayMark(dir).changed()
		if dir == filepath.Dir(dir) {
			return
		}
	}
}

// wayMark is the mark of a folder; mu is held.
func (hs *Handles) wayMark(dir string) *mark {
	m := hs.way[dir]
	if m == nil {
		m = new(mark)
		hs.way[dir] = m
	}
	return m
}
