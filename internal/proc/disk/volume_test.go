package disk_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/etorrent/etorrent/internal/proc/disk"
	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/storage/faulty"
	"github.com/etorrent/etorrent/internal/storage/memory"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// newSplitWorld is a world whose torrent has six pieces and may be split.
func newSplitWorld(t *testing.T) *world {
	w := &world{t: t, dir: "/d", files: store.FileMap{"a", "big", "c"}, memory: memory.New()}
	w.start(w.memory, nil)
	w.makeTorrent(6 * pieceLength)
	return w
}

// split makes a request for the torrent as three files: a of one piece and a half,
// big of four, and c of half a one. Wanted are the pieces, prepared the files.
func split(wanted []pieceset.Index, prepare ...int) func(*disk.OpenRequest) {
	return func(q *disk.OpenRequest) {
		q.Spec.Files = []storage.File{
			{Path: "a", Length: pieceLength * 3 / 2},
			{Path: "big", Offset: pieceLength * 3 / 2, Length: 4 * pieceLength},
			{Path: "c", Offset: pieceLength * 11 / 2, Length: pieceLength / 2},
		}
		q.Wanted, q.Prepare = pieceset.Of(6, wanted...), prepare
	}
}

var (
	all    = split([]pieceset.Index{0, 1, 2, 3, 4, 5}, 0, 1, 2)
	onlyA  = split([]pieceset.Index{0, 1}, 0, 1) // big shares piece 1
	onlyC  = split([]pieceset.Index{5}, 1, 2)    // big shares its last piece
	theBig = split([]pieceset.Index{1, 2, 3, 4, 5}, 0, 1, 2)
)

// wantRefused expects that an open is refused since big would be too large, and
// that none of the files was made.
func (w *world) wantRefused(e disk.OpenEvidence, absent ...string) {
	w.t.Helper()
	f, failed := e.(disk.OpenFailed)
	var at *storage.Error
	if !failed || f.Fault != (storage.FileTooLarge{}) || !errors.As(f.Err, &at) || at.Path != "/d/big" || !strings.Contains(f.Err.Error(), "--select") {
		w.t.Errorf("opened: %+v", e)
	}
	for _, name := range absent {
		if _, err := w.memory.Get("/d/" + name); !errors.Is(err, fs.ErrNotExist) {
			w.t.Errorf("%s was made: %v", name, err)
		}
	}
}

func (w *world) wantOpened(e disk.OpenEvidence) {
	w.t.Helper()
	if _, opened := e.(disk.Opened); !opened {
		w.t.Fatalf("%+v", e)
	}
}

func TestAFileTooLargeForTheVolumeIsRefusedBeforeAnythingIsMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newSplitWorld(t)
		w.storage.LimitSizes(4*pieceLength - 1)
		for _, wanted := range []func(*disk.OpenRequest){all, theBig, onlyC} {
			w.wantRefused(w.open(wanted), "a", "big", "c")
		}
		w.storage.LimitSizes(4 * pieceLength)
		w.wantOpened(w.open(all))
		w.fetch(0, 1, 2, 3, 4, 5)
		w.stop()
	})
}

func TestAFileTooLargeForTheVolumeIsNoObstacleWhereItIsNotWanted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newSplitWorld(t)
		w.storage.LimitSizes(2 * pieceLength)
		w.wantOpened(w.open(onlyA))
		w.fetch(0, 1)
		w.wantRefused(w.open(all), "c")
		w.until("the fault", func(r disk.Report) bool {
			f, ok := r.(disk.TorrentFaulted)
			return ok && f.Fault == storage.FileTooLarge{}
		})
		w.wantRefused(w.open(all), "c")
		w.wantOpened(w.open(onlyA))                                     // out of it again
		w.wantOpened(w.open(split([]pieceset.Index{0, 1, 2}, 0, 1, 2))) // it reaches as far as it may, and all are made
		w.wantRefused(w.open(all))
		w.storage.LimitSizes(storage.SizeLimitUnknown)
		w.wantOpened(w.open(all))
		w.fetch(2, 3, 4, 5)
		w.stop()
	})
}

// fetch sends pieces until they are durable.
func (w *world) fetch(pieces ...pieceset.Index) {
	w.t.Helper()
	for _, i := range pieces {
		w.send(i, w.piece(i))
	}
	w.untilDurable(pieces...)
}

func TestAFileThatIsAsLargeAsItGetsIsNotTooLarge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newSplitWorld(t)
		w.storage.LimitSizes(2 * pieceLength)
		w.put("/d/big", w.data[pieceLength*3/2:pieceLength*11/2])
		w.wantOpened(w.open(all))
		w.until("check ended", func(r disk.Report) bool { return r == disk.CheckEnded{Good: 3, Bad: 0} })
		w.fetch(0, 1, 5)
		w.stop()
	})
}

// What the volume does not take is refused after the reading of what was found as
// well, and stays refused until it takes it.
func TestWhatTheVolumeDoesNotTakeAfterACheckIsNeitherMadeNorFetched(t *testing.T) {
	room := func(n int64) func(*faulty.Storage) {
		return func(s *faulty.Storage) { s.LimitRoom(storage.SpaceKnown{Free: n}) }
	}
	for name, c := range map[string]struct {
		forbid, allow func(*faulty.Storage)
		means         storage.FaultEvidence
	}{
		"size": {
			func(s *faulty.Storage) { s.LimitSizes(2 * pieceLength) },
			func(s *faulty.Storage) { s.LimitSizes(4 * pieceLength) }, storage.FileTooLarge{},
		},
		"room": {room(pieceLength*9/2 - 1), room(pieceLength * 9 / 2), storage.NoSpace{}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newSplitWorld(t)
				w.put("/d/a", w.data[:pieceLength*3/2])
				read := make(chan struct{})
				w.storage.InjectAll(faulty.Read, faulty.Stall{Until: read})
				w.wantOpened(w.open(all))
				c.forbid(w.storage)
				close(read)
				w.until("the fault", func(r disk.Report) bool {
					f, ok := r.(disk.TorrentFaulted)
					return ok && f.Fault == c.means
				})
				for range 2 {
					if e, failed := w.open(all).(disk.OpenFailed); !failed || e.Fault != c.means {
						t.Fatalf("%+v", e)
					}
				}
				if n := w.storage.Calls(faulty.Prepare); n > 0 {
					t.Errorf("files were made %d times", n)
				}
				c.allow(w.storage)
				w.wantOpened(w.open(all))
				w.fetch(1, 2, 3, 4, 5)
				w.stop()
			})
		})
	}
}

// A file that is not wanted takes room only for what it shares.
func TestRoomIsNeededForWhatIsWanted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newSplitWorld(t)
		w.storage.LimitRoom(storage.SpaceKnown{Free: 2*pieceLength - 1})
		var none *disk.NoRoomError
		if e, failed := w.open(onlyA).(disk.OpenFailed); !failed || !errors.As(e.Err, &none) || none.Need != 2*pieceLength {
			t.Errorf("%+v", e)
		}
		w.storage.LimitRoom(storage.SpaceKnown{Free: 2 * pieceLength})
		w.wantOpened(w.open(onlyA))
		w.fetch(0, 1)
		w.stop()
	})
}

// Files grow while the torrent is open: what they have got needs no room again.
func TestRoomForALaterSelectionIsThatOfWhatIsMissing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newSplitWorld(t)
		w.wantOpened(w.open(split([]pieceset.Index{0, 1, 2, 3, 4, 5}, 0, 1)))
		w.fetch(0, 1, 2, 3, 4)
		w.storage.LimitRoom(storage.SpaceKnown{Free: pieceLength - 1})
		var none *disk.NoRoomError
		if e, failed := w.open(all).(disk.OpenFailed); !failed || !errors.As(e.Err, &none) || none.Need != pieceLength {
			t.Errorf("%+v", e)
		}
		w.storage.LimitRoom(storage.SpaceKnown{Free: pieceLength})
		w.wantOpened(w.open(all))
		w.fetch(5)
		w.stop()
	})
}
