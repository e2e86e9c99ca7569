package sqlite

import "context"

// What the tests of the package's outside need to know of its inside.
const (
	SchemaV1      = schemaV1
	ApplicationID = applicationID
)

// OpenShared is Open of a folder on a network file system.
func OpenShared(ctx context.Context, dir string) (*Driver, error) {
	return openAs(ctx, dir, func(string) Place { return PlaceShared })
}
