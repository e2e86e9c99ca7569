// Package names decides, once for a torrent, under which paths its files are
// stored. Names in a torrent are the words of strangers: they may climb out of
// the folder, collide, name devices or be too long for the platform. What is
// decided is kept in the torrent's row, so that it never changes later.
package names

import (
	"fmt"
	"strings"

	"github.com/etorrent/etorrent/internal/vocab/text"
)

// Layout says where a torrent's files lie (BEP 3).
type Layout uint8

const (
	// SingleFile is one file, at DIR/NAME.
	SingleFile Layout = iota
	// ManyFiles are files below the folder DIR/NAME, be it only one.
	ManyFiles
)

// Role says whether a file needs a name.
type Role uint8

const (
	// Stored is a file that lies on the disk.
	Stored Role = iota
	// Padding is a file that is never stored (BEP 47).
	Padding
)

// File is one file of a torrent: the components of its path as they came.
type File struct {
	Path []string
	Role Role
}

// Content is what a torrent says of its names, raw.
type Content struct {
	Name   string
	Layout Layout
	// Files are those of a torrent with many files; a single file has none.
	Files []File
	// Fallback stands in for a Name of which nothing is usable: the info-hash in
	// hex, say.
	Fallback string
}

// Map is what was decided. Every path is relative to DIR, slash-separated,
// local, and on this platform another file than every other path.
type Map struct {
	// Name is the first component of each path.
	Name string
	// Paths has one path for each of Content.Files, empty for padding; for a
	// SingleFile it has one, equal to Name.
	Paths []string
}

// TorrentName stands in Renaming.File and NoNameError.File for Content.Name.
const TorrentName = -1

// Renaming is the evidence that a file, or the torrent itself, is stored under
// another name than the torrent gives.
type Renaming struct {
	// File is an index in Content.Files, or TorrentName.
	File int
	// From is what the torrent says, raw: show it by text.Printable only.
	From []string
	// To is the path in the Map.
	To     string
	Causes Causes
}

// NoNameError says that of a file's path nothing is usable. File is an index in
// Content.Files, or TorrentName.
type NoNameError struct {
	File int
	From []string
}

// Error says which file it is.
func (e *NoNameError) Error() string {
	if e.File == TorrentName {
		return fmt.Sprintf("the torrent's name \"%s\" has no usable character", clip(e.From))
	}
	return fmt.Sprintf("the path \"%s\" of file %d has no usable component", clip(e.From), e.File)
}

// String tells the renaming to people, in one harmless line.
func (r Renaming) String() string {
	return fmt.Sprintf("%s is stored as %s: %v", clip(r.From), r.To, r.Causes)
}

// clip makes the begin of a raw path harmless and short enough for a message.
func clip(raw []string) string {
	const most = 200
	s := strings.Join(raw[:min(len(raw), most/2)], "/")
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return text.Printable(s)
}

// Decide chooses the paths of a torrent's files by the rules of a platform. The
// same content and rules give the same paths. Each name that had to change is
// told by a Renaming, in the order of the files; the error is a *NoNameError.
func Decide(c Content, r Rules) (Map, []Renaming, error) {
	p := &planner{rules: r}
	if err := p.nameTorrent(c); err != nil {
		return Map{}, nil, err
	}
	if c.Layout == SingleFile {
		p.out.Paths = []string{p.out.Name}
		return p.out, p.renamed, nil
	}
	leaves, err := p.placeFolders(c.Files)
	if err != nil {
		return Map{}, nil, err
	}
	p.nameFiles(leaves)
	p.tell(c.Files, leaves)
	return p.out, p.renamed, nil
}

// nameTorrent decides the first component of all paths.
func (p *planner) nameTorrent(c Content) error {
	name, causes := p.rules.clean(c.Name)
	if name == "" {
		name, _ = p.rules.clean(c.Fallback)
		causes = causes.With(NameReplaced)
	}
	if name == "" {
		return &NoNameError{File: TorrentName, From: []string{c.Name}}
	}
	p.out.Name = name
	if causes != 0 {
		p.renamed = append(p.renamed, Renaming{File: TorrentName, From: []string{c.Name}, To: name, Causes: causes})
	}
	return nil
}
