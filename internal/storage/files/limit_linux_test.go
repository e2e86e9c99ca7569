package files

import (
	"testing"

	"golang.org/x/sys/unix"

	"github.com/etorrent/etorrent/internal/storage"
)

func TestOnlyFATHasALimitThatIsKnown(t *testing.T) {
	for kind, want := range map[uint32]storage.SizeLimit{
		magicFAT: 4<<30 - 1, magicExFAT: storage.SizeLimitUnknown, unix.EXT4_SUPER_MAGIC: storage.SizeLimitUnknown,
	} {
		if got := sizeLimitOf(kind); got != want {
			t.Errorf("file system %x: %v, want %v", kind, got, want)
		}
	}
}
