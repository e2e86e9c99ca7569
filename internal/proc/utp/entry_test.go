package utp

import (
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/etorrent/etorrent/internal/core/utp/conn"
	"github.com/etorrent/etorrent/internal/core/utp/door"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// Of all ids but a few some are taken: those that are drawn are free, and so are their
// neighbours, also of one another.
func TestIdsThatAreDrawnAreFreeAndNoNeighbours(t *testing.T) {
	x := &process{table: map[door.Key]*cell{}, random: rand.NewChaCha8([32]byte{1})}
	for id := range 1 << 16 {
		if id%512 > 8 {
			x.table[door.KeyOf(there, utpwire.ConnID(id))] = &cell{}
		}
	}
	seen := map[utpwire.ConnID]bool{}
	for range 200 {
		var ids [conn.Attempts]utpwire.ConnID
		for n := range ids {
			id, err := x.drawID(there, ids[:n])
			if err != nil {
				t.Fatal(err)
			}
			ids[n] = id
			for _, near := range []utpwire.ConnID{id - 1, id, id + 1} {
				if x.table[door.KeyOf(there, near)] != nil {
					t.Errorf("%d is beside one that is taken", id)
				}
			}
			for _, other := range ids[:n] {
				if d := int16(id - other); d >= -1 && d <= 1 {
					t.Errorf("%d is beside %d", id, other)
				}
			}
			seen[id] = true
		}
	}
	if len(seen) < 300 {
		t.Errorf("of 800 draws %d are others", len(seen))
	}
	for id := range 1 << 16 {
		x.table[door.KeyOf(there, utpwire.ConnID(id))] = &cell{}
	}
	if _, err := x.drawID(there, nil); err == nil {
		t.Error("one was drawn though all are taken")
	}
	if _, err := x.drawID(here, nil); err != nil {
		t.Errorf("those of another remote do not matter: %v", err)
	}
}

// roomy is a link whose socket holds so many bytes.
type roomy struct {
	Link
	room int
}

func (r roomy) Room() int { return r.room }

func TestConnectionsShareWhatTheirSocketHolds(t *testing.T) {
	m := New(Config{Core: conn.Defaults()})
	for _, c := range []struct{ room, connections, want int }{
		{0, 1, 4 << 20}, // nobody knows
		{8 << 20, 1, 4 << 20},
		{8 << 20, 2, 4 << 20},
		{8 << 20, 8, 1 << 20},
		{8 << 20, 9, 512 << 10},
		{8 << 20, 1000, 512 << 10}, // they do not all receive at once
		{258 << 10, 1, 258 << 10},
		{258 << 10, 2, 129 << 10},
		{258 << 10, 3, 258 << 10 / 4},
		{258 << 10, 100, leastWindow},
	} {
		x := &process{m: m, link: roomy{room: c.room}}
		if got := x.window(c.connections); got != c.want {
			t.Errorf("of %d bytes one of %d has %d, want %d", c.room, c.connections, got, c.want)
		}
	}
}

func TestAConnectionOverIPv6HasPacketsForIt(t *testing.T) {
	x := &process{m: New(Config{Core: conn.Defaults()}), link: roomy{}}
	for at, want := range map[string]int{"10.0.0.1:1": 1472, "[2001:db8::1]:1": 1452} {
		if got := x.config(netip.MustParseAddrPort(at)).Path.Ceiling; got != want {
			t.Errorf("to %s packets have %d bytes", at, got)
		}
	}
}
