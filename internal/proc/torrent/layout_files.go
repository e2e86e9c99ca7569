package torrent

import (
	"errors"
	"fmt"
	"slices"
	"sort"

	"github.com/etorrent/etorrent/internal/proc/disk"
	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/vocab/event"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// filesIn are the files [first, end) with bytes in piece i, padding included, and
// those without bytes that lie between. Going through all pieces costs no more than
// the pieces and the files together, but for a logarithm.
func (l *layout) filesIn(i pieceset.Index) (first, end int) {
	from := l.geometry.PieceOffset(i)
	to := from + l.geometry.PieceSize(i)
	first = sort.Search(len(l.files), func(n int) bool { return l.files[n].Offset+l.files[n].Length > from })
	for end = first; end < len(l.files) && l.files[end].Offset < to; end++ {
	}
	return first, end
}

// countMissing counts anew, for each file, the pieces that are not durable.
func (l *layout) countMissing(durable *pieceset.Set) {
	l.missing = make([]int, len(l.files))
	for n, f := range l.files {
		if f.Length > 0 {
			l.missing[n] = int((f.Offset+f.Length-1)/l.geometry.PieceLength-f.Offset/l.geometry.PieceLength) + 1
		}
	}
	for i := range durable.All() {
		for n, end := l.filesIn(i); n < end; n++ {
			if l.files[n].Length > 0 {
				l.missing[n]--
			}
		}
	}
}

// countDurable counts a piece that became durable, and returns the files that are
// whole by it.
func (l *layout) countDurable(i pieceset.Index) (whole []int) {
	for n, end := l.filesIn(i); n < end; n++ {
		if l.files[n].Length == 0 {
			continue
		}
		l.missing[n]--
		if l.missing[n] == 0 && l.files[n].Role == storage.Data {
			whole = append(whole, n)
		}
	}
	return whole
}

// tellFiles tells of the files that are whole by a piece that became durable.
func (c *control) tellFiles(i pieceset.Index) {
	for _, n := range c.layout.countDurable(i) {
		f := c.layout.files[n]
		c.post(func(h event.Head) event.Event {
			return event.FileStored{Head: h, File: n, Path: f.Path, Size: f.Length}
		})
	}
}

// longerTold is how many files are named that are longer than they should be.
const longerTold = 10

// tellLonger warns of files that are longer than in the torrent, unless the host
// has been told of the same.
func (c *control) tellLonger(files []disk.LongerFile) {
	if slices.Equal(files, c.told.longer) {
		return
	}
	c.told.longer = files
	warn := func(err error) {
		c.post(func(h event.Head) event.Event { return event.Warning{Head: h, Err: err} })
	}
	spec := c.spec()
	for _, f := range files[:min(longerTold, len(files))] {
		warn(&LongerFileError{Path: spec.Path(f.File), Size: f.Size, Want: c.layout.files[f.File].Length})
	}
	switch rest := len(files) - longerTold; {
	case rest == 1:
		warn(errors.New("1 more file is longer than in the torrent, and is left so"))
	case rest > 1:
		warn(fmt.Errorf("%d more files are longer than in the torrent, and are left so", rest))
	}
}

// LongerFileError says that a file has bytes behind those of the torrent, which
// are left alone. It is no damage. Size and Want are in bytes.
type LongerFileError struct {
	Path       string
	Size, Want int64
}

// Error names the file and both sizes.
func (e *LongerFileError) Error() string {
	return fmt.Sprintf("%s is longer than in the torrent, and is left so: it has %d bytes instead of %d", e.Path, e.Size, e.Want)
}
