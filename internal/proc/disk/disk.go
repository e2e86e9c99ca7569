package disk

import (
	"context"

	"github.com/etorrent/etorrent/internal/core/assign"
	"github.com/etorrent/etorrent/internal/leaf/slab"
	"github.com/etorrent/etorrent/internal/proc/clock"
	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/sup"
)

// Options are what a disk process needs of the engine.
type Options struct {
	Storage storage.Storage
	Reads   *slab.Pool     // for read-ahead
	Receive int            // slabs that are lent at a time to receive what this volume stores
	Memory  *Memory        // for pieces under assembly, shared by all volumes
	Rows    *store.Service // for claims
	Clock   *clock.Clock
	Workers int // that hash and write; 0: one a core
}

// Disk is the handle of the process of one volume. It survives restarts: what
// was cast meanwhile is taken by the next process.
type Disk struct {
	o      Options
	volume string
	inbox  *sup.Mailbox[cast] // bounded by the slab pools and by the attachments
	opens  *sup.Port[OpenRequest, opening]
	closes *sup.Port[ident.TorrentID, closing]
	slabs  *slab.Pool

	// What follows is the process's; it is here because the next process takes
	// it over.
	attached map[ident.TorrentID][]*sup.Mailbox[Report]
	reading  map[*sup.Mailbox[ReadDone]][]ReadRun
	respite  clock.Respite
}

// opening and closing are the answers of the ports.
type opening struct{ evidence OpenEvidence }
type closing struct{ err error }

// cast is one message of the inbox; exactly one field is set. What comes for every
// block is a value, so that it costs no memory of its own.
type cast struct {
	store   StoreBlocks // if its slab is not none
	read    ReadRun     // if it has a Reply
	attach  *attachment
	detach  *attachment
	abandon *sup.Mailbox[ReadDone]
	want    *wanting
	letGo   *ident.TorrentID
	disown  *disowning
	missed  *missing
}

// missing names a piece that could not be sent.
type missing struct {
	id    ident.TorrentID
	piece pieceset.Index
}

// disowning names a holder that sent wrong bytes.
type disowning struct {
	id     ident.TorrentID
	holder assign.HolderID
}

// wanting says which pieces of a torrent are wanted.
type wanting struct {
	id     ident.TorrentID
	pieces *pieceset.Set
}

type attachment struct {
	id   ident.TorrentID
	into *sup.Mailbox[Report]
}

func newDisk(o Options, volume string) *Disk {
	return &Disk{
		o: o, volume: volume,
		inbox:    sup.NewMailbox[cast](),
		opens:    sup.NewPort[OpenRequest, opening](),
		closes:   sup.NewPort[ident.TorrentID, closing](),
		slabs:    slab.NewPool(o.Receive),
		attached: map[ident.TorrentID][]*sup.Mailbox[Report]{},
		reading:  map[*sup.Mailbox[ReadDone]][]ReadRun{},
	}
}

// Open opens a torrent, or tells of one that is open. The error is ctx's or a
// *sup.DownError.
func (d *Disk) Open(ctx context.Context, row *sup.CallRow, r OpenRequest) (OpenEvidence, error) {
	got, err := sup.Call(ctx, row, d.opens, r)
	return got.evidence, err
}

// Close writes out what is in memory, syncs, claims, notes the files as clean
// and closes them. It is nil where the torrent is not open.
func (d *Disk) Close(ctx context.Context, row *sup.CallRow, id ident.TorrentID) error {
	got, err := sup.Call(ctx, row, d.closes, id)
	if err != nil {
		return err
	}
	return got.err
}

// Slabs lends what blocks for this volume are received in. Each volume has its own:
// one that stands still keeps its slabs, and peers of other volumes are read on.
func (d *Disk) Slabs() *slab.Pool { return d.slabs }

// StoreBlocks moves a slab with blocks to the disk.
func (d *Disk) StoreBlocks(m StoreBlocks) { d.inbox.Put(cast{store: m}) }

// ReadRun asks for a read-ahead.
func (d *Disk) ReadRun(r ReadRun) { d.inbox.Put(cast{read: r}) }

// Missed has the files of a piece looked at, of which what was mapped is gone.
func (d *Disk) Missed(id ident.TorrentID, i pieceset.Index) {
	d.inbox.Put(cast{missed: &missing{id, i}})
}

// Abandon says that nobody takes what comes, or will come, to reply: its slabs
// are given back.
func (d *Disk) Abandon(reply *sup.Mailbox[ReadDone]) { d.inbox.Put(cast{abandon: reply}) }

// Want says that less of an open torrent is wanted than before. The set is not
// changed any more. To want more, close and open the torrent: what is wanted
// besides must be looked at first.
func (d *Disk) Want(id ident.TorrentID, pieces *pieceset.Set) {
	d.inbox.Put(cast{want: &wanting{id, pieces}})
}

// Disown has the pieces fetched anew that are not whole and have blocks of a holder
// that sent wrong bytes.
func (d *Disk) Disown(id ident.TorrentID, h assign.HolderID) {
	d.inbox.Put(cast{disown: &disowning{id, h}})
}

// LetGo closes a torrent that nobody works on any more, as Close does, without an
// answer.
func (d *Disk) LetGo(id ident.TorrentID) { d.inbox.Put(cast{letGo: &id}) }

// Attach sends the reports on a torrent to a mailbox, a Snapshot first; before
// the torrent is open it waits. Attaching again brings another Snapshot.
func (d *Disk) Attach(id ident.TorrentID, into *sup.Mailbox[Report]) {
	d.inbox.Put(cast{attach: &attachment{id, into}})
}

// Detach ends the reports.
func (d *Disk) Detach(id ident.TorrentID, from *sup.Mailbox[Report]) {
	d.inbox.Put(cast{detach: &attachment{id, from}})
}

// child describes the process.
func (d *Disk) child() sup.Child {
	return sup.Child{Name: "disk[" + d.volume + "]", Kind: "disk", Restart: sup.Permanent, Run: d.run}
}
