package sup_test

import (
	"runtime"
	"testing"

	"github.com/etorrent/etorrent/sup"
)

// stackAt is the stack of a call as deep as n, made in a goroutine of its own.
func stackAt(n int) []byte {
	stack := make(chan []byte)
	var down func(int)
	down = func(n int) {
		if n > 0 {
			down(n - 1)
			return
		}
		buf := make([]byte, 8<<10)
		stack <- buf[:runtime.Stack(buf, false)]
	}
	go down(n)
	return <-stack
}

func TestAFingerprintNamesThePlaceOfAPanic(t *testing.T) {
	var same []uint64
	for range 2 {
		same = append(same, sup.Panicked{Value: len(same), Stack: stackAt(1)}.Fingerprint())
	}
	if same[0] != same[1] {
		t.Error("the same panic in two goroutines has two fingerprints")
	}
	if other := (sup.Panicked{Stack: stackAt(2)}).Fingerprint(); other == same[0] {
		t.Error("two places have one fingerprint")
	}
}
