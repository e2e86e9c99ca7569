package torrent

import (
	"math"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/mono"
)

func TestAGrantedBlockLeavesAsItsRateSays(t *testing.T) {
	now := mono.Instant(time.Hour)
	var d dole
	d.begin(now, 16<<10)
	waiting := geometry.BlockSize
	for waiting > 0 {
		at := d.deadline(waiting)
		if at <= now || at > now.Add(doleEach+time.Millisecond) {
			t.Fatalf("with %d bytes waiting the next leave after %v", waiting, at.Sub(now))
		}
		now = at
		n := min(waiting, d.most(now, waiting))
		waiting -= n
		d.left(n, waiting)
	}
	if took := now.Sub(mono.Instant(time.Hour)); took < 999*time.Millisecond || took > 1001*time.Millisecond {
		t.Errorf("16 KiB leave at 16 KiB a second in %v", took)
	}
	if d != (dole{}) || d.deadline(0) != mono.Never {
		t.Errorf("%+v is left", d)
	}
}

func TestOnlyLowRatesAreDoled(t *testing.T) {
	for rate, doled := range map[int64]bool{0: false, doledFrom - 1: false, doledFrom: true, doledTo - 1: true, doledTo: false} {
		var d dole
		d.begin(mono.Instant(time.Hour), rate)
		if got := d.most(mono.Instant(time.Hour), 1) != math.MaxInt; got != doled {
			t.Errorf("%d bytes a second: doled %v", rate, got)
		}
	}
}
