package peer

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/wire"
)

// utterance is something that a remote may say: messages that decode.
type utterance struct {
	name     string
	messages []wire.Message
}

// utterances are every kind of message with every meaning that it can have, and
// those that contradict each other.
func utterances() []utterance {
	kind := func(k wire.Kind) wire.Message { return wire.Message{Kind: k} }
	long := func(k wire.Kind, n uint32) wire.Message { return wire.Message{Kind: k, Length: n} }
	one := func(name string, m ...wire.Message) utterance { return utterance{name, m} }
	body := func(id byte, text string) wire.Message {
		return wire.Message{Kind: wire.Extended, ExtID: id, Payload: []byte(text)}
	}
	misaligned := piece(0)
	misaligned.Begin = 1
	half := piece(0)
	half.Payload = half.Payload[:100]
	notHeld := about(wire.Request, 0)
	notHeld.Piece = 9
	return []utterance{
		one("keep-alive", kind(wire.KeepAlive)),
		one("choke", kind(wire.Choke)),
		one("unchoke", kind(wire.Unchoke)),
		one("interested", kind(wire.Interested)),
		one("not-interested", kind(wire.NotInterested)),
		one("have-0", have(0)),
		one("have-15", have(15)),
		one("have-15-twice", have(15), have(15)),
		one("bitfield-empty", bitfield(0, 0)),
		one("bitfield-full", bitfield(0xff, 0xff)),
		one("bitfield-shrinking", bitfield(0xff, 0xff), bitfield(0x80, 0)),
		one("bitfield-after-have", have(1), bitfield(0x80, 0)),
		one("have-all", kind(wire.HaveAll)),
		one("have-all-bitfield", kind(wire.HaveAll), bitfield(0x80, 0)),
		one("have-all-twice", kind(wire.HaveAll), kind(wire.HaveAll)),
		one("have-all-have-none", kind(wire.HaveAll), kind(wire.HaveNone)),
		one("have-none", kind(wire.HaveNone)),
		one("have-none-have-all", kind(wire.HaveNone), kind(wire.HaveAll)),
		one("have-none-twice", kind(wire.HaveNone), kind(wire.HaveNone)),
		one("request", about(wire.Request, 0)),
		one("request-not-held", notHeld),
		one("request-1-byte", long(wire.Request, 1)),
		one("request-16385", long(wire.Request, geometry.BlockSize+1)),
		one("request-128KiB", long(wire.Request, cap128)),
		one("request-twice", about(wire.Request, 0), about(wire.Request, 0)),
		one("cancel", about(wire.Cancel, 0)),
		one("block", piece(0)),
		one("block-not-asked", piece(50)),
		one("block-misaligned", misaligned),
		one("block-too-short", half),
		one("block-twice", piece(0), piece(0)),
		one("reject", about(wire.Reject, 0)),
		one("reject-not-asked", about(wire.Reject, 50)),
		one("suggest", kind(wire.Suggest)),
		one("allowed-fast", kind(wire.AllowedFast)),
		one("port", kind(wire.Port)),
		one("unknown-id", kind(wire.Unknown)),
		one("extended-handshake", body(0, "d1:md11:ut_metadatai3eee")),
		one("extended-changing-ids", body(0, "d1:md6:ut_pexi1eee"), body(0, "d1:md6:ut_pexi9eee"), body(0, "d1:md6:ut_pexi0eee")),
		one("extended-repeated-keys", body(0, "d1:md6:ut_pexi1e6:ut_pexi2ee4:reqqi1e4:reqqi2ee")),
		one("extended-id-256", body(0, "d1:md6:ut_pexi256eee")),
		one("extended-id-below-0", body(0, "d1:md6:ut_pexi-1eee")),
		one("extended-huge-numbers", body(0, "d4:reqqi"+strings.Repeat("9", 1000)+"ee")),
		one("extended-nested", body(0, strings.Repeat("l", 100_000)+strings.Repeat("e", 100_000))),
		one("extended-64KiB", body(0, "d1:v65000:"+strings.Repeat("v", 65_000)+"e")),
		one("extended-not-bencoded", body(0, "hello")),
		one("extended-empty", body(0, "")),
		one("extended-of-nobody", body(200, "hello")),
	}
}

// verdict says in words what followed from what a remote said.
func verdict(l *link, before Core) string {
	var seen []string
	add := func(word string, is bool) {
		if is {
			seen = append(seen, word)
		}
	}
	closes := only(l.lines, "close ")
	if len(closes) > 0 {
		return "LEFT:" + strings.ReplaceAll(strings.TrimPrefix(closes[0], "close "), " ", "-")
	}
	waiting := func(c *Core) int { return c.owed.waiting.len() }
	add("learnt", len(only(l.lines, "has ")) > 0)
	add("stored", len(only(l.lines, "store ")) > 0)
	add("returned", len(only(l.lines, "returned ")) > 0)
	add("told", len(only(l.lines, "remote ")) > 0)
	add("introduced", len(only(l.lines, "introduced ")) > 0)
	add("queued", waiting(l.core) > waiting(&before))
	add("refused", len(only(l.lines, "send reject")) > 0)
	add("counted", l.core.floods != before.floods)
	if len(seen) == 0 {
		return "taken"
	}
	return strings.Join(seen, "+")
}

// matrixFile has a line for each utterance and a column for each phase. What a
// remote may say ends in one of:
//
//	taken       nothing follows but what the message is for
//	learnt      the picker hears of pieces
//	stored      a block goes to the disk
//	returned    blocks go back to the picker
//	told        the choker hears of interest
//	introduced  the name of the client is kept
//	queued      a request waits to be served
//	refused     a request is answered by a reject
//	counted     it counts against the tolerance of its kind
//	LEFT:why    the connection ends for that reason
const matrixFile = "testdata/matrix.txt"

func TestEveryMessageEndsInItsEvidenceInEveryPhase(t *testing.T) {
	want, err := os.ReadFile(matrixFile)
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	got.WriteString("message")
	for _, p := range phases() {
		got.WriteString(" " + p.name)
	}
	for _, u := range utterances() {
		got.WriteString("\n" + u.name)
		for _, p := range phases() {
			l := p.begin(t)
			l.lines = nil
			before := *l.core
			l.hear(u.messages...)
			got.WriteString(" " + verdict(l, before))
		}
	}
	fields := func(text string) [][]string {
		var rows [][]string
		for line := range strings.Lines(text) {
			rows = append(rows, strings.Fields(line))
		}
		return rows
	}
	if d := cmp.Diff(fields(string(want)), fields(got.String())); d != "" {
		t.Errorf("%s (-want +got):\n%s\nall of it:\n%s", matrixFile, d, got.String())
	}
}
