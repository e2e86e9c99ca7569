package peer

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/internal/vocab/wire"
)

const (
	plain    wire.Capabilities = 0
	fast                       = wire.FastExtension
	extended                   = wire.ExtensionProtocol
)

// journal writes down every effect as a short line.
type journal struct {
	lines []string
	sent  []wire.Message
}

func (j *journal) note(format string, args ...any) {
	j.lines = append(j.lines, fmt.Sprintf(format, args...))
}

func (j *journal) Send(m wire.Message) {
	j.sent = append(j.sent, m)
	j.note("send %s", spell(m))
}

func (j *journal) StoreBlock(b geometry.Block, data []byte) {
	j.note("store %d/%d %d bytes", b.Piece, b.Number, len(data))
}

func (j *journal) Upload(r Request) { j.note("upload %d+%d:%d", r.Piece, r.Begin, r.Length) }

func (j *journal) RemoteHas(i pieceset.Index) { j.note("has %d", i) }

func (j *journal) RemoteHasSet(s *pieceset.Set) { j.note("has set %v", slices.Collect(s.All())) }

func (j *journal) Received(b geometry.Block) { j.note("received %d/%d", b.Piece, b.Number) }

func (j *journal) Returned(b geometry.Block, why Return) {
	j.note("returned %d/%d %s", b.Piece, b.Number, [...]string{"rejected", "choked", "timed out"}[why])
}

func (j *journal) Credit(blocks int, of Scope) {
	j.note("credit %d%s", blocks, [...]string{"", " of what is allowed"}[of])
}

func (j *journal) Allowed(i pieceset.Index) { j.note("allowed %d", i) }

func (j *journal) Disallowed(i pieceset.Index) { j.note("disallowed %d", i) }

func (j *journal) Told(i Interest) {
	j.note("told %s", [...]string{"not interested", "interested"}[i])
}

func (j *journal) InFlight(b geometry.Block) { j.note("in flight %d/%d", b.Piece, b.Number) }

func (j *journal) RemoteInterest(i Interest) {
	j.note("remote %s", [...]string{"not interested", "interested"}[i])
}

func (j *journal) Introduced(h *wire.ExtendedHandshake) { j.note("introduced %s", h.Client) }

func (j *journal) Close(c Closing) { j.note("close %s", c) }

// spell writes a message.
func spell(m wire.Message) string {
	switch m.Kind {
	case wire.Request, wire.Cancel, wire.Reject:
		return fmt.Sprintf("%s %d+%d:%d", m.Kind, m.Piece, m.Begin, m.Length)
	case wire.Have, wire.AllowedFast:
		return fmt.Sprintf("%s %d", m.Kind, m.Piece)
	case wire.Bitfield:
		return fmt.Sprintf("%s %x", m.Kind, m.Payload)
	default:
		return m.Kind.String()
	}
}

// link is a core under test, with its journal and its clock.
type link struct {
	t    *testing.T
	core *Core
	now  mono.Instant
	*journal
}

// shape is a torrent of 16 pieces with 100 blocks each; the last block is short.
func shape() geometry.Geometry {
	length := int64(100 * geometry.BlockSize)
	return geometry.Geometry{TotalLength: 16*length - 1000, PieceLength: length}
}

func config(caps wire.Capabilities) Config {
	return Config{
		Geometry: shape(), Capabilities: caps,
		Held: pieceset.New(16), Announce: pieceset.New(16),
		Client: "test", RemoteAddr: netip.MustParseAddrPort("192.0.2.7:6881"),
	}
}

// open returns an opened connection and forgets what it sent for that.
func open(t *testing.T, cfg Config) *link {
	l := &link{t: t, core: New(cfg), now: mono.Instant(time.Hour), journal: &journal{}}
	l.core.Open(l.now, l)
	l.lines = nil
	return l
}

// seeding returns an opened connection of a side that holds everything and does
// not choke.
func seeding(t *testing.T, caps wire.Capabilities) *link {
	cfg := config(caps)
	cfg.Held, cfg.Announce, cfg.Goal = pieceset.Full(16), pieceset.Full(16), UploadOnly
	l := open(t, cfg)
	l.core.SetChoke(l.now, Unchoked, l)
	l.lines = nil
	return l
}

// fetching returns a connection on which blocks can be requested: the remote
// has every piece and does not choke us.
func fetching(t *testing.T, caps wire.Capabilities) *link {
	l := open(t, config(caps))
	l.hear(wire.Message{Kind: wire.Bitfield, Payload: []byte{0xff, 0xff}})
	l.core.SetInterest(l.now, Interested, l)
	l.hear(wire.Message{Kind: wire.Unchoke})
	l.lines = nil
	return l
}

// hear takes messages as one batch.
func (l *link) hear(messages ...wire.Message) {
	for i := range messages {
		l.core.Receive(l.now, &messages[i], l)
	}
	l.core.EndOfBatch(l)
}

func (l *link) signal(k wire.Kind) { l.hear(wire.Message{Kind: k}) }

// request asks for the blocks from first up to end of piece 0.
func (l *link) request(first, end uint32) {
	l.core.Request(l.now, geometry.Run{First: first, Count: end - first}, l)
}

// answer takes block n of piece 0.
func (l *link) answer(n uint32) { l.hear(piece(n)) }

func (l *link) pass(d time.Duration) { l.now = l.now.Add(d) }

// tick lets time pass to the next deadline and carries it out.
func (l *link) tick() {
	l.now = l.core.NextDeadline()
	l.core.Tick(l.now, l)
}

// expect compares what was noted since the last time with what is wanted.
func (l *link) expect(want ...string) {
	l.t.Helper()
	if got := l.take(); !slices.Equal(got, want) {
		l.t.Fatalf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func (l *link) take() []string {
	got := l.lines
	l.lines = nil
	return got
}

// only keeps the lines that begin so.
func only(lines []string, prefix string) []string {
	return slices.DeleteFunc(slices.Clone(lines), func(s string) bool { return !strings.HasPrefix(s, prefix) })
}

// expectClosed wants the end with a reason, and silence ever after.
func (l *link) expectClosed(why Reason) {
	l.t.Helper()
	got := l.take()
	if len(got) == 0 || !strings.HasPrefix(got[len(got)-1], "close "+why.String()) {
		l.t.Fatalf("got %v, want close %s at the end", got[max(0, len(got)-3):], why)
	}
	l.provoke()
	if rest := l.take(); len(rest) > 0 || l.core.NextDeadline() != mono.Never {
		l.t.Fatalf("after the close: %v, due at %v", rest, l.core.NextDeadline())
	}
}

// provoke gives a core one input of every kind.
func (l *link) provoke() {
	c := l.core
	for k := wire.KeepAlive; k <= wire.Unknown; k++ {
		l.hear(wire.Message{Kind: k, Length: geometry.BlockSize, Payload: []byte{0xff, 0xff}})
	}
	l.request(0, 3)
	c.CancelBlock(l.now, geometry.Block{}, l)
	c.SetChoke(l.now, 1-c.local.choke, l)
	c.SetInterest(l.now, 1-c.local.interest, l)
	c.SetGoal(l.now, 1-c.local.goal, l)
	c.Announce(l.now, []pieceset.Index{0, 15}, l)
	c.ReadDone(c.NextRead(ReadAheadLimit), l)
	c.ReadFailed(ReadRun{Length: 1 << 20}, l)
	c.Learn(l.now, shape(), pieceset.Full(16), l)
	c.Wrote(l.now, 0)
	c.Malformed(wire.FrameTooLong, l)
	c.HeldBack(l.now)
	c.Rejoin(l)
	c.Tick(l.now.Add(24*time.Hour), l)
}

// piece is block n of piece 0 as it comes.
func piece(n uint32) wire.Message {
	return wire.Message{Kind: wire.Piece, Begin: n * geometry.BlockSize, Payload: make([]byte, geometry.BlockSize)}
}

// about is a message about block n of piece 0.
func about(k wire.Kind, n uint32) wire.Message {
	return wire.Message{Kind: k, Begin: n * geometry.BlockSize, Length: geometry.BlockSize}
}

func have(i pieceset.Index) wire.Message { return wire.Message{Kind: wire.Have, Piece: i} }

func bitfield(bits ...byte) wire.Message { return wire.Message{Kind: wire.Bitfield, Payload: bits} }

func handshake(h wire.ExtendedHandshake) wire.Message {
	return wire.Message{Kind: wire.Extended, Payload: h.Append(nil)}
}
