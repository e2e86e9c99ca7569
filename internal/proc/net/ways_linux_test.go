package net_test

import pnet "github.com/etorrent/etorrent/internal/proc/net"

// direct are the ways that know where a datagram came to, and how it may travel.
var direct = []way{
	{"many a call", func(p pnet.Packets) pnet.Packets { return p }},
	{"one a call", pnet.OneByOne},
}

func init() { ways = append(direct[:2:2], way{"portable", pnet.Portable}) }
