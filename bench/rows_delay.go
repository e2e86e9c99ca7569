//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// The figures of a transfer over a long line, after the warm-up.
var (
	rateSpan   = newFigure("rate_span_mb_per_s", "MB/s behind the warm-up")
	rateBound  = newFigure("rate_bound_mb_per_s", "MB/s that can be")
	openBlocks = newFigure("reqq", "reqq")
)

// delayOptions say how transfers over a long line are measured.
type delayOptions struct {
	warm, span time.Duration
	congestion string
	reqq       int // of libtorrent's seed; 0 is its own
}

// linkRate is 100 Mbit/s.
const linkRate = 100_000_000 / 8

// wirePort is where programs listen on a wire, on which nobody else does.
const wirePort = 6881

// delayRows go over a line of the bench's own, one connection each.
func delayRows(o options) []row {
	var rows []row
	for _, ms := range []int{100, 300} {
		rows = append(rows, delayRow(fmt.Sprintf("delay%d", ms), ms, o.delay))
	}
	for _, ms := range []int{100, 300} {
		rows = append(rows, foreignRow(fmt.Sprintf("foreign%d", ms), ms, o.delay))
	}
	return rows
}

// payload is more than the link carries meanwhile.
func (o delayOptions) payload() spec {
	seconds := (o.warm + o.span + 5*time.Second).Seconds()
	return spec{size: int64(seconds*linkRate)/mib*mib + mib, piece: mib}
}

func delayRow(name string, ms int, o delayOptions) row {
	d := distance{rtt: time.Duration(ms) * time.Millisecond, rate: linkRate}
	tcp := ourPeer("ours over tcp", ourProgram, "--transport", string(overTCP))
	self := crossing{from: tcp, to: tcp, distance: d, delayOptions: o}.contender()
	stock := crossing{from: ours, to: ours, distance: d, delayOptions: o}.contender()
	iperf := contender{name: "iperf3", available: needsAll(needsRoot, needs(iperfTool)), run: func(ctx context.Context, _ *lab) (sample, error) {
		return runIperf(ctx, d, o)
	}}
	bulk := bulkOver(d, o)
	return row{
		name: name, about: fmt.Sprintf("ours to ours over %d ms and 100 Mbit/s beside iperf3 and a bulk sender with our socket options", ms),
		payloads: []spec{o.payload()}, contenders: []contender{self, iperf, bulk, stock}, load: warmedByItself,
		aims: []aim{
			{"rate, x iperf3's", times(rateSpan, self.name, iperf.name), atLeast, 0.9, 0},
			{what: "rate as it comes, over uTP, x iperf3's", value: times(rateSpan, stock.name, iperf.name), sense: printed},
			{what: "rate, x the bulk sender's", value: times(rateSpan, self.name, bulk.name), sense: printed},
		},
	}
}

func foreignRow(name string, ms int, o delayOptions) row {
	d := distance{rtt: time.Duration(ms) * time.Millisecond, rate: linkRate}
	seed := libtorrentEnd{vouching: trusting, transport: overTCP, reqq: o.reqq}.peer("libtorrent")
	self := crossing{from: seed, to: ours, distance: d, delayOptions: o}.contender()
	lib := crossing{from: seed, to: libtorrentPeers, distance: d, delayOptions: o}.contender()
	bulk := bulkOver(d, o)
	return row{
		name: name, about: fmt.Sprintf("ours from libtorrent over %d ms and 100 Mbit/s beside what link and reqq let through", ms),
		payloads: []spec{o.payload()}, contenders: []contender{self, lib, bulk}, load: warmedByItself,
		aims: []aim{
			{"rate, x the lesser of link and reqq x 16 KiB / RTT", func(r round) float64 {
				return r.of(self.name, rateSpan) / r.of(self.name, rateBound)
			}, atLeast, 0.9, 0},
			{what: "rate, x libtorrent's from libtorrent", value: times(rateSpan, self.name, lib.name), sense: printed},
			{what: "rate, x the bulk sender's", value: times(rateSpan, self.name, bulk.name), sense: printed},
		},
	}
}

func needsRoot(l *lab) error {
	if l.host == nil {
		return errors.New("there is no namespace to lay a line in")
	}
	return nil
}

// crossing is a transfer between two machines, of which a span counts.
type crossing struct {
	from, to peer
	distance
	delayOptions
}

func (x crossing) contender() contender {
	c := transfer(x.from, x.to, x.payload())
	c.available = needsAll(needsRoot, c.available)
	c.run = func(ctx context.Context, l *lab) (sample, error) {
		w, err := lay(x.distance, x.congestion)
		if err != nil {
			return sample{}, err
		}
		s, err := x.run(ctx, l, w)
		return s, errors.Join(err, w.remove())
	}
	return c
}

func (x crossing) run(ctx context.Context, l *lab, w *wire) (sample, error) {
	m := l.materials[x.payload()]
	sender, err := x.from.serve(ctx, l.at(w.near), m, w.address(wirePort))
	if err != nil {
		return sample{}, err
	}
	defer sender.stop()
	receiver, err := x.to.fetch(ctx, l.at(w.far), m, w.address(wirePort))
	if err != nil {
		return sample{}, err
	}
	defer receiver.stop()
	began := receiver.began
	if x.to.began != "" {
		if _, began, err = receiver.await(x.to.began); err != nil {
			return sample{}, err
		}
	}
	growth := watchGrowth(filepath.Join(l.copies(), m.name))
	defer growth.end()
	warmed, ended := began.Add(x.warm), began.Add(x.warm+x.span)
	if err := pass(ctx, time.Until(ended)); err != nil {
		return sample{}, err
	}
	points := growth.end()
	if grownAt(points, ended) >= m.size {
		return sample{}, errors.New("the transfer ended before the span did")
	}
	received, sent := receiver.stop(), sender.stop()
	values := map[figure]float64{
		rateSpan: float64(grownAt(points, ended)-grownAt(points, warmed)) / million / x.span.Seconds(),
		anonSend: float64(sent.anon) / mib, anonReceive: float64(received.anon) / mib,
	}
	if x.from.name == libtorrentPeers.name {
		reqq := l.reqqOf(x.delayOptions)
		values[openBlocks], values[rateBound] = reqq, min(float64(x.rate), reqq*blockSize/x.rtt.Seconds())/million
	}
	return sample{values: values}, nil
}

// reqqOf is how many requests libtorrent's seed lets wait.
func (l *lab) reqqOf(o delayOptions) float64 {
	if o.reqq > 0 {
		return float64(o.reqq)
	}
	return float64(l.reqq)
}

// grownAt is the size of a file at an instant, as last seen.
func grownAt(points []point, at time.Time) int64 {
	var n int64
	for _, p := range points {
		if p.at.After(at) {
			break
		}
		n = p.bytes
	}
	return n
}

// bulkOver is a contender: what one connection carries.
func bulkOver(d distance, o delayOptions) contender {
	return contender{name: "bulk", available: needsRoot, run: func(ctx context.Context, l *lab) (sample, error) {
		return runBulk(ctx, l, d, o)
	}}
}

func runBulk(ctx context.Context, l *lab, d distance, o delayOptions) (s sample, err error) {
	w, err := lay(d, o.congestion)
	if err != nil {
		return sample{}, err
	}
	defer func() { err = errors.Join(err, w.remove()) }()
	sender, err := startAt(ctx, w.near, l.self, roleBulkSend, w.address(wirePort))
	if sender, err = started(sender, err, "ready"); err != nil {
		return sample{}, err
	}
	defer sender.stop()
	receiver, err := startAt(ctx, w.far, l.self, roleBulkReceive, w.address(wirePort), o.warm.String(), o.span.String())
	if err != nil {
		return sample{}, err
	}
	defer receiver.stop()
	line, _, err := receiver.await("bytes ")
	if err != nil {
		return sample{}, err
	}
	n, err := strconv.ParseInt(strings.TrimPrefix(line, "bytes "), 10, 64)
	return sample{values: map[figure]float64{rateSpan: float64(n) / million / o.span.Seconds()}}, err
}
