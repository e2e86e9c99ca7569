// Package havelog is the one list of a torrent's written pieces that all its
// connections read: what may be served, and what is to be announced by HAVE.
package havelog

import (
	"sync"
	"sync/atomic"

	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// Cursor says how far a reader has come.
type Cursor int

// Log is an append-only list of pieces with membership. It is a passive leaf:
// its lock guards a few words and is never held across a wait.
type Log struct {
	size  int
	words []atomic.Uint64 // read without the lock: one look-up per request
	count atomic.Int64

	mu      sync.Mutex
	order   []pieceset.Index
	readers map[chan<- struct{}]struct{}
}

// New returns a log that starts with the members of held.
func New(held *pieceset.Set) *Log {
	l := &Log{
		size:    held.Size(),
		words:   make([]atomic.Uint64, (held.Size()+63)/64),
		readers: map[chan<- struct{}]struct{}{},
	}
	for i := range held.All() {
		l.Append(i)
	}
	return l
}

// Has says whether piece i is written.
func (l *Log) Has(i pieceset.Index) bool {
	return uint64(i) < uint64(l.size) && l.words[i/64].Load()&(1<<(i%64)) != 0
}

// Count is the number of written pieces. It may lag behind Has.
func (l *Log) Count() int { return int(l.count.Load()) }

// Append adds a piece and wakes the readers. A piece that is in the log stays
// where it is. One out of range is a bug of the caller and panics.
func (l *Log) Append(i pieceset.Index) {
	if uint64(i) >= uint64(l.size) {
		panic("havelog: piece out of range")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.Has(i) {
		return
	}
	l.add(i)
	l.wake()
}

// AppendAll adds the members of a set that are not there yet, in their order, and
// wakes the readers once. The set has the size of the log.
func (l *Log) AppendAll(s *pieceset.Set) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range s.All() {
		if !l.Has(i) {
			l.add(i)
		}
	}
	l.wake()
}

func (l *Log) add(i pieceset.Index) {
	l.order = append(l.order, i)
	l.words[i/64].Or(1 << (i % 64))
	l.count.Add(1)
}

func (l *Log) wake() {
	for wake := range l.readers {
		select {
		case wake <- struct{}{}:
		default:
		}
	}
}

// Join adds a reader that is woken, through its one-place channel, at every
// Append. It returns the pieces so far and the cursor behind them.
func (l *Log) Join(wake chan<- struct{}) (*pieceset.Set, Cursor) {
	l.mu.Lock()
	l.readers[wake] = struct{}{}
	order := l.order // what is in it never changes, so that the lock need not be held
	l.mu.Unlock()
	return pieceset.Of(l.size, order...), Cursor(len(order))
}

// Watch adds a reader as Join does, for one that asks Has.
func (l *Log) Watch(wake chan<- struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.readers[wake] = struct{}{}
}

// Leave ends the wakes of a reader.
func (l *Log) Leave(wake chan<- struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.readers, wake)
}

// Since appends the pieces behind the cursor to into[:0] and returns the
// cursor behind them.
func (l *Log) Since(c Cursor, into []pieceset.Index) ([]pieceset.Index, Cursor) {
	l.mu.Lock()
	order := l.order
	l.mu.Unlock()
	return append(into[:0], order[c:]...), Cursor(len(order))
}
