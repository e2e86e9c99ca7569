package knife

// node is a file or a folder, whatever its names. It is named by the order in
// which it came to be.
type node struct {
	number int
	kind   kind
}

type kind uint8

const (
	isFile kind = iota
	isFolder
)

// op is one change that a sync can make durable. It was under way between the
// lines begin and end. Target is what has to be synced: the file for its bytes,
// the folder for its entries.
type op struct {
	begin, end int
	target     *node
	change     change
}

// change is what an op does.
type change interface{ apply(*image) }

type (
	// write puts data at an offset, and makes the file longer if it must.
	write struct {
		file *node
		at   int64
		data []byte
	}
	// resize sets a file's length.
	resize struct {
		file *node
		size int64
	}
	// extend makes a file at least this long (fallocate).
	extend struct {
		file *node
		size int64
	}
	// enter gives a node a name.
	enter struct {
		folder *node
		name   string
		node   *node
	}
	// leave takes a name away.
	leave struct {
		folder *node
		name   string
	}
	// move is both at once (rename).
	move struct {
		from, to leave
		node     *node
	}
)

// sync is a sync that returned.
type sync struct {
	begin, end int
	target     *node
}

// said is a line that the program wrote to its standard output.
type said struct {
	end  int
	line string
}

// Recording is all that a program did to a folder.
type Recording struct {
	root  *node
	nodes int
	ops   []op
	syncs []sync
	said  []said
	lines int
	names map[*node]map[string]*node // as they are at its end
	start *image                     // what was there before, durable
}

// image is what a folder tree holds. Bytes that are not its own are shared with
// the image that it was cloned from.
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
