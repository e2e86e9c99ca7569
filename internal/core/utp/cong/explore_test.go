package cong_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/cong"
)

func (f *flow) rampTo(percent float64, from time.Duration) time.Duration {
	need := int(percent / 100 * float64(f.rate) / segment / 10)
	for i := int(from / (100 * ms)); i+1 < len(f.series); i++ {
		if f.series[i] >= need*96/100 {
			return time.Duration(i+1)*100*ms - from
		}
	}
	return -1
}

func control(name string) cong.Control {
	make, err := cong.Find(name)
	if err != nil {
		panic(err)
	}
	return make(cong.Config{Segment: segment, Most: most * segment})
}

func TestExplore(t *testing.T) {
	if os.Getenv("X") == "" {
		t.Skip()
	}
	name := os.Getenv("X")
	only := os.Getenv("O")
	want := func(s string) bool { return only == "" || only == s }
	base := link{rate: 20 * mbit, rtt: 50 * ms, queue: 250 * ms, seed: 1}
	p := func(format string, a ...any) { fmt.Printf(format+"\n", a...) }
	one := func(l link, cut, end time.Duration) (*world, *flow) {
		w := newWorld(l)
		f := w.join(control(name), 0, 0)
		w.run(cut).measure().run(end)
		return w, f
	}
	if want("masks") {
		for _, loss := range []float64{0, 0.001, 0.01, 0.05} {
			s := ""
			for _, rtt := range []time.Duration{10 * ms, 50 * ms, 100 * ms, 300 * ms} {
				l := base
				l.short = true

				l.rtt, l.loss = rtt, loss
				w, f := one(l, 5*time.Second, 120*time.Second)
				s += fmt.Sprintf("  %v: %.1f %% (q %v)", rtt, f.percent(), w.waits.mean())
			}
			p("masks of libutp, loss %v %s", loss, s)
		}
	}
	if want("loss") {
		for _, loss := range []float64{0, 0.001, 0.01, 0.02, 0.05} {
			s := ""
			for _, rtt := range []time.Duration{10 * ms, 50 * ms, 100 * ms, 300 * ms} {
				l := base
				l.rtt, l.loss = rtt, loss
				w, f := one(l, 5*time.Second, 120*time.Second)
				s += fmt.Sprintf("  %v: %.1f %% (q %v)", rtt, f.percent(), w.waits.mean())
			}
			p("loss %v %s", loss, s)
		}
		for _, loss := range []float64{0, 0.01} {
			l := base
			l.rate, l.rtt, l.loss = 100*mbit, 100*ms, loss
			_, f := one(l, 5*time.Second, 60*time.Second)
			p("100 Mbit loss %v: %.1f", loss, f.percent())
		}
	}
	if want("ramp") {
		for _, rtt := range []time.Duration{10 * ms, 50 * ms, 100 * ms, 300 * ms} {
			l := base
			l.rtt = rtt
			w, f := one(l, 0, 20*time.Second)
			p("ramp %v: %v, refused %d", rtt, f.rampTo(90, 0), w.refuse)
		}
	}
	if want("delay") {
		l := base
		l.rate, l.queue = 2*mbit, time.Second
		w, f := one(l, 20*time.Second, 300*time.Second)
		p("2 Mbit: %.1f %%, mean %v p95 %v", f.percent(), w.waits.mean(), w.waits.percentile(95))
		w, f = one(l, 3000*time.Second, 3600*time.Second)
		p("2 Mbit 1 h: %.1f %%, mean %v p95 %v", f.percent(), w.waits.mean(), w.waits.percentile(95))
		for _, ppm := range []int64{-200, -50, 50, 200} {
			w := newWorld(l)
			f := w.join(control(name), 0, 0)
			f.there.ppm = ppm
			w.run(20 * time.Second).measure().run(1800 * time.Second)
			p("drift %d: %.1f %%, mean %v p95 %v", ppm, f.percent(), w.waits.mean(), w.waits.percentile(95))
		}
	}
	if want("fair") {
		w := newWorld(base)
		w.join(control(name), 0, 0)
		w.join(control(name), 0, 0)
		w.run(20 * time.Second).measure().run(120 * time.Second)
		p("2 flows: jain %.3f, mean %v", w.jain(), w.waits.mean())
		for _, rtt := range []time.Duration{10 * ms, 50 * ms, 100 * ms} {
			l := base
			l.rtt = rtt
			w := newWorld(l)
			a := w.join(control(name), 0, 0)
			b := w.join(control(name), 60*time.Second, 0)
			w.run(120 * time.Second).measure().run(300 * time.Second)
			p("late %v: jain %.3f (%.0f %.0f), mean %v", rtt, w.jain(), a.percent(), b.percent(), w.waits.mean())
		}
		w = newWorld(base)
		for i := range 4 {
			w.join(control(name), time.Duration(i)*30*time.Second, 0)
		}
		w.run(120 * time.Second).measure().run(300 * time.Second)
		s := ""
		for _, f := range w.flows {
			s += fmt.Sprintf(" %.0f", f.percent())
		}
		p("4 late: jain %.3f, mean %v, refused %d%s", w.jain(), w.waits.mean(), w.refuse, s)
		w = newWorld(base)
		for range 8 {
			w.join(control(name), 0, 0)
		}
		w.run(20 * time.Second).measure().run(120 * time.Second)
		s = ""
		for _, f := range w.flows {
			s += fmt.Sprintf(" %.0f", f.percent())
		}
		p("8 flows: jain %.3f, mean %v%s", w.jain(), w.waits.mean(), s)
	}
	if want("long") {
		for _, n := range []int{2, 4} {
			l := base
			l.rate = 4 * mbit
			l.queue = time.Second
			w := newWorld(l)
			for i := range n {
				w.join(control(name), time.Duration(i)*3*time.Second, 0)
			}
			w.run(3000 * time.Second).measure().run(3600 * time.Second)
			p("%d flows an hour: jain %.3f, mean %v p95 %v", n, w.jain(), w.waits.mean(), w.waits.percentile(95))
		}
	}
	if want("alone") {
		for _, q := range []time.Duration{5 * ms, 10 * ms, 20 * ms, 50 * ms} {
			l := base
			l.queue = q
			w := newWorld(l)
			a, b := w.join(newReno(), 0, 0), newWorld(l)
			c := b.join(newCubic(), 0, 0)
			w.run(20 * time.Second).measure().run(120 * time.Second)
			b.run(20 * time.Second).measure().run(120 * time.Second)
			p("alone q %v: reno %.1f, cubic %.1f", q, a.percent(), c.percent())
		}
	}
	if want("series") {
		for _, o := range []time.Duration{2000 * ms, 5000 * ms} {
			l := base
			l.every, l.out = 20*time.Second, o
			_, f := one(l, 20*time.Second, 60*time.Second)
			p("outage %v: %.1f %% %v", o, f.percent(), f.series[200:600])
		}
	}
	if want("mixed") {
		for _, late := range []time.Duration{0, 20 * time.Second} {
			for _, first := range []string{"ledbat", "ledbat++"} {
				second := map[string]string{"ledbat": "ledbat++", "ledbat++": "ledbat"}[first]
				w := newWorld(base)
				a := w.join(control(first), 0, 0)
				b := w.join(control(second), late, 0)
				w.run(60 * time.Second).measure().run(300 * time.Second)
				p("%s %.1f %%, %s after %v %.1f %%, q %v", first, a.percent(), second, late, b.percent(), w.waits.mean())
			}
		}
		for _, q := range []time.Duration{100 * ms, 1000 * ms} {
			l := base
			l.queue = q
			w := newWorld(l)
			f := w.join(control(name), 0, 0)
			w.run(20 * time.Second)
			w.rtt = 150 * ms
			w.run(60 * time.Second).measure().run(120 * time.Second)
			p("path becomes 100 ms longer: %.1f %%", f.percent())
		}
	}
	if only == "sweep" {
		for _, rate := range []int64{mbit / 2, 2 * mbit, 10 * mbit, 50 * mbit, 400 * mbit} {
			for _, rtt := range []time.Duration{1 * ms, 10 * ms, 50 * ms, 200 * ms} {
				str := ""
				for _, q := range []time.Duration{20 * ms, 100 * ms, 500 * ms} {
					for _, loss := range []float64{0, 0.005} {
						l := link{rate: rate, rtt: rtt, queue: q, loss: loss, seed: 3}
						w, f := one(l, 10*time.Second, 10*time.Second+time.Duration(min(60, 4000*mbit/rate))*time.Second)
						str += fmt.Sprintf(" %.1f(%d ms, %.2f)", f.percent(), w.waits.mean()/ms, 100*float64(w.refuse)/float64(w.passed))
					}
				}
				p("%d kbit, %v: %s", rate*8/1000, rtt, str)
			}
		}
		for _, n := range []int{2, 5, 20} {
			for _, rtt := range []time.Duration{10 * ms, 50 * ms, 200 * ms} {
				str := ""
				for _, rate := range []int64{10 * mbit, 100 * mbit} {
					for _, q := range []time.Duration{20 * ms, 250 * ms} {
						w := newWorld(link{rate: rate, rtt: rtt, queue: q, seed: 4})
						for i := range n {
							w.join(control(name), time.Duration(i)*777*ms, 0)
						}
						w.run(40 * time.Second).measure().run(100 * time.Second)
						sum := 0.0
						for _, f := range w.flows {
							sum += f.percent()
						}
						str += fmt.Sprintf("  %.1f jain %.2f (%d ms, %.2f)", sum, w.jain(), w.waits.mean()/ms, 100*float64(w.refuse)/float64(w.passed))
					}
				}
				p("%d flows %v: %s", n, rtt, str)
			}
		}
	}
	if want("tcp") {
		for _, tcp := range []struct {
			name string
			make func() cong.Control
		}{{"reno", newReno}, {"cubic", newCubic}} {
			for _, q := range []time.Duration{10 * ms, 20 * ms, 50 * ms, 100 * ms, 250 * ms, 1000 * ms} {
				s := ""
				for seed := range 4 {
					l := base
					l.queue = q
					w := newWorld(l)
					a := w.join(control(name), time.Duration(seed)*170*ms, 0)
					b := w.join(tcp.make(), 0, 0)
					w.run(20 * time.Second).measure().run(120 * time.Second)
					s += fmt.Sprintf("  %.1f + %.1f", a.percent(), b.percent())
				}
				p("%s q %v:  %s", tcp.name, q, s)
			}
			l := base
			w := newWorld(l)
			a := w.join(control(name), 0, 0)
			w.join(tcp.make(), 10*time.Second, 60*time.Second)
			w.run(90 * time.Second)
			p("%s leaves: %v", tcp.name, a.rampTo(90, 60*time.Second))
		}
	}
	if want("shallow") {
		for _, q := range []time.Duration{5 * ms, 10 * ms, 20 * ms, 50 * ms} {
			l := base
			l.queue = q
			w, f := one(l, 20*time.Second, 120*time.Second)
			p("shallow %v: %.1f %%, lost %.2f %%", q, f.percent(), 100*float64(w.refuse)/float64(w.passed))
		}
	}
	if want("jitter") {
		for _, j := range []time.Duration{1 * ms, 2 * ms, 5 * ms, 20 * ms} {
			l := base
			l.jitter = j
			w, f := one(l, 20*time.Second, 120*time.Second)
			p("jitter %v: %.1f %% q %v", j, f.percent(), w.waits.mean())
		}
		for _, o := range []time.Duration{20 * ms, 100 * ms, 500 * ms, 2000 * ms, 5000 * ms} {
			l := base
			l.every, l.out = 20*time.Second, o
			_, f := one(l, 20*time.Second, 120*time.Second)
			p("outage %v: %.1f %%", o, f.percent())
		}
		for _, rtt := range []time.Duration{100 * ms, 300 * ms} {
			l := base
			l.rtt, l.every, l.out = rtt, 20*time.Second, 100*ms
			_, f := one(l, 20*time.Second, 120*time.Second)
			p("outage 100ms at rtt %v: %.1f %%", rtt, f.percent())
		}
		for _, loss := range []float64{0.1, 0.3} {
			l := base
			l.ackLoss = loss
			_, f := one(l, 20*time.Second, 120*time.Second)
			p("ack loss %v: %.1f %%", loss, f.percent())
		}
		l := base
		l.dup = 0.01
		_, f := one(l, 20*time.Second, 120*time.Second)
		p("dup: %.1f %%", f.percent())
	}
}
