package torrent

import "sync/atomic"

// Tally counts a torrent's payload bytes. It is a passive leaf: peers add,
// anyone reads.
type Tally struct {
	downloaded atomic.Int64
	uploaded   atomic.Int64
}

func (t *Tally) down(n int) { t.downloaded.Add(int64(n)) }
func (t *Tally) up(n int)   { t.uploaded.Add(int64(n)) }

// Read returns the payload bytes received and sent since the torrent woke.
func (t *Tally) Read() (down, up int64) { return t.downloaded.Load(), t.uploaded.Load() }
