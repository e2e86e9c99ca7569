package wire

import "strings"

// Capabilities is a set of extensions that the reserved bytes of a handshake
// name (BEP 4). The zero Capabilities is the empty set.
type Capabilities uint8

// The extensions that this package knows.
const (
	DHTNode           Capabilities = 1 << iota // BEP 5
	FastExtension                              // BEP 6
	ExtensionProtocol                          // BEP 10

	noCapability
)

// Where the reserved bytes name the extensions (BEP 4).
const (
	extensionProtocolByte, extensionProtocolBit = 5, 0x10
	fastExtensionByte, fastExtensionBit         = 7, 0x04
	dhtNodeByte, dhtNodeBit                     = 7, 0x01
)

// CapabilitiesOf returns what the reserved bytes of a handshake name, without
// the bits that this package does not know.
func CapabilitiesOf(reserved [8]byte) Capabilities {
	var c Capabilities
	if reserved[dhtNodeByte]&dhtNodeBit != 0 {
		c |= DHTNode
	}
	if reserved[fastExtensionByte]&fastExtensionBit != 0 {
		c |= FastExtension
	}
	if reserved[extensionProtocolByte]&extensionProtocolBit != 0 {
		c |= ExtensionProtocol
	}
	return c
}

// Reserved returns the reserved bytes that name the set and nothing else.
func (c Capabilities) Reserved() [8]byte {
	var reserved [8]byte
	if c.Has(DHTNode) {
		reserved[dhtNodeByte] |= dhtNodeBit
	}
	if c.Has(FastExtension) {
		reserved[fastExtensionByte] |= fastExtensionBit
	}
	if c.Has(ExtensionProtocol) {
		reserved[extensionProtocolByte] |= extensionProtocolBit
	}
	return reserved
}

// Has says whether every member of d is one of c.
func (c Capabilities) Has(d Capabilities) bool { return c&d == d }

// Shared returns what both ends name: an extension is in use only then.
func (c Capabilities) Shared(d Capabilities) Capabilities { return c & d }

// String lists the members.
func (c Capabilities) String() string {
	var names []string
	for one := DHTNode; one < noCapability; one <<= 1 {
		if c.Has(one) {
			names = append(names, one.name())
		}
	}
	return strings.Join(names, "+")
}

func (c Capabilities) name() string {
	switch c {
	case DHTNode:
		return "dht"
	case FastExtension:
		return "fast"
	case ExtensionProtocol:
		return "extended"
	case noCapability:
	}
	return "unknown"
}
