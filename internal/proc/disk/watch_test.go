package disk_test

import (
	"bytes"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent/internal/proc/calls"
	"github.com/etorrent/etorrent/internal/proc/disk"
	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/storage/faulty"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/sup"
)

// read asks for the begin of a piece and returns the error of the answer.
func (w *world) read(i pieceset.Index) error {
	w.t.Helper()
	reply := sup.NewMailbox[disk.ReadDone]()
	w.disk.ReadRun(disk.ReadRun{Torrent: w.id, Piece: i, Length: 1 << 14, Reply: reply})
	synctest.Wait()
	got := reply.Take(nil)
	if len(got) != 1 {
		w.t.Fatalf("%d answers", len(got))
	}
	if !got[0].Slab.IsNone() {
		got[0].Slab.Release()
	}
	return got[0].Err
}

// hears says whether files were reported changed since the last look.
func (w *world) hears() int {
	synctest.Wait()
	n := 0
	for _, r := range w.reports.Take(nil) {
		if _, is := r.(disk.FilesChanged); is {
			n++
		}
	}
	return n
}

// changes are what others can do to the file.
var changes = map[string]func(*world){
	"truncated": func(w *world) { w.outside(w.memory.Truncate("/d/data", 3*pieceLength)) },
	"edited":    func(w *world) { w.outside(w.memory.Truncate("/d/data", 6*pieceLength)) },
	"deleted":   func(w *world) { w.outside(w.memory.Remove("/d/data")) },
	"replaced":  func(w *world) { w.put("/d/data", make([]byte, len(w.data))) },
}

func TestAFileThatChangesWhileItIsServedIsServedNoMoreAndReadAgain(t *testing.T) {
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 6*pieceLength, nil)
				w.fetchAll()
				if err := w.read(4); err != nil {
					t.Fatal(err)
				}
				change(w)
				time.Sleep(6 * time.Second)
				if err := w.read(1); err == nil {
					t.Error("it is served")
				}
				if n := w.hears(); n != 1 {
					t.Errorf("told %d times", n)
				}
				if err := w.read(4); err == nil || w.hears() > 0 {
					t.Error("it is served, or told of twice")
				}
				if err := w.disk.Close(t.Context(), calls.ControlCloseFiles, w.id); err != nil {
					t.Fatal(err)
				}
				if f := w.row().Files; len(f) != 1 || f[0].State != store.FileInDoubt {
					t.Errorf("the row has %+v", f)
				}
				if e, ok := w.open(nil).(disk.Opened); !ok || e.Checking != 6 || !e.Claimed.IsEmpty() {
					t.Fatalf("opened %+v", e)
				}
				w.until("check ended", func(r disk.Report) bool {
					_, ok := r.(disk.CheckEnded)
					return ok
				})
				w.refetch()
				w.stop()
			})
		})
	}
}

func TestAFileThatStaysAsItIsIsLookedAtOnlyWhenItIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 6*pieceLength, nil)
		w.fetchAll()
		before := w.storage.Calls(faulty.View)
		time.Sleep(time.Hour)
		for i := range pieceset.Index(6) {
			if err := w.read(i); err != nil {
				t.Error(err)
			}
		}
		if n := w.storage.Calls(faulty.View) - before; n != 1 {
			t.Errorf("looked at %d times", n)
		}
		time.Sleep(6 * time.Second)
		if err := w.read(0); err != nil {
			t.Error(err)
		}
		if n := w.storage.Calls(faulty.View) - before; n != 2 || w.hears() != 0 {
			t.Errorf("looked at %d times", n)
		}
		w.stop()
	})
}

// A look may take its time: the volume sleeps. What it is about waits, and nothing
// else does.
func TestALookHoldsUpNothingButTheReadsOfItsFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 6*pieceLength, nil)
		w.open(nil)
		for i := range pieceset.Index(5) {
			w.send(i, w.piece(i))
		}
		w.untilDurable(0, 1, 2, 3, 4)
		until := make(chan struct{})
		w.storage.InjectAll(faulty.View, faulty.Stall{Until: until})
		reply := sup.NewMailbox[disk.ReadDone]()
		for i := range pieceset.Index(5) {
			w.disk.ReadRun(disk.ReadRun{Torrent: w.id, Piece: i, Length: 1 << 14, Reply: reply})
		}
		w.send(5, w.piece(5))
		w.untilDurable(5)
		if got := reply.Take(nil); len(got) > 0 {
			t.Fatalf("%d reads are answered", len(got))
		}
		close(until)
		synctest.Wait()
		got := reply.Take(nil)
		for _, r := range got {
			if r.Err != nil {
				t.Error(r.Err)
				continue
			}
			r.Slab.Release()
		}
		if len(got) != 5 {
			t.Errorf("%d reads are answered", len(got))
		}
		w.stop()
	})
}

// Reads that wait for a look are answered when the torrent is closed meanwhile.
func TestReadsThatWaitForALookAreAnsweredAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 6*pieceLength, nil)
		w.fetchAll()
		until := make(chan struct{})
		w.storage.Inject(faulty.View, 1, faulty.Stall{Until: until})
		reply := sup.NewMailbox[disk.ReadDone]()
		w.disk.ReadRun(disk.ReadRun{Torrent: w.id, Piece: 2, Length: 1 << 14, Reply: reply})
		synctest.Wait()
		if err := w.disk.Close(t.Context(), calls.ControlCloseFiles, w.id); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if got := reply.Take(nil); len(got) != 1 || got[0].Err == nil {
			t.Errorf("answers %+v", got)
		}
		close(until)
		w.stop()
	})
}

// While we write a file its time says nothing, and its size grows; that it is gone,
// another or shorter shows at the next sync, and nothing of it is claimed then.
func TestAFileThatChangesWhileItIsWrittenIsNotClaimed(t *testing.T) {
	for name, checked := range map[string]int{"truncated": 4, "deleted": 3, "replaced": 6} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 6*pieceLength, nil)
				w.open(nil)
				for _, i := range []pieceset.Index{0, 1, 5} {
					w.send(i, w.piece(i))
				}
				w.untilDurable(0, 1, 5)
				for range 3 {
					time.Sleep(6 * time.Second)
					if err := w.read(1); err != nil {
						t.Fatal(err)
					}
				}
				w.send(2, w.piece(2))
				w.until("written", isWritten(2))
				changes[name](w)
				w.until("the fault", func(r disk.Report) bool {
					f, ok := r.(disk.TorrentFaulted)
					return ok && storage.ViewStray(f.Err) != nil
				})
				if w.row().Claims.Held(6).Has(2) || w.read(1) == nil {
					t.Error("it is claimed, or served")
				}
				if err := w.disk.Close(t.Context(), calls.ControlCloseFiles, w.id); err != nil {
					t.Fatal(err)
				}
				if e, ok := w.open(nil).(disk.Opened); !ok || e.Checking != checked || !e.Claimed.IsEmpty() {
					t.Fatalf("opened %+v", e)
				}
				w.until("check ended", func(r disk.Report) bool {
					_, ok := r.(disk.CheckEnded)
					return ok
				})
				w.refetch()
				w.stop()
			})
		})
	}
}

// From the first write on the time of a file says nothing, so that what others did
// before must be seen before.
func TestAFileThatWasEditedBeforeTheFirstWriteIsNotWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 6*pieceLength, nil)
		there := bytes.Clone(w.data)
		clear(there[5*pieceLength:])
		w.put("/d/data", there)
		w.open(nil)
		w.until("check ended", func(r disk.Report) bool { return r == disk.CheckEnded{Good: 5, Bad: 1} })
		synctest.Wait()
		clear(there)
		w.outside(w.memory.Truncate("/d/data", 0))
		w.outside(w.memory.Truncate("/d/data", int64(len(there))))
		w.send(5, w.piece(5))
		w.until("the fault", func(r disk.Report) bool {
			f, ok := r.(disk.TorrentFaulted)
			return ok && f.Fault == storage.Changed{} && errors.Is(f.Err, storage.ErrEdited)
		})
		if !bytes.Equal(w.stored(), there) || w.read(1) == nil {
			t.Error("it was written, or is served")
		}
		if err := w.disk.Close(t.Context(), calls.ControlCloseFiles, w.id); err != nil {
			t.Fatal(err)
		}
		if e, ok := w.open(nil).(disk.Opened); !ok || e.Checking != 6 || !e.Claimed.IsEmpty() {
			t.Fatalf("opened %+v", e)
		}
		w.until("check ended", func(r disk.Report) bool { return r == disk.CheckEnded{Bad: 6} })
		w.refetch()
		w.stop()
	})
}

func TestWhoOpensATorrentWithoutClosingItIsToldOfChangesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 6*pieceLength, nil)
		w.fetchAll()
		changes["edited"](w)
		if w.read(1) == nil || w.hears() != 1 {
			t.Error("the change is not seen")
		}
		w.open(nil)
		if w.hears() != 1 {
			t.Error("not told again")
		}
		w.stop()
	})
}
