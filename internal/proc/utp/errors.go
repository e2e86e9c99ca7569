package utp

import (
	"net"
	"net/netip"
	"syscall"

	"github.com/etorrent/etorrent/internal/core/utp/conn"
)

// Reason says why a connection is no more, or could not be had.
type Reason uint8

// The reasons.
const (
	// Refused is one that the remote did not want.
	Refused Reason = iota
	// Unanswered is one none of whose requests, four in 15 s, the remote answered.
	Unanswered
	// Unreachable is one that the system has no way to.
	Unreachable
	// Reset is one that the remote aborted, or knows nothing of any more.
	Reset
	// Silent is one whose remote acknowledged nothing, and said nothing, for too long; or did
	// not send for long what was missing before all that it had sent, which took memory that
	// others lacked.
	Silent
	// Crashed is one that a defect of this program ended.
	Crashed
)

// String continues a sentence about the connection.
func (r Reason) String() string {
	switch r {
	case Refused:
		return "connection refused"
	case Unanswered:
		return "no answer"
	case Unreachable:
		return "cannot be reached"
	case Reset:
		return "connection reset by the remote"
	case Silent:
		return "the remote fell silent"
	case Crashed:
		return "the connection crashed"
	}
	return "unknown reason"
}

// EndError says why a connection is no more, or could not be had. It comes in a
// *net.OpError, which names the remote.
type EndError struct {
	Reason Reason
	// Err is what the system said of it, of Unreachable, or the panic, of Crashed; nil
	// else.
	Err error
}

// Error tells the reason.
func (e *EndError) Error() string {
	if e.Err == nil {
		return e.Reason.String()
	}
	return e.Reason.String() + ": " + e.Err.Error()
}

// Unwrap is Err.
func (e *EndError) Unwrap() error { return e.Err }

// Timeout says whether the remote was waited for in vain.
func (e *EndError) Timeout() bool { return e.Reason == Unanswered || e.Reason == Silent }

// Temporary is for net.Error, and deprecated there.
func (e *EndError) Temporary() bool { return false }

// Is has the reasons that TCP has too be the same as the system's errors of TCP.
func (e *EndError) Is(target error) bool {
	switch e.Reason {
	case Refused:
		return target == syscall.ECONNREFUSED
	case Reset:
		return target == syscall.ECONNRESET
	case Unanswered, Silent:
		return target == syscall.ETIMEDOUT
	case Unreachable, Crashed:
	}
	return false
}

// endOf is the error of a connection that its core closed: it has none where it ended in
// order.
func endOf(why conn.Reason) error {
	switch why {
	case conn.Unanswered:
		return &EndError{Reason: Unanswered}
	case conn.Refused:
		return &EndError{Reason: Refused}
	case conn.Reset:
		return &EndError{Reason: Reset}
	case conn.Silent:
		return &EndError{Reason: Silent}
	case conn.NotClosed, conn.Finished, conn.Aborted:
	}
	return net.ErrClosed
}

// Network is the name that addresses and errors have for it.
const Network = "utp"

// Addr is the address of an end.
type Addr struct{ netip.AddrPort }

// Network is "utp".
func (Addr) Network() string { return Network }

// opError wraps what went wrong with a connection; nil stays nil.
func opError(op string, local, remote netip.AddrPort, err error) error {
	if err == nil {
		return nil
	}
	e := &net.OpError{Op: op, Net: Network, Err: err}
	if local.IsValid() {
		e.Source = Addr{local}
	}
	if remote.IsValid() {
		e.Addr = Addr{remote}
	}
	return e
}
