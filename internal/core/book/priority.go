package book

import (
	"encoding/binary"
	"hash/crc32"
	"net/netip"
	"slices"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Priority is the canonical priority of a connection between two endpoints (BEP
// 40), the same from either end: the CRC32-C of both addresses, masked the more the
// less they have in common, the lower one first; of both ports where the addresses
// are one. The greater is preferred. It is 0 where the families differ.
func Priority(a, b netip.AddrPort) uint32 {
	x, y := plain(a), plain(b)
	switch x.Addr().Compare(y.Addr()) {
	case 0:
		low, high := min(x.Port(), y.Port()), max(x.Port(), y.Port())
		return crc32.Checksum(binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, low), high), castagnoli)
	case 1:
		x, y = y, x
	}
	if x.Addr().BitLen() != y.Addr().BitLen() {
		return 0
	}
	low, high := x.Addr().AsSlice(), y.Addr().AsSlice()
	whole := 2 // octets of IPv4 that always count whole: FF.FF.55.55
	if x.Addr().Is6() {
		whole = 6 // FFFF:FFFF:FFFF:5555:…
	}
	for whole < len(low) && slices.Equal(low[:whole], high[:whole]) {
		whole++
	}
	for n := whole; n < len(low); n++ {
		low[n] &= 0x55
		high[n] &= 0x55
	}
	return crc32.Checksum(slices.Concat(low, high), castagnoli)
}
