package sha1many

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"hash"
	"math/rand/v2"
	"testing"

	"github.com/etorrent/etorrent/internal/fuzzseed"
)

// withWide runs f with the wide kernel, if this processor has it, and without.
func withWide(t testing.TB, f func()) {
	best := hasWide
	defer setWide(best)
	for _, has := range []bool{false, best} {
		setWide(has)
		if f(); t.Failed() {
			t.Logf("wide: %v", has)
		}
	}
}

// spansOf cuts b into spans, most of which are whole blocks.
func spansOf(r *rand.Rand, b []byte) (spans [][]byte) {
	for len(b) > 0 {
		n := min(len(b), blockSize*r.IntN(64))
		if r.IntN(4) == 0 {
			n = min(len(b), r.IntN(2000))
		}
		spans = append(spans, b[:n])
		b = b[n:]
	}
	return spans
}

func TestManyHashesAreWhatEachIsByItself(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	withWide(t, func() {
		r := rand.New(rand.NewPCG(seed, 0))
		bulk := content(r, 1<<16)
		var m Many
		for range 300 {
			lanes, want := make([]Lane, r.IntN(Most+1)), make([]hash.Hash, Most)
			for i := range lanes {
				lanes[i].Hash, want[i] = sha1.New(), sha1.New()
				if r.IntN(20) == 0 {
					lanes[i].Hash, want[i] = sha256.New(), sha256.New()
				}
			}
			for range 1 + r.IntN(3) {
				for i := range lanes {
					b := cut(r, bulk, 1<<r.IntN(16))
					if r.IntN(2) == 0 { // as most pieces are, all alike
						b = bulk[i : i+1<<14]
					}
					want[i].Write(b)
					lanes[i].Spans = spansOf(r, b)
				}
				m.Write(lanes)
			}
			for i, l := range lanes {
				if !bytes.Equal(l.Hash.Sum(nil), want[i].Sum(nil)) {
					t.Fatalf("the sum of lane %d of %d differs", i, len(lanes))
				}
			}
		}
	})
}

// Each lane is told from the others, whatever the rest does.
func TestEachOfSixteenLanesIsHashed(t *testing.T) {
	if AtOnce(sha1.New()) != Most {
		t.Skip("this processor has no wide registers")
	}
	var states, want [5][Most]uint32
	var from [Most]*byte
	for i := range from {
		block := content(rand.New(rand.NewPCG(uint64(i), 1)), 64)
		from[i] = &block[0]
		h := sha1.New()
		var l lane
		l.view(h)
		for w, v := range l.state {
			states[w][i] = v
		}
		h.Write(block)
		l.view(h)
		for w, v := range l.state {
			want[w][i] = v
		}
	}
	blocksWide(&states, &from, 1)
	if states != want {
		t.Errorf("got %x, want %x", states, want)
	}
}

func TestManyAllocateNothing(t *testing.T) {
	data := make([]byte, 4<<10)
	m, lanes, theirs := &Many{}, make([]Lane, Most), 0.0
	for i := range lanes {
		lanes[i] = Lane{sha1.New(), [][]byte{data}}
	}
	for _, l := range lanes {
		// Under the race detector crypto/sha1 allocates when it marshals.
		theirs += testing.AllocsPerRun(100, func() { var k lane; k.view(l.Hash) })
	}
	if n := testing.AllocsPerRun(100, func() { m.Write(lanes) }); n > theirs {
		t.Errorf("%v objects, of which crypto/sha1 makes %v", n, theirs)
	}
}

// FuzzMany has lanes take data from another byte on each, cut in two.
func FuzzMany(f *testing.F) {
	fuzzseed.Add(f)
	f.Fuzz(func(t *testing.T, data []byte, lanes uint8, length, step, at uint16) {
		data = append(data, 'x')
		all := bytes.Repeat(data, 1<<17/len(data)+2)
		withWide(t, func() {
			var m Many
			in := make([]Lane, int(lanes)%(Most+1))
			for i := range in {
				b := all[i:][:(int(length)+i*int(step))%(1<<16)]
				n := min(len(b), int(at))
				in[i] = Lane{sha1.New(), [][]byte{b[:n], b[n:]}}
			}
			m.Write(in)
			for i := range in {
				want := sha1.Sum(all[i:][:(int(length)+i*int(step))%(1<<16)])
				if !bytes.Equal(in[i].Hash.Sum(nil), want[:]) {
					t.Errorf("the sum of lane %d differs", i)
				}
			}
		})
	})
}

func BenchmarkSixteen(b *testing.B) { benchmarkMany(b, 16) }
func BenchmarkEight(b *testing.B)   { benchmarkMany(b, 8) }
func BenchmarkSix(b *testing.B)     { benchmarkMany(b, 6) }

func benchmarkMany(b *testing.B, n int) {
	lanes := make([]Lane, n)
	for i := range lanes {
		lanes[i].Hash = sha1.New()
		for range 64 {
			lanes[i].Spans = append(lanes[i].Spans, make([]byte, 16<<10))
		}
	}
	b.SetBytes(int64(n) << 20)
	var m Many
	for b.Loop() {
		m.Write(lanes)
	}
}
