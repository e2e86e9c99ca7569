// Package storetest proves a store.Driver: every driver behaves alike, so that
// a client cannot tell where its rows are.
package storetest

import (
	"crypto/sha1"
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/etorrent/etorrent/internal/core/announce"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// Pieces is how many pieces a sample row has.
const Pieces = 20

// Opener opens a new store without rows. What it opens is closed by the test.
type Opener func(t *testing.T) store.Driver

// Run proves the driver that open opens.
func Run(t *testing.T, open Opener) {
	for _, group := range []map[string]func(*testing.T, store.Driver){rows, updates, claims, holds, concurrency} {
		for name, test := range group {
			t.Run(name, func(t *testing.T) {
				d := open(t)
				t.Cleanup(func() { d.Close() })
				test(t, d)
			})
		}
	}
}

// Sample is a row with every field set; rows of different n share no key.
func Sample(n int) *store.Row {
	name := fmt.Sprintf("sample %d", n)
	when := time.Date(2026, 1, 2, 3, 4, 5, 678, time.FixedZone("east", 3600))
	return &store.Row{
		Token:    store.Token{1, byte(n), byte(n >> 8)},
		Keys:     store.Keys{V1: sha1.Sum([]byte(name)), V2: sha256.Sum256([]byte(name))},
		Name:     name + " \x1b[31m\xff\x00z",
		Source:   "magnet:?xt=" + name,
		Metainfo: []byte("d4:infod6:lengthi1eee"),
		Pieces:   Pieces,
		FileMap:  store.FileMap{name + "/a", name + "/b c", ""},
		Files: []store.FileFacts{
			{File: 0, Size: 5 << 32, ModTime: when, Device: 1 << 63, Inode: 9, State: store.FileClean},
			{File: 1, State: store.FileOpen, Maker: store.MadeByUs},
			{File: 2, State: store.FileInDoubt},
		},
		Claims: store.Claims{
			Checked: pieceset.Of(Pieces, 0, 19),
			Trusted: []store.TrustedClaim{{Source: "a resume file", Pieces: pieceset.Of(Pieces, 3)}},
		},
		Partials: store.Partials{{Piece: 5, Blocks: []byte{0xa0}}, {Piece: 7, Blocks: []byte{1, 2}}},
		Settings: store.Settings{
			Dir: "/data", Intent: store.IntentPause, Labels: []string{"x", "\"y\n"},
			Priorities: []store.Priority{store.PriorityHigh, store.PriorityUnwanted},
			Limits:     store.Limits{Down: 1 << 40, Up: 50 << 10, Peers: 77},
			Trackers:   []store.AddedTracker{{Tier: store.LastTier, URL: "http://a/announce?x=<&>\""}, {Tier: store.SameTier, URL: "udp://b:1"}},
		},
		Added:     when,
		Completed: when.Add(time.Hour),
		Counters:  store.Counters{Uploaded: 1 << 40, Downloaded: 7, Seeding: 90 * time.Second},
		Announce:  sampleAnnounce(when),
	}
}

func sampleAnnounce(when time.Time) store.Announce {
	return store.Announce{At: when.UTC(), Port: 6881, Saved: announce.Saved{
		Key: 1 << 31, Uploaded: 1 << 50, Downloaded: 4, Finished: announce.FetchedHere,
		Trackers: []announce.SavedTracker{
			{URL: "http://a/announce?x=<&>\"", TrackerID: "id", Families: [2]announce.SavedFamily{
				{Listing: announce.Listed, Debt: announce.OwesCompleted, Due: time.Hour, Floor: time.Minute, Again: 9 * time.Second, Least: 1},
				{Barred: time.Minute, Due: 90 * time.Minute},
			}},
			{URL: "udp://b:1", Wish: announce.AskNever, Reason: "no \"tracker\"", Kind: 1},
		},
	}}
}

// Magnet is a row whose metadata is not known.
func Magnet(n int) *store.Row {
	s := Sample(n)
	return &store.Row{Token: s.Token, Keys: store.Keys{V1: s.Keys.V1}, Name: "from a magnet", Source: s.Source, Added: s.Added}
}

// insert puts r and makes the test's owner its owner.
func insert(t *testing.T, d store.Driver, r *store.Row) (ident.TorrentID, store.Epoch) {
	t.Helper()
	id, err := d.Insert(t.Context(), r)
	if err != nil {
		t.Fatalf("insert: %v", err)
	}
	epoch, err := d.Own(t.Context(), id, "test")
	if err != nil {
		t.Fatalf("own: %v", err)
	}
	return id, epoch
}

func get(t *testing.T, d store.Driver, id ident.TorrentID) *store.Row {
	t.Helper()
	r, err := d.Get(t.Context(), id)
	if err != nil {
		t.Fatalf("get %d: %v", id, err)
	}
	return r
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// want checks that err is an E and returns it.
func want[E error](t *testing.T, err error) E {
	t.Helper()
	e, is := err.(E)
	if !is {
		t.Fatalf("error is %T (%v), want %T", err, err, e)
	}
	return e
}

// refused checks that err is an E.
func refused[E error](t *testing.T, err error) {
	t.Helper()
	_ = want[E](t, err)
}

// same compares values; nil and empty are the same.
func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}
