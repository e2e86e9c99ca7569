package knife

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// image is what a folder tree holds. A file may have several names. Bytes that
// are not its own are shared with the image that it was cloned from.
type image struct {
	names map[*node]map[string]*node
	bytes map[*node][]byte
	own   map[*node]struct{}
}

func newImage() *image {
	return &image{names: map[*node]map[string]*node{}, bytes: map[*node][]byte{}, own: map[*node]struct{}{}}
}

// clone shares the bytes until a change.
func (m *image) clone() *image {
	out := newImage()
	for n, entries := range m.names {
		for name, of := range entries {
			out.enter(n, name, of)
		}
	}
	for n, b := range m.bytes {
		out.bytes[n] = b
	}
	return out
}

func (m *image) enter(folder *node, name string, of *node) {
	if m.names[folder] == nil {
		m.names[folder] = map[string]*node{}
	}
	m.names[folder][name] = of
}

// resize makes a file's bytes its own, and as many as said. What was cut off
// does not come back.
func (m *image) resize(f *node, size int64) {
	b := m.bytes[f]
	if _, own := m.own[f]; !own || int64(cap(b)) < size {
		grown := make([]byte, len(b), max(size, int64(2*len(b))))
		copy(grown, b)
		b = grown
		m.own[f] = struct{}{}
	}
	if have := int64(len(b)); size > have {
		b = b[:size]
		clear(b[have:])
	}
	m.bytes[f] = b[:size]
}

func (w write) apply(m *image) {
	size := max(int64(len(m.bytes[w.file])), w.at+int64(len(w.data)))
	m.resize(w.file, size)
	copy(m.bytes[w.file][w.at:], w.data)
}

func (r resize) apply(m *image) { m.resize(r.file, r.size) }

func (e extend) apply(m *image) {
	if int64(len(m.bytes[e.file])) < e.size {
		m.resize(e.file, e.size)
	}
}

func (e enter) apply(m *image) { m.enter(e.folder, e.name, e.node) }
func (l leave) apply(m *image) { delete(m.names[l.folder], l.name) }

func (v move) apply(m *image) {
	v.from.apply(m)
	m.enter(v.to.folder, v.to.name, v.node)
}

// isUseless says whether a file means nothing after a power cut: the index that
// SQLite keeps in shared memory.
func isUseless(name string) bool { return strings.HasSuffix(name, "-shm") }

// write puts the image below a folder of the real disk. A file with several names
// is one file there too; written has the path of those that are there.
func (m *image) write(n *node, path string, written map[*node]string) error {
	if err := os.MkdirAll(path, 0o755); err != nil {
		return err
	}
	for name, child := range m.names[n] {
		below := filepath.Join(path, name)
		first, again := written[child]
		var err error
		switch {
		case isUseless(name):
		case child.kind == isFolder:
			err = m.write(child, below, written)
		case again:
			err = os.Link(first, below)
		default:
			written[child] = below
			err = os.WriteFile(below, m.bytes[child], 0o600)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// differs compares the image with a folder of the real disk: an error names what
// is not the same.
func (m *image) differs(n *node, path string) error {
	for name, child := range m.names[n] {
		below := filepath.Join(path, name)
		if isUseless(name) {
			continue
		}
		if child.kind == isFolder {
			if err := m.differs(child, below); err != nil {
				return err
			}
			continue
		}
		b, err := os.ReadFile(below)
		if err == nil && !bytes.Equal(b, m.bytes[child]) {
			err = fmt.Errorf("%s has %d bytes, not those %d that its calls made", below, len(b), len(m.bytes[child]))
		}
		if err != nil {
			return err
		}
	}
	entries, err := os.ReadDir(path)
	if errors.Is(err, fs.ErrNotExist) && len(m.names[n]) == 0 {
		return nil
	}
	for _, e := range entries {
		isSocket := e.Type()&fs.ModeSocket != 0 // made by bind, and without bytes
		if m.names[n][e.Name()] == nil && !isUseless(e.Name()) && !isSocket {
			err = errors.Join(err, fmt.Errorf("%s is there, and no call made it", filepath.Join(path, e.Name())))
		}
	}
	return err
}
