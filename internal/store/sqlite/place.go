package sqlite

// Place says on what kind of file system a folder is.
type Place uint8

// The places.
const (
	// PlaceLocal is a file system of this machine alone.
	PlaceLocal Place = iota
	// PlaceShared is one that other machines may use too, or one that cannot be
	// told: network, cluster and user-space file systems.
	PlaceShared
)

// journal is the journal mode that is safe there.
func (p Place) journal() string {
	switch p {
	case PlaceLocal:
		return "wal"
	case PlaceShared:
		return "delete"
	}
	return "delete"
}
