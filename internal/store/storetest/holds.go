package storetest

import (
	"fmt"
	"os"
	"testing"

	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

var holds = map[string]func(*testing.T, store.Driver){
	"a held torrent is refused to others, who learn the pid": func(t *testing.T, d store.Driver) {
		key := Sample(1).Keys.Wire()[0]
		h, err := d.Hold(t.Context(), key, "a")
		must(t, err)
		_, err = d.Hold(t.Context(), key, "b")
		same(t, "error", want[*store.HeldError](t, err), &store.HeldError{Key: key, PID: os.Getpid()})
		for range 2 {
			must(t, h.Release())
		}
		_, err = d.Hold(t.Context(), key, "b")
		must(t, err)
	},
	"the holder may ask again and one release ends it": func(t *testing.T, d store.Driver) {
		_, err := d.Hold(t.Context(), store.Key{1}, "a")
		must(t, err)
		h, err := d.Hold(t.Context(), store.Key{1}, "a")
		must(t, err)
		must(t, h.Release())
		_, err = d.Hold(t.Context(), store.Key{1}, "b")
		must(t, err)
	},
	"an old release does not end the next hold": func(t *testing.T, d store.Driver) {
		old, err := d.Hold(t.Context(), store.Key{1}, "a")
		must(t, err)
		must(t, old.Release())
		_, err = d.Hold(t.Context(), store.Key{1}, "b")
		must(t, err)
		must(t, old.Release())
		_, err = d.Hold(t.Context(), store.Key{1}, "c")
		refused[*store.HeldError](t, err)
	},
	"holds of different torrents do not meet": func(t *testing.T, d store.Driver) {
		for n := range 3 {
			_, err := d.Hold(t.Context(), store.Key{byte(n)}, fmt.Sprint(n))
			must(t, err)
		}
	},
}

var concurrency = map[string]func(*testing.T, store.Driver){
	"claims made at once all stay": func(t *testing.T, d store.Driver) {
		id, epoch := insert(t, d, Sample(1))
		t.Run("at once", func(t *testing.T) {
			for i := range pieceset.Index(Pieces) {
				t.Run(fmt.Sprint(i), func(t *testing.T) {
					t.Parallel()
					must(t, d.Claim(t.Context(), store.ClaimUpdate{
						ID: id, Epoch: epoch, Add: pieceset.Of(Pieces, i), Origin: store.Checked{},
						Counters: store.Counters{Downloaded: int64(i)},
					}))
				})
			}
		})
		got := get(t, d, id)
		same(t, "claims", got.Claims, store.Claims{Checked: pieceset.Full(Pieces)})
		same(t, "downloaded", got.Counters.Downloaded, int64(Pieces-1))
	},
	"of inserts of one torrent made at once one wins": func(t *testing.T, d store.Driver) {
		inserted := make(chan error, 8)
		t.Run("at once", func(t *testing.T) {
			for i := range cap(inserted) {
				t.Run(fmt.Sprint(i), func(t *testing.T) {
					t.Parallel()
					r := Sample(1)
					r.Token = store.Token{byte(i + 1)}
					_, err := d.Insert(t.Context(), r)
					inserted <- err
				})
			}
		})
		won := 0
		for range cap(inserted) {
			if err := <-inserted; err == nil {
				won++
			} else {
				refused[*store.ExistsError](t, err)
			}
		}
		same(t, "winners", won, 1)
	},
}
