//go:build linux

package interop

import (
	"maps"
	"os"
	"testing"

	"github.com/etorrent/etorrent/metainfo"
)

// blank overwrites every piece with zeros whose index leaves rest when divided
// by 2. The torrent is a single file.
func blank(t *testing.T, m *metainfo.Torrent, path string, rest int) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for i := rest; i < m.PieceCount(); i += 2 {
		from := int64(i) * m.PieceLength
		if _, err := f.WriteAt(make([]byte, min(m.PieceLength, m.TotalLength-from)), from); err != nil {
			t.Fatal(err)
		}
	}
}

// halves are two folders of which each has every other piece.
func halves(t *testing.T, tr tree, m material) [2]string {
	t.Helper()
	var out [2]string
	for rest := range out {
		out[rest] = folder(t, "half")
		blank(t, parse(t, m.torrent), tr.write(t, out[rest]), rest)
	}
	return out
}

// Two libtorrents hold one half each: what we fetch of one we give to the
// other, so that all three end with everything.
func TestHalvesFromTwoPeersMakeAWhole(t *testing.T) {
	t.Parallel()
	tr := oneFile(12<<20 + 5)
	m := tr.material(t, 128<<10, madeByUs)
	dirs := halves(t, tr, m)
	a := runLibtorrent(t, m.torrent, dirs[0], roleAny)
	b := runLibtorrent(t, m.torrent, dirs[1], roleAny)
	to := folder(t, "copy")
	args := append([]string{"get", m.torrent, "--seed"}, engine(to, folder(t, "state"), a.listens(t), b.listens(t))...)
	g := etorrent(t, "get", args...)
	g.await(t, "that it is complete", named("complete"))
	a.awaitDone(t)
	b.awaitDone(t)
	for _, l := range []libtorrent{a, b} {
		l.mustBeContent(t)
		if end := l.stop(t); end.Uploaded < m.size/4 {
			t.Errorf("a half gave %d of %d bytes", end.Uploaded, m.size)
		}
	}
	stopSeed(t, g)
	for _, dir := range []string{to, dirs[0], dirs[1]} {
		mustBeEqual(t, m.parent, dir)
	}
}

// We hold the halves: a seed that has some pieces serves those.
func TestWeServeTheHalfThatWeHold(t *testing.T) {
	t.Parallel()
	tr := oneFile(12<<20 + 5)
	m := tr.material(t, 128<<10, madeByUs)
	dirs := halves(t, tr, m)
	l := runLibtorrent(t, m.torrent, folder(t, "copy"), roleAny)
	var before [2]map[string]string
	for i, dir := range dirs {
		before[i] = sums(t, dir)
		l.connect(t, listens(t, seed(t, m.torrent, dir)))
	}
	l.awaitDone(t)
	l.mustBeContent(t)
	for i, dir := range dirs {
		if !maps.Equal(before[i], sums(t, dir)) {
			t.Error("seed changed the file that it served")
		}
	}
}
