package sup

import (
	"hash/fnv"
	"strings"
)

// Fingerprint names the place of a panic: equal for stacks of the same frames,
// whatever the goroutine's number, the arguments' addresses and the value.
func (e Panicked) Fingerprint() uint64 {
	h := fnv.New64a()
	for line := range strings.Lines(string(e.Stack)) {
		if place, is := strings.CutPrefix(line, "\t"); is {
			place, _, _ = strings.Cut(place, " +0x")
			_, _ = h.Write([]byte(place))
		}
	}
	return h.Sum64()
}
