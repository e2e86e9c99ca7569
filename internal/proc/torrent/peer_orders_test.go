package torrent

import (
	"context"
	"net/netip"
	"reflect"
	"slices"
	"testing"

	"github.com/etorrent/etorrent/internal/core/peer"
	"github.com/etorrent/etorrent/internal/proc/clock"
	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/internal/vocab/wire"
	"github.com/etorrent/etorrent/sup"
)

// piece is a torrent of one piece with four blocks.
func piece() geometry.Geometry {
	return geometry.Geometry{TotalLength: 4 * geometry.BlockSize, PieceLength: 4 * geometry.BlockSize}
}

// asPeer runs a test in a peer process that fetches blocks 1 and 2 and has joined once.
func asPeer(t *testing.T, test func(x *peerProc)) {
	t.Helper()
	tree, err := sup.Start(t.Context(), "test", sup.Supervisor{Children: []sup.Child{{
		Name: "peer", Restart: sup.Temporary, Run: func(p *sup.Process) error {
			x := &peerProc{t: &Torrent{env: Env{Clock: clock.New()}}, p: p, c: candidate{orders: sup.NewMailbox[peerOrder]()}}
			x.core = peer.New(peer.Config{
				Geometry: piece(),
				Held:     pieceset.New(1), Capabilities: wire.FastExtension, RemoteAddr: netip.MustParseAddrPort("192.0.2.1:1"),
			})
			x.join()
			x.core.Open(x.now(), &x.batch)
			for _, k := range []wire.Kind{wire.HaveAll, wire.Unchoke} {
				x.core.Receive(x.now(), &wire.Message{Kind: k}, &x.batch)
			}
			for _, o := range []peerOrder{{kind: orderInterested, join: 1}, {kind: orderRequest, join: 1, run: geometry.Run{First: 1, Count: 2}}} {
				x.obey(o)
			}
			x.batch.reset()
			test(x)
			p.Ready()
			return nil
		},
	}}}, sup.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := tree.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}

// said are the kinds of the messages that a peer is about to send.
func (x *peerProc) said(t *testing.T) (kinds []wire.Kind) {
	t.Helper()
	var m wire.Message
	for b := x.batch.messages; len(b) > 0; {
		d := wire.Decode(b, &wire.Limits{Geometry: piece()}, &m)
		if d.Outcome != wire.Complete {
			t.Fatalf("%x: %v", b, d)
		}
		kinds = append(kinds, m.Kind)
		b = b[d.Size:]
	}
	x.batch.reset()
	return kinds
}

func TestAPeerThatJoinsAnewSaysAllToThePickerAndNothingToItsRemote(t *testing.T) {
	asPeer(t, func(x *peerProc) {
		x.obey(peerOrder{kind: orderRejoin})
		said := x.batch.picker
		if len(said) != 2 || said[0].kind != inputJoined || said[1].kind != inputCredit || said[1].credit == 0 {
			t.Fatalf("it said %+v", said)
		}
		want := &past{told: peer.Interested, fetches: []geometry.Block{{Number: 1}, {Number: 2}}}
		if word := said[0].rare; word.line.join != 2 || !reflect.DeepEqual(word.past, want) || !word.hasSet.IsFull() {
			t.Errorf("it said %+v of its past %+v", word, word.past)
		}
		if said := x.said(t); len(said) > 0 {
			t.Errorf("its remote heard %v", said)
		}
	})
}

func TestOrdersThatCrossedAJoinAreVoid(t *testing.T) {
	asPeer(t, func(x *peerProc) {
		x.obey(peerOrder{kind: orderRejoin})
		for join, want := range map[joinNumber][]wire.Kind{
			1: nil, // the picker's, before it heard
			2: {wire.Request, wire.Cancel},
			3: nil, // of nobody
		} {
			x.obey(peerOrder{kind: orderRequest, join: join, run: geometry.Run{Count: 1}})
			x.obey(peerOrder{kind: orderCancel, join: join, run: geometry.Run{First: 1, Count: 1}})
			if got := x.said(t); !slices.Equal(got, want) {
				t.Errorf("on orders of join %d it says %v, not %v", join, got, want)
			}
		}
		x.obey(peerOrder{kind: orderUnchoke}) // control's
		if got := x.said(t); !slices.Equal(got, []wire.Kind{wire.Unchoke}) {
			t.Errorf("on control's order it says %v", got)
		}
	})
}
