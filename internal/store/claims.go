package store

import "github.com/etorrent/etorrent/internal/vocab/pieceset"

// Origin says why a piece is claimed to be in the files and right.
//
//sumtype:decl
type Origin interface{ claimOrigin() }

// Checked pieces had their hash compared by this program.
type Checked struct{}

// Trusted pieces were taken over without a check on the word of Source, such as
// "--existing trust" or another client's resume data.
type Trusted struct{ Source string }

func (Checked) claimOrigin() {}
func (Trusted) claimOrigin() {}

// Claims are the pieces that are durable: in the files, synced, and right as
// far as their origin reaches. Every piece is in at most one of the sets, and
// all sets have the size of the row's Pieces. A nil Checked means none.
type Claims struct {
	Checked *pieceset.Set
	Trusted []TrustedClaim // by ascending source
}

// TrustedClaim is the set of pieces that are claimed on the word of Source.
type TrustedClaim struct {
	Source string
	Pieces *pieceset.Set
}

// Held returns a new set, over pieces many pieces, of all that are claimed.
func (c Claims) Held(pieces int) *pieceset.Set {
	held := pieceset.New(pieces)
	if c.Checked != nil {
		held.AddAll(c.Checked)
	}
	for _, t := range c.Trusted {
		held.AddAll(t.Pieces)
	}
	return held
}

// Count is the number of claimed pieces.
func (c Claims) Count() int {
	n := 0
	if c.Checked != nil {
		n = c.Checked.Count()
	}
	for _, t := range c.Trusted {
		n += t.Pieces.Count()
	}
	return n
}

// LossReason says why claims were taken back.
type LossReason uint8

// The reasons for an Unclaim.
const (
	LossNone      LossReason = iota
	LossWrongHash            // a check found another hash
	LossChanged              // the file changed while nobody looked
	LossDeleted              // the file is gone
	LossSync                 // a sync failed: what it covered may not be there
	LossMoved                // the torrent's data is in another folder from now on
	LossAsked                // a person asked for a new check
)

// Loss is what the latest Unclaim took.
type Loss struct {
	Reason LossReason
	Pieces int // how many claims went
}
