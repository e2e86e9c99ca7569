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
	// slashes; empty for padding and for links that are left out.
	Paths []string
	// Links has what each symbolic link says, by file. LeftOut has the others, and
	// why they are not made, in words.
	Links, LeftOut map[int]string
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
	decided, renamed, err := names.Decide(names.ContentOf(m), names.RulesOf(names.PlatformOf(goos)))
	if err != nil {
		return nil, err
	}
	p := &Plan{Meta: m, Name: decided.Name, Paths: decided.Paths, LeftOut: map[int]string{}}
	var lost []names.LostLink
	p.Links, lost = names.ViewLinks(m.Files, p.Paths)
	p.Renamed = renamings(names.OfStored(renamed, lost))
	for _, l := range lost {
		p.LeftOut[l.File], p.Paths[l.File] = l.Cause.String(), ""
	}
	return p, nil
}

// Renamings tells, of files that a torrent could be made of, which would be stored
// otherwise. Paths have slashes and lie below the folder that is called name; of a
// SingleFile there are none.
func Renamings(name string, layout metainfo.Layout, paths []string, goos string) ([]Renaming, error) {
	c := names.Content{Name: name, Fallback: "torrent"}
	if layout == metainfo.MultiFile {
		c.Layout = names.ManyFiles
		for _, p := range paths {
			c.Files = append(c.Files, names.File{Path: strings.Split(p, "/")})
		}
	}
	_, renamed, err := names.Decide(c, names.RulesOf(names.PlatformOf(goos)))
	return renamings(renamed), err
}

func renamings(decided []names.Renaming) []Renaming {
	var out []Renaming
	for _, r := range decided {
		out = append(out, Renaming{File: r.File, From: strings.Join(r.From, "/"), To: r.To, Cause: r.Causes.String()})
	}
	return out
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
		s.Files = append(s.Files, storage.File{
			Path: p.Paths[i], Offset: f.Offset, Length: f.Length, Role: p.roleOf(i), Target: p.Links[i],
		})
	}
	return s
}

// roleOf says what file i is for a store.
func (p *Plan) roleOf(i int) storage.Role {
	if p.Paths[i] == "" {
		return storage.Padding
	}
	if _, link := p.Links[i]; link {
		return storage.Link
	}
	return storage.Data
}

// PathIn is where file i lies below dir, in the form of the platform.
func (p *Plan) PathIn(dir string, i int) string {
	return filepath.Join(dir, filepath.FromSlash(p.Paths[i]))
}
