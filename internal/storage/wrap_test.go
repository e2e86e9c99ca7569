package storage_test

import (
	"testing"

	"github.com/etorrent/etorrent/internal/storage"
)

// plain is a Store and nothing beside.
type plain struct{ storage.Store }

// roomy tells how much room it has.
type roomy struct{ plain }

func (roomy) ViewSpace() storage.SpaceEvidence { return storage.SpaceKnown{Free: 1} }

// around wraps a Store.
type around struct {
	plain
	of storage.Store
}

func (a around) Unwrap() storage.Store { return a.of }

// aroundRoomy has room of its own.
type aroundRoomy struct{ around }

func (aroundRoomy) ViewSpace() storage.SpaceEvidence { return storage.SpaceKnown{Free: 2} }

func TestWhatAStoreIsBesideIsFoundThroughWrappersAndTheOutermostCounts(t *testing.T) {
	for name, c := range map[string]struct {
		store storage.Store
		free  int64 // 0: it is no SpaceViewer
	}{
		"itself":              {roomy{}, 1},
		"nothing":             {plain{}, 0},
		"embedded only":       {plain{roomy{}}, 0},
		"wrapped":             {around{of: roomy{}}, 1},
		"wrapped twice":       {around{of: around{of: roomy{}}}, 1},
		"wrapped by another":  {aroundRoomy{around{of: roomy{}}}, 2},
		"a wrapper of plain":  {around{of: plain{}}, 0},
		"a wrapper of nobody": {around{}, 0},
	} {
		viewer, can := storage.As[storage.SpaceViewer](c.store)
		switch {
		case can != (c.free > 0):
			t.Errorf("%s: %v", name, can)
		case can && viewer.ViewSpace() != storage.SpaceKnown{Free: c.free}:
			t.Errorf("%s: %v", name, viewer.ViewSpace())
		}
	}
}
