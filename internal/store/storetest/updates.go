package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/ident"
)

// metadata is what a Magnet learns, so that it becomes the like Sample.
func metadata(n int, id ident.TorrentID, epoch store.Epoch) store.MetadataUpdate {
	s := Sample(n)
	return store.MetadataUpdate{
		ID: id, Epoch: epoch, Keys: s.Keys, Name: s.Name,
		Metainfo: s.Metainfo, Pieces: s.Pieces, FileMap: s.FileMap,
	}
}

var updates = map[string]func(*testing.T, store.Driver){
	"a magnet learns its metadata once": func(t *testing.T, d store.Driver) {
		id, epoch := insert(t, d, Magnet(1))
		for range 2 {
			must(t, d.Learn(t.Context(), metadata(1, id, epoch)))
		}
		got, s := get(t, d, id), Sample(1)
		same(t, "keys", got.Keys, s.Keys)
		same(t, "name", got.Name, s.Name)
		same(t, "metainfo", got.Metainfo, s.Metainfo)
		same(t, "shape", got.Shape(), store.Shape{ID: id, Pieces: Pieces, Files: len(s.FileMap)})
		same(t, "size of claims", got.Claims.Checked.Size(), Pieces)
		found, err := d.FindByKey(t.Context(), s.Keys.Wire()[1])
		must(t, err)
		same(t, "found", found, id)
	},
	"what is decided stays": func(t *testing.T, d store.Driver) {
		id, epoch := insert(t, d, Sample(1))
		for _, spoil := range []func(*store.MetadataUpdate){
			func(u *store.MetadataUpdate) { u.Keys.V1[0]++ },
			func(u *store.MetadataUpdate) { u.Keys.V2[0]++ },
			func(u *store.MetadataUpdate) { u.Metainfo = []byte("de") },
			func(u *store.MetadataUpdate) { u.Pieces++ },
			func(u *store.MetadataUpdate) { u.FileMap = store.FileMap{"x"} },
		} {
			u := metadata(1, id, epoch)
			spoil(&u)
			refused[*store.DecidedError](t, d.Learn(t.Context(), u))
		}
		same(t, "keys", get(t, d, id).Keys, Sample(1).Keys)
	},
	"a key that metadata adds may be another row's": func(t *testing.T, d store.Driver) {
		other := Sample(2)
		other.Keys = store.Keys{V2: Sample(1).Keys.V2}
		otherID, _ := insert(t, d, other)
		id, epoch := insert(t, d, Magnet(1))
		err := d.Learn(t.Context(), metadata(1, id, epoch))
		same(t, "id", want[*store.ExistsError](t, err).ID, otherID)
		same(t, "pieces", get(t, d, id).Pieces, 0)
	},
	"counters never go down": func(t *testing.T, d store.Driver) {
		id, epoch := insert(t, d, Sample(1))
		before := get(t, d, id).Counters
		raised := store.Counters{Uploaded: before.Uploaded + 1, Downloaded: before.Downloaded - 1, Seeding: -time.Hour}
		for range 2 {
			must(t, d.SaveCounters(t.Context(), store.CountersUpdate{ID: id, Epoch: epoch, Counters: raised}))
			must(t, d.Claim(t.Context(), store.ClaimUpdate{ID: id, Epoch: epoch}))
		}
		before.Uploaded++
		same(t, "counters", get(t, d, id).Counters, before)
	},
	"announce state and settings are replaced": func(t *testing.T, d store.Driver) {
		id, epoch := insert(t, d, Sample(1))
		now := time.Now()
		a := sampleAnnounce(now)
		a.Saved.Trackers = a.Saved.Trackers[1:]
		settings := store.Settings{Dir: "/elsewhere", Limits: store.Limits{Up: 1, Peers: 2}, Trackers: []store.AddedTracker{{Tier: 1, URL: "udp://c:1"}}}
		saved := d.SaveAnnounces(t.Context(), []store.AnnounceUpdate{
			{ID: id, Epoch: epoch, Announce: sampleAnnounce(now)}, {ID: 777}, {ID: id, Epoch: epoch + 1}, {ID: id, Epoch: epoch, Announce: a},
		})
		must(t, errors.Join(saved[0], saved[3]))
		refused[*store.NotFoundError](t, saved[1])
		refused[*store.StaleEpochError](t, saved[2])
		must(t, d.SaveSettings(t.Context(), store.SettingsUpdate{ID: id, Epoch: epoch, Settings: settings}))
		same(t, "announce", get(t, d, id).Announce, a)
		same(t, "settings", get(t, d, id).Settings, settings)
	},
	"in another folder nothing is known of files": func(t *testing.T, d store.Driver) {
		id, epoch := insert(t, d, Sample(1))
		before := get(t, d, id)
		if len(before.Files) == 0 || len(before.Partials) == 0 {
			t.Fatal("nothing can be forgotten")
		}
		settings := before.Settings.Clone()
		settings.Labels = nil
		must(t, d.SaveSettings(t.Context(), store.SettingsUpdate{ID: id, Epoch: epoch, Settings: settings}))
		same(t, "files", get(t, d, id).Files, before.Files)
		settings.Dir = before.Settings.Dir + " of another disk"
		must(t, d.SaveSettings(t.Context(), store.SettingsUpdate{ID: id, Epoch: epoch, Settings: settings}))
		if r := get(t, d, id); len(r.Files)+len(r.Partials) > 0 {
			t.Errorf("%d files and %d parts of pieces are remembered of another folder", len(r.Files), len(r.Partials))
		}
	},
	"marked files are replaced one by one": func(t *testing.T, d store.Driver) {
		id, epoch := insert(t, d, Sample(1))
		had := get(t, d, id).Files
		fresh := []store.FileFacts{{File: 2, Size: 1}, {File: 1, Size: 2, State: store.FileClean}}
		for range 2 {
			must(t, d.MarkFiles(t.Context(), store.FilesUpdate{ID: id, Epoch: epoch, Files: fresh}))
		}
		same(t, "files", get(t, d, id).Files, []store.FileFacts{had[0], fresh[1], fresh[0]})
		err := d.MarkFiles(t.Context(), store.FilesUpdate{ID: id, Epoch: epoch, Files: []store.FileFacts{{File: 3}}})
		refused[*store.ShapeError](t, err)
	},
	"a new owner fences the old one": func(t *testing.T, d store.Driver) {
		id, old := insert(t, d, Sample(1))
		before := get(t, d, id)
		current, err := d.Own(t.Context(), id, "another")
		must(t, err)
		for what, err := range everyWrite(t, d, id, old) {
			if e := want[*store.StaleEpochError](t, err); e.Got != old || e.Current != current || e.Owner != "another" {
				t.Errorf("%s: %+v", what, e)
			}
		}
		before.Owner, before.Epoch = "another", current
		same(t, "row", get(t, d, id), before)
	},
	"an epoch that never was is refused as well": func(t *testing.T, d store.Driver) {
		id, epoch := insert(t, d, Sample(1))
		for _, err := range everyWrite(t, d, id, epoch+1) {
			refused[*store.StaleEpochError](t, err)
		}
	},
}

func everyWrite(t *testing.T, d store.Driver, id ident.TorrentID, epoch store.Epoch) map[string]error {
	ctx := t.Context()
	return map[string]error{
		"learn":    d.Learn(ctx, metadata(1, id, epoch)),
		"claim":    d.Claim(ctx, store.ClaimUpdate{ID: id, Epoch: epoch}),
		"claims":   d.ClaimAll(ctx, []store.ClaimUpdate{{ID: id, Epoch: epoch}})[0],
		"unclaim":  d.Unclaim(ctx, store.UnclaimUpdate{ID: id, Epoch: epoch}),
		"files":    d.MarkFiles(ctx, store.FilesUpdate{ID: id, Epoch: epoch}),
		"counters": d.SaveCounters(ctx, store.CountersUpdate{ID: id, Epoch: epoch}),
		"announce": d.SaveAnnounces(ctx, []store.AnnounceUpdate{{ID: id, Epoch: epoch}})[0],
		"settings": d.SaveSettings(ctx, store.SettingsUpdate{ID: id, Epoch: epoch}),
	}
}
