//go:build linux

package interop

import (
	"maps"
	"testing"

	"github.com/etorrent/etorrent/metainfo"
)

// ledger holds a program to what its earlier runs said.
type ledger struct {
	meta    *metainfo.Torrent
	claimed map[int]bool // by a run, or durable by its word
	checked int          // pieces that runs hashed again
	fetched int64        // bytes by our own counters, as far as they were told
}

func newLedger(t *testing.T, m material) *ledger {
	t.Helper()
	return &ledger{meta: parse(t, m.torrent), claimed: map[int]bool{}}
}

// killed takes what a killed run had said to the books, and looks at the files
// as the kill left them.
func (l *ledger) killed(t *testing.T, g *child, dir string) {
	t.Helper()
	l.readClaims(t, g)
	before := maps.Clone(l.claimed)
	for _, r := range g.all() {
		switch {
		case r.Event == "piece" && r.State == "durable":
			l.claimed[r.Index] = true
		case r.Event == "piece" && r.State == "verified":
			l.fetched += l.pieceSize(r.Index)
			if before[r.Index] {
				t.Errorf("piece %d was claimed and fetched again", r.Index)
			}
		}
	}
	l.allRight(t, dir)
}

// restarted judges the claims of a run that goes on.
func (l *ledger) restarted(t *testing.T, g *child, dir string) {
	t.Helper()
	g.await(t, "what it claims", named("added"))
	l.readClaims(t, g)
	l.allRight(t, dir)
}

// readClaims compares the claims of a run with all that was said before it.
func (l *ledger) readClaims(t *testing.T, g *child) {
	t.Helper()
	for _, r := range g.all() {
		switch r.Event {
		case "added":
			l.compare(t, &r)
		case "checking":
			l.checked += r.Pieces
			if free := l.meta.PieceCount() - len(l.claimed); r.Pieces > free {
				t.Errorf("%d pieces are checked again, but only %d are not claimed", r.Pieces, free)
			}
		case "warning", "error":
			t.Errorf("%s: %s", r.Event, r.Message)
		case "piece":
			if r.State == "corrupt" {
				t.Errorf("piece %d was corrupt", r.Index)
			}
		}
	}
}

func (l *ledger) compare(t *testing.T, added *report) {
	t.Helper()
	now := claims(t, added)
	bytes := int64(0)
	for i := range now {
		if i >= l.meta.PieceCount() {
			t.Fatalf("bit %d of the claims is no piece", i)
		}
		bytes += l.pieceSize(i)
	}
	if bytes != added.ClaimedBytes {
		t.Errorf("claimed_bytes is %d, the claimed pieces have %d", added.ClaimedBytes, bytes)
	}
	for i := range l.claimed {
		if !now[i] {
			t.Errorf("piece %d was claimed or durable before the kill and is not claimed now", i)
		}
	}
	l.claimed = now
}

// allRight hashes every claimed piece as it lies on the disk.
func (l *ledger) allRight(t *testing.T, dir string) {
	t.Helper()
	for i := range l.claimed {
		if !pieceIsRight(t, l.meta, dir, i) {
			t.Errorf("piece %d is claimed and wrong", i)
		}
	}
}

func (l *ledger) pieceSize(i int) int64 {
	return min(l.meta.PieceLength, l.meta.TotalLength-int64(i)*l.meta.PieceLength)
}
