package sim

import (
	"errors"
	"time"

	"github.com/etorrent/etorrent/internal/core/assign"
	"github.com/etorrent/etorrent/internal/core/peer"
	"github.com/etorrent/etorrent/internal/core/storage"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

var errInjected = errors.New("injected fault")

const (
	// slowest is how long a job of the disk takes at most.
	slowest = 20 * time.Millisecond
	// retryAfter is how long blocks wait that found no memory.
	retryAfter = 50 * time.Millisecond
	// checks is how many pieces are read at once to check them.
	checks = 2
)

// disk is the disk process of a node: the Effects of its storage core.
type disk struct {
	l       *life
	on      *platter
	core    *storage.Torrent
	chunk   uint32
	budget  budget
	box     *mailbox
	batch   []func()
	memory  map[geometry.Block][]byte
	hashed  map[geometry.Block][]byte                    // what the hash took of pieces not judged yet
	writes  []*write                                     // that are out
	reads   []*readAhead                                 // that are out
	stalled []delivery                                   // that found no memory
	digests map[pieceset.Index]map[geometry.Block][]byte // what a digest saw
}

// write is a run on its way to the platter.
type write struct {
	run  geometry.Run
	data [][]byte
}

// delivery is the blocks of one step of a connection.
type delivery struct {
	from   assign.HolderID
	blocks []received
}

// received is a block as it came.
type received struct {
	block geometry.Block
	data  []byte
}

// readAhead is a read for an upload; done takes the blocks, nil if there are none.
type readAhead struct {
	run  peer.ReadRun
	done func([][]byte)
}

// budget is a storage.Memory that counts.
type budget struct {
	bound, used int64
	defect      defect
}

// Reserve takes n bytes if they fit.
func (b *budget) Reserve(n int64) storage.Room {
	switch {
	case b.used+n > b.bound:
		return storage.RoomNone
	case b.used+n > b.bound*3/4:
		b.used += n
		return storage.RoomTight
	}
	b.used += n
	return storage.RoomAmple
}

// Return gives n bytes back.
func (b *budget) Return(n int64) {
	if b.defect != defectKeepsMemory {
		b.used -= n
	}
}

// openDisk begins a disk process with what the row says; recalled are the pieces
// that a former process of this program reported written.
func openDisk(l *life, recalled *pieceset.Set) *disk {
	d := &disk{
		l: l, on: l.n.platter, budget: budget{bound: l.w.cfg.Memory, defect: l.w.cfg.defect},
		memory: map[geometry.Block][]byte{}, hashed: map[geometry.Block][]byte{},
		digests: map[pieceset.Index]map[geometry.Block][]byte{},
		chunk:   uint32(1 + l.w.rnd.IntN(storage.ChunkBlocks)),
	}
	d.box = &mailbox{l: l}
	d.core = storage.New(storage.Config{
		Geometry: d.on.Geometry, Memory: &d.budget, Reads: checks, Files: d.on.row.files,
		Chunk: d.chunk,
		Known: storage.Known{Claimed: d.on.row.claims, Recalled: recalled, Partials: d.on.row.partials},
	})
	return d
}

// begin is the first input.
func (d *disk) begin() { d.step(func() { d.core.Begin(d.l.w.now, d) }) }

// isOver says whether the process has ended.
func (d *disk) isOver() bool { return d.l.isOver() || d.l.disk != d }

// step gives the core an input and carries out the batch.
func (d *disk) step(input func()) {
	if d.isOver() {
		return
	}
	input()
	for len(d.batch) > 0 {
		all := d.batch
		d.batch = nil
		for _, act := range all {
			act()
		}
	}
	d.l.w.audit("disk", d.l, d.core.Audit(d.budget.used))
	d.arm()
}

// arm has the core ticked when it is due.
func (d *disk) arm() {
	if at := d.core.NextDeadline(); at != mono.Never {
		d.l.alarm(&d.l.alarms.disk, at, func() {
			if due := d.core.NextDeadline(); due != mono.Never && due <= d.l.w.now {
				d.step(func() { d.core.Tick(d.l.w.now, d) })
			} else {
				d.arm()
			}
		})
	}
}

// job lets something happen when a worker of the disk has done it.
func (d *disk) job(done func()) {
	d.l.after(1+d.l.w.within(slowest), func() {
		if !d.isOver() {
			done()
		}
	})
}

// store takes blocks; those that find no memory wait, and all behind them.
func (d *disk) store(m delivery) {
	if d.stalled = append(d.stalled, m); len(d.stalled) == 1 {
		d.storeStalled()
	}
}

func (d *disk) storeStalled() {
	for len(d.stalled) > 0 && !d.isOver() {
		m := &d.stalled[0]
		for len(m.blocks) > 0 {
			if d.take(m.from, m.blocks[0]) == storage.BlockNoRoom {
				d.step(func() { d.core.Relieve(int64(d.chunk)*geometry.BlockSize, d) })
				d.l.after(retryAfter, d.storeStalled)
				return
			}
			m.blocks = m.blocks[1:]
		}
		d.stalled = d.stalled[1:]
	}
}

func (d *disk) take(from assign.HolderID, r received) (e storage.BlockEvidence) {
	d.step(func() {
		begin, length := d.on.BlockBytes(r.block)
		e = d.core.StoreBlock(d.l.w.now, storage.Block{
			Piece: r.block.Piece, Begin: begin, Length: length, Sender: storage.Sender(from),
		}, d)
		if e == storage.BlockStored {
			d.memory[r.block] = r.data
		}
	})
	d.l.w.totals.Blocks++
	if e == storage.BlockDuplicate || e == storage.BlockOfHeldPiece {
		d.l.w.totals.Duplicates++
		d.l.w.twice[d.l.origins.why(from, r.block)]++
		if picker := d.l.assign.core; picker != nil && picker.Phase() == assign.Endgame {
			d.l.w.lateTwice++
		}
	}
	return e
}

// read reads for an upload, from a piece that is written.
func (d *disk) read(r *readAhead) {
	if d.core.ViewServe(r.run.Piece) != storage.Servable {
		r.done(nil)
		return
	}
	d.reads = append(d.reads, r)
	failed := d.fails()
	d.job(func() {
		d.forgetRead(r)
		if failed {
			r.done(nil)
			return
		}
		r.done(d.blocksOf(r.run))
	})
}

func (d *disk) forgetRead(r *readAhead) {
	for k := range d.reads {
		if d.reads[k] == r {
			d.reads = append(d.reads[:k], d.reads[k+1:]...)
			return
		}
	}
}

// blocksOf are the blocks of a run of requests, nil if one of them is absent.
func (d *disk) blocksOf(r peer.ReadRun) [][]byte {
	var out [][]byte
	for at := r.Begin; at < r.Begin+r.Length; at += geometry.BlockSize {
		data := d.on.read(geometry.Block{Piece: r.Piece, Number: at / geometry.BlockSize})
		if data == nil {
			return nil
		}
		out = append(out, data)
	}
	return out
}

// crash ends the process, the machine goes on: of the writes that are out some
// reach the files, and every read ends with nothing.
func (d *disk) crash() {
	for _, x := range d.writes {
		d.putSome(x)
	}
	for _, r := range d.reads {
		r.done(nil)
	}
}

// putSome writes a part of a run.
func (d *disk) putSome(x *write) {
	for k, data := range x.data {
		b := geometry.Block{Piece: x.run.Piece, Number: x.run.First + uint32(k)}
		switch d.l.w.rnd.IntN(4) {
		case 0, 1:
			d.on.write(b, data)
		case 2:
			d.on.tear(b, data)
		}
	}
}

// isSettled says whether everything is durable.
func (d *disk) isSettled() bool { return d.core.Durables() == d.on.Pieces() }
