package storage

import (
	"errors"
	"fmt"
	"slices"

	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// Audit says what in the torrent contradicts itself, nil if nothing does; used is
// what its Memory counts as reserved. It walks everything: it is for simulations
// and tests, after every input.
func (t *Torrent) Audit(used int64) error {
	if fault := t.broken(used); fault != "" {
		return errors.New(fault)
	}
	return nil
}

// broken names an invariant that does not hold, or is empty.
func (t *Torrent) broken(used int64) string {
	if _, ended := t.phase.(Ended); ended && len(t.active) > 0 {
		return "an assembly outlives the end"
	}
	var count [stages]int
	for k := range t.pieces {
		i, p := pieceset.Index(k), t.pieces[k]
		count[p.stage]++
		if fault := t.brokenPiece(i, p); fault != "" {
			return fmt.Sprintf("piece %d, %v, row %d: %s", i, p.stage, p.row, fault)
		}
	}
	if count != t.count {
		return fmt.Sprintf("counted %v, kept %v", count, t.count)
	}
	reserved, outgoing := int64(0), int64(0)
	for _, a := range t.active {
		for c := range t.chunksOf(a) {
			if a.chunks.Has(c) {
				reserved += t.chunkBytes(a, c)
			}
			if a.leaving.Has(c) {
				outgoing += t.chunkBytes(a, c)
			}
		}
	}
	if reserved != used || outgoing != t.outgoing {
		return fmt.Sprintf("%d bytes are reserved, %d taken; %d leave, counted %d", reserved, used, outgoing, t.outgoing)
	}
	return ""
}

func (t *Torrent) brokenPiece(i pieceset.Index, p piece) string {
	a := t.active[i]
	assembled := stagesOf(Assembling, Hashing, Verified, Falling).has(p.stage)
	_, ended := t.phase.(Ended)
	switch {
	case !ended && assembled != (a != nil):
		return "an assembly where none belongs, or none where one does"
	case t.partials[i] != nil && p.stage != Partial && p.stage != Checking:
		return "a partial map where none belongs"
	case p.stage == Partial && t.partials[i].isEmpty():
		return "no partial map"
	case p.stage == Durable && p.row != rowClaims:
		return "durable without a claim"
	case p.stage == Syncing && (t.commit.state == windowNone || !t.commit.pieces.Has(i)):
		return "syncing outside of a window"
	case p.stage == Revoking && p.row == rowSilent:
		return "revoking what nobody claims"
	case p.row != rowSilent && !stagesOf(Written, Syncing, Durable, Checking, Revoking).has(p.stage):
		return "the row claims it"
	}
	if a != nil {
		return t.brokenAssembly(a, p.stage)
	}
	return ""
}

func (t *Torrent) brokenAssembly(a *assembly, s Stage) string {
	writing := 0
	for n := range a.blocks {
		inMemory, inFile := a.memory.Has(n), a.file.Has(n)
		switch {
		case a.present.Has(n) != (inMemory || inFile):
			return "a present block is nowhere, or an absent one somewhere"
		case inMemory && !a.chunks.Has(n/t.chunk):
			return "a block in memory that is not reserved"
		case a.writing.Has(n) && (!inMemory || inFile):
			return "a block is written that is not in memory, or twice"
		}
		if a.writing.Has(n) {
			writing++
		}
	}
	switch {
	case s == Hashing && a.hashing == 0 && !slices.Contains(t.gathering.waiting, a.piece):
		return "its hash neither goes on nor waits for others"
	case int(a.count) != a.present.Count():
		return "the count of blocks is wrong"
	case (s == Hashing || s == Verified) != a.isComplete() && s != Falling:
		return "complete at the wrong stage, or the reverse"
	case (s == Falling) != (a.fate != goesOn):
		return "falling without a fate, or the reverse"
	case (writing == 0) != (a.writes == 0):
		return "writes are out without blocks, or the reverse"
	case !a.leaving.isEmpty() && !a.chunks.covers(a.leaving, 0, t.chunksOf(a)):
		return "a chunk leaves that is not reserved"
	}
	return ""
}
