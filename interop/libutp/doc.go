// Package libutp runs the first implementation of uTP, that of BitTorrent, Inc., beside
// ours. Its source is not here: scripts/libutp.sh fetches it once and knows its
// SHA-256, and Build compiles it with the peer of the folder peer, once for each content of
// both, into the user's cache folder.
//
// The peer has two modes. On a socket (peer/sockets.cpp) it sends, fetches or echoes, and
// prints what came. In lockstep (peer/lockstep.cpp) it is an end of a utpsim.World: time,
// randomness, datagrams and what its application does come from the test, so that
// libutp runs in virtual time, and the same seed is the same trace to the byte.
//
// What is needed and missing fails a test under CI=true and skips it elsewhere.
package libutp
