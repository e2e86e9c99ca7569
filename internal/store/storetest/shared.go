package storetest

import (
	"fmt"
	"os"
	"testing"

	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// FolderOpener opens the store that lies in dir, as another program would. What
// it opens is closed by the test.
type FolderOpener func(t *testing.T, dir string) store.Driver

// RunShared proves a driver whose rows stay in a folder, which several programs
// may use at once.
func RunShared(t *testing.T, open FolderOpener) {
	for name, test := range shared {
		t.Run(name, func(t *testing.T) {
			test(t, func(t *testing.T, dir string) store.Driver {
				d := open(t, dir)
				t.Cleanup(func() { d.Close() })
				return d
			})
		})
	}
}

var shared = map[string]func(*testing.T, FolderOpener){
	"what was put is there after a reopening": func(t *testing.T, open FolderOpener) {
		dir := t.TempDir()
		first := open(t, dir)
		id, epoch := insert(t, first, Sample(1))
		must(t, first.Claim(t.Context(), store.ClaimUpdate{ID: id, Epoch: epoch, Add: pieceset.Of(Pieces, 4), Origin: store.Checked{}}))
		before := get(t, first, id)
		must(t, first.Close())
		same(t, "row", get(t, open(t, dir), id), before)
	},
	"one sees at once what the other did": func(t *testing.T, open FolderOpener) {
		dir := t.TempDir()
		a, b := open(t, dir), open(t, dir)
		id, epoch := insert(t, a, Sample(1))
		must(t, b.Claim(t.Context(), store.ClaimUpdate{ID: id, Epoch: epoch, Add: pieceset.Full(Pieces), Origin: store.Checked{}}))
		same(t, "claims", get(t, a, id).Claims.Count(), Pieces)
		again := Magnet(1)
		again.Token = store.Token{9}
		_, err := b.Insert(t.Context(), again)
		same(t, "id", want[*store.ExistsError](t, err).ID, id)
		must(t, b.Delete(t.Context(), id))
		_, err = a.Get(t.Context(), id)
		refused[*store.NotFoundError](t, err)
	},
	"a torrent is held by one of them": func(t *testing.T, open FolderOpener) {
		dir, key := t.TempDir(), store.Key{7}
		a, b := open(t, dir), open(t, dir)
		h, err := a.Hold(t.Context(), key, "same name")
		must(t, err)
		_, err = b.Hold(t.Context(), key, "same name")
		same(t, "error", want[*store.HeldError](t, err), &store.HeldError{Key: key, PID: os.Getpid()})
		must(t, h.Release())
		_, err = b.Hold(t.Context(), key, "same name")
		must(t, err)
		must(t, b.Close())
		_, err = a.Hold(t.Context(), key, "same name")
		must(t, err)
	},
	"claims of several at once all stay": func(t *testing.T, open FolderOpener) {
		dir := t.TempDir()
		first := open(t, dir)
		id, epoch := insert(t, first, Sample(1))
		t.Run("at once", func(t *testing.T) {
			for n := range 4 {
				t.Run(fmt.Sprint(n), func(t *testing.T) {
					t.Parallel()
					d := open(t, dir)
					for i := n; i < Pieces; i += 4 {
						add := pieceset.Of(Pieces, pieceset.Index(i))
						must(t, d.Claim(t.Context(), store.ClaimUpdate{ID: id, Epoch: epoch, Add: add, Origin: store.Checked{}}))
					}
				})
			}
		})
		same(t, "claims", get(t, first, id).Claims, store.Claims{Checked: pieceset.Full(Pieces)})
	},
	"a new folder may be opened by several at once": func(t *testing.T, open FolderOpener) {
		dir := t.TempDir()
		t.Run("at once", func(t *testing.T) {
			for n := range 4 {
				t.Run(fmt.Sprint(n), func(t *testing.T) {
					t.Parallel()
					insert(t, open(t, dir+"/new/folder"), Sample(n))
				})
			}
		})
		list, err := open(t, dir+"/new/folder").List(t.Context(), 0, 9)
		must(t, err)
		same(t, "rows", len(list), 4)
	},
	"the holder of a hold that closed is not asked again": func(t *testing.T, open FolderOpener) {
		dir := t.TempDir()
		a := open(t, dir)
		h, err := a.Hold(t.Context(), store.Key{1}, "a")
		must(t, err)
		must(t, a.Close())
		_, err = open(t, dir).Hold(t.Context(), store.Key{1}, "b")
		must(t, err)
		must(t, h.Release())
		_, err = open(t, dir).Hold(t.Context(), store.Key{1}, "c")
		refused[*store.HeldError](t, err)
	},
}
