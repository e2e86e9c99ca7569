package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

var claims = map[string]func(*testing.T, store.Driver){
	"claims only grow and a check outranks trust": func(t *testing.T, d store.Driver) {
		id, epoch := insert(t, d, Sample(1))
		claim := func(o store.Origin, pieces ...pieceset.Index) {
			t.Helper()
			u := store.ClaimUpdate{ID: id, Epoch: epoch, Add: pieceset.Of(Pieces, pieces...), Origin: o}
			must(t, d.Claim(t.Context(), u))
		}
		claim(store.Trusted{Source: "a friend"}, 0, 3, 8, 9)
		claim(store.Checked{}, 3, 9)
		claim(store.Trusted{Source: "a friend"}, 9)
		claim(store.Checked{})
		same(t, "claims", get(t, d, id).Claims, store.Claims{
			Checked: pieceset.Of(Pieces, 0, 3, 9, 19),
			Trusted: []store.TrustedClaim{{Source: "a friend", Pieces: pieceset.Of(Pieces, 8)}},
		})
	},
	"a claim that is made twice is one claim": func(t *testing.T, d store.Driver) {
		id, epoch := insert(t, d, Sample(1))
		u := store.ClaimUpdate{
			ID: id, Epoch: epoch, Add: pieceset.Of(Pieces, 5, 6), Origin: store.Checked{},
			Partials: &store.Partials{{Piece: 6, Blocks: []byte{1}}, {Piece: 8, Blocks: []byte{2}}},
			Files:    []store.FileFacts{{File: 1, Size: 77, ModTime: time.Unix(9, 9), Inode: 4}},
			Counters: store.Counters{Uploaded: 5, Downloaded: 1000},
		}
		must(t, d.Claim(t.Context(), u))
		once := get(t, d, id)
		must(t, d.Claim(t.Context(), u))
		same(t, "row", get(t, d, id), once)
		same(t, "partials", once.Partials, store.Partials{{Piece: 8, Blocks: []byte{2}}})
		same(t, "downloaded", once.Counters.Downloaded, int64(1000))
	},
	"partials stay unless they are named and go with the claim": func(t *testing.T, d store.Driver) {
		id, epoch := insert(t, d, Sample(1))
		must(t, d.Claim(t.Context(), store.ClaimUpdate{ID: id, Epoch: epoch, Add: pieceset.Of(Pieces, 5), Origin: store.Checked{}}))
		same(t, "partials", get(t, d, id).Partials, Sample(1).Partials[1:])
		must(t, d.Claim(t.Context(), store.ClaimUpdate{ID: id, Epoch: epoch, Partials: &store.Partials{}}))
		same(t, "partials", get(t, d, id).Partials, store.Partials(nil))
	},
	"completed is set once": func(t *testing.T, d store.Driver) {
		r := Sample(1)
		r.Completed = time.Time{}
		id, epoch := insert(t, d, r)
		first := time.Date(2026, 5, 6, 7, 8, 9, 10, time.UTC)
		for _, at := range []time.Time{{}, first, first.Add(time.Hour), {}} {
			must(t, d.Claim(t.Context(), store.ClaimUpdate{ID: id, Epoch: epoch, Completed: at}))
		}
		same(t, "completed", get(t, d, id).Completed, first)
	},
	"an unclaim takes from every origin and is kept with its reason": func(t *testing.T, d store.Driver) {
		id, epoch := insert(t, d, Sample(1))
		u := store.UnclaimUpdate{ID: id, Epoch: epoch, Remove: pieceset.Of(Pieces, 0, 1, 3), Reason: store.LossWrongHash}
		for range 2 {
			must(t, d.Unclaim(t.Context(), u))
		}
		got := get(t, d, id)
		same(t, "claims", got.Claims, store.Claims{Checked: pieceset.Of(Pieces, 19)})
		same(t, "loss", got.Lost, store.Loss{Reason: store.LossWrongHash, Pieces: 2})
	},
	"what does not fit the row is refused whole": func(t *testing.T, d store.Driver) {
		id, epoch := insert(t, d, Sample(1))
		before := get(t, d, id)
		for _, u := range []store.ClaimUpdate{
			{Add: pieceset.Full(Pieces + 1), Origin: store.Checked{}},
			{Add: pieceset.Full(Pieces), Origin: store.Checked{}, Files: []store.FileFacts{{File: 9}}},
			{Add: pieceset.Full(Pieces), Origin: store.Checked{}, Partials: &store.Partials{{Piece: Pieces}}},
			{Add: pieceset.Full(Pieces), Origin: store.Checked{}, Partials: &store.Partials{{Piece: 2}, {Piece: 1}}},
		} {
			u.ID, u.Epoch = id, epoch
			refused[*store.ShapeError](t, d.Claim(t.Context(), u))
		}
		err := d.Claim(t.Context(), store.ClaimUpdate{ID: id, Epoch: epoch, Add: pieceset.Full(Pieces)})
		same(t, "error", err == store.ErrNoOrigin, true)
		refused[*store.ShapeError](t, d.Unclaim(t.Context(), store.UnclaimUpdate{ID: id, Epoch: epoch, Remove: pieceset.New(1)}))
		same(t, "row", get(t, d, id), before)
	},
	"of many claims each stands for itself": func(t *testing.T, d store.Driver) {
		a, epochA := insert(t, d, Sample(1))
		b, epochB := insert(t, d, Sample(2))
		full := store.ClaimUpdate{Add: pieceset.Full(Pieces), Origin: store.Checked{}}
		us := []store.ClaimUpdate{full, full, full, full}
		us[0].ID, us[0].Epoch = a, epochA
		us[1].ID, us[1].Epoch = a, epochA-1
		us[2].ID = 999
		us[3].ID, us[3].Epoch = b, epochB
		errs := d.ClaimAll(t.Context(), us)
		must(t, errs[0])
		refused[*store.StaleEpochError](t, errs[1])
		refused[*store.NotFoundError](t, errs[2])
		must(t, errs[3])
		same(t, "claims", get(t, d, a).Claims.Count()+get(t, d, b).Claims.Count(), 2*Pieces)
		same(t, "answers to none", len(d.ClaimAll(t.Context(), nil)), 0)
	},
	"a cancelled call changes nothing": func(t *testing.T, d store.Driver) {
		id, epoch := insert(t, d, Sample(1))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := d.Claim(ctx, store.ClaimUpdate{ID: id, Epoch: epoch, Add: pieceset.Full(Pieces), Origin: store.Checked{}})
		if err == nil {
			t.Error("no error")
		}
		same(t, "claims", get(t, d, id).Claims, Sample(1).Claims)
	},
}
