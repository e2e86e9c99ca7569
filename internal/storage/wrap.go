package storage

// Wrapper is a Store around another one. What a Store may be beside (GatherWriter
// excepted), and a Wrapper is not, the one that it wraps is in its place: so Unwrap
// says that this holds of both. One that changes the bytes on their way, or where they
// lie, is for that reason a HoleViewer, Keeper or Separator itself, or no Wrapper.
type Wrapper interface {
	// Unwrap returns the Store that is wrapped, always the same one.
	Unwrap() Store
}

// As is the type assertion of a Store to something that it may be beside, such as a
// FileViewer, also through Wrappers. A GatherWriter is no such thing: it is another
// WriteAt, which a wrapper that has its own would never see.
func As[T any](s Store) (as T, can bool) {
	for {
		if as, can = s.(T); can {
			return as, true
		}
		w, wraps := s.(Wrapper)
		if !wraps {
			return as, false
		}
		s = w.Unwrap()
	}
}
