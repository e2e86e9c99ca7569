package utpwire_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

func setBits(s utpwire.SelectiveAck) []int {
	var out []int
	for i := range s.Bits() + 100 {
		if s.Word(i/64)>>(i%64)&1 == 1 {
			out = append(out, i)
		}
	}
	return out
}

func TestTheLowestBitOfTheFirstByteIsTheFirst(t *testing.T) {
	s := utpwire.SelectiveAck{0x81, 0, 0, 0, 0x10}
	if got := setBits(s); !slices.Equal(got, []int{0, 7, 36}) {
		t.Errorf("set are %v", got)
	}
	if got := utpwire.SelectiveAck(nil).AppendWord(1 | 1<<7 | 1<<36); !slices.Equal(setBits(got), []int{0, 7, 36}) || len(got) != utpwire.MaskWordBytes {
		t.Errorf("%x", []byte(got))
	}
}

func TestBitsThatAreSetAreFoundAndNoOthers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := utpwire.SelectiveAck(rapid.SliceOfN(rapid.SampledFrom([]byte{0, 0, 0, 1, 0x80, 0xff}), 0, 60).Draw(t, "mask"))
		var want []int
		for i := range s.Bits() {
			if s[i/8]&(1<<(i%8)) != 0 {
				want = append(want, i)
			}
		}
		if got := setBits(s); !slices.Equal(got, want) {
			t.Fatalf("%x: %v, want %v", []byte(s), got, want)
		}
	})
}

func TestADelayIsWhatPassedWhateverTheClocksShowAndIsNeverTakenForNone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		remote := utpwire.Stamp(rapid.Uint32Min(1).Draw(t, "remote"))
		passed := rapid.OneOf(rapid.Uint32(), rapid.SampledFrom([]uint32{0, 1, 1<<31 - 1, 1 << 31, 1<<32 - 1})).Draw(t, "passed")
		local := remote + utpwire.Stamp(passed)
		if local == utpwire.NoStamp {
			t.Skip("no stamp")
		}
		d := local.Since(remote)
		if off := d.Over(utpwire.Delay(passed)); d == utpwire.NoDelay || off < 0 || off > time.Microsecond {
			t.Fatalf("%d after %d is %d", local, remote, d)
		}
		var p utpwire.Packet
		h := utpwire.Header{Delay: d}
		if utpwire.Parse(h.Append(nil, nil), &p); p.Delay != d {
			t.Fatalf("%d came as %d", d, p.Delay)
		}
	})
}

func TestWithoutAStampThereIsNoDelay(t *testing.T) {
	if got := utpwire.NoStamp.Since(5); got != utpwire.NoDelay {
		t.Errorf("%d", got)
	}
	if got := utpwire.Stamp(5).Since(utpwire.NoStamp); got != utpwire.NoDelay {
		t.Errorf("%d", got)
	}
}

func TestDelaysCompareAcrossTheWrap(t *testing.T) {
	for _, base := range []utpwire.Delay{1, 1 << 31, 1<<32 - 1} {
		for _, d := range []time.Duration{0, time.Microsecond, time.Second, 30 * time.Minute, -time.Second} {
			if got := (base + utpwire.Delay(d/time.Microsecond)).Over(base); got != d {
				t.Errorf("%v over %d is %v", d, base, got)
			}
		}
	}
}

func TestStampsCompareAcrossTheWrap(t *testing.T) {
	for _, s := range []utpwire.Stamp{1, 1 << 31, 1<<32 - 3} {
		for _, d := range []time.Duration{0, 5 * time.Microsecond, 35 * time.Minute, -5 * time.Microsecond, -35 * time.Minute} {
			if got := (s + utpwire.Stamp(d.Microseconds())).Over(s); got != d {
				t.Errorf("%d is %v over, want %v", s, got, d)
			}
		}
	}
}

func TestAStampIsMicrosecondsAndNeverNone(t *testing.T) {
	for _, c := range []struct {
		at   mono.Instant
		want utpwire.Stamp
	}{{0, 1}, {999, 1}, {5999, 5}, {mono.Instant(1 << 32 * time.Microsecond), 1}, {mono.Instant((1<<32 + 7) * time.Microsecond), 7}} {
		if got := utpwire.StampAt(c.at); got != c.want {
			t.Errorf("%d is %d, want %d", c.at, got, c.want)
		}
	}
}

func TestTheIDsOfTheTwoDirectionsAreNeighboursAcrossTheWrap(t *testing.T) {
	if id := utpwire.ConnID(65535); id.Next() != 0 || id.Next().Previous() != id {
		t.Errorf("%d, %d", id.Next(), id.Next().Previous())
	}
}
