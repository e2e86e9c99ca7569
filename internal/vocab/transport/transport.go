// Package transport names what carries a connection between peers.
package transport

// Transport is what carries a connection.
type Transport uint8

// The transports.
const (
	TCP Transport = iota
	UTP           // BEP 29
)

// All are all of them.
var All = [...]Transport{TCP, UTP}

// String is "tcp" or "utp".
func (t Transport) String() string { return [...]string{"tcp", "utp"}[t] }

// Policy says which transports connections may have, in both directions.
type Policy uint8

// The policies.
const (
	Any Policy = iota
	OnlyTCP
	OnlyUTP
)

// Policies are all of them.
var Policies = [...]Policy{Any, OnlyTCP, OnlyUTP}

// String is "any", "tcp" or "utp".
func (p Policy) String() string { return [...]string{"any", "tcp", "utp"}[p] }

// Permission says whether a policy has a transport.
type Permission uint8

// The permissions.
const (
	Permitted Permission = iota
	Forbidden
)

// View says whether connections may have a transport.
func (p Policy) View(t Transport) Permission {
	if p == Any || p == OnlyTCP && t == TCP || p == OnlyUTP && t == UTP {
		return Permitted
	}
	return Forbidden
}
