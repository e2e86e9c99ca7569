package net_test

import (
	"bytes"
	"testing"

	pnet "github.com/etorrent/etorrent/internal/proc/net"
)

// What is kept stays as it was lent while the Lender reads on, as long as it may; then it is read
// into again.
func TestAMessageThatIsKeptStaysUntilItIsReleased(t *testing.T) {
	from, p := open(t, nil, pnet.V4, "127.0.0.1:0"), open(t, nil, pnet.V4, "127.0.0.1:0")
	lender := pnet.NewLender(p, 2000)
	type keep struct {
		in     *pnet.Message
		lent   pnet.Datagram
		before []byte
	}
	var kept []keep
	refused := 0
	for round := 0; refused < 3 && round < 200; round++ {
		out := alike(40, 1400, p.LocalAddr())
		for i := range out {
			out[i].Payload[0] = byte(round)
		}
		if n, _, err := from.Write(out); n != len(out) || err != nil {
			t.Fatalf("wrote %d: %v", n, err)
		}
		for got := 0; got < len(out); {
			reading, err := lender.Lend()
			if err != nil {
				t.Fatal(err)
			}
			got += len(reading.Datagrams)
			for _, d := range reading.Datagrams {
				switch {
				case d.Message == nil:
				case d.Message.Keep():
					kept = append(kept, keep{d.Message, d, bytes.Clone(d.Payload)})
				default:
					refused++
				}
			}
		}
	}
	if len(kept) == 0 {
		t.Skip("the system hands over one by one")
	}
	messages := map[*pnet.Message]int{}
	for _, k := range kept {
		if !bytes.Equal(k.lent.Payload, k.before) {
			t.Fatal("what is kept was read into")
		}
		messages[k.in]++
	}
	if n := len(messages); n < 64 || n > 80 {
		t.Errorf("%d messages are kept", n)
	}
	pool := kept[0].in.Pool()
	for _, k := range kept {
		k.in.Release()
	}
	if n := pool.Kept(); n != 0 {
		t.Errorf("%d are kept by nobody", n)
	}
	if messages[pool.Get()] == 0 {
		t.Error("what was released is not read into again")
	}
}
