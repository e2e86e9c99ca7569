package net

import (
	"errors"
	"slices"
)

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
	is := func(e error) bool { return errors.Is(err, e) }
	switch {
	case slices.ContainsFunc(refusedErrors, is):
		return WriteOfEarlier
	case slices.ContainsFunc(tooLargeErrors, is):
		return WriteTooLarge
	case slices.ContainsFunc(noBufferErrors, is):
		return WriteNoBuffers
	case errors.Is(err, errors.ErrUnsupported):
		return WriteUncutUnknown
	}
	return WriteNoWay
}
