package utp

import (
	"testing"

	pnet "github.com/etorrent/etorrent/internal/proc/net"
)

// packed notes that so many datagrams came as so many messages.
func (k *packing) packed(datagrams, messages int) {
	k.note(&pnet.Reading{Datagrams: make([]pnet.Datagram, datagrams), Messages: messages})
}

func TestASocketHoldsMoreOfWhatComesTogether(t *testing.T) {
	const room = 92 * fullPacket
	var k packing
	if got := k.of(room); got != room {
		t.Errorf("where nothing came it holds %d bytes of %d", got, room)
	}
	k.packed(packingSpan, packingSpan)
	if got := k.of(room); got != room {
		t.Errorf("of single ones it holds %d bytes of %d", got, room)
	}
	last := room
	for range 30 {
		k.packed(packingSpan/2, 3)
		k.packed(packingSpan/2, 3)
		if got := k.of(room); got < last || got > 92*fullCost {
			t.Errorf("it holds %d bytes, then %d of %d", last, got, 92*fullCost)
		} else {
			last = got
		}
	}
	if last < 92*fullCost*88/100 {
		t.Errorf("of many that come as one it holds %d bytes", last)
	}
	k.packed(packingSpan, packingSpan/2)
	if got := k.of(room); got > 92*fullPacket*5/4 {
		t.Errorf("of pairs, behind more that came together, it holds %d bytes", got)
	}
}
