package net

import (
	"errors"
	"slices"
)

// isOneOf says whether an error is one of those that a system has for the same.
func isOneOf(err error, all []error) bool {
	return slices.ContainsFunc(all, func(e error) bool { return errors.Is(err, e) })
}

// ListenEvidence says what an attempt to take a port showed.
type ListenEvidence uint8

// What it may show.
const (
	ListenFree   ListenEvidence = iota
	ListenTaken                 // another program has the port
	ListenAbsent                // the host does without this family, or without UDP
	ListenFault                 // anything else
)

// ViewListen reads the error of an attempt to take a port, nil included.
func ViewListen(err error) ListenEvidence {
	switch {
	case err == nil:
		return ListenFree
	case isOneOf(err, takenErrors):
		return ListenTaken
	case isOneOf(err, absentErrors), errors.Is(err, errors.ErrUnsupported):
		return ListenAbsent
	}
	return ListenFault
}

// DialEvidence says what an attempt to connect showed.
type DialEvidence uint8

// What it may show.
const (
	DialMade        DialEvidence = iota
	DialNoTransport              // there is none of that kind here
	DialNoNetwork                // the machine has no way into that network
	DialNoHost                   // nor to that host in it
	DialFailed                   // anything else: nobody answered, or somebody refused
)

// ViewDial reads the error of an attempt to connect, nil included.
func ViewDial(err error) DialEvidence {
	switch {
	case err == nil:
		return DialMade
	case errors.Is(err, errNoUTP), isNoSocket(err):
		return DialNoTransport
	case isOneOf(err, noNetworkErrors), isOneOf(err, absentErrors):
		return DialNoNetwork
	case isOneOf(err, noHostErrors):
		return DialNoHost
	}
	return DialFailed
}

// isNoSocket says whether an error is that of datagrams that no socket is open for.
func isNoSocket(err error) bool {
	_, is := errors.AsType[*NoSocketError](err)
	return is
}

// PacketFault says which datagram an error of a Packets is of.
type PacketFault uint8

const (
	// OfThis is one that was to be read or written, or of the socket as a whole.
	OfThis PacketFault = iota
	// OfEarlier is one that had been written, and that nobody took. The next one was
	// not tried.
	OfEarlier
)

// ViewPacketFault reads an error of Read or Write.
func ViewPacketFault(err error) PacketFault {
	if isOneOf(err, refusedErrors) {
		return OfEarlier
	}
	return OfThis
}

// NoSocketError is that of a datagram over a family that no socket is open for.
type NoSocketError struct {
	Family Family
	Err    error // nil where none is to be
}

// Error tells of the family and the reason.
func (e *NoSocketError) Error() string {
	if e.Err == nil {
		return "no UDP over " + e.Family.String()
	}
	return "no UDP over " + e.Family.String() + ": " + e.Err.Error()
}

// Unwrap is the reason.
func (e *NoSocketError) Unwrap() error { return e.Err }
