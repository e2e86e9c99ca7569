package storage

import (
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// assembly is a piece whose blocks come. Memory is reserved by chunk, which is
// a fixed number of blocks.
//
// Invariants: memory and file together are present; writing is within memory;
// a chunk with a block in memory is reserved; a leaving chunk is reserved.
type assembly struct {
	piece   pieceset.Index
	blocks  uint32
	count   uint32   // of present
	present BlockSet // in memory or in the file
	memory  BlockSet
	file    BlockSet // their write has ended well
	writing BlockSet // their write is out
	hashed  uint32   // the hash has taken the blocks below this one
	hashing uint32   // and that many after it are being taken; 0: none
	writes  int      // runs that are out
	chunks  BlockSet // reserved chunks
	leaving BlockSet // chunks to be released as soon as their blocks are in the file
	since   mono.Instant
	fate    fate
	verdict verdict
	digest  digest
	senders []Sender
	suspect []Suspect // the blocks of a corrupt piece, until it is dropped
}

// fate says whether an assembly goes on. A later one outweighs an earlier.
type fate uint8

const (
	goesOn       fate = iota
	fallsToFile       // a fault: what is in the file stays
	fallsToDoubt      // a failed sync: what is in the file is not to be relied on
	fallsCorrupt      // the hash was wrong
)

// verdict says what the hash told of a piece.
type verdict uint8

const (
	owed verdict = iota
	right
)

// digest says whether the digests of a piece's blocks are being taken.
type digest uint8

const (
	undigested digest = iota
	digesting
	digested
)

// newAssembly makes the sets in one allocation.
func newAssembly(i pieceset.Index, blocks uint32) *assembly {
	w := blockWords(blocks)
	back := make(BlockSet, 6*w)
	next := func() BlockSet {
		s := back[:w:w]
		back = back[w:]
		return s
	}
	return &assembly{
		piece: i, blocks: blocks,
		present: next(), memory: next(), file: next(), writing: next(), chunks: next(), leaving: next(),
		senders: make([]Sender, blocks),
	}
}

// restart makes the assembly of a dropped piece that of another of its size.
func (a *assembly) restart(i pieceset.Index) {
	for _, s := range []BlockSet{a.present, a.memory, a.file, a.writing, a.chunks, a.leaving} {
		clear(s)
	}
	clear(a.senders)
	*a = assembly{
		piece: i, blocks: a.blocks, senders: a.senders, present: a.present, memory: a.memory,
		file: a.file, writing: a.writing, chunks: a.chunks, leaving: a.leaving,
	}
}

// awaitsVerdict says whether its hash is to go on.
func (a *assembly) awaitsVerdict() bool { return a.fate == goesOn && a.verdict == owed }

func (a *assembly) isComplete() bool { return a.count == a.blocks }

func (a *assembly) isInFile() bool { return a.file.Count() == int(a.blocks) }

// isIdle says whether nothing is out for the piece.
func (a *assembly) isIdle() bool { return a.writes == 0 && a.hashing == 0 && a.digest != digesting }

// hasUnwritten says whether a block is in memory only.
func (a *assembly) hasUnwritten() bool { return !a.file.covers(a.memory, 0, a.blocks) }

// hashLimit is the most blocks of one HashRun.
const hashLimit = 64

// nextHash is the run that the hash can take next; its Count is 0 if it should
// wait: for at least least blocks, unless a border or the end comes before.
func (a *assembly) nextHash(least uint32) HashRun {
	first := a.hashed
	if a.hashing > 0 || first == a.blocks || !a.present.Has(first) {
		return HashRun{}
	}
	n := uint32(1)
	for n < hashLimit && first+n < a.blocks && a.present.Has(first+n) && a.memory.Has(first+n) == a.memory.Has(first) {
		n++
	}
	if n < least && first+n < a.blocks && !a.present.Has(first+n) {
		return HashRun{}
	}
	r := HashRun{Run: geometry.Run{Piece: a.piece, First: first, Count: n}}
	if !a.memory.Has(first) {
		r.Source = FromFile
	}
	return r
}

// nextWrite is the first run from block from on, before end, that is in memory,
// not in the file and not on its way there; its Count is 0 if there is none.
func (a *assembly) nextWrite(from, end uint32) geometry.Run {
	due := func(n uint32) bool { return a.memory.Has(n) && !a.file.Has(n) && !a.writing.Has(n) }
	for from < end && !due(from) {
		from++
	}
	r := geometry.Run{Piece: a.piece, First: from}
	for n := from; n < end && due(n); n++ {
		r.Count++
	}
	return r
}
