package torrent

import (
	"github.com/etorrent/etorrent/internal/leaf/havelog"
	"github.com/etorrent/etorrent/internal/proc/clock"
	"github.com/etorrent/etorrent/internal/proc/disk"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// View is what those see of a torrent who read its bytes. Its sets are not changed
// any more.
type View struct {
	Disk       *disk.Disk
	Geometry   geometry.Geometry
	Written    *havelog.Log     // what can be read; nil until the files are open
	Durable    *pieceset.Set    // nil until the row was read
	Fetched    *pieceset.Set    // what is wanted, and comes some time; nil: nothing does
	Priorities []store.Priority // of the files; those behind the end are normal
}

// View returns what is to be seen now and a channel that is closed when it changes;
// that more pieces are written is no change of it.
func (t *Torrent) View() (View, <-chan struct{}) { return t.view.Read() }

// Clock is that of the engine.
func (t *Torrent) Clock() *clock.Clock { return t.env.Clock }

// showView shows it to those who read.
func (c *control) showView() {
	v := View{
		Disk: c.disk, Geometry: c.layout.geometry, Written: c.log,
		Durable: c.durable.Clone(), Priorities: c.row.Settings.Priorities,
	}
	if c.t.options.ReadOnly == MayWrite {
		v.Fetched = c.layout.wanted
	}
	c.t.view.Post(v)
}
