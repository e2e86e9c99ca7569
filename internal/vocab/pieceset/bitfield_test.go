package pieceset_test

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/internal/fuzzseed"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

func TestABitfieldIsReadAsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := sizes().Draw(t, "size")
		m := drawModel(t, size, "set")
		b := m.set(size).AppendBitfield([]byte("before"))[len("before"):]
		if len(b) != pieceset.BitfieldLength(size) {
			t.Fatalf("%d bytes for %d pieces", len(b), size)
		}
		e, ok := pieceset.ViewBitfield(b, size).(pieceset.BitfieldWellFormed)
		if !ok {
			t.Fatalf("%x over %d: %+v", b, size, pieceset.ViewBitfield(b, size))
		}
		check(t, e.Pieces, size, m)
	})
}

func TestABitfieldOfAnotherLengthIsRefused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := sizes().Draw(t, "size")
		whole := append(pieceset.Full(size).AppendBitfield(nil), 0)
		for n := range len(whole) + 1 {
			if n == len(whole)-1 {
				continue
			}
			want := pieceset.BitfieldWrongLength{Got: n, Want: len(whole) - 1}
			if got := pieceset.ViewBitfield(whole[:n], size); got != want {
				t.Fatalf("%d bytes over %d: %+v", n, size, got)
			}
		}
	})
}

func TestASpareBitIsRefused(t *testing.T) {
	for size := 1; size < 40; size++ {
		for bit := size; bit < pieceset.BitfieldLength(size)*8; bit++ {
			b := pieceset.New(size).AppendBitfield(nil)
			b[bit/8] |= 0x80 >> (bit % 8)
			want := pieceset.BitfieldSpareBits{Last: b[len(b)-1]}
			if got := pieceset.ViewBitfield(b, size); got != want {
				t.Errorf("bit %d over %d: %+v", bit, size, got)
			}
		}
	}
}

func TestTheHighBitComesFirst(t *testing.T) {
	got := pieceset.Of(20, 0, 7, 8, 18).AppendBitfield(nil)
	if want := []byte{0x81, 0x80, 0x20}; !bytes.Equal(got, want) {
		t.Errorf("got %x, want %x", got, want)
	}
}

func TestAViewedBitfieldKeepsNothingOfItsBytes(t *testing.T) {
	b := []byte{0xa0}
	e := pieceset.ViewBitfield(b, 4).(pieceset.BitfieldWellFormed)
	b[0] = 0
	if !e.Pieces.Equal(pieceset.Of(4, 0, 2)) {
		t.Error("the set changed with the bytes")
	}
}

func FuzzViewBitfield(f *testing.F) {
	fuzzseed.Add(f)
	f.Add([]byte{0xff, 0x80}, uint16(9))
	f.Add([]byte{0xff, 0xc0}, uint16(9))
	f.Add([]byte{}, uint16(0))
	f.Add(bytes.Repeat([]byte{0xaa}, 9), uint16(70))
	f.Fuzz(func(t *testing.T, b []byte, size uint16) {
		switch e := pieceset.ViewBitfield(b, int(size)).(type) {
		case pieceset.BitfieldWellFormed:
			if again := e.Pieces.AppendBitfield(nil); !bytes.Equal(again, b) {
				t.Fatalf("%x is written as %x", b, again)
			}
		case pieceset.BitfieldWrongLength:
			if e.Got == e.Want || e.Got != len(b) {
				t.Fatalf("%d bytes: %+v", len(b), e)
			}
		case pieceset.BitfieldSpareBits:
			if e.Last == 0 || size%8 == 0 {
				t.Fatalf("%x over %d: %+v", b, size, e)
			}
		}
	})
}
