//go:build linux

package interop

import (
	"bytes"
	"strings"
)

// pieces is the number of pieces of the torrent that is attacked: its bitfield
// has spare bits.
const pieces = 129

// offence is what an attacker sends behind both handshakes, and what it is left
// for.
type offence struct {
	name   string
	with   []extension
	bytes  [][]byte
	reason string
}

const malformed = "malformed message: "

func send(b ...[]byte) [][]byte { return b }

// offences are told one by one to every kind of victim.
var offences = []offence{
	{"garbage", nil, send(bytes.Repeat([]byte{0xff}, 1000)), malformed + "the message is too long"},
	{"a block of 1 MiB", nil, send(block(0, 0, 1<<20)), malformed + "the message is too long"},
	{"a block of a byte more than we ask for", nil, send(block(0, 0, 16385)), malformed + "the block is empty or too long"},
	{"a block of 128 KiB", nil, send(block(0, 0, 128<<10)), malformed + "the message is too long"},
	{"a block of nothing", nil, send(block(0, 0, 0)), malformed + "the block is empty or too long"},
	{"a length of 2^31", nil, send([]byte{0x80, 0, 0, 0, idPiece}), malformed + "the message is too long"},
	{"a length of 2^32-1", nil, send([]byte{0xff, 0xff, 0xff, 0xff, idHave}), malformed + "the message is too long"},
	{"an unknown message too long", nil, send(frame(99, make([]byte, 32<<10+1)...)), malformed + "the message is too long"},
	{"a choke with a payload", nil, send(frame(idChoke, 1)), malformed + "the message has a wrong length for its kind"},
	{"a have without an index", nil, send(frame(idHave)), malformed + "the message has a wrong length for its kind"},
	{"a request of five numbers", nil, send(numbers(idRequest, 0, 0, 16384, 1, 2)), malformed + "the message has a wrong length for its kind"},
	{"half a piece header", nil, send(numbers(idPiece, 0)), malformed + "the message has a wrong length for its kind"},

	{"a bitfield too short", nil, send(frame(idBitfield, make([]byte, 16)...)), malformed + "the bitfield has a wrong length for the torrent"},
	{"a bitfield too long", nil, send(frame(idBitfield, make([]byte, 18)...)), malformed + "the bitfield has a wrong length for the torrent"},
	{"a bitfield with spare bits", nil, send(frame(idBitfield, bytes.Repeat([]byte{0xff}, 17)...)), "malformed bitfield"},
	{"a late bitfield with spare bits", nil, send(numbers(idHave, 3), frame(idBitfield, bytes.Repeat([]byte{0xff}, 17)...)), "malformed bitfield"},
	{"a late bitfield too short", nil, send(numbers(idHave, 3), frame(idBitfield, 0)), malformed + "the bitfield has a wrong length for the torrent"},
	{"have none behind a bitfield", []extension{fast}, send(frame(idBitfield, make([]byte, 17)...), frame(idHaveNone)), "late bitfield"},
	{"have all without FAST", nil, send(frame(idHaveAll)), "fast message without FAST"},
	{"a reject without FAST", []extension{extended}, send(numbers(idReject, 0, 0, 16384)), "fast message without FAST"},

	{"a have out of range", nil, send(numbers(idHave, pieces)), malformed + "the torrent has no piece of this index"},
	{"a have of the last number", nil, send(numbers(idHave, 0xffffffff)), malformed + "the torrent has no piece of this index"},
	{"a have of 2^31", nil, send(numbers(idHave, 1<<31)), malformed + "the torrent has no piece of this index"},
	{"a cancel out of range", nil, send(numbers(idCancel, pieces, 0, 16384)), malformed + "the torrent has no piece of this index"},
	{"a reject out of range", []extension{fast}, send(numbers(idReject, 1<<31, 0, 16384)), malformed + "the torrent has no piece of this index"},
	{"an allowed piece out of range", []extension{fast}, send(numbers(idAllowedFast, 1<<32-1)), malformed + "the torrent has no piece of this index"},
	{"a request of a byte over 128 KiB", nil, send(numbers(idRequest, 0, 0, 128<<10+1)), malformed + "the block is empty or too long"},
	{"a cancel beyond its piece", nil, send(numbers(idCancel, 0, 65536, 1)), malformed + "the block is not inside its piece"},
	{"a block beyond its piece", nil, send(block(0, 65536-16383, 16384)), malformed + "the block is not inside its piece"},
	{"a request out of range", nil, send(numbers(idRequest, pieces, 0, 16384)), malformed + "the torrent has no piece of this index"},
	{"a request beyond its piece", nil, send(numbers(idRequest, 0, 65536-16383, 16384)), malformed + "the block is not inside its piece"},
	{"a request that overflows", nil, send(numbers(idRequest, 0, 0xffffffff, 16384)), malformed + "the block is not inside its piece"},
	{"a request beyond the short last piece", nil, send(numbers(idRequest, pieces-1, 0, 16384)), malformed + "the block is not inside its piece"},
	{"a request of nothing", nil, send(numbers(idRequest, 0, 0, 0)), malformed + "the block is empty or too long"},
	{"a request of 1 GiB", nil, send(numbers(idRequest, 0, 0, 1<<30)), malformed + "the block is empty or too long"},
	{"a block out of range", nil, send(block(pieces, 0, 16384)), malformed + "the torrent has no piece of this index"},
	{"a suggestion out of range", []extension{fast}, send(numbers(idSuggest, pieces)), malformed + "the torrent has no piece of this index"},

	{"an extended message without BEP 10", []extension{fast}, send(extendedHandshake("de")), "extended message without BEP 10"},
	{"an extended handshake that is text", []extension{extended}, send(extendedHandshake("hello")), "malformed extended handshake"},
	{"an extended handshake cut off", []extension{extended}, send(extendedHandshake("d1:md11:ut_metadata")), "malformed extended handshake"},
	{"an extended handshake nested deep", []extension{extended}, send(extendedHandshake(strings.Repeat("l", 60_000))), "malformed extended handshake"},
	{"an extended handshake with an id of 256", []extension{extended}, send(extendedHandshake("d1:md6:ut_pexi256eee")), "malformed extended handshake"},
	{"a second extended handshake that is text", []extension{extended}, send(extendedHandshake("de"), extendedHandshake("hello")), "malformed extended handshake"},
	{"an extended message of a byte over 64 KiB", []extension{extended}, send(frame(idExtended, make([]byte, 1+64<<10+1)...)), malformed + "the message is too long"},
	{"an extended handshake of 1 MiB", []extension{extended}, send(extendedHandshake(strings.Repeat("x", 1<<20))), malformed + "the message is too long"},
}

// floods are messages that are legal one by one.
var floods = []offence{
	{"requests while choked", nil, send(times(40_000, numbers(idRequest, 1, 0, 16384))), "flood of requests"},
	{"requests while choked, with rejects", []extension{fast}, send(times(40_000, numbers(idRequest, 100, 0, 16384))), "flood of requests"},
	{"requests over reqq", []extension{fast}, send(frame(idInterested), manyRequests(60_000)), "flood of requests"},
	{"cancels", nil, send(times(40_000, numbers(idCancel, 1, 0, 16384))), "flood of cancels"},
	{"rejects", []extension{fast}, send(times(10_000, numbers(idReject, 1, 0, 16384))), "flood of rejects"},
	{"haves", nil, send(times(40_000, numbers(idHave, 5))), "flood of haves"},
	{"bitfields", nil, send(times(40_000, frame(idBitfield, make([]byte, 17)...))), "flood of haves"},
	{"interest", nil, send(times(5_000, append(frame(idInterested), frame(idNotInterested)...))), "flood of interest"},
	{"chokes", nil, send(times(1_000, append(frame(idUnchoke), frame(idChoke)...))), "flood of chokes"},
	{"hints", []extension{fast}, send(times(5_000, numbers(idAllowedFast, 7))), "flood of hints"},
	{"extended handshakes", []extension{extended}, send(times(2_000, extendedHandshake("d1:v1000:"+strings.Repeat("v", 1000)+"e"))), "flood of extended messages"},
	{"extended messages of nobody", []extension{extended}, send(times(400, frame(idExtended, bytes.Repeat([]byte{7}, 60_000)...))), "flood of extended messages"},
	{"keep-alives", nil, send(make([]byte, 4*10_000)), "flood of messages"},
	{"unknown messages", nil, send(times(5_000, frame(99, 1, 2, 3))), "flood of messages"},
	{"ports", nil, send(times(5_000, frame(idPort, 0, 1))), "flood of messages"},
	{"suggestions", []extension{fast}, send(times(5_000, numbers(idSuggest, 7))), "flood of hints"},
	{"unrequested blocks", nil, send(times(200, block(2, 0, 16384))), "unrequested blocks"},
}

// manyRequests are n requests of which no two that follow each other are equal.
func manyRequests(n int) []byte {
	var b []byte
	for i := range n {
		b = append(b, numbers(idRequest, uint32(i%128), uint32(i/128%4)*16384, 16384)...)
	}
	return b
}

// stranger is what comes in place of a handshake. Its sender is no peer, so
// there is no event of it: it is only left.
type stranger struct {
	name  string
	bytes func(infoHash [20]byte) []byte
}

func always(text string) func([20]byte) []byte {
	return func([20]byte) []byte { return []byte(text) }
}

// strangers are left at once.
var strangers = []stranger{
	{"garbage", always(strings.Repeat("garbage", 100))},
	{"HTTP", always("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")},
	{"TLS", always("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + strings.Repeat("\x00", 500))},
	{"another protocol of the same length", always("\x13BitTorrent protocoL" + strings.Repeat("\x00", 48))},
	{"another torrent", func([20]byte) []byte { return handshake([20]byte{1}) }},
	{"another torrent and a flood", func([20]byte) []byte { return append(handshake([20]byte{1}), make([]byte, 1<<20)...) }},
}

// slow ones are left after a while.
var slow = []stranger{
	{"nothing", always("")},
	{"half a handshake", func(h [20]byte) []byte { return handshake(h)[:30] }},
	{"a handshake without its last byte", func(h [20]byte) []byte { return handshake(h)[:67] }},
}
