package storagetest

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// model is what a store should hold: the bytes, and how far each file reaches.
type model struct {
	spec  storage.Spec
	bytes []byte
	reach []int64
}

func newModel(spec storage.Spec) *model {
	return &model{spec: spec, bytes: make([]byte, spec.Geometry.TotalLength), reach: make([]int64, len(spec.Files))}
}

func (m *model) write(p []byte, off int64) {
	for seg := range m.spec.Segments(off, len(p)) {
		if m.spec.Files[seg.File].Role == storage.Padding {
			continue
		}
		copy(m.bytes[off+int64(seg.From):], p[seg.From:seg.To])
		m.reach[seg.File] = max(m.reach[seg.File], seg.Offset+int64(seg.To-seg.From))
	}
}

// readable is how many of n bytes from off on lie before a file's early end.
func (m *model) readable(off int64, n int) int {
	for seg := range m.spec.Segments(off, n) {
		have := m.reach[seg.File] - seg.Offset
		if m.spec.Files[seg.File].Role == storage.Data && have < int64(seg.To-seg.From) {
			return seg.From + int(max(have, 0))
		}
	}
	return n
}

// randomSpan is a span within total bytes, seldom empty.
func randomSpan(r *rand.Rand, total int64) (off int64, n int) {
	off = r.Int64N(total + 1)
	return off, int(r.Int64N(min(total-off, 500) + 1))
}

func spansAgreeWithModel(t *testing.T, s Subject) {
	for number := range uint64(20) {
		t.Run(fmt.Sprintf("run %d", number), func(t *testing.T) {
			r := run(number)
			sub := s
			sub.Dir = fmt.Sprintf("%s/run%d", s.Dir, number)
			spec := randomSpec(sub, r)
			st, m := openPrepared(t, sub, spec), newModel(spec)
			for range 60 {
				st = randomStep(t, sub, r, st, m)
			}
			for i := range spec.Files {
				checkSpan(t, st, m, spec.Files[i].Offset, int(spec.Files[i].Length))
			}
		})
	}
}

// randomStep does one thing to the store and the model alike.
func randomStep(t *testing.T, s Subject, r *rand.Rand, st storage.Store, m *model) storage.Store {
	t.Helper()
	off, n := randomSpan(r, m.spec.Geometry.TotalLength)
	switch r.IntN(10) {
	case 0:
		if err := st.Close(); err != nil {
			t.Fatalf("close: %v", err)
		}
		return open(t, s, m.spec)
	case 1:
		syncSome(t, r, st, m.spec)
	case 2, 3, 4, 5:
		p := make([]byte, n)
		fill(r, p)
		write(t, st, p, off)
		m.write(p, off)
	default:
		checkSpan(t, st, m, off, n)
	}
	return st
}

func syncSome(t *testing.T, r *rand.Rand, st storage.Store, spec storage.Spec) {
	t.Helper()
	some := pieceset.New(spec.Geometry.Pieces())
	for i := range some.Size() {
		if r.IntN(3) == 0 {
			some.Add(pieceset.Index(i))
		}
	}
	if err := st.Sync(t.Context(), some); err != nil {
		t.Fatalf("sync: %v", err)
	}
}

// checkSpan reads a span. A store may have set aside more than was written, so
// that it may read on by zeros where the model ends early.
func checkSpan(t *testing.T, st storage.Store, m *model, off int64, n int) {
	t.Helper()
	checkHole(t, st, off, n)
	p := make([]byte, n)
	got, err := st.ReadAt(p, off)
	if least := m.readable(off, n); got < least {
		t.Fatalf("read of %d bytes at %d gave %d and %v, %d were written", n, off, got, err, least)
	}
	if got < n {
		wantFault[storage.Truncated](t, err)
	} else if err != nil {
		t.Fatalf("read of %d bytes at %d: %v", n, off, err)
	}
	if want := m.bytes[off : off+int64(got)]; !bytes.Equal(p[:got], want) {
		t.Fatalf("read of %d bytes at %d gave other bytes", n, off)
	}
}

func concurrentSpans(t *testing.T, s Subject) {
	const workers, share = 8, 4096
	var files []storage.File
	for i := range 64 {
		files = append(files, file(fmt.Sprintf("c/%d", i), workers*share/64))
	}
	spec := specOf(s, files...)
	st := openPrepared(t, s, spec)
	want := make([]byte, workers*share)
	fill(run(1), want)
	t.Run("workers", func(t *testing.T) {
		for w := range workers {
			t.Run(fmt.Sprint(w), func(t *testing.T) {
				t.Parallel()
				workOnShare(t, st, spec, want[w*share:(w+1)*share], int64(w*share))
			})
		}
	})
	if !bytes.Equal(read(t, st, len(want), 0), want) {
		t.Error("what several goroutines wrote reads differently")
	}
}

// workOnShare writes one worker's bytes in small spans, reading and syncing in
// between.
func workOnShare(t *testing.T, st storage.Store, spec storage.Spec, want []byte, begin int64) {
	r := run(uint64(begin))
	for at := 0; at < len(want); {
		n := min(1+r.IntN(700), len(want)-at)
		write(t, st, want[at:at+n], begin+int64(at))
		if got := read(t, st, n, begin+int64(at)); !bytes.Equal(got, want[at:at+n]) {
			t.Fatalf("bytes from %d on read differently", begin+int64(at))
		}
		if r.IntN(8) == 0 {
			syncAll(t, st, spec)
		}
		at += n
	}
}

func pieceOverManyFiles(t *testing.T, s Subject) {
	var files []storage.File
	for i := range 300 {
		files = append(files, file(strings.Repeat("deep/", i%20)+fmt.Sprintf("folder%d/file%d", i%7, i), int64(i%4)))
	}
	spec := specOf(s, files...)
	spec.Geometry.PieceLength = spec.Geometry.TotalLength
	st := openPrepared(t, s, spec)
	want := make([]byte, spec.Geometry.TotalLength)
	fill(run(2), want)
	write(t, st, want, 0)
	syncAll(t, st, spec)
	if !bytes.Equal(read(t, st, len(want), 0), want) {
		t.Error("the piece reads differently")
	}
	for i, f := range examine(t, st) {
		if p, ok := f.(storage.Present); !ok || p.Size != spec.Files[i].Length {
			t.Fatalf("file %d: %#v, want %d bytes", i, f, spec.Files[i].Length)
		}
	}
}

func keepsSpelling(t *testing.T, s Subject) {
	out := outside(t, s)
	names := []string{"content/ünïcode/日本語 ✓.txt", "content/a b  c/-rf", "content/🏴.bin", "content/per%20cent"}
	var files []storage.File
	for _, n := range names {
		files = append(files, file(n, 10))
	}
	spec := specOf(s, files...)
	st := openPrepared(t, s, spec)
	want := make([]byte, spec.Geometry.TotalLength)
	fill(run(3), want)
	write(t, st, want, 0)
	for i, n := range names {
		got, err := out.Get(s.Dir + "/" + n)
		if err != nil || !bytes.Equal(got, want[i*10:i*10+10]) {
			t.Errorf("file %q: %q, %v", n, got, err)
		}
	}
}

func outOfRange(t *testing.T, s Subject) {
	spec := specOf(s, file("a", 100))
	st := openPrepared(t, s, spec)
	write(t, st, make([]byte, 100), 0)
	p := make([]byte, 30)
	if n, err := st.ReadAt(p, 80); n != 20 || err != io.EOF {
		t.Errorf("read over the end: %d, %v, want 20 and io.EOF", n, err)
	}
	if n, err := st.ReadAt(p, 100); n != 0 || err != io.EOF {
		t.Errorf("read at the end: %d, %v, want 0 and io.EOF", n, err)
	}
	for _, off := range []int64{-1, 101} {
		if _, err := st.ReadAt(p, off); err == nil {
			t.Errorf("read at %d has no error", off)
		}
	}
	for _, off := range []int64{-1, 71, 100, 1 << 60} {
		if n, err := st.WriteAt(p, off); n != 0 || err == nil {
			t.Errorf("write at %d: %d, %v", off, n, err)
		}
	}
	if _, err := st.Prepare(t.Context(), []int{1}); err == nil {
		t.Error("prepare of a file that the torrent lacks has no error")
	}
	if err := st.Delete(t.Context(), []int{-1}); err == nil {
		t.Error("delete of a file that the torrent lacks has no error")
	}
}
