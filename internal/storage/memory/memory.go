// Package memory stores torrents in memory: for tests, simulations and programs
// that need no disk. What is stored stays with the Storage when a store closes.
package memory

import (
	"bytes"
	"context"
	"io/fs"
	"path"
	"path/filepath"
	"sync"
	"time"

	"github.com/etorrent/etorrent/internal/storage"
)

// Storage holds files by their full path, slash-separated. It implements
// storage.Storage.
type Storage struct {
	mu    sync.RWMutex
	files map[string]*content
	// durable has what survives Crash; nil where nothing is kept for it.
	durable map[string][]byte
	ticks   int64
}

// content is one file. Its times are a count of changes, so that runs repeat.
type content struct {
	data  []byte
	inode uint64
	time  int64
}

var (
	_ storage.Storage    = (*Storage)(nil)
	_ storage.Store      = (*store)(nil)
	_ storage.FileViewer = (*store)(nil)
)

// New returns an empty Storage.
func New() *Storage { return &Storage{files: make(map[string]*content)} }

// NewCrashable returns an empty Storage that also keeps what was synced, so
// that Crash can take everything else away. It needs twice the memory.
func NewCrashable() *Storage {
	s := New()
	s.durable = make(map[string][]byte)
	return s
}

// Open returns the store of one torrent.
func (s *Storage) Open(ctx context.Context, spec storage.Spec) (storage.Store, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := spec.Check(); err != nil {
		return nil, err
	}
	st := &store{home: s, spec: spec, dir: filepath.ToSlash(spec.Dir), names: make([]string, len(spec.Files)), inUse: make(map[int]*use)}
	for i, f := range spec.Files {
		st.names[i] = path.Join(st.dir, f.Path)
	}
	return st, nil
}

// Crash undoes what was not synced, in all files, as a power cut may. It is for
// a Storage of NewCrashable.
func (s *Storage) Crash() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.files)
	for name, data := range s.durable {
		s.put(name, data)
	}
}

// Put sets a file's bytes, as another program would. Name is the full path. A
// Crash leaves it.
func (s *Storage) Put(name string, data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put(name, data)
	s.keep(name)
	return nil
}

// Truncate shortens or lengthens a file, as another program would.
func (s *Storage) Truncate(name string, size int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.files[key(name)]
	if c == nil {
		return fs.ErrNotExist
	}
	kept := min(size, int64(len(c.data)))
	c.data = append(c.data[:kept:kept], make([]byte, size-kept)...)
	s.touch(c)
	return nil
}

// Remove takes a file away, as another program would.
func (s *Storage) Remove(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.files[key(name)] == nil {
		return fs.ErrNotExist
	}
	s.remove(name)
	return nil
}

// Get returns a copy of a file's bytes, or fs.ErrNotExist.
func (s *Storage) Get(name string) ([]byte, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	c := s.files[key(name)]
	if c == nil {
		return nil, fs.ErrNotExist
	}
	return bytes.Clone(c.data), nil
}

func key(name string) string { return path.Clean(filepath.ToSlash(name)) }

// put makes or replaces a file; mu is held, as in all methods below.
func (s *Storage) put(name string, data []byte) *content {
	c := &content{data: bytes.Clone(data)}
	s.touch(c)
	c.inode = uint64(c.time)
	s.files[key(name)] = c
	return c
}

func (s *Storage) remove(name string) {
	delete(s.files, key(name))
	delete(s.durable, key(name))
}

// keep makes a file's bytes survive Crash.
func (s *Storage) keep(name string) {
	if c := s.files[key(name)]; c != nil && s.durable != nil {
		s.durable[key(name)] = bytes.Clone(c.data)
	}
}

func (s *Storage) touch(c *content) {
	s.ticks++
	c.time = s.ticks
}

func (c *content) present() storage.Present {
	return storage.Present{
		Size: int64(len(c.data)), ModTime: time.Unix(c.time, 0), Device: 1, Inode: c.inode, Links: 1,
	}
}
