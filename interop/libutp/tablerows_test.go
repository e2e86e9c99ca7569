//go:build linux

package libutp

import (
	"fmt"
	"time"

	"github.com/etorrent/etorrent/internal/utpsim"
)

const ms = time.Millisecond

// ordinaryBench is what rows are measured on that say nothing else.
var ordinaryBench = bench{rate: 20 * megabit, rtt: 50 * ms, queue: 250 * ms}

// with is it with something else.
func with(change func(*bench)) bench {
	b := ordinaryBench
	change(&b)
	return b
}

var (
	both  = []pair{libutpToLibutp}
	three = []pair{libutpToLibutp, oursToLibutp}
)

// table has all rows, in the order in which they are printed.
func table() []row {
	var rows []row
	for _, more := range []func() []row{lossRows, rateRows, rampRows, queueRows, shareRows, tcpRows, shallowRows, badRows, driftRows, tales} {
		rows = append(rows, more()...)
	}
	return rows
}

func lossRows() []row {
	var rows []row
	for _, c := range []struct {
		loss            float64
		gates, moonshot [3]float64
		in              place
	}{
		{0, [3]float64{93, 93, 90}, [3]float64{96, 96, 95}, everywhere},
		{0.001, [3]float64{92, 80, 60}, [3]float64{95, 93, 90}, inTable},
		{0.01, [3]float64{88, 70, 40}, [3]float64{93, 90, 80}, everywhere},
		{0.05, [3]float64{3 * 11.5, 3 * 3.8, 3 * 1.6}, [3]float64{50, 30, 15}, everywhere},
	} {
		for i, rtt := range []time.Duration{10 * ms, 100 * ms, 300 * ms} {
			rows = append(rows, row{
				name:  fmt.Sprintf("%g %% lost, %v", 100*c.loss, rtt),
				bench: with(func(b *bench) { b.loss, b.rtt = c.loss, rtt }),
				cut:   5 * time.Second, end: 105 * time.Second, pairs: three, in: c.in,
				cells: []cell{{"goodput %", goodput, atLeast, c.gates[i], c.moonshot[i]}},
			})
		}
	}
	for _, c := range []struct {
		loss, gate, moonshot float64
		in                   place
	}{{0, 90, 95, inTable}, {0.01, 50, 85, everywhere}} {
		rows = append(rows, row{
			name:  fmt.Sprintf("100 Mbit/s, %g %% lost, 100ms", 100*c.loss),
			bench: bench{rate: 100 * megabit, rtt: 100 * ms, queue: 250 * ms, loss: c.loss},
			cut:   5 * time.Second, end: 45 * time.Second, pairs: both, in: c.in,
			cells: []cell{{"goodput %", goodput, atLeast, c.gate, c.moonshot}},
		})
	}
	return rows
}

// rateRows are links of other rates. The gate is what libutp was measured to have there
// before, and three times as much where one in twenty is lost; but no more than 93 %.
func rateRows() []row {
	const most = 93
	rtts := []time.Duration{10 * ms, 50 * ms, 100 * ms, 300 * ms}
	losses := []float64{0, 0.001, 0.01, 0.02, 0.05}
	var rows []row
	for _, c := range []struct {
		rate   int64
		libutp [5][4]float64
	}{
		{10, [5][4]float64{{96.6, 96.6, 96.6, 92.0}, {93.5, 84.6, 55.6, 20.0}, {72.0, 37.3, 18.3, 6.3}, {54.0, 23.2, 12.8, 4.8}, {20.4, 9.7, 6.6, 2.5}}},
		{50, [5][4]float64{{96.6, 96.6, 96.6, 34.6}, {91.3, 24.9, 11.7, 4.1}, {42.0, 7.7, 3.7, 1.3}, {20.1, 4.7, 2.6, 1.0}, {4.6, 1.9, 1.3, 0.5}}},
		{100, [5][4]float64{{96.6, 96.6, 80.2, 17.4}, {71.1, 12.5, 5.9, 2.0}, {21.5, 3.9, 1.8, 0.6}, {10.5, 2.4, 1.2, 0.4}, {2.2, 1.0, 0.6, 0.3}}},
	} {
		for i, loss := range losses {
			for j, rtt := range rtts {
				gate := c.libutp[i][j]
				if loss == 0.05 {
					gate *= 3
				}
				rows = append(rows, row{
					name:  fmt.Sprintf("%d Mbit/s, %g %% lost, %v", c.rate, 100*loss, rtt),
					bench: bench{rate: c.rate * megabit, rtt: rtt, queue: 250 * ms, loss: loss},
					cut:   10 * time.Second, end: 30 * time.Second, pairs: both, in: inTable,
					cells: []cell{{"goodput %", goodput, atLeast, min(gate, most), 0}},
				})
			}
		}
	}
	return rows
}

func rampRows() []row {
	var rows []row
	for i, rtt := range []time.Duration{10 * ms, 50 * ms, 100 * ms, 300 * ms} {
		rows = append(rows, row{
			name:  fmt.Sprintf("begins, %v", rtt),
			bench: with(func(b *bench) { b.rtt = rtt }),
			step:  100 * ms, end: 15 * time.Second, pairs: three,
			cells: []cell{{"seconds to 90 %", reaches, atMost, []float64{0.5, 1, 1.5, 4}[i], (12 * rtt).Seconds()}},
		})
	}
	return rows
}

func queueRows() []row {
	slow := with(func(b *bench) { b.rate, b.queue = 2*megabit, time.Second })
	return []row{
		{
			name: "2 Mbit/s, a queue of 1s", bench: slow, cut: 20 * time.Second, end: 120 * time.Second, pairs: three,
			cells: []cell{{"mean wait ms", meanWait, atMost, 60, 60}, {"95 % of waits ms", longWait, atMost, 75, 0}},
		},
		{
			name: "the same, an hour", bench: slow, cut: 20 * time.Second, end: time.Hour + 20*time.Second, step: time.Minute, pairs: both, in: inTable,
			cells: []cell{{"95 % of waits of the worst minute ms", longWait, atMost, 75, 0}},
		},
	}
}

func shareRows() []row {
	rows := []row{
		{
			name: "2 flows", bench: ordinaryBench, late: []time.Duration{0}, cut: 20 * time.Second, end: 120 * time.Second, pairs: both,
			cells: []cell{{"Jain's index", jain, atLeast, 0.95, 0.99}},
		},
		{
			name: "8 flows", bench: ordinaryBench, late: make([]time.Duration, 7), cut: 20 * time.Second, end: 120 * time.Second, pairs: both,
			cells: []cell{{"Jain's index", jain, atLeast, 0.90, 0.97}},
		},
		{
			name: "4 flows, each 30s late", bench: ordinaryBench, late: []time.Duration{30 * time.Second, time.Minute, 90 * time.Second},
			cut: 120 * time.Second, end: 300 * time.Second, pairs: both,
			cells: []cell{{"Jain's index", jain, atLeast, 0.90, 0.98}},
		},
	}
	for i, rtt := range []time.Duration{10 * ms, 50 * ms, 100 * ms} {
		rows = append(rows, row{
			name: fmt.Sprintf("a second 60s late, %v", rtt), bench: with(func(b *bench) { b.rtt = rtt }),
			late: []time.Duration{time.Minute}, cut: 120 * time.Second, end: 300 * time.Second, pairs: both,
			in:    []place{inTable, everywhere, inTable}[i],
			cells: []cell{{"Jain's index", jain, atLeast, 0.90, 0.98}, {"mean wait ms", meanWait, atMost, 90, 0}},
		})
	}
	return rows
}

func reno() utpsim.TCPControl  { return utpsim.NewReno() }
func cubic() utpsim.TCPControl { return utpsim.NewCubic() }

func tcpRows() []row {
	var rows []row
	for _, c := range []struct {
		name            string
		tcp             func() utpsim.TCPControl
		queues          []time.Duration
		gates, moonshot []float64
		together        float64
	}{
		{"Reno", reno, []time.Duration{50 * ms, 100 * ms, 250 * ms, 1000 * ms}, []float64{40, 25, 15, 5}, []float64{25, 15, 10, 3}, 90},
		{"CUBIC", cubic, []time.Duration{50 * ms, 100 * ms, 250 * ms, 1000 * ms}, []float64{35, 20, 10, 5}, []float64{0, 0, 0, 0}, 0},
		{"Reno", reno, []time.Duration{10 * ms, 20 * ms}, []float64{55, 55}, []float64{45, 45}, 0},
	} {
		for i, queue := range c.queues {
			rows = append(rows, row{
				name: fmt.Sprintf("beside %s, a queue of %v", c.name, queue), bench: with(func(b *bench) { b.queue = queue }),
				beside: c.tcp, cut: 20 * time.Second, end: 120 * time.Second, pairs: both,
				cells: []cell{
					{"share of uTP %", share, atMost, c.gates[i], c.moonshot[i]},
					{"goodput of both %", goodputs, atLeast, c.together, 0},
				},
			})
		}
		if len(c.queues) == 4 {
			rows = append(rows, row{
				name: c.name + " leaves", bench: ordinaryBench, beside: c.tcp, leaves: 50 * time.Second,
				cut: 50 * time.Second, end: 70 * time.Second, step: 100 * ms, pairs: both,
				cells: []cell{{"seconds to 90 %", reaches, atMost, 3, 1}},
			})
		}
	}
	return rows
}

func shallowRows() []row {
	var rows []row
	for i, queue := range []time.Duration{5 * ms, 10 * ms, 20 * ms, 50 * ms} {
		rows = append(rows, row{
			name: fmt.Sprintf("alone, a queue of %v", queue), bench: with(func(b *bench) { b.queue = queue }),
			cut: 20 * time.Second, end: 120 * time.Second, pairs: three, in: []place{everywhere, inTable}[i%2],
			cells: []cell{{"goodput %", goodput, atLeast, 80, 90}, {"lost in the queue %", refused, atMost, 3, 0}},
		})
	}
	return rows
}

func badRows() []row {
	var rows []row
	add := func(name string, in place, gate, moonshot float64, change func(*bench)) {
		rows = append(rows, row{
			name: name, bench: with(change), cut: 20 * time.Second, end: 120 * time.Second, pairs: three, in: in,
			cells: []cell{{"goodput %", goodput, atLeast, gate, moonshot}},
		})
	}
	for i, jitter := range []time.Duration{ms, 2 * ms, 5 * ms, 20 * ms} {
		add(fmt.Sprintf("jitter of %v", jitter), []place{inTable, inTable, everywhere, everywhere}[i], []float64{95, 90, 90, 80}[i], 95, func(b *bench) { b.jitter = jitter })
	}
	for i, lasts := range []time.Duration{20 * ms, 100 * ms, 500 * ms, 2 * time.Second, 5 * time.Second} {
		add(fmt.Sprintf("outages of %v", lasts), []place{inTable, everywhere, inTable, everywhere, everywhere}[i], []float64{93, 92, 90, 82, 65}[i], 0, func(b *bench) {
			b.outage = utpsim.Outage{Every: 20 * time.Second, Lasts: lasts}
		})
	}
	for i, rtt := range []time.Duration{100 * ms, 300 * ms} {
		add(fmt.Sprintf("outages of 100ms, %v", rtt), []place{inTable, everywhere}[i], []float64{90, 80}[i], 0, func(b *bench) {
			b.rtt, b.outage = rtt, utpsim.Outage{Every: 20 * time.Second, Lasts: 100 * ms}
		})
	}
	for i, loss := range []float64{0.1, 0.3} {
		add(fmt.Sprintf("%g %% of acknowledgements lost", 100*loss), []place{inTable, everywhere}[i], 95, 0, func(b *bench) { b.ackLoss = loss })
	}
	add("1 % come twice", everywhere, 95, 0, func(b *bench) { b.duplicate = 0.01 })
	return rows
}

func driftRows() []row {
	var rows []row
	for i, drift := range []int64{-200, -50, 50, 200} {
		rows = append(rows, row{
			name: fmt.Sprintf("clocks drift by %d ppm, 30m", drift), bench: with(func(b *bench) { b.rate, b.queue = 2*megabit, time.Second }),
			drift: drift, cut: 20 * time.Second, end: 30*time.Minute + 20*time.Second, pairs: both,
			in:    []place{everywhere, inTable, inTable, everywhere}[i],
			cells: []cell{{"95 % of waits ms", longWait, atMost, 80, 0}, {"goodput %", goodput, atLeast, 93, 0}},
		})
	}
	return rows
}
