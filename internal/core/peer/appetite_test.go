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
		{"as much as the least in the span", slowSend, leastReadAhead},
		{"twice as much", slowSend / 2, 2 * leastReadAhead},
		{"the usual, which lasts for longer than the shorter span", 20 * time.Millisecond, usualReadAhead},
		{"a third more than the usual", 64 << 10 * readAheadSpan / (usualReadAhead * 4 / 3), usualReadAhead * 4 / 3},
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
			l.core.Wrote(l.now.Add(time.Hour), usualReadAhead)
			if got := l.core.ReadAhead(); got != leastReadAhead {
				t.Errorf("%d bytes after it took little", got)
			}
		})
	}
}
