package net_test

import pnet "github.com/etorrent/etorrent/internal/proc/net"

// direct are the ways that know where a datagram came to, and how it may travel.
var direct = []way{
	{"many a call", pnet.Unsegmented},
	{"one a call", pnet.OneByOne},
	{"segments", pnet.Segmented},
}

func init() { ways = append(direct[:3:3], way{"portable", pnet.Portable}) }
