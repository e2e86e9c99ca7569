package names

import (
	"encoding/binary"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/etorrent/etorrent/metainfo"
)

// LostLink is the evidence that a symbolic link is left out.
type LostLink struct {
	// File is an index in the torrent's files.
	File int
	// From and Target are what the torrent says, raw: show them by text.Printable
	// only.
	From, Target []string
	Cause        LinkCause
}

// LinkCause says why a link is left out.
type LinkCause uint8

const (
	// NothingThere says that the target is no file of the torrent and no folder of
	// one. It may be another link, padding, or lie outside.
	NothingThere LinkCause = iota
	// HoldsItself says that the link lies below the folder that it leads to, so that
	// whoever follows links would come back to it for ever.
	HoldsItself
	linkCauseCount
)

// String returns the cause in words.
func (c LinkCause) String() string {
	return [linkCauseCount]string{"it leads to no file or folder of the torrent", "it leads to a folder that it lies in"}[c]
}

// String tells of the link to people, in one harmless line.
func (l LostLink) String() string {
	return fmt.Sprintf("%s -> %s: %v", clip(l.From), clip(l.Target), l.Cause)
}

// ViewLinks says what the symbolic links of a torrent are to say (BEP 47). paths
// are those of a Map. A target counts only if it is, component by component, the
// path of a file in the torrent or a folder on the way to one; what is made of it
// is the way from the link's own folder to where that is stored, by file, with
// slashes. So no link leads out of the torrent's folder or to another link. The
// links that are left out come in the order of the files.
func ViewLinks(files []metainfo.File, paths []string) (texts map[int]string, lost []LostLink) {
	var to *places
	for i, f := range files {
		if f.Role != metainfo.FileSymlink || paths[i] == "" {
			continue
		}
		if to == nil {
			to, texts = newPlaces(files, paths), make(map[int]string)
		}
		found := to.find(f.Target)
		switch {
		case found == "":
			lost = append(lost, LostLink{File: i, From: f.Path, Target: f.Target, Cause: NothingThere})
		case strings.HasPrefix(paths[i], found+"/"):
			lost = append(lost, LostLink{File: i, From: f.Path, Target: f.Target, Cause: HoldsItself})
		default:
			texts[i] = wayFrom(path.Dir(paths[i]), found)
		}
	}
	return texts, lost
}

// OfStored are the renamings of what is stored: those of links that are left out
// are news of nothing.
func OfStored(renamed []Renaming, lost []LostLink) []Renaming {
	return slices.DeleteFunc(renamed, func(r Renaming) bool {
		_, left := slices.BinarySearchFunc(lost, r.File, func(l LostLink, file int) int { return l.File - file })
		return left
	})
}

// places finds where raw paths are stored.
type places struct {
	paths  []string
	sorted []storedPlace // by key
}

// storedPlace is a file, with its raw path as one string.
type storedPlace struct {
	key  string
	file int
}

// newPlaces sorts the files that can be led to: those of which every component is
// stored, so that the folders on the way are known.
func newPlaces(files []metainfo.File, paths []string) *places {
	p := &places{paths: paths}
	for i, f := range files {
		if f.Role == metainfo.FileData && strings.Count(paths[i], "/") == len(f.Path) {
			p.sorted = append(p.sorted, storedPlace{keyOf(f.Path), i})
		}
	}
	slices.SortStableFunc(p.sorted, func(a, b storedPlace) int { return strings.Compare(a.key, b.key) })
	return p
}

// keyOf writes each component behind its length, so that keys begin with each
// other exactly where paths do.
func keyOf(raw []string) string {
	n := 0
	for _, part := range raw {
		n += len(part) + 2
	}
	key := make([]byte, 0, n)
	for _, part := range raw {
		key = append(binary.AppendUvarint(key, uint64(len(part))), part...)
	}
	return string(key)
}

// find returns where a raw path is stored, "" if it is nothing. All keys that
// begin with its own stand together, itself first.
func (p *places) find(raw []string) string {
	if len(raw) == 0 {
		return ""
	}
	key := keyOf(raw)
	at, _ := slices.BinarySearchFunc(p.sorted, key, func(s storedPlace, key string) int { return strings.Compare(s.key, key) })
	if at == len(p.sorted) || !strings.HasPrefix(p.sorted[at].key, key) {
		return ""
	}
	stored := strings.Split(p.paths[p.sorted[at].file], "/")
	return strings.Join(stored[:1+len(raw)], "/")
}

// wayFrom is the relative path from a folder to what does not hold it.
func wayFrom(folder, to string) string {
	here, there := strings.Split(folder, "/"), strings.Split(to, "/")
	shared := 0
	for shared < len(here) && here[shared] == there[shared] {
		shared++
	}
	return strings.Repeat("../", len(here)-shared) + strings.Join(there[shared:], "/")
}
