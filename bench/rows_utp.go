//go:build linux

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
)

// objectsPacket is how many objects an end allocates for each packet, in the middle half
// of a stream.
var (
	objectsSend    = newFigure("objects_send_per_packet", "objects/packet sender")
	objectsReceive = newFigure("objects_receive_per_packet", "receiver")
)

// utpRow is the row that the second chart is drawn of.
const (
	utpRow      = "utp"
	utpStockRow = "utp-stock"
)

// makeOf says whose uTP an end is.
type makeOf string

const (
	oursMade   makeOf = "ours"
	libutpMade makeOf = "libutp"
)

// tracingOf says whether an end of ours writes a trace.
type tracingOf uint8

const (
	untraced tracingOf = iota
	traced
)

// libutpBuffer is what libutp's end asks for where ours does, in bytes: as much.
const libutpBuffer = 4 << 20

// stream is a payload of a size over one connection of uTP from one program to another,
// over loopback.
type stream struct {
	from, to makeOf
	sandbox  sandbox
	tracing  tracingOf
	size     int64
}

func (s stream) name() string {
	name := fmt.Sprintf("%s to %s", s.from, s.to)
	if s.sandbox != openSandbox {
		name += ", " + string(s.sandbox)
	}
	if s.tracing == traced {
		name += ", traced"
	}
	return name
}

func (s stream) contender() contender {
	c := contender{name: s.name(), run: s.run}
	if s.from == libutpMade || s.to == libutpMade {
		c.available = needsLibutp
	}
	return c
}

// utpRows are those of one connection of uTP.
func utpRows(o options) []row {
	size := int64(o.sizes.main) << 20
	self, lib := stream{from: oursMade, to: oursMade, size: size}, stream{from: libutpMade, to: libutpMade, size: size}
	singly, to, from := self, self, self
	singly.sandbox, to.to, from.from = withoutSegments, libutpMade, libutpMade
	stock, stockLib := self, lib
	stock.sandbox, stockLib.sandbox, stockLib.size = stockBuffers, stockBuffers, int64(o.sizes.stock)<<20
	told := self
	told.tracing = traced
	return []row{
		streamRow(utpRow, "one connection of uTP over loopback, ours to ours beside libutp to libutp", []stream{self, singly, lib},
			aim{"CPU of both ends, x libutp's", times(cpuBoth, self.name(), lib.name()), atMost, 0.15, 0.3},
			aim{"rate, x libutp's", times(rateWhole, self.name(), lib.name()), atLeast, 5, 2.2},
			aim{"CPU of both ends without segments, x libutp's", times(cpuBoth, singly.name(), lib.name()), atMost, 0.5, 0.6},
			aim{what: "rate without segments, x libutp's", value: times(rateWhole, singly.name(), lib.name()), sense: printed},
			aim{"objects a packet, sender", plainly(objectsSend, self.name()), atMost, 0.01, 0},
			aim{"objects a packet, receiver", plainly(objectsReceive, self.name()), atMost, 0.01, 0}),
		streamRow("utp-libutp", "one end of ours and one of libutp beside libutp to libutp", []stream{to, from, lib},
			aim{"CPU of our sending end to libutp, x libutp's own", times(cpuSend, to.name(), lib.name()), atMost, 0.2, 0.4},
			aim{"CPU of our receiving end from libutp, x libutp's own", times(cpuReceive, from.name(), lib.name()), atMost, 0.2, 0.4},
			aim{what: "rate to libutp, x libutp's", value: times(rateWhole, to.name(), lib.name()), sense: printed},
			aim{what: "rate from libutp, x libutp's", value: times(rateWhole, from.name(), lib.name()), sense: printed}),
		streamRow(utpStockRow, "the same with the kernel's usual buffers of 208 KiB", []stream{stock, stockLib},
			aim{"rate, x libutp's", times(rateWhole, stock.name(), stockLib.name()), atLeast, 30, 10},
			aim{what: "CPU of both ends, x libutp's", value: times(cpuBoth, stock.name(), stockLib.name()), sense: printed}),
		streamRow("utp-trace", "ours to ours where both ends write a trace, beside the same without", []stream{told, self},
			aim{"rate, x that without a trace", times(rateWhole, told.name(), self.name()), atLeast, 0.95, 0.9},
			aim{"CPU of both ends, x that without a trace", times(cpuBoth, told.name(), self.name()), atMost, 1.05, 1.1}),
	}
}

func streamRow(name, about string, all []stream, aims ...aim) row {
	r := row{name: name, about: about, aims: aims}
	for _, s := range all {
		r.contenders = append(r.contenders, s.contender())
	}
	return r
}

func (s stream) run(ctx context.Context, l *lab) (sample, error) {
	receiver, err := l.start(ctx, l.self, s.receiver(l)...)
	if err != nil {
		return sample{}, err
	}
	defer receiver.stop()
	at, err := awaitLine(receiver, "listening")
	if err != nil {
		return sample{}, err
	}
	sender, err := l.start(ctx, l.self, s.sender(l, net.JoinHostPort("127.0.0.1", strconv.Itoa(at.Port)))...)
	if err != nil {
		return sample{}, err
	}
	defer sender.stop()
	got, err := awaitLine(receiver, "ended")
	if err != nil {
		return sample{}, err
	}
	if got.Received != s.size {
		return sample{}, fmt.Errorf("%d bytes came of %d", got.Received, s.size)
	}
	sent, err := awaitLine(sender, "ended")
	if err != nil {
		return sample{}, err
	}
	return s.sample(receiver, sender, got, sent)
}

// sample waits for the ends.
func (s stream) sample(receiver, sender *child, got, sent streamLine) (sample, error) {
	received, err := receiver.finish()
	if err != nil {
		return sample{}, err
	}
	gave, err := sender.finish()
	if err != nil {
		return sample{}, err
	}
	share := float64(s.size) / gib
	values := map[figure]float64{
		cpuBoth: (gave.cpu + received.cpu).Seconds() / share, cpuSend: gave.cpu.Seconds() / share, cpuReceive: received.cpu.Seconds() / share,
		rateWhole: float64(s.size) / float64(got.Micros),
		anonSend:  float64(gave.anon) / mib, anonReceive: float64(received.anon) / mib,
	}
	if s.from == oursMade {
		values[objectsSend] = sent.Objects
	}
	if s.to == oursMade {
		values[objectsReceive] = got.Objects
	}
	return sample{values: values}, nil
}

// receiver is the arguments of this program for the end that listens.
func (s stream) receiver(l *lab) []string {
	size := strconv.FormatInt(s.size, 10)
	if s.to == libutpMade {
		return s.inSandbox(append([]string{l.libutp, "listen", "127.0.0.1:0", "plain", "want", size}, s.libutpBuffers()...))
	}
	return s.inSandbox(append([]string{l.self, roleStreamReceive, size}, s.trace(l, "receiver")...))
}

// sender is those for the end that dials.
func (s stream) sender(l *lab, address string) []string {
	size := strconv.FormatInt(s.size, 10)
	if s.from == libutpMade {
		return s.inSandbox(append([]string{l.libutp, "connect", address, "plain", "send", size, "want", "0"}, s.libutpBuffers()...))
	}
	return s.inSandbox(append([]string{l.self, roleStreamSend, address, size}, s.trace(l, "sender")...))
}

// libutpBuffers are asked for, but where they are to be the kernel's usual.
func (s stream) libutpBuffers() []string {
	if s.sandbox == stockBuffers {
		return nil
	}
	return []string{"buffer", strconv.Itoa(libutpBuffer)}
}

func (s stream) trace(l *lab, of string) []string {
	if s.tracing == untraced {
		return nil
	}
	return []string{filepath.Join(l.copies(), of+".jsonl")}
}

func (s stream) inSandbox(command []string) []string {
	return append([]string{roleSandbox, string(s.sandbox)}, command...)
}

// awaitLine reads lines until one tells of an event.
func awaitLine(c *child, event string) (line streamLine, err error) {
	text, _, err := c.await(`"event":"` + event + `"`)
	if err != nil {
		return line, err
	}
	return line, json.Unmarshal([]byte(text), &line)
}
