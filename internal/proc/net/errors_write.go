package net

import "errors"

// WriteFault says what kept a datagram from being written.
type WriteFault uint8

// What may have.
const (
	// WriteNoWay is anything else: there is no route, or it is forbidden.
	WriteNoWay WriteFault = iota
	// WriteOfEarlier is the error of one that had been written. This one was not tried.
	WriteOfEarlier
	// WriteTooLarge is larger than the way takes whole.
	WriteTooLarge
	// WriteNoBuffers is for the moment.
	WriteNoBuffers
	// WriteUncutUnknown is that of a socket that cannot say how a datagram may travel.
	WriteUncutUnknown
)

// ViewWriteFault reads an error of Packets.Write.
func ViewWriteFault(err error) WriteFault {
	switch {
	case ViewPacketFault(err) == OfEarlier:
		return WriteOfEarlier
	case isOneOf(err, tooLargeErrors):
		return WriteTooLarge
	case isOneOf(err, noBufferErrors):
		return WriteNoBuffers
	case errors.Is(err, errors.ErrUnsupported):
		return WriteUncutUnknown
	}
	return WriteNoWay
}
