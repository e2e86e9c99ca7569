package storage

// PartsName is the path of a torrent's parts file. It begins with a dot, and with
// the name of this program, since others keep parts in another form.
func PartsName(infoHash string) string { return ".etorrent-" + infoHash + ".parts" }

// Edges says where in Spec.Parts the bytes lie that files share with others: of
// each file those of its first and of its last piece, where these are not its
// alone. The places depend on the torrent only, not on what is wanted of it, so
// they never move.
type Edges struct {
	spec  *Spec
	begin []int64 // of each file's place, and behind the last one
}

// NewEdges lays the edges of all files one behind the other.
func NewEdges(s *Spec) *Edges {
	e := &Edges{spec: s, begin: make([]int64, len(s.Files)+1)}
	for i := range s.Files {
		head, tail := s.edges(i)
		e.begin[i+1] = e.begin[i] + head + tail
	}
	return e
}

// Size is that of a file with room for all edges, in bytes.
func (e *Edges) Size() int64 { return e.begin[len(e.begin)-1] }

// EdgeEvidence says whether a file has bytes of pieces that are not its alone.
type EdgeEvidence uint8

// The answers of View.
const (
	NoEdge EdgeEvidence = iota
	HasEdge
)

// View says whether file i has an edge.
func (e *Edges) View(i int) EdgeEvidence {
	if e.begin[i+1] > e.begin[i] {
		return HasEdge
	}
	return NoEdge
}

// Edge is one stretch of a file's bytes: Length of them from Offset in the file, at
// At in the parts file.
type Edge struct{ Offset, At, Length int64 }

// Of returns the edges at the begin and at the end of file i; their length may be 0.
func (e *Edges) Of(i int) (edges [2]Edge) {
	head, tail := e.spec.edges(i)
	edges[0] = Edge{Offset: 0, At: e.begin[i], Length: head}
	edges[1] = Edge{Offset: e.spec.Files[i].Length - tail, At: e.begin[i] + head, Length: tail}
	return edges
}

// Place returns where byte off of file i lies, and how many of the n bytes from
// there on lie behind each other. They are 0 where the byte is in no edge.
func (e *Edges) Place(i int, off int64, n int) (at int64, have int) {
	for _, edge := range e.Of(i) {
		if within := off - edge.Offset; within >= 0 && within < edge.Length {
			return edge.At + within, int(min(int64(n), edge.Length-within))
		}
	}
	return 0, 0
}

// edges is how many bytes at the begin and at the end of file i belong to pieces
// that are not its alone. Where all of the file lies in one such piece it is all
// head.
func (s *Spec) edges(i int) (head, tail int64) {
	f := s.Files[i]
	if f.Length == 0 || f.Role == Padding {
		return 0, 0
	}
	length := s.Geometry.PieceLength
	end := f.Offset + f.Length
	first, last := f.Offset/length*length, (end-1)/length*length
	if first < f.Offset || (first == last && end < min(first+length, s.Geometry.TotalLength)) {
		head = min(f.Length, first+length-f.Offset)
	}
	if last > first && end < min(last+length, s.Geometry.TotalLength) {
		tail = end - last
	}
	return head, tail
}
