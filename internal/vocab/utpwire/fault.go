package utpwire

// Fault says why a datagram is no packet that can be used.
type Fault uint8

// The faults.
const (
	// NoFault is that of a packet that is whole.
	NoFault Fault = iota
	// TooShort is a datagram that ends inside the header.
	TooShort
	// VersionWrong is another version than 1, or another protocol.
	VersionWrong
	// KindUnknown is a kind that there is not.
	KindUnknown
	// ExtensionCutOff is an extension that is longer than the datagram.
	ExtensionCutOff
	// ExtensionsTooMany are more than MaxExtensions.
	ExtensionsTooMany
)

// Owner says whose a datagram is.
type Owner uint8

// The owners.
const (
	UTP Owner = iota
	// Another is any other protocol: it may be passed on.
	Another
)

// Owner says whose a datagram with the fault is. What begins with a header belongs
// to uTP, whatever its first extension is: no other protocol here begins so.
func (f Fault) Owner() Owner {
	switch f {
	case TooShort, VersionWrong, KindUnknown:
		return Another
	case NoFault, ExtensionCutOff, ExtensionsTooMany:
	}
	return UTP
}

// String says the fault for people.
func (f Fault) String() string {
	switch f {
	case NoFault:
		return "no fault"
	case TooShort:
		return "the datagram ends inside the header"
	case VersionWrong:
		return "the version is not 1"
	case KindUnknown:
		return "the kind of packet is not known"
	case ExtensionCutOff:
		return "an extension is longer than the datagram"
	case ExtensionsTooMany:
		return "there are too many extensions"
	}
	return "unknown fault"
}
