package files

// mark orders the changes and flushes of a file or folder. The zero mark is
// unproven: a former run may have left changes behind.
type mark struct{ changes, flushed uint64 }

// freshness says how a flush stands to the changes.
type freshness uint8

const (
	// flushed says that every change is durable.
	flushed freshness = iota
	// unproven says that this run changed nothing and flushed nothing.
	unproven
	// dirty says that a change of this run is not durable.
	dirty
)

// changed notes a change that has ended.
func (m *mark) changed() { m.changes++ }

// level is what a flush that begins now will have covered.
func (m *mark) level() uint64 { return m.changes + 1 }

// view says whether a flush is due.
func (m *mark) view() freshness {
	switch {
	case m.flushed == m.level():
		return flushed
	case m.changes == 0:
		return unproven
	}
	return dirty
}
