package storage_test

import (
	"strings"
	"testing"

	"github.com/etorrent/etorrent/internal/storage"
)

func TestALimitForbidsWhatIsLarger(t *testing.T) {
	for _, c := range []struct {
		limit storage.SizeLimit
		size  int64
		want  storage.SizeFit
	}{
		{storage.SizeLimitUnknown, 1 << 62, storage.SizeFits},
		{storage.SizeLimitFAT, 0, storage.SizeFits},
		{storage.SizeLimitFAT, 4<<30 - 1, storage.SizeFits},
		{storage.SizeLimitFAT, 4 << 30, storage.SizeExceeds},
		{10, 11, storage.SizeExceeds},
	} {
		if got := c.limit.View(c.size); got != c.want {
			t.Errorf("%d bytes under %v: %v, want %v", c.size, c.limit, got, c.want)
		}
	}
}

func TestAFileOverTheLimitIsNamedWithTheLimitAndWhatToDo(t *testing.T) {
	err := &storage.Error{Op: "prepare", Path: "/usb/film", Err: &storage.SizeLimitError{Limit: storage.SizeLimitFAT}}
	if got := storage.View(err); got != (storage.FileTooLarge{}) {
		t.Errorf("views as %T", got)
	}
	for _, part := range []string{"/usb/film", "at most 4 GiB less one byte", "another folder", "--select"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q lacks %q", err, part)
		}
	}
}
