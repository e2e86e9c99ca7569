package utpsim

// patternPeriod is a prime, so that no shift by whole packets goes unnoticed.
const patternPeriod = 1_048_573

// pattern is twice the period, so that what follows any byte is in one piece.
var pattern = func() []byte {
	p := make([]byte, 2*patternPeriod)
	x := uint64(1)
	for i := range patternPeriod {
		x = x*6364136223846793005 + 1442695040888963407
		p[i] = byte(x >> 56)
		p[i+patternPeriod] = p[i]
	}
	return p
}()

// Pattern has n bytes of the stream that all tests send, from an offset on; n is at
// most a million. It is not to be changed.
func Pattern(offset int64, n int) []byte {
	from := int(offset % patternPeriod)
	return pattern[from : from+n : from+n]
}
