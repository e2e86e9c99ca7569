// Package files stores torrents as files below a folder of the disk. All access
// goes through os.Root, so no path and no symbolic link leads out of the
// folder.
package files

import (
	"context"
	"os"
	"path/filepath"

	"github.com/etorrent/etorrent/internal/storage"
)

// Options set up a Storage. The zero Options are fit for use.
type Options struct {
	// Handles is the budget of open files, which several storages may share. Nil
	// means one of DefaultHandles for this Storage alone.
	Handles *Handles
}

// DefaultHandles is how many files a Storage keeps open when not told.
const DefaultHandles = 128

// Storage opens stores of files. It implements storage.Storage.
type Storage struct {
	handles *Handles
	windows *windowSet
	flusher flusher
}

// flusher makes things durable: the data and size of a file, the entries of a
// folder. Tests see there what is flushed and let it fail.
type flusher struct{ data, folder func(*os.File) error }

var (
	_ storage.Storage      = (*Storage)(nil)
	_ storage.Store        = (*store)(nil)
	_ storage.SpaceViewer  = (*store)(nil)
	_ storage.FolderViewer = (*store)(nil)
	_ storage.FileViewer   = (*store)(nil)
	_ storage.Separator    = (*store)(nil)
	_ storage.Keeper       = (*store)(nil)
	_ storage.HoleViewer   = (*store)(nil)
	_ storage.Linker       = (*store)(nil)
)

// New returns a Storage. It opens nothing.
func New(o Options) *Storage {
	if o.Handles == nil {
		o.Handles = NewHandles(DefaultHandles)
	}
	return &Storage{handles: o.Handles, windows: new(windowSet), flusher: flusher{data: flushData, folder: flushFolder}}
}

// Open returns the store of one torrent. A folder that is missing is no error:
// Prepare makes it.
func (s *Storage) Open(ctx context.Context, spec storage.Spec) (storage.Store, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := spec.Check(); err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(spec.Dir)
	if err != nil {
		return nil, &storage.Error{Op: "open", Path: spec.Dir, Err: err}
	}
	spec.Dir = dir
	volume, err := viewVolume(existing(dir))
	if err != nil {
		return nil, &storage.Error{Op: "open", Path: dir, Err: cause(err)}
	}
	volume.Access = spec.Access
	st := &store{
		spec:     spec,
		features: volume,
		numbers:  viewNumbers(existing(dir)),
		handles:  s.handles,
		windows:  s.windows,
		flusher:  s.flusher,
		files:    make([]fileState, len(spec.Files)),
		folders:  make(map[string]*mark),
		empties:  make(map[int]struct{}),
		syncing:  make(chan struct{}, 1),
	}
	if spec.Parts != "" {
		st.edges = storage.NewEdges(&st.spec)
	}
	st.copier = copier{clone: cloneFile, space: st.ViewSpace}
	if _, err := st.openRoot(); err != nil && !isMissing(err) {
		return nil, st.folderError("open", "", err)
	}
	return st, nil
}

// existing is the nearest folder from dir upwards that exists.
func existing(dir string) string {
	for {
		if _, err := os.Stat(dir); err == nil || filepath.Dir(dir) == dir {
			return dir
		}
		dir = filepath.Dir(dir)
	}
}
