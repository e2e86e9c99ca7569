// Package ondisk looks at the files of a torrent without an engine: where they
// lie in a folder, what of them is there, and which pieces are right.
package ondisk

import (
	"path/filepath"
	"strings"

	"github.com/etorrent/etorrent/internal/core/names"
	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/metainfo"
)

// Plan says where the files of a torrent belong on a platform.
type Plan struct {
	Meta *metainfo.Torrent
	// Name is the file or folder that holds everything.
	Name string
	// Paths has one path for each of Meta.Files, below the download folder, with
	// slashes; empty for padding.
	Paths []string
	// Renamed tells, in the order of the files, which names had to change.
	Renamed []Renaming
}

// Renaming is a name that is stored otherwise than the torrent gives it.
type Renaming struct {
	// File is an index in Meta.Files, or -1 for the torrent's own name.
	File int
	// From is raw; To is the path below the download folder; Cause says why, in
	// words.
	From, To, Cause string
}

// NewPlan decides the paths as an engine does that adds the torrent anew. goos
// names the platform as runtime.GOOS does. The error says that a file has no
// usable name.
func NewPlan(m *metainfo.Torrent, goos string) (*Plan, error) {
	decided, renamed, err := names.Decide(contentOf(m), names.RulesOf(names.PlatformOf(goos)))
	if err != nil {
		return nil, err
	}
	p := &Plan{Meta: m, Name: decided.Name, Paths: decided.Paths}
	for _, r := range renamed {
		p.Renamed = append(p.Renamed, Renaming{
			File: r.File, From: strings.Join(r.From, "/"), To: r.To, Cause: r.Causes.String(),
		})
	}
	return p, nil
}

func contentOf(m *metainfo.Torrent) names.Content {
	c := names.Content{Name: m.Name, Fallback: m.ID().String()}
	if m.Layout == metainfo.SingleFile {
		return c
	}
	c.Layout = names.ManyFiles
	for _, f := range m.Files {
		role := names.Stored
		if f.Role == metainfo.FilePadding {
			role = names.Padding
		}
		c.Files = append(c.Files, names.File{Path: f.Path, Role: role})
	}
	return c
}

// Geometry is the shape of the torrent.
func (p *Plan) Geometry() geometry.Geometry {
	return geometry.Geometry{TotalLength: p.Meta.TotalLength, PieceLength: p.Meta.PieceLength}
}

// spec describes the torrent's bytes below dir, to be read only.
func (p *Plan) spec(dir string) storage.Spec {
	s := storage.Spec{
		Name: p.Name, Dir: dir, Access: storage.ReadOnly,
		Geometry: p.Geometry(), Parts: storage.PartsName(p.Meta.ID().V1.String()),
	}
	for i, f := range p.Meta.Files {
		role := storage.Data
		if f.Role == metainfo.FilePadding {
			role = storage.Padding
		}
		s.Files = append(s.Files, storage.File{Path: p.Paths[i], Offset: f.Offset, Length: f.Length, Role: role})
	}
	return s
}

// PathIn is where file i lies below dir, in the form of the platform.
func (p *Plan) PathIn(dir string, i int) string {
	return filepath.Join(dir, filepath.FromSlash(p.Paths[i]))
}
