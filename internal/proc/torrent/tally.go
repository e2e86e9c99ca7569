package torrent

import (
	"sync/atomic"

	"github.com/etorrent/etorrent/internal/vocab/transport"
)

// Tally counts a torrent's payload bytes, by what carried them. It is a passive leaf:
// peers add, anyone reads.
type Tally struct {
	over [len(transport.All)]struct{ downloaded, uploaded atomic.Int64 }
}

func (t *Tally) down(over transport.Transport, n int) { t.over[over].downloaded.Add(int64(n)) }
func (t *Tally) up(over transport.Transport, n int)   { t.over[over].uploaded.Add(int64(n)) }

// Read returns the payload bytes received and sent since the torrent woke.
func (t *Tally) Read() (down, up int64) {
	for _, over := range transport.All {
		d, u := t.Over(over)
		down, up = down+d, up+u
	}
	return down, up
}

// Over are those of one transport.
func (t *Tally) Over(over transport.Transport) (down, up int64) {
	return t.over[over].downloaded.Load(), t.over[over].uploaded.Load()
}
