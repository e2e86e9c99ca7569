package disk_test

import (
	"bytes"
	"crypto/sha1"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/etorrent/etorrent/internal/proc/disk"
	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/storage/faulty"
	"github.com/etorrent/etorrent/internal/storage/files"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/metainfo"
)

// Of a file of 1 GiB one piece is stored; pieces 10 to 19 of the torrent are
// zeros, the others not. Only the one piece is read.
func TestACheckReadsOnlyWhatIsStored(t *testing.T) {
	const size, length, stored = 1 << 30, 1 << 20, 700
	data := bytes.Repeat([]byte("data"), length/4)
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, dir: t.TempDir(), files: store.FileMap{"data"}}
		w.start(files.New(files.Options{}), nil)
		b, err := metainfo.NewBuilder(metainfo.Spec{Name: "data", PieceLength: length, Files: []metainfo.SpecFile{{Length: size}}})
		if err != nil {
			t.Fatal(err)
		}
		zeros := sha1.Sum(make([]byte, length))
		for i := range size / length {
			switch {
			case i == stored:
				b.PushPiece(sha1.Sum(data))
			case 10 <= i && i < 20:
				b.PushPiece(zeros)
			default:
				b.PushPiece([sha1.Size]byte{1})
			}
		}
		w.add(b.Build())
		w.laySparse(size, stored*length, data)
		if e, ok := w.open(nil).(disk.Opened); !ok || e.Checking != size/length {
			t.Fatalf("%+v", e)
		}
		want := pieceset.Of(size/length, stored)
		for i := range pieceset.Index(10) {
			want.Add(10 + i)
		}
		ended, durable := disk.CheckEnded{}, pieceset.New(size/length)
		w.until("end of the check and of the claims", func(r disk.Report) bool {
			switch r := r.(type) {
			case disk.CheckEnded:
				ended = r
			case disk.PiecesDurable:
				durable.AddAll(r.Pieces)
			default:
			}
			return ended == disk.CheckEnded{Good: 11, Bad: size/length - 11} && durable.Equal(want)
		})
		if n, most := w.storage.Calls(faulty.Read), length/(64<<10); n == 0 || n > most {
			t.Errorf("%d reads, at most %d", n, most)
		}
		w.stop()
	})
}

// laySparse makes the file with nothing but data in it, or skips where the file
// system does not tell so.
func (w *world) laySparse(size, at int64, data []byte) {
	w.t.Helper()
	f, err := os.Create(filepath.Join(w.dir, "data"))
	if err != nil {
		w.t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(data, at); err != nil {
		w.t.Fatal(err)
	}
	if err := f.Truncate(size); err != nil {
		w.t.Fatal(err)
	}
	st, err := files.New(files.Options{}).Open(w.t.Context(), w.spec())
	if err != nil {
		w.t.Fatal(err)
	}
	defer st.Close()
	if st.(storage.HoleViewer).ViewHoles(0, int(at)) != storage.AllHole {
		w.stop()
		w.t.Skipf("the file system of %s tells of no holes that can be relied on", w.dir)
	}
}
