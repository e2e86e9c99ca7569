package disk

// words is memory for what is told of each piece.
type words struct {
	verified lines[PieceVerified]
	written  lines[PieceWritten]
}

// linesTogether is how many are one object.
const linesTogether = 64

// lines is where things lie that are told one by one, and forgotten by and by.
type lines[T any] struct{ room []T }

// add returns the place of one more.
func (l *lines[T]) add(v T) *T {
	if len(l.room) == cap(l.room) {
		l.room = make([]T, 0, linesTogether)
	}
	l.room = append(l.room, v)
	return &l.room[len(l.room)-1]
}
