// Package links has tests of uTP on links of the kernel: sockets of package utp in network
// namespaces, behind a queue of tbf's and a line with delay (internal/testnet), beside TCP of
// the kernel with its congestion control set by name. The same story is told in virtual
// time (internal/utpsim), and both are compared. Other links lose large packets, told or
// not, and ours and libutp meet there.
//
// ETORRENT_LINKS=all has links of 100 Mbit/s too, and fails where a link cannot be made.
// Without it, what is needed and missing fails a test under CI=true and skips it elsewhere;
// the right to make namespaces skips it everywhere.
package links
