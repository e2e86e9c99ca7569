package peer

import (
	"testing"
	"time"
)

func TestMoreIsReadAheadForARemoteThatTakesItFast(t *testing.T) {
	for _, tc := range []struct {
		name  string
		every time.Duration // between writes of 64 KiB
		most  uint32
	}{
		{"a byte now and then", time.Hour, leastReadAhead},
		{"what lasts for longer than the span", 20 * time.Millisecond, leastReadAhead},
		{"a third more than the least", 64 << 10 * readAheadSpan / (leastReadAhead * 4 / 3), leastReadAhead * 4 / 3},
		{"all at once", 0, ReadAheadLimit},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l := open(t, config(plain))
			if got := l.core.ReadAhead(); got != leastReadAhead {
				t.Fatalf("%d bytes before anything was taken", got)
			}
			for range 16 {
				l.pass(tc.every)
				l.core.Wrote(l.now, 64<<10)
			}
			if got := l.core.ReadAhead(); got < tc.most*99/100 || got > tc.most*101/100 {
				t.Errorf("%d bytes, want %d", got, tc.most)
			}
			l.core.Wrote(l.now.Add(time.Hour), leastReadAhead)
			if got := l.core.ReadAhead(); got != leastReadAhead {
				t.Errorf("%d bytes after it took little", got)
			}
		})
	}
}
