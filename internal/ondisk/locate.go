package ondisk

import (
	"context"
	"path/filepath"

	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/storage/files"
)

// PlaceEvidence says where the files of a torrent were found.
//
//sumtype:decl
type PlaceEvidence interface{ placeOfFiles() }

// FoundBelow says that the folder holds the torrent's file or folder, as a
// download folder does. Present of Files are there.
type FoundBelow struct {
	Dir            string
	Present, Files int
}

// FoundItself says that what was named is the torrent's own file or folder; Dir
// is the folder that it lies in.
type FoundItself struct {
	Dir            string
	Present, Files int
}

// FoundNothing says that no file of the torrent lies at any of the paths, which
// are the torrent's own file or folder.
type FoundNothing struct{ Looked []string }

func (FoundBelow) placeOfFiles()   {}
func (FoundItself) placeOfFiles()  {}
func (FoundNothing) placeOfFiles() {}

// Locate looks for the torrent below at, an absolute path, and, where at has the
// torrent's name, in at itself. Where nothing is found that could not even be
// looked at, the error says why.
func (p *Plan) Locate(ctx context.Context, at string) (PlaceEvidence, error) {
	below, files, err := p.present(ctx, at)
	if below > 0 {
		return FoundBelow{Dir: at, Present: below, Files: files}, nil
	}
	looked := []string{filepath.Join(at, p.Name)}
	if filepath.Base(at) == p.Name {
		parent := filepath.Dir(at)
		n, files, parentErr := p.present(ctx, parent)
		if n > 0 {
			return FoundItself{Dir: parent, Present: n, Files: files}, nil
		}
		err = parentErr
		looked = append(looked, at)
	}
	if err != nil {
		return nil, err
	}
	return FoundNothing{Looked: looked}, nil
}

// present counts the files that lie below dir, of those that are to be stored.
func (p *Plan) present(ctx context.Context, dir string) (present, stored int, err error) {
	facts, err := p.examine(ctx, dir)
	if err != nil {
		return 0, 0, err
	}
	for _, f := range facts {
		switch f := f.(type) {
		case storage.Present:
			if f.Home == storage.InPlace {
				present++
			}
			stored++
		case storage.Absent, storage.Unusable:
			stored++
		case storage.Virtual:
		}
	}
	return present, stored, nil
}

func (p *Plan) examine(ctx context.Context, dir string) ([]storage.FileFacts, error) {
	store, err := files.New(files.Options{}).Open(ctx, p.spec(dir))
	if err != nil {
		return nil, err
	}
	defer func() { _ = store.Close() }()
	return store.Examine(ctx)
}
