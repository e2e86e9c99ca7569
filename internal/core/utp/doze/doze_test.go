package doze_test

import (
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/doze"
	"github.com/etorrent/etorrent/internal/vocab/mono"
)

const (
	ample  = 4 << 20
	packet = 1402
)

// reads has one message of so many bytes be read each time, after a pause, for ten milliseconds.
func reads(d *doze.Doze, now mono.Instant, pause time.Duration, bytes int) mono.Instant {
	for end := now.Add(10 * time.Millisecond); now < end; now = now.Add(pause) {
		d.Came(now, 1, bytes)
	}
	return now.Add(-pause)
}

func TestWhereMessagesComeOneByOneAtAHighRateANapBringsMany(t *testing.T) {
	for _, c := range []struct {
		pause time.Duration
		bytes int
		nap   time.Duration
	}{
		{time.Microsecond, packet, 64 * time.Microsecond}, // 64 of them
		{2 * time.Microsecond, packet, 128 * time.Microsecond},
		{20 * time.Microsecond, packet, doze.Longest},
		{8 * time.Microsecond, 64 << 10, 0},                      // enough comes in less than a nap takes
		{20 * time.Microsecond, 64 << 10, 80 * time.Microsecond}, // 256 KiB
		{100 * time.Microsecond, packet, 0},
		{time.Millisecond, packet, 0},
	} {
		var d doze.Doze
		now := reads(&d, 1, c.pause, c.bytes)
		got := d.Next(now, ample)
		if (got.Nap-c.nap).Abs() > c.nap/20 || (got.Kind == doze.Again) != (c.nap > 0) {
			t.Errorf("one of %d bytes each %v: %v, want a nap of %v", c.bytes, c.pause, got, c.nap)
		}
	}
}

func TestWhatTakesLongIsPartOfTheNap(t *testing.T) {
	var d doze.Doze
	now := reads(&d, 1, 2*time.Microsecond, packet)
	if got := d.Next(now.Add(60*time.Microsecond), ample); (got.Nap - 68*time.Microsecond).Abs() > 5*time.Microsecond {
		t.Errorf("after 60 µs: %v", got)
	}
	if got := d.Next(now.Add(time.Millisecond), ample); got != (doze.Step{Kind: doze.Again}) {
		t.Errorf("after a millisecond: %v", got)
	}
}

func TestANapThatBroughtNothingIsTheLast(t *testing.T) {
	var d doze.Doze
	now := reads(&d, 1, 4*time.Microsecond, packet)
	if got := d.Next(now, ample); got.Nap == 0 {
		t.Fatalf("awake: %v", got)
	}
	now = now.Add(doze.Longest)
	d.Came(now, 0, 0)
	if got := d.Next(now, ample); got.Kind != doze.Await {
		t.Errorf("nothing came: %v", got)
	}
	now = reads(&d, now, 4*time.Microsecond, packet)
	d.Came(now, 0, 0) // without a nap that says nothing
	if got := d.Next(now, ample); got.Kind != doze.Again {
		t.Errorf("it was empty once: %v", got)
	}
}

func TestAfterASilenceNothingIsKnown(t *testing.T) {
	var d doze.Doze
	now := reads(&d, 1, 4*time.Microsecond, packet).Add(time.Second)
	d.Came(now, 1, packet)
	if got := d.Next(now, ample); got.Kind != doze.Await {
		t.Errorf("after a second: %v", got)
	}
}

func TestANapBringsNoMoreThanAPartOfWhatTheSocketHolds(t *testing.T) {
	const stock = 92 * packet
	var d doze.Doze
	now := reads(&d, 1, 8*time.Microsecond, packet)
	if got := d.Next(now, stock); got.Nap < 80*time.Microsecond || got.Nap > 92*time.Microsecond {
		t.Errorf("with room for 92 packets: %v", got)
	}
	for _, room := range []int{0, 20 * packet} {
		if got := d.Next(now, room); got.Kind != doze.Await {
			t.Errorf("with room for %d bytes: %v", room, got)
		}
	}
}
