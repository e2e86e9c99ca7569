package utp

import pnet "github.com/etorrent/etorrent/internal/proc/net"

const (
	// packingSpan is for how many datagrams it is counted in how many messages they come.
	packingSpan = 256
	// packingUnit is what packing counts one datagram for, packingStep what part of a rise is
	// believed at once.
	packingUnit, packingStep = 16, 8
	// besidesPayload is what a message takes of a socket's buffer beside its payload.
	besidesPayload = fullCost - fullPacket
)

// packing is how many datagrams come as one message (UDP_GRO). In the socket they have one
// piece of memory together, so that it holds more of them than where each has its own.
type packing struct {
	messages, datagrams int // of this span
	each                int // datagrams of a message in the spans before, in units
}

// note takes what was read. That fewer come together is believed at once, that more do
// by and by: what was promised and has no room is lost.
func (k *packing) note(r *pnet.Reading) {
	k.messages += r.Messages
	if k.datagrams += len(r.Datagrams); k.datagrams < packingSpan || k.messages == 0 {
		return
	}
	each := packingUnit * k.datagrams / k.messages
	if each > k.each {
		each = k.each + (each-k.each+packingStep-1)/packingStep
	}
	*k = packing{each: each}
}

// of is how many bytes of full packets may wait in a socket that has room for so many where
// each comes by itself. A quarter of what it holds more is left, since the system takes the
// memory of what was read back late.
func (k *packing) of(room int) int {
	payload := int64(max(k.each, packingUnit)) * fullPacket / packingUnit
	holds := int(int64(room) * fullCost * payload / (payload + besidesPayload) / fullPacket)
	return room + (holds-room)*3/4
}
