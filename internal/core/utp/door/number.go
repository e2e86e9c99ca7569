package door

import (
	"crypto/sha256"
	"encoding/binary"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/serial"
)

// slice is how long the number of an answer stays the same. It is taken for as long, and
// up to as long again.
const slice = 16 * time.Second

// unwrittenAt is the slice of an instant, for answers that are all that there is.
func unwrittenAt(now mono.Instant) int64 { return int64(now) / int64(slice) }

// writtenAt is the one for answers in the book: others, so that who was let in by one of
// them is not let in again by it when the connection is over.
func writtenAt(now mono.Instant) int64 { return ^unwrittenAt(now) }

// number is that of the answer to a Syn: a hash of who asks, when, and by what number,
// that nobody knows without the secret. Of 2^16 guesses one is right; each costs who
// guesses a packet.
func number(secret *[16]byte, k Key, theirs serial.Number, slice int64) serial.Number {
	var b [46]byte // with its padding one block of the hash
	copy(b[:16], secret[:])
	addr := k.From.Addr().As16()
	copy(b[16:32], addr[:])
	binary.BigEndian.PutUint16(b[32:], k.From.Port())
	binary.BigEndian.PutUint16(b[34:], uint16(k.ID))
	binary.BigEndian.PutUint16(b[36:], uint16(theirs))
	binary.BigEndian.PutUint64(b[38:], uint64(slice))
	sum := sha256.Sum256(b[:])
	return serial.Number(binary.BigEndian.Uint16(sum[:]))
}
