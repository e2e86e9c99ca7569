package havelog_test

import (
	"slices"
	"sync"
	"testing"

	"github.com/etorrent/etorrent/internal/leaf/havelog"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

func TestALogBeginsWithWhatIsHeld(t *testing.T) {
	l := havelog.New(pieceset.Of(100, 3, 99))
	if l.Count() != 2 || !l.Has(3) || !l.Has(99) || l.Has(4) {
		t.Errorf("%d pieces", l.Count())
	}
	held, cursor := l.Join(make(chan struct{}, 1))
	if !held.Equal(pieceset.Of(100, 3, 99)) {
		t.Errorf("%v", slices.Collect(held.All()))
	}
	if news, _ := l.Since(cursor, nil); len(news) != 0 {
		t.Errorf("news %v", news)
	}
}

func TestAReaderGetsEachPieceOnceAndInOrder(t *testing.T) {
	l := havelog.New(pieceset.New(10))
	wake := make(chan struct{}, 1)
	_, cursor := l.Join(wake)
	for _, i := range []pieceset.Index{5, 2, 5} {
		l.Append(i)
	}
	<-wake
	select {
	case <-wake:
		t.Error("woken twice")
	default:
	}
	room := make([]pieceset.Index, 3, 8)
	news, cursor := l.Since(cursor, room)
	if !slices.Equal(news, []pieceset.Index{5, 2}) || &news[0] != &room[0] {
		t.Errorf("news %v", news)
	}
	l.Append(7)
	if news, _ = l.Since(cursor, news); !slices.Equal(news, []pieceset.Index{7}) {
		t.Errorf("news %v", news)
	}
	if l.Count() != 3 {
		t.Errorf("%d pieces", l.Count())
	}
}

func TestWhoWatchesIsWokenAndFindsThePiece(t *testing.T) {
	l := havelog.New(pieceset.New(10))
	wake := make(chan struct{}, 1)
	l.Watch(wake)
	l.Append(4)
	<-wake
	if !l.Has(4) {
		t.Error("woken before the piece was there")
	}
	l.Leave(wake)
	l.Append(5)
	if len(wake) > 0 {
		t.Error("woken after it left")
	}
}

func TestWhoLeavesIsWokenNoMore(t *testing.T) {
	l := havelog.New(pieceset.New(10))
	wake := make(chan struct{}, 1)
	l.Join(wake)
	l.Leave(wake)
	l.Leave(wake)
	l.Append(1)
	select {
	case <-wake:
		t.Error("woken")
	default:
	}
}

func TestPiecesOutOfRange(t *testing.T) {
	l := havelog.New(pieceset.Full(70))
	for _, i := range []pieceset.Index{70, 127, 1 << 31, 1<<32 - 1} {
		if l.Has(i) {
			t.Errorf("Has(%d)", i)
		}
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("Append(%d) did not panic", i)
				}
			}()
			l.Append(i)
		}()
	}
	l.Append(3) // it is not locked for ever
}

// Whatever is appended while readers join, each of them sees it exactly once:
// in the set that it begins with, or behind its cursor.
func TestJoiningBetweenAppendsMissesNothingAndRepeatsNothing(t *testing.T) {
	const pieces, readers, writers = 5000, 8, 2
	l := havelog.New(pieceset.New(pieces))
	var all sync.WaitGroup
	for n := range writers {
		all.Go(func() {
			for i := n; i < pieces; i += writers {
				l.Append(pieceset.Index(i))
				l.Append(pieceset.Index(i))
			}
		})
	}
	for range readers {
		all.Go(func() { read(t, l, pieces) })
	}
	all.Wait()
	if l.Count() != pieces {
		t.Errorf("%d pieces", l.Count())
	}
}

// read follows the log until it has seen everything.
func read(t *testing.T, l *havelog.Log, pieces int) {
	wake := make(chan struct{}, 1)
	seen, cursor := l.Join(wake)
	defer l.Leave(wake)
	var news []pieceset.Index
	for {
		news, cursor = l.Since(cursor, news)
		for _, i := range news {
			if seen.Has(i) || !l.Has(i) {
				t.Errorf("piece %d came twice, or is not there", i)
				return
			}
			seen.Add(i)
		}
		if seen.Count() == pieces {
			return
		}
		<-wake
	}
}

func TestManyPiecesWakeAReaderOnce(t *testing.T) {
	l := havelog.New(pieceset.Of(10, 3))
	wake := make(chan struct{}, 2)
	_, cursor := l.Join(wake)
	l.AppendAll(pieceset.Of(10, 1, 3, 9))
	if news, _ := l.Since(cursor, nil); !slices.Equal(news, []pieceset.Index{1, 9}) || len(wake) != 1 || l.Count() != 3 {
		t.Errorf("news %v, %d wakes, %d pieces", news, len(wake), l.Count())
	}
}
