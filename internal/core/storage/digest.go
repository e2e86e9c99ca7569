package storage

import (
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// takeDigests has the blocks of an assembly digested, of which nothing is out.
func (a *assembly) takeDigests(fx Effects) {
	a.digest = digesting
	fx.Digest(a.piece, a.memory.clone(a.blocks))
}

// Digested answers a Digest, with one digest a block; nil if they could not be
// read, which nobody is to be blamed for.
func (t *Torrent) Digested(now mono.Instant, i pieceset.Index, digests []Digest, fx Effects) {
	a := t.mustBeActive(i)
	a.digest = digested
	if a.fate == fallsCorrupt {
		a.suspect = a.suspects(digests)
	} else {
		t.suspected.Remove(i)
		fx.PieceDigested(i, digests)
	}
	t.rest(now, a, fx)
	t.settle(now, fx)
}

// suspects joins the blocks' senders with their digests.
func (a *assembly) suspects(digests []Digest) []Suspect {
	if digests == nil {
		return nil
	}
	out := make([]Suspect, a.blocks)
	for n := range out {
		out[n] = Suspect{Sender: a.senders[n], Digest: digests[n]}
	}
	return out
}
