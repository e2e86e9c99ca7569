package utpwire

import (
	"encoding/binary"

	"github.com/etorrent/etorrent/internal/vocab/serial"
)

// MaxExtensions is how many extensions of a packet are looked at. Two are known, and
// no packet has more than three.
const MaxExtensions = 8

// Numbers of extensions.
const (
	extensionNone byte = 0
	extensionMask byte = 1 // selective acks
	extensionBits byte = 2 // eight bytes of what uTorrent can do
	extensionFill byte = 0xff
)

// extensionHead is what an extension begins with, in bytes: the number of the next
// one, and its own length.
const extensionHead = 2

// Parse describes a datagram in p, whose Mask and Payload then alias it. It never
// allocates. Where there is a fault, p means nothing.
//
// Every extension but the first selective ack is skipped: the eight "extension bits"
// of number 2 that uTorrent and Transmission send with a Syn, libtorrent's reason for
// closing, and those that are to come. libutp takes a packet whose first extension is
// not 1 or 2 for another protocol's, so nothing that Append writes begins so.
func Parse(datagram []byte, p *Packet) Fault {
	if len(datagram) < HeaderBytes {
		return TooShort
	}
	head := datagram[:HeaderBytes:HeaderBytes]
	if head[0]&0x0f != version {
		return VersionWrong
	}
	if Kind(head[0]>>4) >= kinds {
		return KindUnknown
	}
	p.Header = Header{
		Kind:   Kind(head[0] >> 4),
		ID:     ConnID(binary.BigEndian.Uint16(head[2:])),
		Stamp:  Stamp(binary.BigEndian.Uint32(head[4:])),
		Delay:  Delay(binary.BigEndian.Uint32(head[8:])),
		Window: binary.BigEndian.Uint32(head[12:]),
		Seq:    serial.Number(binary.BigEndian.Uint16(head[16:])),
		Ack:    serial.Number(binary.BigEndian.Uint16(head[18:])),
	}
	if p.Delay == brokenDelay {
		p.Delay = NoDelay
	}
	p.Mask = nil
	return p.parseRest(head[1], datagram[HeaderBytes:])
}

// parseRest reads what follows the header: extensions, the first of which has the
// number, and the payload.
func (p *Packet) parseRest(number byte, rest []byte) Fault {
	for n := 0; number != extensionNone; n++ {
		if n == MaxExtensions {
			return ExtensionsTooMany
		}
		if len(rest) < extensionHead || len(rest)-extensionHead < int(rest[1]) {
			return ExtensionCutOff
		}
		end := extensionHead + int(rest[1])
		if number == extensionMask && len(p.Mask) == 0 {
			p.Mask = SelectiveAck(rest[extensionHead:end:end])
		}
		number, rest = rest[0], rest[end:]
	}
	p.Payload = rest
	return NoFault
}

// Append appends the header and, where mask is not empty, selective acks, which are
// MaxMaskBytes at most. The payload is to follow.
func (h *Header) Append(dst []byte, mask SelectiveAck) []byte {
	mask = mask[:min(len(mask), MaxMaskBytes)]
	var b [HeaderBytes]byte
	b[0] = byte(h.Kind)<<4 | version
	if len(mask) > 0 {
		b[1] = extensionMask
	}
	binary.BigEndian.PutUint16(b[2:], uint16(h.ID))
	binary.BigEndian.PutUint32(b[4:], uint32(h.Stamp))
	binary.BigEndian.PutUint32(b[8:], uint32(h.Delay))
	binary.BigEndian.PutUint32(b[12:], h.Window)
	binary.BigEndian.PutUint16(b[16:], uint16(h.Seq))
	binary.BigEndian.PutUint16(b[18:], uint16(h.Ack))
	dst = append(dst, b[:]...)
	if len(mask) > 0 {
		dst = append(append(dst, extensionNone, byte(len(mask))), mask...)
	}
	return dst
}
