package disk_test

import (
	"context"
	"crypto/sha1"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/leaf/slab"
	"github.com/etorrent/etorrent/internal/proc/calls"
	"github.com/etorrent/etorrent/internal/proc/clock"
	"github.com/etorrent/etorrent/internal/proc/disk"
	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/storage/faulty"
	"github.com/etorrent/etorrent/internal/storage/memory"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/metainfo"
	"github.com/etorrent/etorrent/sup"
)

// world is a disk process with a memory store below it and rows beside it.
type world struct {
	t       *testing.T
	dir     string
	files   store.FileMap
	tree    *sup.Tree
	disks   *disk.Set
	disk    *disk.Disk
	storage *faulty.Storage
	memory  *memory.Storage
	mines   *mines
	rows    store.Driver
	service *store.Service
	receive *slab.Pool
	reads   *slab.Pool
	budget  *disk.Memory
	data    []byte
	meta    *metainfo.Torrent
	id      ident.TorrentID
	epoch   store.Epoch
	reports *sup.Mailbox[disk.Report]
}

const pieceLength = 64 << 10

func newWorld(t *testing.T, size int, hook sup.Hook) *world {
	w := &world{t: t, dir: "/d", files: store.FileMap{"data"}, memory: memory.New()}
	w.mines = &mines{Storage: w.memory}
	w.start(w.mines, hook)
	w.makeTorrent(size)
	return w
}

// makeTorrent adds a torrent of random bytes.
func (w *world) makeTorrent(size int) {
	w.data = make([]byte, size)
	rnd := rand.New(rand.NewPCG(1, uint64(size)))
	for i := range w.data {
		w.data[i] = byte(rnd.Uint32())
	}
	b, err := metainfo.NewBuilder(metainfo.Spec{
		Name: "data", PieceLength: pieceLength,
		Files: []metainfo.SpecFile{{Path: []string{"data"}, Length: int64(len(w.data))}},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	for at := 0; at < len(w.data); at += pieceLength {
		b.PushPiece(sha1.Sum(w.data[at:min(at+pieceLength, len(w.data))]))
	}
	w.add(b.Build())
}

// start starts a disk process over a storage.
func (w *world) start(on storage.Storage, hook sup.Hook) {
	t := w.t
	w.rows, w.receive, w.reads = store.NewMemory(), slab.NewPool(8), slab.NewPool(8)
	w.storage = faulty.New(on)
	w.budget = disk.NewMemory(disk.DefaultMemory)
	w.service = store.NewService(w.rows)
	w.disks = disk.NewSet(disk.Options{
		Storage: w.storage, Reads: w.reads, Rows: w.service, Clock: clock.New(), Memory: w.budget, Workers: 2,
	})
	tree, err := sup.Start(t.Context(), "test", sup.Supervisor{
		Strategy: sup.OneForOne, Intensity: sup.Intensity{Restarts: 100000, Within: time.Hour},
		Children: []sup.Child{w.service.Child(), w.disks.Child()},
	}, sup.Options{Hook: hook, Observe: func(r sup.Report) {
		if p, ok := r.Exit.(sup.Panicked); !ok || p.Value != any("injected") {
			t.Errorf("%s: %v", r.Path, r.Exit)
			println(r.Path, r.Exit.String())
			if ok {
				println(string(p.Stack))
			}
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	w.tree = tree
}

// add puts a torrent into the rows.
func (w *world) add(raw []byte) {
	var err error
	w.meta, err = metainfo.Parse(raw)
	if err != nil {
		w.t.Fatal(err)
	}
	w.id, err = w.rows.Insert(w.t.Context(), &store.Row{
		Keys: store.Keys{V1: w.meta.ID().V1}, Metainfo: w.meta.Raw, Pieces: w.meta.PieceCount(),
		FileMap: w.files, Settings: store.Settings{Dir: w.dir},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.epoch, err = w.rows.Own(w.t.Context(), w.id, "test")
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) spec() storage.Spec {
	return storage.Spec{
		Name: "data", Dir: w.dir, Geometry: w.geometry(),
		Files: []storage.File{{Path: "data", Length: w.meta.TotalLength}},
	}
}

func (w *world) geometry() geometry.Geometry {
	return geometry.Geometry{TotalLength: w.meta.TotalLength, PieceLength: w.meta.PieceLength}
}

func (w *world) row() *store.Row {
	r, err := w.rows.Get(context.Background(), w.id)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func (w *world) open(change func(*disk.OpenRequest)) disk.OpenEvidence {
	w.t.Helper()
	d, err := w.disks.For(w.t.Context(), w.spec())
	if err != nil {
		w.t.Fatal(err)
	}
	w.disk = d
	if w.reports == nil {
		w.reports = sup.NewMailbox[disk.Report]()
		d.Attach(w.id, w.reports)
	}
	r := disk.OpenRequest{
		Torrent: w.id, Epoch: w.epoch, Spec: w.spec(), Verifier: w.meta.Verifier(), Row: w.row(),
		Prepare: []int{0}, Wanted: pieceset.Full(w.meta.PieceCount()),
	}
	if change != nil {
		change(&r)
	}
	for {
		e, err := d.Open(w.t.Context(), calls.ControlOpenFiles, r)
		if err == nil {
			return e
		}
		time.Sleep(time.Second) // in the bubble's time: the process restarts
	}
}

// send gives the blocks of piece i to the disk.
func (w *world) send(i pieceset.Index, data []byte) {
	g := w.geometry()
	s, err := w.receive.Rent(w.t.Context())
	if err != nil {
		return
	}
	n := copy(s.Bytes(), data)
	for b := range g.Blocks(i) {
		begin, length := g.BlockBytes(geometry.Block{Piece: i, Number: b})
		s.Note(slab.Block{Piece: i, Begin: begin, Data: s.Bytes()[:n][begin : begin+length]})
	}
	w.disk.StoreBlocks(disk.StoreBlocks{Torrent: w.id, Holder: 7, Slab: s})
}

func (w *world) piece(i pieceset.Index) []byte {
	from := int(i) * pieceLength
	return w.data[from:min(from+pieceLength, len(w.data))]
}

// isWritten finds the word that a piece is written.
func isWritten(piece pieceset.Index) func(disk.Report) bool {
	return func(r disk.Report) bool {
		w, is := r.(*disk.PieceWritten)
		return is && w.Piece == piece
	}
}

// until takes reports until one satisfies; it fails when the bubble has no more
// to say.
func (w *world) until(what string, done func(disk.Report) bool) {
	w.t.Helper()
	deadline := time.NewTimer(time.Hour)
	defer deadline.Stop()
	for {
		select {
		case <-w.reports.Wake():
			for _, r := range w.reports.Take(nil) {
				if done(r) {
					return
				}
			}
		case <-deadline.C:
			w.t.Fatalf("never came: %s", what)
		}
	}
}

func (w *world) stop() {
	w.t.Helper()
	if err := w.tree.Stop(context.Background()); err != nil {
		w.t.Error(err)
	}
	if n := w.receive.Outstanding() + w.reads.Outstanding(); n != 0 {
		w.t.Errorf("%d slabs are left over", n)
	}
	if n := w.budget.Lent(); n != 0 {
		w.t.Errorf("%d slabs are still lent", n)
	}
	if n := w.budget.Used(); n != 0 {
		w.t.Errorf("%d bytes of assembly memory are left over", n)
	}
	if w.mines != nil && w.mines.open.Load() != 0 {
		w.t.Errorf("%d stores are left open", w.mines.open.Load())
	}
}

// put lays bytes in the file's place, as another program would.
func (w *world) put(path string, b []byte) {
	w.t.Helper()
	if err := w.memory.Put(path, b); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) stored() []byte {
	b, _ := w.memory.Get("/d/data")
	return b
}

// allDurable returns a predicate that is satisfied when every piece was
// reported durable.
func (w *world) allDurable() func(disk.Report) bool {
	seen := pieceset.New(w.meta.PieceCount())
	return func(r disk.Report) bool {
		if d, ok := r.(disk.PiecesDurable); ok {
			seen.AddAll(d.Pieces)
		}
		return seen.IsFull()
	}
}
