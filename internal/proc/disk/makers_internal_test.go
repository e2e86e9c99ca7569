package disk

import (
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/store"
)

func TestAFileIsOursOnlyAsLongAsItIsTheOneThatWeMade(t *testing.T) {
	when := time.Unix(5, 5)
	for name, x := range map[string]struct {
		now  storage.FileFacts
		row  store.FileFacts
		want ownership
	}{
		"the same":                      {storage.Present{Size: 9, Device: 1, Inode: 2}, store.FileFacts{Size: 5, Device: 1, Inode: 2, Maker: store.MadeByUs}, stillOurs},
		"another inode":                 {storage.Present{Device: 1, Inode: 3}, store.FileFacts{Device: 1, Inode: 2, Maker: store.MadeByUs}, somebodysFile},
		"another device":                {storage.Present{Device: 2, Inode: 2}, store.FileFacts{Device: 1, Inode: 2, Maker: store.MadeByUs}, somebodysFile},
		"somebody's from the beginning": {storage.Present{Device: 1, Inode: 2}, store.FileFacts{Device: 1, Inode: 2}, somebodysFile},
		"gone":                          {storage.Absent{}, store.FileFacts{Maker: store.MadeByUs}, somebodysFile},
		"in the parts file":             {storage.Present{Device: 1, Inode: 2, Home: storage.InParts}, store.FileFacts{Device: 1, Inode: 2, Maker: store.MadeByUs}, somebodysFile},
		"no numbers, as we left":        {storage.Present{Size: 5, ModTime: when}, store.FileFacts{Size: 5, ModTime: when, Maker: store.MadeByUs}, stillOurs},
		"no numbers, changed":           {storage.Present{Size: 6, ModTime: when}, store.FileFacts{Size: 5, ModTime: when, Maker: store.MadeByUs}, somebodysFile},
	} {
		if got := isStillOurs(x.now, x.row); got != x.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
