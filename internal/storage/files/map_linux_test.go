//go:build amd64 || arm64 || loong64 || mips64 || mips64le || ppc64 || ppc64le || riscv64 || s390x

package files

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// mappable is the store of a file with holes, as long as said, and of one of 4 bytes
// behind it, below a folder of its own.
func mappable(t *testing.T, length int64) (*store, string) {
	t.Helper()
	dir := t.TempDir()
	st := opened(t, New(Options{}), storage.Spec{
		Name: "mapped", Dir: dir, Geometry: geometry.Geometry{TotalLength: length + 4, PieceLength: 1 << 20},
		Files: []storage.File{{Path: "long", Length: length}, {Path: "short", Offset: length, Length: 4}},
	})
	if _, err := st.Prepare(t.Context(), []int{0, 1}); err != nil {
		t.Fatal(err)
	}
	if _, err := st.WriteAt([]byte("tiny"), length); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "long")
	if err := os.Truncate(path, length); err != nil {
		t.Fatal(err)
	}
	probe := st.Map(0, 1)
	if probe.IsNone() {
		t.Skip("this kernel or file system maps nothing")
	}
	probe.Release()
	return st, path
}

// mapsOf is how many maps of a file this program has.
func mapsOf(t *testing.T, path string) int {
	t.Helper()
	all, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(all), path)
}

func TestWhatIsMappedIsWhatIsRead(t *testing.T) {
	const length = 3*windowStep + 12345
	st, _ := mappable(t, length)
	rnd := rand.New(rand.NewPCG(7, 7))
	for range 200 {
		p := make([]byte, 1+rnd.IntN(64<<10))
		for i := range p {
			p[i] = byte(rnd.Uint32())
		}
		if _, err := st.WriteAt(p, rnd.Int64N(length-int64(len(p)))); err != nil {
			t.Fatal(err)
		}
		// At times over the seam of two windows.
		off, n := rnd.Int64N(length), 1+rnd.IntN(windowOver)
		if rnd.IntN(4) == 0 {
			off = windowStep*(1+rnd.Int64N(2)) - rnd.Int64N(int64(n))
		}
		n = int(min(int64(n), length-off))
		want := make([]byte, n)
		if _, err := st.ReadAt(want, off); err != nil {
			t.Fatal(err)
		}
		m := st.Map(off, n)
		if m.IsNone() {
			t.Fatalf("%d bytes at %d are not mapped", n, off)
		}
		from := rnd.IntN(n)
		if !bytes.Equal(m.ForKernel(0, uint32(n)), want) || !bytes.Equal(m.ForKernel(uint32(from), uint32(n-from)), want[from:]) {
			t.Fatalf("%d bytes at %d are others", n, off)
		}
		m.Release()
		if m := st.MapCached(off, n); !m.IsNone() { // what was just read and stays in memory
			if !bytes.Equal(m.ForKernel(0, uint32(n)), want) {
				t.Fatalf("%d bytes at %d that are in memory are others", n, off)
			}
			m.Release()
		}
	}
}

// What is not open, or cannot be in memory, is not lent by who does not wait.
func TestWhatMustBeWaitedForIsNotLentAtOnce(t *testing.T) {
	st, path := mappable(t, 2<<20)
	if m := st.MapCached(0, 4<<10); m.IsNone() {
		t.Skip("this kernel does not say what is in memory")
	} else {
		m.Release()
	}
	st.discard(0)
	if m := st.MapCached(0, 4<<10); !m.IsNone() {
		t.Error("a file is lent that is not open")
	}
	st.Map(0, 4<<10).Release()
	if err := os.Truncate(path, 4<<10); err != nil {
		t.Fatal(err)
	}
	if m := st.MapCached(8<<10, 4<<10); !m.IsNone() {
		t.Error("bytes are lent that a shortened file does not have")
	}
	if m := st.MapCached(0, 4<<10); m.IsNone() {
		t.Error("what is left is not lent")
	} else {
		m.Release()
	}
}

func TestOnlyWhatOneFileHasIsMapped(t *testing.T) {
	const length = 2 << 20
	st, path := mappable(t, length)
	for _, r := range []struct {
		off int64
		n   int
	}{{length - 1, 2}, {length + 3, 2}, {length + 4, 1}, {-1, 1}, {0, 0}, {0, windowOver + 1}} {
		if m := st.Map(r.off, r.n); !m.IsNone() {
			t.Errorf("%d bytes at %d are mapped", r.n, r.off)
		}
	}
	if m := st.Map(length, 4); m.IsNone() {
		t.Error("the short file is not mapped")
	} else {
		m.Release()
	}
	if err := os.Truncate(path, length-1); err != nil {
		t.Fatal(err)
	}
	if m := st.Map(length-10, 10); !m.IsNone() {
		t.Error("bytes are mapped that a shortened file does not have, in its last page")
	}
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	if m := st.Map(0, 10); !m.IsNone() {
		t.Error("bytes are mapped of an empty file")
	}
	if _, err := st.ReadAt(make([]byte, 10), 0); err == nil {
		t.Error("a read does not tell the reason")
	}
	if m := st.Map(length, 4); m.IsNone() {
		t.Error("the other file is mapped no more")
	} else {
		m.Release()
	}
}

func TestWindowsAreBoundedAndLeftWhenNobodyUsesThem(t *testing.T) {
	const many = mostWindows + 3
	st, path := mappable(t, many*windowStep)
	var lent []storage.Mapping
	for n := range int64(many) {
		m := st.Map(n*windowStep, 4<<10)
		if n >= mostWindows != m.IsNone() {
			t.Fatalf("window %d of %d: mapped is %v", n, mostWindows, !m.IsNone())
		}
		if !m.IsNone() {
			lent = append(lent, m)
		}
	}
	if n := mapsOf(t, path); n != mostWindows {
		t.Errorf("%d windows are mapped", n)
	}
	if again := st.Map(100, 4<<10); again.IsNone() {
		t.Error("a window that is mapped is not lent again")
	} else {
		again.Release()
	}
	for _, m := range lent {
		m.Release()
	}
	if n := mapsOf(t, path); n != idleWindows {
		t.Errorf("%d windows are mapped of which nobody uses any", n)
	}
	for n := range int64(many) {
		st.Map(n*windowStep, 4<<10).Release()
		if n := mapsOf(t, path); n > idleWindows {
			t.Fatalf("%d windows are mapped by one that goes through the file", n)
		}
	}
}

// What is lent stays mapped whatever becomes of the store, and goes with its last user.
func TestNothingIsMappedOfFilesThatAreLetGo(t *testing.T) {
	for name, letGo := range map[string]func(t *testing.T, st *store) error{
		"close":   func(_ *testing.T, st *store) error { return st.Close() },
		"recheck": func(t *testing.T, st *store) error { return st.Recheck(t.Context(), []int{0}) },
		"delete":  func(t *testing.T, st *store) error { return st.Delete(t.Context(), []int{0}) },
	} {
		t.Run(name, func(t *testing.T) {
			st, path := mappable(t, 2*windowStep)
			if err := st.Sync(t.Context(), pieceset.Full(st.spec.Geometry.Pieces())); err != nil {
				t.Fatal(err)
			}
			used, also := st.Map(0, 4<<10), st.Map(4<<10, 4<<10)
			st.Map(windowStep, 4<<10).Release()
			if n := mapsOf(t, path); n != 2 {
				t.Fatalf("%d windows are mapped", n)
			}
			if err := letGo(t, st); err != nil {
				t.Fatal(err)
			}
			if n := mapsOf(t, path); n != 1 || used.ForKernel(0, 1)[0] != 0 {
				t.Errorf("%d windows are mapped while one is in use", n)
			}
			used.Release()
			also.Release()
			if n := mapsOf(t, path); n != 0 {
				t.Errorf("%d windows are mapped", n)
			}
		})
	}
}

func TestAFileThatTookThePlaceOfAnotherIsNotTakenForIt(t *testing.T) {
	st, path := mappable(t, windowStep)
	held := st.Map(0, 4<<10)
	defer held.Release()
	if err := os.WriteFile(path+".new", bytes.Repeat([]byte{7}, windowStep), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	if err := st.Recheck(t.Context(), []int{0}); err != nil {
		t.Fatal(err)
	}
	m := st.Map(0, 4<<10)
	if m.IsNone() || m.ForKernel(0, 1)[0] != 7 || held.ForKernel(0, 1)[0] != 0 {
		t.Error("another file's bytes are lent")
	}
	m.Release()
}
