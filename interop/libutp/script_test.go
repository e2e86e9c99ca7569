//go:build linux

package libutp

import (
	"time"

	"github.com/etorrent/etorrent/internal/vocab/serial"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// A script is what a row of bytes says that the other end, the path and the application
// do to an end: it is played to libutp and to ours. Numbers are relative: packets of the
// script's own stream count from its begin, acknowledgements from what the end has sent.
//
// It has everything that both are to answer alike. What is not in it, since the two differ
// by design or by a fault of libutp's, each with its row in utp/UNDESCRIBED.md:
//
//   - a first extension above 2, a number 2 that has not eight bytes, more than eight
//     extensions: libutp drops the packet, or ours does;
//   - a Reset that answers nothing: libutp believes it;
//   - an acknowledgement more than three behind, or of the next thousand packets: libutp
//     takes what it queued for sent, ours takes what was long under way;
//   - data behind the Fin: libutp delivers what is in order;
//   - a Fin that is early and whose number is the lower one, since numbers came round
//     between: libutp drops what comes early before it;
//   - a SYN with another id: the end in lockstep has one connection;
//   - a second answer to a SYN: ours takes the later one, as libtorrent wants it;
//   - more than a window of data that is not read: ours drops it;
//   - ten seconds without an acknowledgement: libutp gives up sooner, which may also happen
//     where packets are lost, and then is no fault of ours (libutpLeft);
//   - masks with bits of packets that were lost: both believe them, and the stream has a hole;
//   - bytes to write behind the application's end.
type script struct {
	first    serial.Number // of the script's stream
	role     role
	premises []move // before the handshake is over
	moves    []move
	most     int // packets of the script's stream
	fin      int // index of its Fin, -1: none
	written  int // bytes of the end's stream
	shut     asked
	leaves   asked // the application closes at last
}

// role is that of the end that a script is played to.
type role uint8

const (
	accepts role = iota
	asks
)

// asked says whether something is asked for.
type asked uint8

const (
	notAsked asked = iota
	isAsked
)

// act says what a move is.
type act uint8

const (
	putsData act = iota
	putsState
	putsFin
	putsReset
	putsSynAgain
	putsBytes // n: which of mangled
	drains
	passes   // d
	lives    // d, during which all that comes is acknowledged
	writes   // n
	holdsAll // the application does not read
	readsOn
	shutsDown
	deafens // n packets of the end are lost
)

// move is one step.
type move struct {
	act    act
	index  int // of the packet
	ack    acking
	back   int // of its acknowledgement
	mask   utpwire.SelectiveAck
	window uint32
	early  utpwire.Stamp // by how much its stamp is wrong
	delay  utpwire.Delay
	n      int
	d      time.Duration
}

// acking says what a packet acknowledges.
type acking uint8

const (
	acksAll  acking = iota
	acksSome        // back behind all, and nothing that is acknowledged already
	acksOld         // one to three behind
	acksNone        // what was acknowledged
	acksFar         // what is further ahead than anything that an end may queue
)

// bounds of a script.
const (
	mostMoves   = 400
	mostEarly   = 40
	mostWritten = 200_000
	mostPassing = 10 * time.Second
	openWindow  = 1 << 20
)

// size is that of a packet of the script's stream; beginOf is where it begins.
func size(index int) int { return [...]int{1, 10, 100, 700, 1382, 1400, 548}[index%7] }

func beginOf(index int) int {
	n := index / 7 * (1 + 10 + 100 + 700 + 1382 + 1400 + 548)
	for i := index / 7 * 7; i < index; i++ {
		n += size(i)
	}
	return n
}

// reader decodes a script.
type reader struct {
	script
	next    int // index of what comes in order
	passing time.Duration
}

// parse makes a script of bytes: three for what it is, four for each move.
func parse(b []byte) script {
	r := reader{script: script{fin: -1}}
	if len(b) < 3 {
		b = append(b, 0, 0, 0)
	}
	r.role = role(b[0] & 1)
	r.leaves = asked(b[0] >> 1 & 1)
	r.first = serial.Number(b[1])<<8 | serial.Number(b[2])
	if b[0]&4 != 0 {
		r.first = -serial.Number(b[2]) // comes round
	}
	if b[0]&8 != 0 {
		r.premises = []move{{act: putsData, window: openWindow}, {act: putsState, index: 1, ack: acksFar, window: openWindow}, {act: putsFin, index: 9}}
	}
	r.data(0, 0) // libutp writes nothing before it
	r.moves = append(r.moves, move{act: drains})
	for b = b[3:]; len(b) >= 4 && len(r.moves) < mostMoves; b = b[4:] {
		r.read(b[0], b[1], b[2], b[3])
		if b[3]&0x80 == 0 {
			r.moves = append(r.moves, move{act: drains})
		}
	}
	return r.script
}

// add adds a packet; how says what it acknowledges, and its window.
func (r *reader) add(m move, how byte) {
	m.ack, m.back = [...]acking{acksAll, acksAll, acksSome, acksNone}[how&3], int(how>>2&15)
	switch m.window = openWindow; how & 0x60 {
	case 0x60:
		m.window = uint32(how&0x1f) * 100
	case 0x40:
		m.delay = utpwire.Delay(how<<1) << 24 // also half of all, which libutp's asserts do not stand
		m.early = utpwire.Stamp(how) << 23
	}
	r.moves = append(r.moves, m)
}

// data adds a packet of the stream, unless it lies behind the end.
func (r *reader) data(index int, how byte) {
	if r.fin >= 0 && index >= r.fin {
		return
	}
	r.most = max(r.most, index+1)
	r.add(move{act: putsData, index: index}, how)
	if index == r.next {
		r.next++
	}
}

func (r *reader) read(op, a, b, how byte) {
	switch op % 17 {
	case 0, 1:
		r.data(r.next, how)
	case 2:
		for range a % 32 {
			r.data(r.next, how)
		}
	case 3:
		r.data(r.next+1+int(a)%mostEarly, how)
	case 4:
		r.data(max(r.next-1-int(a), 0), how)
	case 5:
		r.add(move{act: putsState, index: r.next}, how)
	case 6:
		mask := make([]byte, [...]int{4, 1, 5, 8, 32, 255}[a%6])
		for i := range mask {
			mask[i] = b * byte(i+1)
		}
		r.add(move{act: putsState, index: r.next, mask: mask}, how)
	case 7:
		d := min(time.Duration(a)*8*time.Millisecond, mostPassing-r.passing)
		r.passing += d
		r.moves = append(r.moves, move{act: passes, d: d})
	case 8:
		r.passing = 0
		r.moves = append(r.moves, move{act: lives, d: time.Duration(a) * 250 * time.Millisecond})
	case 9, 10:
		r.write(int(a) * int(b))
	case 11:
		r.moves = append(r.moves, move{act: [...]act{holdsAll, readsOn}[a&1]})
	case 12:
		r.finish(how)
	case 13:
		r.mangle(a%mangleds, b, how)
	case 14:
		r.end(a, how)
	case 15:
		r.add(move{act: putsSynAgain}, how)
	case 16:
		r.moves = append(r.moves, move{act: deafens, n: 1 + int(a)%4})
	}
}

// Of the mangled packets those from dressed to beyond carry the next of the stream behind
// extensions; the others are nothing to a connection.
const (
	dressed  = 7
	beyond   = 10
	mangleds = 12
)

func (r *reader) mangle(which, x, how byte) {
	if carries := which >= dressed && which < beyond; carries {
		if r.fin >= 0 && r.next >= r.fin {
			return
		}
		r.most = max(r.most, r.next+1)
		defer func() { r.next++ }()
	}
	r.add(move{act: putsBytes, index: r.next, n: int(which)<<8 | int(x)}, how)
}

func (r *reader) write(n int) {
	if n = min(n, mostWritten-r.written); r.shut == notAsked && n > 0 {
		r.written += n
		r.moves = append(r.moves, move{act: writes, n: n})
	}
}

// finish adds the Fin, behind all that came until now, or again.
func (r *reader) finish(how byte) {
	if next := r.first.Add(r.next); r.fin < 0 && r.first.Add(r.most) < next {
		return
	}
	if r.fin < 0 {
		r.fin = r.most
	}
	r.add(move{act: putsFin, index: r.fin}, how)
}

// end has the application end, or rarely the connection.
func (r *reader) end(a, how byte) {
	switch {
	case a >= 0xf0:
		r.add(move{act: putsReset}, how)
	case a >= 0x80 && r.shut == notAsked:
		r.shut = isAsked
		r.moves = append(r.moves, move{act: shutsDown})
	default:
		r.add(move{act: putsState, index: r.next}, how)
		r.moves[len(r.moves)-1].ack = acksOld
	}
}
