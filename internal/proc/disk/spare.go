package disk

// spareKept is how many of each kind of job are kept for the next one.
const spareKept = 32

// spareJobs are jobs that ended, to be used again. They are the loop's: a job comes
// here when its result was applied, and its worker has no hold of it any more.
type spareJobs struct {
	reads    spare[readJob]
	hashes   spare[hashJob]
	together spare[togetherJob]
	writes   spare[writeJob]
	loans    spare[loan]
}

// spare is a bounded list of values that nobody uses.
type spare[T any] struct{ free []*T }

// take takes one out, or makes one.
func (s *spare[T]) take() *T {
	last := len(s.free) - 1
	if last < 0 {
		return new(T)
	}
	v := s.free[last]
	s.free[last] = nil
	s.free = s.free[:last]
	return v
}

// keep keeps one, as it is.
func (s *spare[T]) keep(v *T) {
	if len(s.free) < spareKept {
		s.free = append(s.free, v)
	}
}
