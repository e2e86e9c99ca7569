// Package faulty wraps a storage and breaks it on purpose: the n-th read, write
// or sync fails with a given error, is torn, or stalls. It is for tests and
// simulations of what stands above a store.
package faulty

import (
	"context"
	"sync"

	"github.com/etorrent/etorrent/internal/storage"
)

// Op names a method of storage.Storage or storage.Store.
type Op uint8

// The operations that can be broken.
const (
	Open Op = iota
	Read
	Write
	Prepare
	Sync
	Recheck
	Examine
	Delete
	View
	operations
)

// String returns the word that storage.Error.Op has for the operation.
func (o Op) String() string {
	return [operations]string{"open", "read", "write", "prepare", "sync", "recheck", "examine", "delete", "look at"}[o]
}

// Fault is what happens to a call.
//
//sumtype:decl
type Fault interface{ fault() }

// Fail ends the call with Err before it does anything.
type Fail struct{ Err error }

// Torn lets a read or write do its first Bytes bytes, then ends it with Err.
// For other calls it is Fail.
type Torn struct {
	Bytes int
	Err   error
}

// Stall keeps the call waiting until Until is closed or its context ends; then
// it goes its way.
type Stall struct{ Until <-chan struct{} }

func (Fail) fault()  {}
func (Torn) fault()  {}
func (Stall) fault() {}

// Storage is the wrapper. Its methods are safe for concurrent use.
type Storage struct {
	inner storage.Storage

	mu     sync.Mutex
	calls  [operations]int
	once   map[nth]Fault
	always [operations]Fault
	limit  storage.SizeLimit
	room   storage.SpaceEvidence
}

// nth is one call among those of an operation, counted from 1.
type nth struct {
	op   Op
	call int
}

var (
	_ storage.Storage     = (*Storage)(nil)
	_ storage.Store       = (*store)(nil)
	_ storage.FileViewer  = (*store)(nil)
	_ storage.HoleViewer  = (*store)(nil)
	_ storage.SpaceViewer = (*store)(nil)
)

// New wraps inner; without a fault it does what inner does.
func New(inner storage.Storage) *Storage {
	return &Storage{inner: inner, once: make(map[nth]Fault)}
}

// Inject breaks one call: the n-th of op from now on, over all stores; 1 is the
// next one.
func (s *Storage) Inject(op Op, n int, f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.once[nth{op, s.calls[op] + n}] = f
}

// InjectAll breaks every call of op until Heal.
func (s *Storage) InjectAll(op Op, f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.always[op] = f
}

// Heal takes back all faults of op. Files whose sync failed stay in doubt.
func (s *Storage) Heal(op Op) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.always[op] = nil
	for n := range s.once {
		if n.op == op {
			delete(s.once, n)
		}
	}
}

// LimitSizes makes all stores say that no file can exceed l; with SizeLimitUnknown
// they say what the inner ones do.
func (s *Storage) LimitSizes(l storage.SizeLimit) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limit = l
}

// LimitRoom makes all volumes say that they have this room; with nil they say what
// the inner ones do.
func (s *Storage) LimitRoom(e storage.SpaceEvidence) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.room = e
}

// Calls is the number of calls of op so far, broken ones included.
func (s *Storage) Calls(op Op) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[op]
}

// next counts a call and returns its fault, nil if it has none.
func (s *Storage) next(op Op) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[op]++
	at := nth{op, s.calls[op]}
	if f, due := s.once[at]; due {
		delete(s.once, at)
		return f
	}
	return s.always[op]
}

// meet carries out the fault of a call that moves no bytes.
func (s *Storage) meet(ctx context.Context, op Op, dir string) error {
	switch f := s.next(op).(type) {
	case nil:
		return nil
	case Fail:
		return failure(op, dir, f.Err)
	case Torn:
		return failure(op, dir, f.Err)
	case Stall:
		select {
		case <-f.Until:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	panic("faulty: unknown fault")
}

func failure(op Op, dir string, err error) *storage.Error {
	return &storage.Error{Op: op.String(), Path: dir, Err: err}
}

// Open opens a store of the inner storage and wraps it.
func (s *Storage) Open(ctx context.Context, spec storage.Spec) (storage.Store, error) {
	if err := s.meet(ctx, Open, spec.Dir); err != nil {
		return nil, err
	}
	inner, err := s.inner.Open(ctx, spec)
	if err != nil {
		return nil, err
	}
	return &store{Store: inner, home: s, spec: spec, doubts: make(map[int]*storage.Error)}, nil
}
