package recv_test

import (
	"bytes"
	"testing"

	"github.com/etorrent/etorrent/internal/core/utp/recv"
	"github.com/etorrent/etorrent/internal/vocab/serial"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// usual is a queue whose numbers wrap at its third packet.
func usual(window int) (*recv.Queue, *recv.Pool, *sink) {
	pool := recv.NewPool(1500, 2000)
	return recv.New(recv.Config{Next: 65534, Window: window, Reserve: 4000, Slots: 1024, Segment: 1000}, pool), pool, &sink{}
}

func TestAnEarlyPacketWaitsForThoseBeforeIt(t *testing.T) {
	q, pool, got := usual(1 << 20)
	mustBe(t, q.ReceiveData(0, []byte("c"), got), recv.Receipt{Kind: recv.Held})
	mustBe(t, q.ReceiveData(65535, []byte("b"), got), recv.Receipt{Kind: recv.Held})
	if got.Len() != 0 || q.Ack() != 65533 || pool.Lent() != 2 {
		t.Errorf("%q was delivered, ack %v, %d buffers", got, q.Ack(), pool.Lent())
	}
	mustBe(t, q.ReceiveData(65534, []byte("a"), got), recv.Receipt{Kind: recv.InOrder, Packets: 3, Bytes: 3})
	if got.String() != "abc" || q.Ack() != 0 || pool.Lent() != 0 {
		t.Errorf("%q was delivered, ack %v, %d buffers", got, q.Ack(), pool.Lent())
	}
}

func TestWhatCameAlreadyIsRepeatedAndWhatIsOlderThanThatIsStrange(t *testing.T) {
	q, _, got := usual(1 << 20)
	q.ReceiveData(65534, []byte("a"), got)
	q.ReceiveData(1, []byte("d"), got)
	for seq, want := range map[serial.Number]recv.ReceiptKind{
		65534: recv.Repeated, 1: recv.Repeated, serial.Number(65535).Add(-1024): recv.Repeated,
		serial.Number(65535).Add(-1025): recv.Strange, 40000: recv.Strange, 20000: recv.TooFar,
	} {
		mustBe(t, q.ReceiveData(seq, []byte("x"), got), recv.Receipt{Kind: want})
	}
	if got.String() != "a" {
		t.Errorf("%q was delivered", got)
	}
}

func TestNoMoreSlotsAreUsedThanThereAre(t *testing.T) {
	q, _, got := usual(1 << 20)
	mustBe(t, q.ReceiveData(serial.Number(65534).Add(1023), []byte("x"), got), recv.Receipt{Kind: recv.Held})
	mustBe(t, q.ReceiveData(serial.Number(65534).Add(1024), []byte("x"), got), recv.Receipt{Kind: recv.TooFar})
}

func TestWithAClosedWindowOnePacketAfterTheOtherIsTakenFromTheReserve(t *testing.T) {
	q, _, got := usual(1000)
	kb := make([]byte, 1000)
	mustBe(t, q.ReceiveData(65534, kb, got), recv.Receipt{Kind: recv.InOrder, Packets: 1, Bytes: 1000})
	seq := serial.Number(65535)
	for range 4 {
		if q.Advertise() != 0 {
			t.Errorf("the window is %d", q.Window())
		}
		mustBe(t, q.ReceiveData(seq, kb, got), recv.Receipt{Kind: recv.InOrder, Packets: 1, Bytes: 1000})
		seq = seq.Next()
	}
	mustBe(t, q.ReceiveData(seq, kb, got), recv.Receipt{Kind: recv.BeyondWindow})
	q.Read(1)
	mustBe(t, q.ReceiveData(seq, kb[:1], got), recv.Receipt{Kind: recv.InOrder, Packets: 1, Bytes: 1})
}

func TestWhatComesEarlyNeverUsesTheReserve(t *testing.T) {
	q, _, got := usual(1000)
	q.ReceiveData(65534, make([]byte, 900), got)
	mustBe(t, q.ReceiveData(0, make([]byte, 101), got), recv.Receipt{Kind: recv.BeyondWindow})
	mustBe(t, q.ReceiveData(0, make([]byte, 100), got), recv.Receipt{Kind: recv.Held})
}

func TestWhatComesEarlyWithoutMemoryIsTakenWhenItComesInOrder(t *testing.T) {
	pool := recv.NewPool(10, 1)
	q := recv.New(recv.Config{Next: 1, Window: 1000, Slots: 10, Segment: 100}, pool)
	var got sink
	mustBe(t, q.ReceiveData(2, []byte("longer than a buffer"), &got), recv.Receipt{Kind: recv.NoMemory})
	mustBe(t, q.ReceiveData(3, []byte("c"), &got), recv.Receipt{Kind: recv.Held})
	mustBe(t, q.ReceiveData(4, []byte("d"), &got), recv.Receipt{Kind: recv.NoMemory})
	mustBe(t, q.ReceiveData(5, nil, &got), recv.Receipt{Kind: recv.Held}) // an empty one needs none
	mustBe(t, q.ReceiveData(1, []byte("a"), &got), recv.Receipt{Kind: recv.InOrder, Packets: 1, Bytes: 1})
	mustBe(t, q.ReceiveData(2, []byte("longer than a buffer"), &got), recv.Receipt{Kind: recv.InOrder, Packets: 2, Bytes: 21})
	mustBe(t, q.ReceiveData(4, []byte("d"), &got), recv.Receipt{Kind: recv.InOrder, Packets: 2, Bytes: 1})
	if got.String() != "alonger than a buffercd" {
		t.Errorf("%q was delivered", got.String())
	}
}

func TestAFinBeforeTheDataEndsTheStreamWhenAllHasCome(t *testing.T) {
	q, _, got := usual(1 << 20)
	mustBe(t, q.ReceiveFin(0, []byte("c"), got), recv.Receipt{Kind: recv.Held, End: recv.EndAhead})
	mustBe(t, q.ReceiveData(65535, []byte("b"), got), recv.Receipt{Kind: recv.Held, End: recv.EndAhead})
	mustBe(t, q.ReceiveData(1, []byte("d"), got), recv.Receipt{Kind: recv.BehindEnd, End: recv.EndAhead})
	mustBe(t, q.ReceiveFin(65534, nil, got), recv.Receipt{Kind: recv.EndElsewhere, End: recv.EndAhead})
	mustBe(t, q.ReceiveData(65534, []byte("a"), got), recv.Receipt{Kind: recv.InOrder, End: recv.EndReached, Packets: 3, Bytes: 3})
	mustBe(t, q.ReceiveFin(0, []byte("c"), got), recv.Receipt{Kind: recv.Repeated, End: recv.EndReached})
	mustBe(t, q.ReceiveData(1, []byte("d"), got), recv.Receipt{Kind: recv.BehindEnd, End: recv.EndReached})
	if got.String() != "abc" {
		t.Errorf("%q was delivered", got)
	}
}

func TestWhatIsHeldBehindTheEndIsDroppedWhenTheFinComes(t *testing.T) {
	for _, c := range []struct {
		name string
		fin  serial.Number
		want recv.Receipt
	}{
		{"next", 65534, recv.Receipt{Kind: recv.InOrder, End: recv.EndReached, Packets: 1}},
		{"early", 0, recv.Receipt{Kind: recv.Held, End: recv.EndAhead}},
	} {
		q, pool, got := usual(1 << 20)
		q.ReceiveData(7, []byte("h"), got)
		q.ReceiveData(3, []byte("e"), got)
		mustBe(t, q.ReceiveFin(c.fin, nil, got), c.want)
		if err := q.Audit(); err != nil || pool.Lent() != 0 {
			t.Errorf("%s: %v, %d buffers", c.name, err, pool.Lent())
		}
	}
}

func TestTheRemoteIsToldOfAWindowThatOpensAgainAndOnlyThen(t *testing.T) {
	q, _, got := usual(16_000)
	q.Advertise()
	q.ReceiveData(65534, make([]byte, 15_500), got)
	if e := q.Read(100); e != recv.WindowAsTold {
		t.Errorf("%v while the remote thinks that there is all the room", e)
	}
	q.Advertise()
	if e := q.Read(1000); e != recv.WindowAsTold {
		t.Errorf("%v for less than two packets", e)
	}
	if e := q.Read(400); e != recv.WindowReopened || q.Advertise() != 2000 {
		t.Errorf("%v, of %d", e, q.Window())
	}
	if e := q.Read(14_000); e != recv.WindowAsTold || q.Window() != 16_000 {
		t.Errorf("%v, of %d, when the remote was told", e, q.Window())
	}
}

func TestALargerWindowIsToldAndASmallerOneTakesNothingBack(t *testing.T) {
	q, _, got := usual(1000)
	q.ReceiveData(65534, make([]byte, 1000), got)
	q.Advertise()
	if e := q.Resize(1 << 20); e != recv.WindowReopened || q.Window() != 1<<20-1000 {
		t.Errorf("%v, of %d", e, q.Window())
	}
	if e := q.Resize(10); e != recv.WindowAsTold || q.Window() != 0 {
		t.Errorf("%v, of %d", e, q.Window())
	}
}

func TestAMaskIsCutToTheRoomForIt(t *testing.T) {
	q, _, got := usual(1 << 20)
	q.ReceiveData(serial.Number(65534).Add(1000), []byte("x"), got)
	for most, want := range map[int]int{0: 0, 7: 0, 8: 8, 20: 16, 128: 128, 10_000: 128} {
		if mask := q.AppendMask(nil, most); len(mask) != want {
			t.Errorf("%d bytes, of at most %d", len(mask), most)
		}
	}
}

func TestReceivingAllocatesNothing(t *testing.T) {
	q, _, got := usual(1 << 20)
	got.Grow(1 << 20)
	payload := bytes.Repeat([]byte("x"), 1400)
	room := make(utpwire.SelectiveAck, 0, utpwire.MaxMaskBytes)
	seq := serial.Number(65534)
	round := func() {
		got.Reset()
		for _, ahead := range []int{1, 3, 2, 0, 5, 4} {
			q.ReceiveData(seq.Add(ahead), payload, got)
			q.AppendMask(room, utpwire.MaxMaskBytes)
			q.Advertise()
		}
		seq = seq.Add(6)
		q.Read(got.Len())
	}
	round()
	if n := testing.AllocsPerRun(100, round); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// nothing is a stream that nobody reads.
type nothing struct{}

func (nothing) Deliver([]byte) {}

func BenchmarkInOrder(b *testing.B) {
	q, _, _ := usual(1 << 20)
	payload := make([]byte, 1400)
	b.SetBytes(1400)
	b.ReportAllocs()
	for seq := serial.Number(65534); b.Loop(); seq = seq.Next() {
		q.ReceiveData(seq, payload, nothing{})
		q.Read(len(payload))
	}
}

// Of each 64 packets the first comes last, and every packet is acknowledged.
func BenchmarkReordered(b *testing.B) {
	q, _, _ := usual(1 << 20)
	payload := make([]byte, 1400)
	room := make(utpwire.SelectiveAck, 0, utpwire.MaxMaskBytes)
	b.SetBytes(1400)
	b.ReportAllocs()
	i := 0
	for seq := serial.Number(65534); b.Loop(); i++ {
		at := seq.Add(i%64 + 1)
		if i%64 == 63 {
			at, seq = seq, seq.Add(64)
		}
		q.ReceiveData(at, payload, nothing{})
		q.AppendMask(room, utpwire.MaxMaskBytes)
		q.Read(len(payload))
	}
}
