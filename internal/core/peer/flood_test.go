package peer

import (
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/internal/vocab/wire"
)

// annoyance is a message, or an exchange, that counts once as a flood.
type annoyance struct {
	name  string
	kind  flood
	begin func(l *link)
	once  func(l *link, n int)
}

func say(m wire.Message) func(*link, int) { return func(l *link, _ int) { l.hear(m) } }

// annoyances has every kind of flood, some in several ways.
func annoyances() []annoyance {
	kind := func(k wire.Kind) wire.Message { return wire.Message{Kind: k} }
	toggle := func(a, b wire.Kind) func(*link, int) {
		return func(l *link, n int) { l.hear(kind([...]wire.Kind{a, b}[n%2])) }
	}
	return []annoyance{
		{"unrequested blocks", floodBlock, nil, say(piece(0))},
		{"requests while choked", floodRequest, nil, say(about(wire.Request, 0))},
		{"requests of what we do not have", floodRequest, func(l *link) { l.core.SetChoke(l.now, Unchoked, l) }, say(about(wire.Request, 0))},
		{"cancels of nothing", floodCancel, nil, say(about(wire.Cancel, 0))},
		{"requests that are cancelled", floodCancel, func(l *link) {
			l.core.held = pieceset.Full(16)
			l.core.SetChoke(l.now, Unchoked, l)
		}, func(l *link, _ int) { l.hear(about(wire.Request, 0), about(wire.Cancel, 0)) }},
		{"rejects of nothing", floodReject, nil, say(about(wire.Reject, 0))},
		{"rejects of everything", floodReject, func(l *link) {
			l.hear(kind(wire.Unchoke))
		}, func(l *link, _ int) {
			l.request(0, 1)
			l.hear(about(wire.Reject, 0))
		}},
		{"repeated haves", floodHave, func(l *link) { l.hear(have(3)) }, say(have(3))},
		{"changes of interest", floodInterest, nil, toggle(wire.Interested, wire.NotInterested)},
		{"repeated interest", floodInterest, nil, say(kind(wire.Interested))},
		{"chokes and unchokes", floodChoke, nil, toggle(wire.Unchoke, wire.Choke)},
		{"repeated chokes", floodChoke, nil, say(kind(wire.Choke))},
		{"suggestions", floodHint, nil, say(kind(wire.Suggest))},
		{"allowed pieces", floodHint, nil, say(kind(wire.AllowedFast))},
		{"extended handshakes", floodExtended, nil, say(handshake(wire.ExtendedHandshake{Reqq: 9}))},
		{"extended messages of an unknown id", floodExtended, nil, say(wire.Message{Kind: wire.Extended, ExtID: 7})},
		{"keep-alives", floodIdle, nil, say(kind(wire.KeepAlive))},
		{"ports", floodIdle, nil, say(kind(wire.Port))},
		{"unknown messages", floodIdle, nil, say(kind(wire.Unknown))},
	}
}

func TestEveryFloodEndsTheConnectionForAReasonOfItsOwn(t *testing.T) {
	seen := map[flood]bool{}
	for _, a := range annoyances() {
		t.Run(a.name, func(t *testing.T) {
			seen[a.kind] = true
			l := open(t, config(fast|extended))
			if a.begin != nil {
				a.begin(l)
			}
			l.core.floods = floods{}
			tol := a.kind.tolerance()
			for n := range tol.burst {
				a.once(l, n)
			}
			if got := only(l.take(), "close"); len(got) != 0 {
				t.Fatalf("ended early: %v", got)
			}
			a.once(l, tol.burst)
			l.expectClosed(tol.reason)
		})
	}
	for k := range floodKinds {
		if !seen[k] {
			t.Errorf("no flood of kind %d", k)
		}
	}
}

func TestWhatComesSlowlyIsNoFlood(t *testing.T) {
	for _, a := range annoyances() {
		t.Run(a.name, func(t *testing.T) {
			l := open(t, config(fast|extended))
			if a.begin != nil {
				a.begin(l)
			}
			for n := range 3 * a.kind.tolerance().burst {
				l.pass(a.kind.tolerance().every)
				a.once(l, n)
			}
			if got := only(l.take(), "close"); len(got) != 0 {
				t.Errorf("%v", got)
			}
		})
	}
}

func TestEveryFloodHasAReasonAndAName(t *testing.T) {
	names := map[string]flood{}
	for k := range floodKinds {
		tol := k.tolerance()
		if other, taken := names[tol.reason.String()]; taken || tol.burst < 1 || tol.every <= 0 {
			t.Errorf("%d and %d: %v", k, other, tol)
		}
		names[tol.reason.String()] = k
	}
	for r := ReasonNone; r <= NotReading; r++ {
		if r.String() == "unknown reason" || r.String() == "flood of messages" && r != MessageFlood {
			t.Errorf("%d has no name", r)
		}
	}
	if got := (NotReading + 1).String(); got != "unknown reason" {
		t.Errorf("%q", got)
	}
}

func TestPiecesThatWeAnnounceGiveReasonToChangeInterest(t *testing.T) {
	l := open(t, config(plain))
	for n := range 10 * floodInterest.tolerance().burst {
		i := pieceset.Index(n % 16)
		l.core.Announce(l.now, []pieceset.Index{i}, l)
		l.hear(wire.Message{Kind: wire.Interested}, wire.Message{Kind: wire.NotInterested})
	}
	if got := only(l.take(), "close"); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

func TestARemoteThatSendsBlocksMayRejectAsMany(t *testing.T) {
	l := fetching(t, fast)
	for range 5 * floodReject.tolerance().burst {
		l.request(0, 2)
		l.hear(piece(0), about(wire.Reject, 1))
		l.take()
	}
	if l.core.life == closed {
		t.Errorf("closed")
	}
}

func TestForgivingNeverSavesUpForLater(t *testing.T) {
	var f floods
	for range 100 {
		f.forgive(floodBlock, 1<<30)
	}
	if f[floodBlock] != mono.Never {
		t.Errorf("%v", f[floodBlock])
	}
	l := open(t, config(plain))
	l.core.floods = f
	for range floodBlock.tolerance().burst + 1 {
		l.hear(piece(0))
	}
	l.expectClosed(UnrequestedBlocks)
}

func TestAFloodIsForgivenWithTime(t *testing.T) {
	l := open(t, config(fast|extended))
	for range 5 {
		for range floodExtended.tolerance().burst {
			l.hear(wire.Message{Kind: wire.Extended, ExtID: 7})
		}
		l.pass(2 * time.Minute)
	}
	if got := only(l.take(), "close"); len(got) != 0 {
		t.Errorf("%v", got)
	}
}
