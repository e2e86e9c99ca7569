//go:build unix && !linux && !darwin && !freebsd

package files

import "github.com/etorrent/etorrent/internal/storage"

// viewSizeLimit cannot tell.
func viewSizeLimit(string) storage.SizeLimit { return storage.SizeLimitUnknown }
