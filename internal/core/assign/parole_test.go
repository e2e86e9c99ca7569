package assign

import (
	"testing"

	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

func TestAHolderOnParoleSharesNoPiece(t *testing.T) {
	w := newWorld(t, shape(3, 4), Start{})
	w.seed(1, 2)
	w.settle() // opens a piece, of which two blocks are free
	shared := w.runs[0].run.Piece
	w.seed(2, 0)
	w.c.Parole(2)
	w.c.SetCredit(2, 12)
	w.settle()
	for _, d := range w.runs {
		if d.run.Piece == shared || d.run.Count != 4 {
			t.Errorf("on parole it was dealt %v beside piece %d", d.run, shared)
		}
	}
	if len(w.runs) != 2 {
		t.Errorf("dealt %v", w.runs)
	}
}

func TestNobodyJoinsAPieceOfAHolderOnParoleWhileThereAreOthers(t *testing.T) {
	w := newWorld(t, shape(2, 4), Start{})
	w.seed(1, 0)
	w.c.Parole(1)
	w.c.SetCredit(1, 2)
	w.settle()
	own := w.runs[0].run.Piece
	w.seed(2, 4)
	w.settle()
	if len(w.runs) != 1 || w.runs[0].run.Piece == own {
		t.Fatalf("dealt %v, piece %d is another's alone", w.runs, own)
	}
	w.c.SetCredit(2, 6)
	w.settle()
	if len(w.runs) != 1 || w.runs[0].run.Piece != own {
		t.Fatalf("dealt %v, nothing else than piece %d was left", w.runs, own)
	}
}

func TestAHolderOnParoleFetchesWhatNobodyElseCan(t *testing.T) {
	w := newWorld(t, shape(1, 4), Start{})
	w.seed(1, 2)
	w.settle()
	w.seed(2, 8)
	w.c.Parole(2)
	if w.settle(); len(w.runs) != 0 {
		t.Fatalf("dealt %v of an open piece that another can fetch", w.runs)
	}
	w.c.SetCredit(1, 0)
	if w.settle(); len(w.runs) != 1 || w.runs[0].holder != 2 {
		t.Fatalf("dealt %v when the other took no more", w.runs)
	}
}

func TestParoleEndsWithTrust(t *testing.T) {
	w := newWorld(t, shape(2, 4), Start{})
	w.seed(1, 2)
	w.settle()
	w.join(2, 8, w.runs[0].run.Piece)
	w.c.Parole(2)
	if w.settle(); len(w.runs) != 0 {
		t.Fatalf("dealt %v on parole", w.runs)
	}
	w.c.Trust(2)
	if w.settle(); len(w.runs) == 0 {
		t.Fatal("dealt nothing when trusted again")
	}
}

func TestAHolderOnParoleHasFewPiecesOut(t *testing.T) {
	w := newWorld(t, shape(20, 1), Start{})
	w.seed(1, 0)
	w.c.Parole(1)
	w.seed(2, 0) // so that it is not the only one
	w.c.SetCredit(1, 50)
	w.c.SetCredit(2, 1)
	w.settle()
	if n := len(w.out[1]); n != paroleBound {
		t.Fatalf("%d pieces are out", n)
	}
	w.receiveAll(1)
	if w.settle(); len(w.runs) != 0 {
		t.Fatalf("dealt %v before a verdict", w.runs)
	}
	for i := range pieceset.Index(20) {
		if w.c.State(i) == PieceFull {
			w.c.Verified(i)
			break
		}
	}
	if w.settle(); len(w.runs) != 1 {
		t.Fatalf("dealt %v after one verdict", w.runs)
	}
}
