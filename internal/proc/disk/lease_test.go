package disk_test

import (
	"bytes"
	"crypto/sha1"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent/internal/leaf/slab"
	"github.com/etorrent/etorrent/internal/proc/calls"
	"github.com/etorrent/etorrent/internal/proc/clock"
	"github.com/etorrent/etorrent/internal/proc/disk"
	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/storage/faulty"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/metainfo"
	"github.com/etorrent/etorrent/sup"
)

// beside is another torrent over the same file; its row has room for more files.
func (w *world) beside(data []byte, more ...string) *world {
	w.t.Helper()
	o := *w
	o.reports, o.data = nil, data
	b, err := metainfo.NewBuilder(metainfo.Spec{
		Name: "other", PieceLength: pieceLength,
		Files: []metainfo.SpecFile{{Path: []string{"other"}, Length: int64(len(data))}},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	for at := 0; at < len(data); at += pieceLength {
		b.PushPiece(sha1.Sum(data[at:min(at+pieceLength, len(data))]))
	}
	if o.meta, err = metainfo.Parse(b.Build()); err != nil {
		w.t.Fatal(err)
	}
	o.id, err = w.rows.Insert(w.t.Context(), &store.Row{
		Keys: store.Keys{V1: o.meta.ID().V1}, Metainfo: o.meta.Raw, Pieces: o.meta.PieceCount(),
		FileMap: append(store.FileMap{"data"}, more...), Settings: store.Settings{Dir: "/d"},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	if o.epoch, err = w.rows.Own(w.t.Context(), o.id, "test"); err != nil {
		w.t.Fatal(err)
	}
	return &o
}

// close closes the torrent. What it still said of that time is no word on the next.
func (w *world) close() {
	w.t.Helper()
	if err := w.disk.Close(w.t.Context(), calls.ControlCloseFiles, w.id); err != nil {
		w.t.Fatal(err)
	}
	w.reports.Take(nil)
}

// mustOpen opens the torrent, and says what it claims.
func (w *world) mustOpen(change func(*disk.OpenRequest)) *pieceset.Set {
	w.t.Helper()
	e, is := w.open(change).(disk.Opened)
	if !is {
		w.t.Fatalf("not opened: %+v", e)
	}
	return e.Claimed
}

// mustWait fails unless the torrent is kept out of its file.
func (w *world) mustWait(change func(*disk.OpenRequest), why disk.SharedCause) {
	w.t.Helper()
	e := w.open(change)
	f, is := e.(disk.OpenFailed)
	var shared *disk.SharedFileError
	if !is || !errors.As(f.Err, &shared) || shared.Cause != why {
		w.t.Fatalf("not kept out: %+v", e)
	}
}

func wants(pieces ...pieceset.Index) func(*disk.OpenRequest) {
	return func(q *disk.OpenRequest) { q.Wanted = pieceset.Of(q.Wanted.Size(), pieces...) }
}

// changed is data with another piece i.
func changed(data []byte, i int) []byte {
	data = bytes.Clone(data)
	data[i*pieceLength] ^= 1
	return data
}

// A program that was killed leaves a row that calls the file open: what it claims is
// relied on, unless another torrent wrote the file before it came back.
func TestWhatAKilledProgramClaimedIsReadAgainWhereAnotherTorrentWroteSince(t *testing.T) {
	for name, other := range map[string]func(w, other *world){
		"open still": func(w, other *world) { other.writeRest(0, 2, 3) },
		"and waited": func(w, other *world) {
			other.send(0, other.piece(0))
			other.untilDurable(0)
			w.mustWait(nil, disk.SharedWanting)
			other.writeRest(2, 3)
			other.close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 4*pieceLength, nil)
				them := w.beside(changed(w.data, 0))
				w.mustOpen(nil)
				w.writeRest(0, 1)
				w.restart() // without closing
				them.restartedWith(w)
				them.mustOpen(nil)
				them.until("check ended", func(r disk.Report) bool { return r == disk.CheckEnded{Good: 1, Bad: 1} })
				other(w, them)
				if got := w.mustOpen(nil); !got.IsEmpty() {
					t.Fatalf("%d pieces are relied on", got.Count())
				}
				var shared *disk.SharedFileError
				w.until("check ended", func(r disk.Report) bool {
					if f, is := r.(disk.TorrentFaulted); is && !errors.As(f.Err, &shared) {
						t.Error(f.Err)
					}
					return r == disk.CheckEnded{Good: 3, Bad: 1}
				})
				if is := shared != nil && shared.Cause == disk.SharedDiffering; is != (name == "open still") {
					t.Errorf("what differs: %v", shared)
				}
				synctest.Wait()
				if got := slices.Collect(w.row().Claims.Held(4).All()); !slices.Equal(got, []pieceset.Index{1, 2, 3}) {
					t.Errorf("claimed: %v", got)
				}
				w.stop()
			})
		})
	}
}

// writeRest sends pieces and waits until they are durable.
func (w *world) writeRest(pieces ...pieceset.Index) {
	w.t.Helper()
	for _, i := range pieces {
		w.send(i, w.piece(i))
	}
	w.untilDurable(pieces...)
}

// A torrent looks at its file; before it has it, another comes, writes it, and needs
// it no more.
func TestWhatChangedBetweenALookAtAFileAndHavingItIsReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 4*pieceLength, nil)
		other := w.beside(changed(w.data, 0))
		w.mustOpen(nil)
		w.writeRest(0, 1)
		w.close()
		looked := make(chan struct{})
		w.storage.InjectAll(faulty.Recheck, faulty.Stall{Until: looked})
		answer := make(chan disk.OpenEvidence, 1)
		go func() {
			answer <- w.open(func(q *disk.OpenRequest) { q.Written = pieceset.Of(4, 3) })
		}()
		synctest.Wait()
		other.mustOpen(nil)
		other.until("check ended", func(r disk.Report) bool { return r == disk.CheckEnded{Good: 1, Bad: 1} })
		other.writeRest(0, 2, 3)
		close(looked)
		if e, is := (<-answer).(disk.Opened); !is || !e.Claimed.IsEmpty() {
			t.Errorf("%+v", e)
		}
		w.stop()
	})
}

// The same where nobody wrote: nothing is read again.
func TestWhatAKilledProgramClaimedIsReliedOnWhereOthersOnlyHoldIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 4*pieceLength, nil)
		other := w.beside(w.data)
		w.fetchAll()
		w.restart()
		other.restartedWith(w)
		other.mustOpen(nil)
		other.until("all durable", other.allDurable())
		if got := w.mustOpen(nil); !got.IsFull() {
			t.Errorf("%d pieces are relied on", got.Count())
		}
		w.stop()
	})
}

// restart puts another disk process in the place of one that was killed.
func (w *world) restart() { w.restartOn(w.storage) }

func (w *world) restartOn(s storage.Storage) {
	w.t.Helper()
	if err := w.tree.Stop(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	w.reports = nil
	w.service = store.NewService(w.rows)
	w.disks = disk.NewSet(disk.Options{
		Storage: s, Reads: w.reads, Rows: w.service, Clock: clock.New(), Memory: w.budget, Workers: 2,
	})
	var err error
	w.tree, err = sup.Start(w.t.Context(), "test", sup.Supervisor{
		Strategy: sup.OneForOne, Intensity: sup.Intensity{Restarts: 1, Within: time.Hour},
		Children: []sup.Child{w.service.Child(), w.disks.Child()},
	}, sup.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) restartedWith(o *world) {
	w.tree, w.disks, w.service, w.reports = o.tree, o.disks, o.service, nil
}

func TestLessThatIsWantedLetsAnotherTorrentIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 4*pieceLength, nil)
		other := w.beside(w.data)
		w.mustOpen(nil)
		w.send(0, w.piece(0))
		w.untilDurable(0)
		other.mustWait(nil, disk.SharedWanting)
		w.disk.Want(w.id, pieceset.Of(4, 0))
		other.mustOpen(nil)
		w.stop()
	})
	synctest.Test(t, func(t *testing.T) { // to say so again is enough
		w := newWorld(t, 4*pieceLength, nil)
		other := w.beside(w.data)
		w.mustOpen(nil)
		w.send(0, w.piece(0))
		w.untilDurable(0)
		other.mustWait(nil, disk.SharedWanting)
		w.mustOpen(wants(0))
		other.mustOpen(nil)
		w.stop()
	})
}

func TestMoreThatIsWantedIsNotTakenForLookedAt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 4*pieceLength, nil)
		w.put("/d/data", w.data)
		w.mustOpen(wants(0))
		w.untilDurable(0)
		if e, is := w.open(nil).(disk.OpenFailed); !is {
			t.Fatalf("%+v", e)
		}
		w.close()
		w.mustOpen(nil)
		w.until("all durable", w.allDurable())
		w.stop()
	})
}

func TestATorrentThatIsLetGoLetsAnotherIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 4*pieceLength, nil)
		other := w.beside(w.data)
		w.mustOpen(nil)
		w.send(0, w.piece(0))
		w.until("written", isWritten(0))
		w.disk.LetGo(w.id)
		synctest.Wait()
		if f := w.row(); len(f.Files) != 1 || f.Files[0].State != store.FileClean || f.Claims.Count() != 1 {
			t.Errorf("%d pieces, files %+v", f.Claims.Count(), f.Files)
		}
		other.mustOpen(nil)
		w.mustWait(nil, disk.SharedWanting)
		w.stop()
	})
}

// One that has all it wants comes to want more while another fetches that.
func TestMoreOfAFileThatAnotherTorrentFetchesIsNotWrittenBesideIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 4*pieceLength, nil)
		other := w.beside(w.data)
		w.mustOpen(wants(0))
		w.writeRest(0)
		other.mustOpen(nil)
		w.mustWait(nil, disk.SharedWanting)
		other.until("check ended", func(r disk.Report) bool {
			_, is := r.(disk.CheckEnded)
			return is
		})
		other.writeRest(1, 2, 3)
		w.mustOpen(nil)
		w.stop()
	})
}

// What was in a file in part is forgotten when another file lies there.
func TestPartsOfPiecesAreForgottenWhereTheirFileChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 4*pieceLength, nil)
		w.mustOpen(nil)
		w.writeRest(0)
		w.sendBlocks(1, 2)
		synctest.Wait()
		w.close()
		if p := w.row().Partials; len(p) != 1 {
			t.Fatalf("partials %+v", p)
		}
		w.outside(w.memory.Truncate("/d/data", 3*pieceLength))
		w.reports = nil
		w.mustOpen(nil)
		ended := disk.CheckEnded{}
		w.until("snapshot", func(r disk.Report) bool {
			if e, is := r.(disk.CheckEnded); is {
				ended = e
			}
			s, is := r.(disk.Snapshot)
			if is && len(s.Partials) > 0 && ended.Good > 0 {
				t.Errorf("%v", s.Partials)
			}
			return is && ended == disk.CheckEnded{Good: 1, Bad: 2}
		})
		w.stop()
	})
}

// sendBlocks gives the first blocks of piece i to the disk.
func (w *world) sendBlocks(i pieceset.Index, n int) {
	s, err := w.receive.Rent(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	copy(s.Bytes(), w.piece(i))
	for b := range n {
		from := b * geometry.BlockSize
		s.Note(slab.Block{Piece: i, Begin: uint32(from), Data: s.Bytes()[from : from+geometry.BlockSize]})
	}
	w.disk.StoreBlocks(disk.StoreBlocks{Torrent: w.id, Holder: 7, Slab: s})
}
