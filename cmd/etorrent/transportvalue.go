package main

import (
	"fmt"
	"strings"

	"github.com/etorrent/etorrent"
)

// transportValue is which transports connections may have.
type transportValue etorrent.TransportPolicy

// anyTransport is what counts where nothing is said.
const anyTransport = transportValue(etorrent.AnyTransport)

// transportPolicies are all of them, as they are listed.
var transportPolicies = []etorrent.TransportPolicy{etorrent.OnlyTCP, etorrent.OnlyUTP, etorrent.AnyTransport}

func (v *transportValue) String() string { return etorrent.TransportPolicy(*v).String() }
func (v *transportValue) Type() string   { return strings.Join(v.choices(), "|") }
func (v *transportValue) Set(s string) error {
	for _, policy := range transportPolicies {
		if policy.String() == s {
			*v = transportValue(policy)
			return nil
		}
	}
	return fmt.Errorf("%q is none of %s", s, strings.Join(v.choices(), ", "))
}

func (v *transportValue) choices() []string {
	var out []string
	for _, policy := range transportPolicies {
		out = append(out, policy.String())
	}
	return out
}
