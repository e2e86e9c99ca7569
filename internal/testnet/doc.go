// Package testnet makes networks for tests of real programs: network namespaces
// with their own loopback, joined by links whose rate is bounded (veth with tbf), by
// switches (a bridge with such links), by lines with delay, loss and a queue (a
// pair of TUN devices), or by routes (a router with such a line, which may take no large
// packet and say so or not), a relay for UDP that also rebinds, as a NAT does, and such a
// NAT around a network in memory.
//
// All but the last two needs Linux, root and the programs ip and tc (Debian's iproute2);
// what is missing is told as *Unavailable. netem and fq are not used: the kernels of containers
// often lack them.
//
// What a test made is gone when it ends. What a killed test left behind is removed
// by the next New on the machine: a namespace carries the number of its process in
// its name.
package testnet

// Unavailable says why this machine has no namespaces for tests.
type Unavailable struct {
	Reason string
	Err    error // may be nil
}

// NotRoot is the reason that a test may have anywhere: who runs it has no right to make
// namespaces.
const NotRoot = "not root"

// Error tells the reason.
func (e *Unavailable) Error() string {
	if e.Err == nil {
		return "no test network: " + e.Reason
	}
	return "no test network: " + e.Reason + ": " + e.Err.Error()
}

// Unwrap is the cause.
func (e *Unavailable) Unwrap() error { return e.Err }
