package demux_test

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"testing"

	"github.com/etorrent/etorrent/internal/core/demux"
	"github.com/etorrent/etorrent/internal/vocab/mono"
)

var (
	tracker  = netip.MustParseAddrPort("192.0.2.1:6969")
	stranger = netip.MustParseAddrPort("198.51.100.7:1234")
)

// answer is what a tracker sends: an action, a transaction, and a body.
func answer(action, transaction uint32, body ...byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, action)
	return append(binary.BigEndian.AppendUint32(b, transaction), body...)
}

func expect(t *testing.T, table *demux.Table, k demux.Key, until mono.Instant) {
	t.Helper()
	if e := table.Expect(k, until); e != demux.Expected {
		t.Fatalf("%v is not expected: %v", k, e)
	}
}

func TestTheFirstByteSaysWhoseADatagramIs(t *testing.T) {
	header := make([]byte, 19)
	for first := range 256 {
		payload := append([]byte{byte(first)}, header...)
		var want demux.Evidence = demux.Stray{Because: demux.UnknownKind}
		switch first {
		case 'd':
			want = demux.KRPC{}
		case 0x01, 0x11, 0x21, 0x31, 0x41:
			want = demux.UTP{}
		case 0x00:
			want = demux.Stray{Because: demux.Unexpected}
		}
		if got := demux.New(1, demux.Counts{}).Receive(1, stranger, payload); got != want {
			t.Errorf("%#02x: %T %+v, want %T %+v", first, got, got, want, want)
		}
	}
}

func TestADatagramThatIsCutOffIsNobodys(t *testing.T) {
	table := demux.New(1, demux.Counts{})
	expect(t, table, demux.KeyOf(0, tracker), 100)
	if got := table.Receive(1, stranger, nil); got != (demux.Stray{Because: demux.Empty}) {
		t.Errorf("an empty one: %+v", got)
	}
	for _, whole := range [][]byte{append([]byte{0x41}, make([]byte, 19)...), answer(0, 0)} {
		for n := 1; n < len(whole); n++ {
			if got := table.Receive(1, tracker, whole[:n]); got != (demux.Stray{Because: demux.TooShort}) {
				t.Errorf("%x: %T %+v", whole[:n], got, got)
			}
		}
	}
	if got := table.Receive(1, stranger, []byte("d")); got != (demux.KRPC{}) {
		t.Errorf("what begins as a dictionary: %T %+v", got, got)
	}
}

func TestOneAnswerEndsAnExpectation(t *testing.T) {
	for action := range uint32(4) {
		table := demux.New(8, demux.Counts{})
		expect(t, table, demux.KeyOf(77, tracker), 100)
		if got := table.Receive(1, tracker, answer(action, 77)); got != (demux.Answer{To: demux.KeyOf(77, tracker)}) {
			t.Errorf("action %d: %T %+v", action, got, got)
		}
		if got := table.Receive(2, tracker, answer(action, 77)); got != (demux.Stray{Because: demux.Unexpected}) {
			t.Errorf("action %d again: %T %+v", action, got, got)
		}
	}
}

func TestAnAnswerOfSomebodyElseOrToSomethingElseIsNobodysAndEndsNothing(t *testing.T) {
	table := demux.New(8, demux.Counts{})
	expect(t, table, demux.KeyOf(77, tracker), 100)
	otherPort := netip.AddrPortFrom(tracker.Addr(), tracker.Port()+1)
	for _, c := range []struct {
		from    netip.AddrPort
		payload []byte
		want    demux.Cause
	}{
		{stranger, answer(0, 77), demux.Unexpected},
		{otherPort, answer(0, 77), demux.Unexpected},
		{tracker, answer(0, 78), demux.Unexpected},
		{tracker, answer(4, 77), demux.UnknownKind},
		{tracker, answer(1<<24-1, 77), demux.UnknownKind},
	} {
		if got := table.Receive(1, c.from, c.payload); got != (demux.Stray{Because: c.want}) {
			t.Errorf("%x of %v: %T %+v, want %v", c.payload, c.from, got, got, c.want)
		}
	}
	if got := table.Receive(1, tracker, answer(1, 77)); got != (demux.Answer{To: demux.KeyOf(77, tracker)}) {
		t.Errorf("the right one: %T %+v", got, got)
	}
}

func TestAMappedAddressAndAZoneMakeNoDifference(t *testing.T) {
	for _, pair := range [][2]string{
		{"192.0.2.1:6969", "[::ffff:192.0.2.1]:6969"},
		{"[fe80::1]:6969", "[fe80::1%2]:6969"},
	} {
		for _, way := range [][2]string{pair, {pair[1], pair[0]}} {
			table := demux.New(8, demux.Counts{})
			expect(t, table, demux.KeyOf(1, netip.MustParseAddrPort(way[0])), 100)
			if got, is := table.Receive(1, netip.MustParseAddrPort(way[1]), answer(0, 1)).(demux.Answer); !is {
				t.Errorf("asked of %s, answered by %s: %+v", way[0], way[1], got)
			}
		}
	}
}

func TestAnExpectationExpires(t *testing.T) {
	table := demux.New(8, demux.Counts{})
	early, late, never := demux.KeyOf(1, tracker), demux.KeyOf(2, tracker), demux.KeyOf(3, tracker)
	expect(t, table, late, 20)
	expect(t, table, early, 10)
	if at := table.Deadline(); at != 10 {
		t.Errorf("the first deadline is %d", at)
	}
	if got := table.Receive(10, tracker, answer(0, 1)); got != (demux.Stray{Because: demux.Unexpected}) {
		t.Errorf("at its deadline: %T %+v", got, got)
	}
	if got := table.Expired(15, nil); len(got) != 1 || got[0] != early {
		t.Errorf("expired: %v", got)
	}
	expect(t, table, never, mono.Never)
	if at := table.Deadline(); at == mono.Never {
		t.Error("a deadline that was never is never looked at")
	}
	if got := table.Expired(15, nil); len(got) != 1 || got[0] != never {
		t.Errorf("expired: %v", got)
	}
	table.Forget(late)
	table.Forget(late)
	if at := table.Deadline(); at != mono.Never || table.Len() != 0 {
		t.Errorf("of nothing the deadline is %d", at)
	}
}

func TestNoMoreIsExpectedThanTheBoundAndNothingTwice(t *testing.T) {
	table := demux.New(2, demux.Counts{})
	expect(t, table, demux.KeyOf(1, tracker), 10)
	if e := table.Expect(demux.KeyOf(1, tracker), 99); e != demux.AlreadyExpected {
		t.Errorf("the same again: %v", e)
	}
	expect(t, table, demux.KeyOf(1, stranger), 10) // the same number at another tracker
	if e := table.Expect(demux.KeyOf(2, tracker), 10); e != demux.TableFull {
		t.Errorf("one too many: %v", e)
	}
	table.Forget(demux.KeyOf(1, tracker))
	expect(t, table, demux.KeyOf(2, tracker), 10)
}

func TestDatagramsAreCounted(t *testing.T) {
	table := demux.New(2, demux.Counts{KRPC: 40, Unexpected: 1})
	expect(t, table, demux.KeyOf(1, tracker), 10)
	for _, payload := range [][]byte{
		[]byte("de"), append([]byte{0x21}, make([]byte, 30)...), answer(1, 1), answer(1, 1), {0}, nil, []byte("GET /"),
		bytes.Repeat([]byte{0xff}, 100), []byte("d1:q4:ping"),
	} {
		table.Receive(1, tracker, payload)
	}
	want := demux.Counts{KRPC: 42, UTP: 1, Answers: 1, Empty: 1, UnknownKind: 2, TooShort: 1, Unexpected: 2}
	if got := table.Counts(); got != want {
		t.Errorf("counted %+v, want %+v", got, want)
	}
}

func TestSortingADatagramAllocatesNothing(t *testing.T) {
	table := demux.New(2, demux.Counts{})
	packet := append([]byte{0x01}, make([]byte, 1400)...)
	if n := testing.AllocsPerRun(100, func() { table.Receive(1, stranger, packet) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
