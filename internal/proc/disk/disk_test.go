package disk_test

import (
	"bytes"
	"context"
	"crypto/sha1"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/synctest"
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
	w.start(w.memory, hook)
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
	var blocks []disk.Block
	for b := range g.Blocks(i) {
		begin, length := g.BlockBytes(geometry.Block{Piece: i, Number: b})
		blocks = append(blocks, disk.Block{Piece: i, Begin: begin, Data: s.Bytes()[:n][begin : begin+length]})
	}
	w.disk.StoreBlocks(disk.StoreBlocks{Torrent: w.id, Holder: 7, Blocks: blocks, Slab: s})
}

func (w *world) piece(i pieceset.Index) []byte {
	from := int(i) * pieceLength
	return w.data[from:min(from+pieceLength, len(w.data))]
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
	if n := w.budget.Used(); n != 0 {
		w.t.Errorf("%d bytes of assembly memory are left over", n)
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

func TestPiecesBecomeDurableAndAreClaimed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 5*pieceLength+1000, nil)
		if _, ok := w.open(nil).(disk.Opened); !ok {
			t.Fatal("not opened")
		}
		for i := range w.meta.PieceCount() {
			w.send(pieceset.Index(i), w.piece(pieceset.Index(i)))
		}
		w.until("all durable", w.allDurable())
		if got := w.row().Claims.Count(); got != w.meta.PieceCount() {
			t.Errorf("%d pieces are claimed", got)
		}
		if !bytes.Equal(w.stored(), w.data) {
			t.Error("the file differs")
		}
		if err := w.disk.Close(t.Context(), calls.ControlCloseFiles, w.id); err != nil {
			t.Error(err)
		}
		if f := w.row().Files; len(f) != 1 || f[0].State != store.FileClean {
			t.Errorf("files %+v", f)
		}
		w.stop()
	})
}

func TestWrittenPiecesAreReadAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 2*pieceLength, nil)
		w.open(nil)
		w.send(0, w.piece(0))
		w.until("written", func(r disk.Report) bool { return r == disk.PieceWritten{Piece: 0} })
		reply := sup.NewMailbox[disk.ReadDone]()
		w.disk.ReadRun(disk.ReadRun{Torrent: w.id, Piece: 0, Begin: 16384, Length: 32768, Reply: reply})
		w.disk.ReadRun(disk.ReadRun{Torrent: w.id, Piece: 1, Begin: 0, Length: 16384, Reply: reply})
		synctest.Wait()
		got := map[pieceset.Index]disk.ReadDone{}
		for _, r := range reply.Take(nil) {
			got[r.Piece] = r
		}
		if r := got[0]; r.Err != nil || !bytes.Equal(r.Data, w.data[16384:16384+32768]) {
			t.Errorf("read %v, %d bytes", r.Err, len(r.Data))
		} else {
			r.Slab.Release()
		}
		if got[1].Err == nil {
			t.Error("a piece that is not written was read")
		}
		w.stop()
	})
}

func TestFoundFilesAreCheckedFirstAndStrangersAreNotTouched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 4*pieceLength, nil)
		there := bytes.Clone(w.data)
		there[pieceLength+5]++
		w.put("/d/data", there)
		if e, ok := w.open(nil).(disk.Opened); !ok || e.Checking != 4 {
			t.Fatalf("%+v", e)
		}
		w.until("check ended", func(r disk.Report) bool { return r == disk.CheckEnded{Good: 3, Bad: 1} })
		w.send(1, w.piece(1))
		w.until("durable", func(r disk.Report) bool {
			d, ok := r.(disk.PiecesDurable)
			return ok && d.Pieces.Has(1)
		})
		w.stop()
	})
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 4*pieceLength, nil)
		foreign := make([]byte, 4*pieceLength)
		w.put("/d/data", foreign)
		w.open(nil)
		w.until("nothing matched", func(r disk.Report) bool { return r == disk.NothingMatched{Path: "data"} })
		if !bytes.Equal(w.stored(), foreign) {
			t.Error("the stranger was touched")
		}
		w.stop()
	})
}

// TestAPanicAnywhereInTheDiskLosesNothing lets the disk panic at the n-th point
// of its life, for many n, while a torrent comes in. Whoever sends sends again
// what the disk does not have.
func TestAPanicAnywhereInTheDiskLosesNothing(t *testing.T) {
	for n := int64(1); n < 160; n += 2 {
		synctest.Test(t, func(t *testing.T) {
			var at atomic.Int64
			hook := func(p sup.Point) {
				if p.Kind == "disk" && at.Add(1) == n {
					panic("injected")
				}
			}
			w := newWorld(t, 6*pieceLength, hook)
			w.open(nil)
			w.downloadThroughCrashes()
			if !bytes.Equal(w.stored(), w.data) {
				t.Errorf("run %d: the file differs", n)
			}
			w.stop()
		})
	}
}

func (w *world) downloadThroughCrashes() {
	written := pieceset.New(w.meta.PieceCount())
	durable := w.row().Claims.Held(w.meta.PieceCount())
	again := time.NewTicker(10 * time.Second)
	defer again.Stop()
	sendMissing := func() {
		for i := range w.meta.PieceCount() {
			if !durable.Has(pieceset.Index(i)) {
				w.send(pieceset.Index(i), w.piece(pieceset.Index(i)))
			}
		}
	}
	sendMissing()
	for rounds := 0; !durable.IsFull(); {
		select {
		case <-again.C:
			if rounds++; rounds > 20 {
				w.t.Fatalf("the torrent never completes: %d durable", durable.Count())
			}
			sendMissing()
		case <-w.reports.Wake():
			for _, r := range w.reports.Take(nil) {
				switch r := r.(type) {
				case disk.PieceWritten:
					written.Add(r.Piece)
				case disk.PiecesDurable:
					durable.AddAll(r.Pieces)
				case disk.PiecesLost:
					durable.RemoveAll(r.Pieces)
				case disk.DiskRestarted:
					e := w.open(func(q *disk.OpenRequest) { q.Written = written.Clone() })
					durable = e.(disk.Opened).Claimed.Clone()
				default:
				}
			}
		}
	}
}
