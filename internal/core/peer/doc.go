// Package peer is the state machine of one BitTorrent connection after its
// handshake (BEP 3, 6, 10, 21): what we told the remote, what it told us, the
// requests in flight in both directions, and what every message means.
//
// It is sans-IO: messages and instants come in, what follows leaves through
// Effects. The two views of a connection are two types, so that a fact about
// us is never looked up among the facts about the remote.
//
// A connection's life here:
//
//	opening   our bitfield and extended handshake are queued; theirs may come
//	trading   any message may come; at most one bitfield, before the first have
//	closed    Close was the last effect; every later input is ignored
//
// A block that we asked for is in exactly one place: in flight (we expect it),
// late (we gave it back to the picker or cancelled it, but the remote may still
// answer), or forgotten.
//
// The picker and this core agree on what is in flight by two streams in order:
// its deals and cancels, and our Received, Returned and Credit. Where the two
// cross, the core takes what it is told for outdated: a cancel of what is not in
// flight means nothing, nor does a deal of what is. A picker that takes over from
// another learns by Rejoin where the streams begin.
package peer
