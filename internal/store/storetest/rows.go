package storetest

import (
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

var rows = map[string]func(*testing.T, store.Driver){
	"a row comes back as it was put": func(t *testing.T, d store.Driver) {
		r := Sample(1)
		id, epoch := insert(t, d, r)
		r.ID, r.Owner, r.Epoch = id, "test", epoch
		same(t, "row", get(t, d, id), r)
	},
	"a magnet's row comes back without metadata": func(t *testing.T, d store.Driver) {
		r := Magnet(1)
		id, epoch := insert(t, d, r)
		r.ID, r.Owner, r.Epoch, r.Claims.Checked = id, "test", epoch, pieceset.New(0)
		same(t, "row", get(t, d, id), r)
	},
	"a row that was put or got belongs to the caller": func(t *testing.T, d store.Driver) {
		r := Sample(1)
		id, _ := insert(t, d, r)
		r.Claims.Checked.Add(9)
		get(t, d, id).Claims.Checked.Add(9)
		same(t, "claims", get(t, d, id).Claims, Sample(1).Claims)
	},
	"both keys find the row and unknown ones none": func(t *testing.T, d store.Driver) {
		r := Sample(1)
		id, _ := insert(t, d, r)
		for _, k := range r.Keys.Wire() {
			got, err := d.FindByKey(t.Context(), k)
			must(t, err)
			same(t, "id", got, id)
		}
		_, err := d.FindByKey(t.Context(), store.Key{1})
		same(t, "key", want[*store.NoKeyError](t, err).Key, store.Key{1})
	},
	"a second row with one of the keys is refused": func(t *testing.T, d store.Driver) {
		r := Sample(1)
		id, _ := insert(t, d, r)
		for _, k := range []store.Keys{r.Keys, {V1: r.Keys.V1}, {V2: r.Keys.V2}} {
			other := Sample(2)
			other.Keys = k
			_, err := d.Insert(t.Context(), other)
			same(t, "id", want[*store.ExistsError](t, err).ID, id)
		}
	},
	"an insert sent again is the same row": func(t *testing.T, d store.Driver) {
		id, _ := insert(t, d, Sample(1))
		again, err := d.Insert(t.Context(), Sample(1))
		must(t, err)
		same(t, "id", again, id)
		r := Sample(1)
		r.Token = store.Token{}
		_, err = d.Insert(t.Context(), r)
		same(t, "id", want[*store.ExistsError](t, err).ID, id)
	},
	"a row that does not fit itself is refused": func(t *testing.T, d store.Driver) {
		for _, spoil := range []func(*store.Row){
			func(r *store.Row) { r.Keys = store.Keys{} },
			func(r *store.Row) { r.Claims, r.Pieces = store.Claims{}, store.MaxPieces+1 },
			func(r *store.Row) { r.Claims, r.Pieces = store.Claims{}, -1 },
			func(r *store.Row) { r.Claims.Checked = pieceset.New(Pieces + 1) },
			func(r *store.Row) { r.Claims.Trusted[0].Pieces = pieceset.New(Pieces - 1) },
			func(r *store.Row) { r.Partials[0].Piece = Pieces },
			func(r *store.Row) { r.Partials[1].Piece = r.Partials[0].Piece },
			func(r *store.Row) { r.Files[0].File = 3 },
			func(r *store.Row) { r.Files[0].File = -1 },
		} {
			r := Sample(1)
			spoil(r)
			_, err := d.Insert(t.Context(), r)
			refused[*store.ShapeError](t, err)
		}
		list, err := d.List(t.Context(), 0, 9)
		must(t, err)
		same(t, "rows", list, []store.Summary(nil))
	},
	"a list is paged by id and tells the row": func(t *testing.T, d store.Driver) {
		var ids []ident.TorrentID
		for n := range 5 {
			id, _ := insert(t, d, Sample(n))
			ids = append(ids, id)
		}
		var got []ident.TorrentID
		after := ident.TorrentID(0)
		for {
			page, err := d.List(t.Context(), after, 2)
			must(t, err)
			for _, s := range page {
				same(t, "summary", s, get(t, d, s.ID).Summary())
				got, after = append(got, s.ID), s.ID
			}
			if len(page) < 2 {
				break
			}
		}
		same(t, "ids", got, ids)
	},
	"a list counts the claims of all origins": func(t *testing.T, d store.Driver) {
		id, epoch := insert(t, d, Sample(1))
		must(t, d.Claim(t.Context(), store.ClaimUpdate{ID: id, Epoch: epoch, Add: pieceset.Of(Pieces, 3, 4), Origin: store.Checked{}}))
		list, err := d.List(t.Context(), 0, 1)
		must(t, err)
		same(t, "claimed", list[0].Claimed, 4)
	},
	"a deleted row is gone and its id is not given again": func(t *testing.T, d store.Driver) {
		r := Sample(1)
		id, _ := insert(t, d, r)
		for range 2 {
			must(t, d.Delete(t.Context(), id))
		}
		_, err := d.Get(t.Context(), id)
		same(t, "id", want[*store.NotFoundError](t, err).ID, id)
		_, err = d.FindByKey(t.Context(), r.Keys.Wire()[1])
		refused[*store.NoKeyError](t, err)
		if again, _ := insert(t, d, r); again <= id {
			t.Errorf("id %d follows %d", again, id)
		}
	},
	"every change of a row that is not there says so": func(t *testing.T, d store.Driver) {
		ctx := t.Context()
		_, own := d.Own(ctx, 7, "test")
		for _, err := range []error{
			own,
			d.Learn(ctx, store.MetadataUpdate{ID: 7}),
			d.Claim(ctx, store.ClaimUpdate{ID: 7}),
			d.ClaimAll(ctx, []store.ClaimUpdate{{ID: 7}})[0],
			d.Unclaim(ctx, store.UnclaimUpdate{ID: 7}),
			d.MarkFiles(ctx, store.FilesUpdate{ID: 7}),
			d.SaveCounters(ctx, store.CountersUpdate{ID: 7}),
			d.SaveAnnounces(ctx, []store.AnnounceUpdate{{ID: 7}})[0],
			d.SaveSettings(ctx, store.SettingsUpdate{ID: 7}),
		} {
			same(t, "id", want[*store.NotFoundError](t, err).ID, ident.TorrentID(7))
		}
	},
	"after Close everything is refused": func(t *testing.T, d store.Driver) {
		must(t, d.Close())
		_, insertErr := d.Insert(t.Context(), Sample(1))
		_, getErr := d.Get(t.Context(), 1)
		_, holdErr := d.Hold(t.Context(), store.Key{1}, "a")
		claimErr := d.Claim(t.Context(), store.ClaimUpdate{ID: 1})
		for _, err := range []error{insertErr, getErr, holdErr, claimErr} {
			same(t, "error", err == store.ErrClosed, true)
		}
		must(t, d.Close())
	},
	"times that nanoseconds cannot count are clamped, those of files are kept": func(t *testing.T, d store.Driver) {
		r := Sample(1)
		r.Added = time.Date(2500, 1, 1, 0, 0, 0, 5, time.UTC)
		r.Completed = time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC)
		r.Files[0].ModTime = r.Added
		r.Files[1].ModTime = r.Completed
		id, _ := insert(t, d, r)
		got := get(t, d, id)
		same(t, "added", got.Added.Year(), 2261)
		same(t, "completed", got.Completed.Year(), 1678)
		same(t, "files", got.Files, r.Files)
	},
}
