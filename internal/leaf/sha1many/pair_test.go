package sha1many

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding"
	"encoding/binary"
	"hash"
	"math/rand/v2"
	"testing"

	"github.com/etorrent/etorrent/internal/fuzzseed"
)

// withKernels runs f with each kernel that this processor has, and with none.
func withKernels(t testing.TB, f func()) {
	best := fastest
	defer set(best)
	for k := kernelNone; k <= best; k++ {
		if k == kernelNone || (k == kernelARM64) == (best == kernelARM64) {
			set(k)
			f()
			if t.Failed() {
				t.Logf("with kernel %d", k)
			}
		}
	}
}

func content(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// cut yields a part of b that begins at a random place, so that most are unaligned.
func cut(r *rand.Rand, b []byte, most int) []byte {
	from := r.IntN(len(b) - most)
	return b[from : from+r.IntN(most+1)]
}

func TestTwoHashesAreWhatEachIsByItself(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	withKernels(t, func() {
		r := rand.New(rand.NewPCG(seed, 0))
		bulk := content(r, 1<<17)
		for range 200 {
			var w Pair
			a, b, wantA, wantB := sha1.New(), sha1.New(), sha1.New(), sha1.New()
			for range 1 + r.IntN(6) {
				p, q := cut(r, bulk, 1<<r.IntN(17)), cut(r, bulk, 1<<r.IntN(17))
				w.Write(a, b, p, q)
				wantA.Write(p)
				wantB.Write(q)
				if r.IntN(4) == 0 { // what is not written as a pair in between
					a.Write(q)
					wantA.Write(q)
				}
			}
			if !bytes.Equal(a.Sum(nil), wantA.Sum(nil)) || !bytes.Equal(b.Sum(nil), wantB.Sum(nil)) {
				t.Fatal("a sum differs")
			}
		}
	})
}

func TestEveryLengthAndOffsetIsHashed(t *testing.T) {
	withKernels(t, func() {
		bulk := content(rand.New(rand.NewPCG(1, 2)), 8<<10)
		var w Pair
		for n := range 200 {
			a, b := sha1.New(), sha1.New()
			a.Write(bulk[:n])
			p, q := bulk[n:4<<10], bulk[3:(3<<10)+n]
			w.Write(a, b, p, q)
			wantA, wantB := sha1.Sum(bulk[:4<<10]), sha1.Sum(q)
			if !bytes.Equal(a.Sum(nil), wantA[:]) || !bytes.Equal(b.Sum(nil), wantB[:]) {
				t.Fatalf("%d bytes before: a sum differs", n)
			}
		}
	})
}

func TestZeros(t *testing.T) {
	withKernels(t, func() {
		zeros := make([]byte, 1<<20)
		var w Pair
		a, b, want := sha1.New(), sha1.New(), sha1.Sum(zeros)
		w.Write(a, b, zeros, zeros)
		if !bytes.Equal(a.Sum(nil), want[:]) || !bytes.Equal(b.Sum(nil), want[:]) {
			t.Errorf("%x and %x, want %x", a.Sum(nil), b.Sum(nil), want)
		}
	})
}

// after returns a hash that has had n bytes, as far as it knows.
func after(t *testing.T, n uint64) hash.Hash {
	h := sha1.New()
	raw, err := h.(encoding.BinaryMarshaler).MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	binary.BigEndian.PutUint64(raw[len(raw)-8:], n)
	if err := h.(encoding.BinaryUnmarshaler).UnmarshalBinary(raw); err != nil {
		t.Fatal(err)
	}
	return h
}

func TestLengthsOverflowNothing(t *testing.T) {
	data := content(rand.New(rand.NewPCG(3, 4)), 5000)
	withKernels(t, func() {
		var w Pair
		for _, n := range []uint64{1<<29 - 64, 1<<32 - 64, 1<<32 - 4096, 1 << 40, 1<<61 - 128, 1<<64 - 1024} {
			a, b, want := after(t, n), after(t, n+37), [2]hash.Hash{after(t, n), after(t, n+37)}
			w.Write(a, b, data, data)
			for i, h := range []hash.Hash{a, b} {
				want[i].Write(data)
				if !bytes.Equal(h.Sum(nil), want[i].Sum(nil)) {
					t.Errorf("after %d bytes the sums of lane %d differ", n, i)
				}
			}
		}
	})
}

func TestAHashIsMarshalledAsByItself(t *testing.T) {
	data := content(rand.New(rand.NewPCG(5, 6)), 4<<10)
	withKernels(t, func() {
		var w Pair
		a, b, want := sha1.New(), sha1.New(), sha1.New()
		w.Write(a, b, data, data)
		want.Write(data)
		got, err := a.(encoding.BinaryMarshaler).MarshalBinary()
		whole, _ := want.(encoding.BinaryMarshaler).MarshalBinary()
		if err != nil || !bytes.Equal(got, whole) {
			t.Errorf("error %v\n%x\n%x", err, got, whole)
		}
	})
}

func TestOtherHashesAreWrittenOneByOne(t *testing.T) {
	data := content(rand.New(rand.NewPCG(7, 8)), 4<<10)
	withKernels(t, func() {
		var w Pair
		for _, newA := range []func() hash.Hash{sha256.New, sha1.New} {
			a, b := newA(), sha256.New()
			w.Write(a, b, data, data[1:])
			wantA, wantB := newA(), sha256.Sum256(data[1:])
			wantA.Write(data)
			if !bytes.Equal(a.Sum(nil), wantA.Sum(nil)) || !bytes.Equal(b.Sum(nil), wantB[:]) {
				t.Error("a sum differs")
			}
		}
	})
}

// A kernel that is never used would pass every other test.
func TestTheHashesOfThisGoAreTaken(t *testing.T) {
	var l lane
	if _, f := l.view(sha1.New()); f != plain {
		t.Error("the form that crypto/sha1 marshals a hash in is another")
	}
}

func TestPairsAllocateNothing(t *testing.T) {
	data := make([]byte, 4<<10)
	w, a, b := &Pair{}, sha1.New(), sha1.New()
	// Under the race detector crypto/sha1 allocates when it marshals.
	room, m := make([]byte, roomSize), a.(encoding.BinaryAppender)
	theirs := testing.AllocsPerRun(100, func() { _, _ = m.AppendBinary(room[:0]) })
	if n := testing.AllocsPerRun(100, func() { w.Write(a, b, data, data) }); n != 2*theirs {
		t.Errorf("%v objects, of which crypto/sha1 makes %v", n, 2*theirs)
	}
}

// FuzzPair hashes data, repeated to a length, and the same from another byte on,
// each in two parts.
func FuzzPair(f *testing.F) {
	fuzzseed.Add(f)
	f.Fuzz(func(t *testing.T, data []byte, lengthP, lengthQ, cutP, cutQ uint16) {
		data = append(data, 'x')
		all := bytes.Repeat(data, 1<<16/len(data)+2)
		p, q := all[:lengthP], all[1:][:lengthQ]
		partP, partQ := p[:int(cutP)%(len(p)+1)], q[:int(cutQ)%(len(q)+1)]
		withKernels(t, func() {
			var w Pair
			a, b := sha1.New(), sha1.New()
			w.Write(a, b, partP, partQ)
			w.Write(b, a, q[len(partQ):], p[len(partP):])
			wantA, wantB := sha1.Sum(p), sha1.Sum(q)
			if !bytes.Equal(a.Sum(nil), wantA[:]) || !bytes.Equal(b.Sum(nil), wantB[:]) {
				t.Error("a sum differs")
			}
		})
	})
}

func BenchmarkOne(b *testing.B) {
	data, h := make([]byte, 1<<20), sha1.New()
	b.SetBytes(1 << 20)
	for b.Loop() {
		h.Write(data)
	}
}

func BenchmarkTwo(b *testing.B) {
	p, q, x, y := make([]byte, 1<<20), make([]byte, 1<<20), sha1.New(), sha1.New()
	b.SetBytes(2 << 20)
	var w Pair
	for b.Loop() {
		w.Write(x, y, p, q)
	}
}
