package transport

// failuresBorne is how often in a row a transport may fail with a remote before it
// comes second.
const failuresBorne = 3

// Record is what became of the transports over which one remote was dialled. The zero
// Record knows nothing.
type Record struct {
	last   worked
	failed [len(All)]uint8 // in a row
}

// worked is the transport that worked last, and one; 0 is none.
type worked uint8

// Worked notes that a connection over a transport finished its handshake.
func (r *Record) Worked(t Transport) { r.last, r.failed[t] = worked(t)+1, 0 }

// Failed notes that there was no connection over a transport, or that it ended before
// its handshake was finished.
func (r *Record) Failed(t Transport) { r.failed[t] = min(r.failed[t]+1, failuresBorne) }

// Order puts the transports into the order in which they are tried: the one that
// worked last comes first, and one that failed several times in a row where the other
// one did not comes second. Where nothing is known they stay as they are.
func (r *Record) Order(first, second Transport) [len(All)]Transport {
	if r.last == worked(second)+1 {
		first, second = second, first
	}
	if r.failed[first] == failuresBorne && r.failed[second] < failuresBorne {
		first, second = second, first
	}
	return [...]Transport{first, second}
}
