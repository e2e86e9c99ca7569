package disk

import (
	"errors"
	"strings"
	"testing"

	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/store"
)

// viewed is a store that says what the path to its folder leads to.
type viewed struct {
	storage.Store
	folder storage.FolderEvidence
}

func (v viewed) ViewFolder() storage.FolderEvidence { return v.folder }

func TestAnAbsentVolumeIsToldFromFilesThatSomebodyRemoved(t *testing.T) {
	const home, other = 7, 8
	remembered := []store.FileFacts{{File: 0, Device: home, State: store.FileClean}, {File: 1, Device: home, State: store.FileOpen}}
	doubtful := []store.FileFacts{doubted(0, storage.Present{Device: home, Inode: 5}), doubted(1, storage.Absent{})}
	gone := []storage.FileFacts{storage.Absent{}, storage.Absent{}, storage.Virtual{}}
	for name, c := range map[string]struct {
		folder   storage.FolderEvidence
		rows     []store.FileFacts
		facts    []storage.FileFacts
		existing Existing
		want     error
	}{
		"another volume":                {storage.FolderThere{Device: other}, remembered, gone, CheckExisting, storage.ErrOtherVolume},
		"another volume, to be trusted": {storage.FolderThere{Device: other}, remembered, gone, TrustExisting, storage.ErrOtherVolume},
		"another volume, one in doubt":  {storage.FolderThere{Device: other}, doubtful, gone, CheckExisting, storage.ErrOtherVolume},
		"no folder":                     {storage.FolderMissing{}, remembered, gone, CheckExisting, storage.ErrFolderGone},
		"removed on the same volume":    {storage.FolderThere{Device: home}, remembered, gone, CheckExisting, nil},
		"copied to another volume":      {storage.FolderThere{Device: other}, remembered, []storage.FileFacts{storage.Absent{}, storage.Present{}}, CheckExisting, nil},
		"something else is there":       {storage.FolderThere{Device: other}, remembered, []storage.FileFacts{storage.Absent{}, storage.Unusable{}}, CheckExisting, nil},
		"never stored":                  {storage.FolderThere{Device: other}, nil, gone, CheckExisting, nil},
		"to be fetched again":           {storage.FolderThere{Device: other}, remembered, gone, ReplaceExisting, nil},
		"to be made and fetched again":  {storage.FolderMissing{}, remembered, gone, ReplaceExisting, nil},
		"no numbers of devices":         {storage.FolderThere{}, []store.FileFacts{{File: 0}}, gone, CheckExisting, nil},
		"may not be looked at":          {storage.FolderUnknown{}, remembered, gone, CheckExisting, nil},
	} {
		req := OpenRequest{Spec: storage.Spec{Dir: "/mnt/downloads"}, Row: &store.Row{Files: c.rows}, Existing: c.existing}
		err := viewFolder(req, viewed{folder: c.folder}, c.facts)
		if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if err == nil {
			continue
		}
		if _, missing := storage.View(err).(storage.Missing); !missing || !strings.Contains(err.Error(), "/mnt/downloads") {
			t.Errorf("%s: %v is no missing folder, or does not name it", name, err)
		}
	}
	if err := viewFolder(OpenRequest{Row: &store.Row{Files: remembered}}, struct{ storage.Store }{}, gone); err != nil {
		t.Errorf("a store without folders: %v", err)
	}
}
