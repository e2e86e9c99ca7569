//go:build linux

package interop

import (
	"encoding/json"
	"math/bits"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

// A maker makes the .torrent of what lies at path.
type maker func(t *testing.T, path, torrent string, pieceLength int64)

func madeByUs(t *testing.T, path, torrent string, pieceLength int64) {
	t.Helper()
	c := etorrent(t, "create", "create", path, "-o", torrent, "--piece-length", strconv.FormatInt(pieceLength, 10))
	c.mustExit(t, 0)
}

// madeByMktorrent makes no pieces under 32 KiB.
func madeByMktorrent(t *testing.T, path, torrent string, pieceLength int64) {
	t.Helper()
	need(t, "mktorrent", "mktorrent", "-h")
	run(t, "mktorrent", "-l", strconv.Itoa(bits.TrailingZeros64(uint64(pieceLength))), "-a", "http://127.0.0.1:1/announce", "-o", torrent, path)
}

func madeByLibtorrent(t *testing.T, path, torrent string, pieceLength int64) {
	t.Helper()
	needLibtorrent(t)
	argument, err := json.Marshal(map[string]any{"make": path, "out": torrent, "piece": pieceLength})
	if err != nil {
		t.Fatal(err)
	}
	run(t, python, filepath.Join("testdata", "libtorrent_peer.py"), string(argument))
}

func run(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

// material is a torrent with its content.
type material struct {
	torrent string // path of the .torrent
	parent  string // the content lies below
	size    int64
}

func (tr tree) material(t *testing.T, pieceLength int64, by maker) material {
	t.Helper()
	m := material{torrent: filepath.Join(t.TempDir(), "made.torrent"), parent: folder(t, "content"), size: tr.size()}
	by(t, tr.write(t, m.parent), m.torrent, pieceLength)
	return m
}

func TestAllMakersGiveOneInfoHash(t *testing.T) {
	t.Parallel()
	path := oneFile(5_000_001).write(t, t.TempDir())
	ids := map[string]string{}
	for name, by := range map[string]maker{"etorrent": madeByUs, "mktorrent": madeByMktorrent, "libtorrent": madeByLibtorrent} {
		torrent := filepath.Join(t.TempDir(), name+".torrent")
		by(t, path, torrent, 256<<10)
		ids[name] = parse(t, torrent).ID().String()
	}
	if ids["etorrent"] != ids["mktorrent"] || ids["etorrent"] != ids["libtorrent"] {
		t.Errorf("info-hashes differ: %v", ids)
	}
}
