package store

import (
	"context"
	"os"
	"slices"
	"sync"

	"github.com/etorrent/etorrent/internal/vocab/ident"
)

// Memory is a Driver whose rows end with it. Its lock is never kept across a
// wait.
type Memory struct {
	mu     sync.Mutex
	closed error // ErrClosed after Close
	last   ident.TorrentID
	rows   map[ident.TorrentID]*Row
	keys   map[Key]ident.TorrentID
	holds  map[Key]*memoryHold
}

var _ Driver = (*Memory)(nil)

// NewMemory returns a driver without rows.
func NewMemory() *Memory {
	return &Memory{
		rows:  map[ident.TorrentID]*Row{},
		keys:  map[Key]ident.TorrentID{},
		holds: map[Key]*memoryHold{},
	}
}

// enter takes the lock; leave is to be called whatever the error.
func (m *Memory) enter(ctx context.Context) (leave func(), err error) {
	m.mu.Lock()
	if err := ctx.Err(); err != nil {
		return m.mu.Unlock, err
	}
	return m.mu.Unlock, m.closed
}

// Insert implements Driver.
func (m *Memory) Insert(ctx context.Context, r *Row) (ident.TorrentID, error) {
	leave, err := m.enter(ctx)
	defer leave()
	if err != nil {
		return 0, err
	}
	row, err := Admit(r)
	if err != nil {
		return 0, err
	}
	for _, k := range row.Keys.Wire() {
		if id, known := m.keys[k]; known {
			return again(id, m.rows[id].Token, r.Token)
		}
	}
	m.last++
	row.ID = m.last
	m.put(row)
	return row.ID, nil
}

// again answers an Insert whose key row id has already.
func again(id ident.TorrentID, had, got Token) (ident.TorrentID, error) {
	if had == got && got != (Token{}) {
		return id, nil
	}
	return 0, &ExistsError{ID: id}
}

func (m *Memory) put(row *Row) {
	m.rows[row.ID] = row
	for _, k := range row.Keys.Wire() {
		m.keys[k] = row.ID
	}
}

// Get implements Driver.
func (m *Memory) Get(ctx context.Context, id ident.TorrentID) (*Row, error) {
	leave, err := m.enter(ctx)
	defer leave()
	if err != nil {
		return nil, err
	}
	row, known := m.rows[id]
	if !known {
		return nil, &NotFoundError{ID: id}
	}
	return row.Clone(), nil
}

// FindByKey implements Driver.
func (m *Memory) FindByKey(ctx context.Context, key Key) (ident.TorrentID, error) {
	leave, err := m.enter(ctx)
	defer leave()
	if err != nil {
		return 0, err
	}
	id, known := m.keys[key]
	if !known {
		return 0, &NoKeyError{Key: key}
	}
	return id, nil
}

// List implements Driver.
func (m *Memory) List(ctx context.Context, after ident.TorrentID, limit int) ([]Summary, error) {
	leave, err := m.enter(ctx)
	defer leave()
	if err != nil {
		return nil, err
	}
	var ids []ident.TorrentID
	for id := range m.rows {
		if id > after {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	var out []Summary
	for _, id := range ids[:max(0, min(limit, len(ids)))] {
		out = append(out, m.rows[id].Summary())
	}
	return out, nil
}

// Delete implements Driver.
func (m *Memory) Delete(ctx context.Context, id ident.TorrentID) error {
	leave, err := m.enter(ctx)
	defer leave()
	row, known := m.rows[id]
	if err != nil || !known {
		return err
	}
	delete(m.rows, id)
	for _, k := range row.Keys.Wire() {
		delete(m.keys, k)
	}
	return nil
}

// Hold implements Driver: it excludes other owners that use this Memory.
func (m *Memory) Hold(ctx context.Context, key Key, owner string) (Hold, error) {
	leave, err := m.enter(ctx)
	defer leave()
	if err != nil {
		return nil, err
	}
	if h, held := m.holds[key]; held {
		if h.owner != owner {
			return nil, &HeldError{Key: key, PID: os.Getpid()}
		}
		return h, nil
	}
	h := &memoryHold{of: m, key: key, owner: owner}
	m.holds[key] = h
	return h, nil
}

// Close implements Driver.
func (m *Memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = ErrClosed
	clear(m.holds)
	return nil
}

type memoryHold struct {
	of    *Memory
	key   Key
	owner string
}

// Release implements Hold.
func (h *memoryHold) Release() error {
	h.of.mu.Lock()
	defer h.of.mu.Unlock()
	if h.of.holds[h.key] == h {
		delete(h.of.holds, h.key)
	}
	return nil
}
