package utp

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

func randomBytes(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// runs is how many random runs a test has.
func runs() uint64 {
	if testing.Short() {
		return 10
	}
	return 200
}

// lengths are those of what comes at once, or is read.
var lengths = []int{0, 1, 3, 1382, chunkBytes - 1, chunkBytes, chunkBytes + 1, 3 * chunkBytes}

// What is sent is what was written, until it is released, from wherever it is asked for.
func TestAnOutflowIsSentAsItWasWritten(t *testing.T) {
	for seed := range runs() {
		r := rand.New(rand.NewPCG(seed, 0))
		var pool chunks
		f := newOutflow(&pool)
		var all []byte
		known, freed := uint64(0), uint64(0)
		for range 200 {
			switch r.IntN(5) {
			case 0:
				b := randomBytes(r, lengths[r.IntN(len(lengths))])
				pool.allow(unsentLeast << r.IntN(6))
				room := f.room()
				n := f.write(b, &pool)
				if n != max(0, min(len(b), room)) {
					t.Fatalf("run %d: %d bytes of %d were taken with room for %d", seed, n, len(b), room)
				}
				all = append(all, b[:n]...)
			case 1:
				n := f.take()
				if known += uint64(n); known != uint64(len(all)) {
					t.Fatalf("run %d: it is told of %d bytes of %d", seed, known, len(all))
				}
				f.rest(&pool)
				if freed == known && len(f.kept.chunks) > 0 {
					t.Fatalf("run %d: it holds memory for nothing", seed)
				}
			case 2:
				begin := freed + r.Uint64N(known-freed+1)
				size := int(r.Uint64N(min(known-begin, 2*chunkBytes) + 1))
				if got := f.bytes(nil, begin, size); !bytes.Equal(got, all[begin:begin+uint64(size)]) {
					t.Fatalf("run %d: other bytes are sent from %d on", seed, begin)
				}
			case 3:
				f.kept.sent += r.Uint64N(known - f.kept.sent + 1)
			case 4:
				if until := freed + r.Uint64N(f.kept.sent-freed+1); until > freed {
					freed = until
					f.free(freed, &pool)
				}
			}
		}
	}
}

func TestChunksThatAreGivenBackAreLentAgainAndNotTooManyAreKept(t *testing.T) {
	var pool chunks
	first := pool.get()
	pool.put(first)
	if pool.get() != first {
		t.Error("another one was made")
	}
	for range 2 * chunksKept {
		pool.put(&chunk{})
	}
	if pool.kept != chunksKept {
		t.Errorf("%d are kept", pool.kept)
	}
	if pool.rest(); pool.kept != 0 || pool.free != nil {
		t.Error("some are kept by nobody")
	}
}
