package testnet

import (
	"reflect"
	"testing"
	"time"
)

// carry sends packets of 1,000 bytes at even distances over a road.
func carry(p Path, seed uint64, packets int, every time.Duration) (arrivals []time.Duration, c Counts) {
	r := newRoad(p, seed)
	begin := time.Unix(1000, 0)
	for k := range packets {
		for _, at := range r.send(begin.Add(time.Duration(k)*every), 1000) {
			arrivals = append(arrivals, at.Sub(begin))
		}
	}
	return arrivals, r.count()
}

func TestTheZeroPathLetsEverythingThroughAtOnce(t *testing.T) {
	got, c := carry(Path{}, 1, 3, time.Second)
	if !reflect.DeepEqual(got, []time.Duration{0, time.Second, 2 * time.Second}) || c != (Counts{Sent: 3}) {
		t.Errorf("%v, %+v", got, c)
	}
}

func TestARateSpacesPacketsAndAFullQueueDropsThem(t *testing.T) {
	got, c := carry(Path{Rate: 1_000_000, Queue: 3000, Delay: time.Second}, 1, 10, 0)
	want := []time.Duration{1001 * time.Millisecond, 1002 * time.Millisecond, 1003 * time.Millisecond}
	if !reflect.DeepEqual(got, want) || c != (Counts{Sent: 3, Dropped: 7}) {
		t.Errorf("%v, %+v", got, c)
	}
}

func TestWhatIsTooLargeIsLost(t *testing.T) {
	for largest, want := range map[int]Counts{1000: {Sent: 3}, 999: {Lost: 3}} {
		if _, c := carry(Path{Largest: largest}, 1, 3, time.Second); c != want {
			t.Errorf("where %d pass: %+v, want %+v", largest, c, want)
		}
	}
}

func TestJitterAloneKeepsTheOrder(t *testing.T) {
	got, _ := carry(Path{Jitter: 50 * time.Millisecond}, 1, 1000, time.Millisecond)
	for k := 1; k < len(got); k++ {
		if got[k] < got[k-1] {
			t.Fatalf("packet %d overtakes", k)
		}
	}
}

func TestChanceIsAsOftenAsAsked(t *testing.T) {
	const packets = 100_000
	got, c := carry(Path{Loss: 100, Duplicate: 50, Reorder: 20}, 7, packets, 100*time.Microsecond)
	near := func(name string, n int64, share float64) {
		if f := float64(n) / packets; f < share*0.9 || f > share*1.1 {
			t.Errorf("%s: %.4f, want %.4f", name, f, share)
		}
	}
	near("lost", c.Lost, 0.1)
	near("duplicated", c.Duplicated, 0.9*0.05)
	near("reordered", c.Reordered, 0.9*0.02)
	if c.Sent+c.Lost != packets || int64(len(got)) != c.Sent+c.Duplicated {
		t.Errorf("%d arrivals of %+v", len(got), c)
	}
	late := int64(0)
	for k := 1; k < len(got); k++ {
		if got[k] < got[k-1] {
			late++
		}
	}
	if late < c.Reordered/2 {
		t.Errorf("%d packets were overtaken, counted %d", late, c.Reordered)
	}
	again, c2 := carry(Path{Loss: 100, Duplicate: 50, Reorder: 20}, 7, packets, 100*time.Microsecond)
	if c2 != c || !reflect.DeepEqual(got, again) {
		t.Error("the same random seed does not do the same")
	}
}

func TestAnUnpluggedPathLosesEverything(t *testing.T) {
	if got, c := carry(Path{Cut: Unplugged}, 1, 5, 0); len(got) > 0 || c != (Counts{Lost: 5}) {
		t.Errorf("%v, %+v", got, c)
	}
}
