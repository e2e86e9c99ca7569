package names

import (
	"fmt"
	"slices"
	"strings"
)

// planner holds the tree of names while it grows.
type planner struct {
	rules   Rules
	out     Map
	renamed []Renaming

	nodes   []folder
	folders map[place]int      // index in nodes
	files   map[place]struct{} // names that are given away
	next    map[place]int      // the number to try next for a stem and extension
}

// folder is one folder below the torrent's name, which is folder 0.
type folder struct {
	parent int
	name   string
	bytes  int // of the path from DIR down to here
}

// place is a name in a folder, as the platform compares it.
type place struct {
	parent int
	key    string
}

// leaf is a file whose folders are decided.
type leaf struct {
	file, parent int
	name         string
	causes       Causes
}

// room is what a path keeps free for a number: " (n)".
const room = 16

// placeFolders decides the folders of all files, before any file, since a
// folder's name has more that hangs on it than a file's.
func (p *planner) placeFolders(files []File) ([]leaf, error) {
	p.out.Paths = make([]string, len(files))
	p.nodes = []folder{{name: p.out.Name, bytes: len(p.out.Name)}}
	p.folders = make(map[place]int)
	p.files = make(map[place]struct{}, len(files))
	p.next = make(map[place]int)
	leaves := make([]leaf, 0, len(files))
	for i, f := range files {
		if f.Role == Padding {
			continue
		}
		components, causes := p.cleanPath(f.Path)
		if len(components) == 0 {
			return nil, &NoNameError{File: i, From: f.Path}
		}
		last := len(components) - 1
		l := leaf{file: i, name: components[last], causes: causes}
		p.descend(&l, components[:last])
		leaves = append(leaves, l)
	}
	return leaves, nil
}

// cleanPath cleans the components and leaves out what is not usable.
func (p *planner) cleanPath(raw []string) ([]string, Causes) {
	var all Causes
	components := make([]string, 0, len(raw))
	for _, part := range raw {
		name, causes := p.rules.clean(part)
		all |= causes
		if name != "" {
			components = append(components, name)
		}
	}
	return components, all
}

// descend finds or makes the folders of l as far as the limits of the path
// allow.
func (p *planner) descend(l *leaf, components []string) {
	for depth, name := range components {
		at := place{l.parent, p.rules.key(name)}
		next, known := p.folders[at]
		spelled := name
		if known {
			spelled = p.nodes[next].name
		}
		bytes := p.nodes[l.parent].bytes + 1 + len(spelled)
		if depth >= p.rules.Depth || bytes+1+len(l.name)+room > p.rules.Path {
			l.causes = l.causes.With(FoldersDropped)
			return
		}
		if !known {
			next = len(p.nodes)
			p.nodes = append(p.nodes, folder{parent: l.parent, name: name, bytes: bytes})
			p.folders[at] = next
		}
		if spelled != name {
			l.causes = l.causes.With(FolderRespelled)
		}
		l.parent = next
	}
}

// nameFiles gives each name to the first file that asks for it, and numbers to
// the others. Numbers come last, so that none takes a name that a file has by
// right.
func (p *planner) nameFiles(leaves []leaf) {
	var late []int
	for i := range leaves {
		at := place{leaves[i].parent, p.rules.key(leaves[i].name)}
		if p.isTaken(at) {
			late = append(late, i)
			continue
		}
		p.files[at] = struct{}{}
	}
	for _, i := range late {
		p.number(&leaves[i])
	}
}

func (p *planner) isTaken(at place) bool {
	_, folder := p.folders[at]
	_, file := p.files[at]
	return folder || file
}

// number gives l the name "stem (n).ext" of the least n that is free. All names
// that would try the same candidates share one count, so that many equal names
// cost no more than a try each.
func (p *planner) number(l *leaf) {
	stem, ext := split(l.name)
	stem = strings.TrimSuffix(p.rules.fit(stem, ext, room), ext)
	family := place{l.parent, p.rules.key(stem) + "/" + p.rules.key(ext)}
	for n := max(p.next[family], 2); ; n++ {
		name := fmt.Sprintf("%s (%d)%s", stem, n, ext)
		at := place{l.parent, p.rules.key(name)}
		if p.isTaken(at) {
			continue
		}
		p.files[at] = struct{}{}
		p.next[family] = n + 1
		l.name, l.causes = name, l.causes.With(Numbered)
		return
	}
}

// tell fills the map and the evidence.
func (p *planner) tell(files []File, leaves []leaf) {
	for i := range leaves {
		l := &leaves[i]
		path := p.pathOf(l)
		p.out.Paths[l.file] = path
		if l.causes != 0 {
			p.renamed = append(p.renamed, Renaming{File: l.file, From: files[l.file].Path, To: path, Causes: l.causes})
		}
	}
}

// pathOf joins the names from the torrent's down to l's.
func (p *planner) pathOf(l *leaf) string {
	parts := []string{l.name}
	at := l.parent
	for ; at != 0; at = p.nodes[at].parent {
		parts = append(parts, p.nodes[at].name)
	}
	parts = append(parts, p.nodes[at].name)
	slices.Reverse(parts)
	return strings.Join(parts, "/")
}
