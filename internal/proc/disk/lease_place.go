package disk

import (
	"hash/maphash"

	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// place is where a file lies: at a path, of which this is the hash, and as a file
// with these numbers. The path is enough where the numbers pass, and the numbers
// where links lead to one file. A part of either that is zero says nothing.
type place struct {
	path          uint64
	device, inode uint64
}

// placeOf is where a file of the torrent lies, as far as it is known. One without
// bytes, or whose bytes lie in the parts file, is shared with nobody.
func (l *leases) placeOf(t *open, file int) place {
	if f := t.req.Spec.Files[file]; f.Role != storage.Data || f.Length == 0 || isInParts(t.vouched.known[file]) {
		return place{}
	}
	at := place{path: maphash.String(l.seed, t.req.Spec.Path(file)) | 1}
	if p, there := t.vouched.known[file].(storage.Present); there && p.Links < 2 {
		at.device, at.inode = p.Device, p.Inode
	}
	return at
}

// byPath and byNumbers are the keys that tenants are found by.
func (p place) byPath() place    { return place{path: p.path} }
func (p place) byNumbers() place { return place{device: p.device, inode: p.inode} }

// put notes a tenant at its place.
func (l *leases) put(m *tenant) {
	if m.at == (place{}) {
		return
	}
	m.nextAtPath = l.at[m.at.byPath()]
	l.at[m.at.byPath()] = m
	if m.at.inode != 0 {
		m.nextByNumbers = l.at[m.at.byNumbers()]
		l.at[m.at.byNumbers()] = m
	}
}

// take takes a tenant away from its place.
func (l *leases) take(m *tenant) {
	if m.at == (place{}) {
		return
	}
	l.unlink(m.at.byPath(), m, func(o *tenant) **tenant { return &o.nextAtPath })
	if m.at.inode != 0 {
		l.unlink(m.at.byNumbers(), m, func(o *tenant) **tenant { return &o.nextByNumbers })
	}
}

// unlink takes a tenant out of one of the two lists that it is in.
func (l *leases) unlink(key place, m *tenant, next func(*tenant) **tenant) {
	first := l.at[key]
	at := &first
	for *at != nil && *at != m {
		at = next(*at)
	}
	if *at == m {
		*at = *next(m)
	}
	*next(m) = nil
	if l.at[key] = first; first == nil {
		delete(l.at, key)
	}
}

// others are the parts that other torrents have in a tenant's file.
func (l *leases) others(m *tenant) []*tenant {
	if m.at == (place{}) {
		return nil
	}
	var out []*tenant
	for o := l.at[m.at.byPath()]; o != nil; o = o.nextAtPath {
		if o.t != m.t {
			out = append(out, o)
		}
	}
	numbers, least := m.at.byNumbers(), sharing
	if p, there := m.t.vouched.known[m.file].(storage.Present); there && p.Links > 1 {
		// This one writes a copy, and only reads what others write.
		numbers, least = place{device: p.Device, inode: p.Inode}, owning
	}
	if numbers.inode == 0 {
		return out
	}
	for o := l.at[numbers]; o != nil; o = o.nextByNumbers {
		if o.t != m.t && o.at.path != m.at.path && o.tenure >= least {
			out = append(out, o)
		}
	}
	return out
}

// addPieces adds the pieces that have a byte of a file.
func addPieces(s *storage.Spec, file int, to *pieceset.Set) {
	for i := range piecesIn(s, file) {
		to.Add(i)
	}
}
