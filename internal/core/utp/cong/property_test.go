package cong_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/internal/core/utp/cong"
	"github.com/etorrent/etorrent/internal/fuzzseed"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/named"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// fatal is what *testing.T and *rapid.T have in common.
type fatal interface{ Fatalf(string, ...any) }

// driven is a control that is told whatever comes.
type driven struct {
	fatal
	cong.Control
	most int
	now  mono.Instant
}

func drive(t fatal, name string, cfg cong.Config) *driven {
	build, err := cong.Find(name)
	if err != nil {
		t.Fatalf("%v", err)
	}
	d := &driven{t, build(cfg), max(cfg.Most, cfg.Segment, 10), 1}
	d.check()
	return d
}

func (d *driven) check() {
	if w := d.Window(); w < 1 || w > d.most {
		d.Fatalf("at %d the window is %d of %d", d.now, w, d.most)
	}
	if r := d.Rate(); r < 0 {
		d.Fatalf("the rate is %d", r)
	}
}

func (d *driven) wait(span time.Duration) {
	d.now = d.now.Add(span)
	if at := d.Deadline(); at != mono.Never && at <= d.now {
		d.Tick(d.now)
		if at := d.Deadline(); at != mono.Never && at <= d.now {
			d.Fatalf("at %d the deadline is %d after a tick", d.now, at)
		}
	}
	d.check()
}

func TestWhateverIsToldAControlKeepsItsBounds(t *testing.T) {
	for _, name := range cong.Names() {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				sizes := rapid.OneOf(rapid.IntRange(0, 3000), rapid.IntRange(0, min(1<<34, math.MaxInt)))
				spans := rapid.OneOf(rapid.Int64Range(0, 1e6), rapid.Int64Range(0, 3e8), rapid.Int64Range(0, 1<<52))
				d := drive(t, name, cong.Config{
					Segment: rapid.OneOf(rapid.Just(1400), rapid.IntRange(0, 1<<16)).Draw(t, "segment"),
					Most:    rapid.OneOf(rapid.Just(1<<20), rapid.IntRange(0, min(1<<40, math.MaxInt))).Draw(t, "most"),
				})
				t.Repeat(map[string]func(*rapid.T){
					"acknowledged": func(t *rapid.T) {
						a := cong.Ack{
							Bytes: sizes.Draw(t, "bytes"), Flying: sizes.Draw(t, "flying"), RTT: time.Duration(spans.Draw(t, "rtt")),
							Delay: utpwire.Delay(rapid.Uint32().Draw(t, "delay")), Back: utpwire.Delay(rapid.Uint32().Draw(t, "back")),
							Limit: cong.Limit(rapid.IntRange(0, 1).Draw(t, "limit")),
						}
						if since := spans.Draw(t, "since"); since < int64(d.now) {
							a.Delivered = cong.Delivery{SentAt: d.now - mono.Instant(since), Bytes: rapid.Uint64().Draw(t, "delivered")}
						}
						d.Acknowledged(d.now, a)
					},
					"lost": func(t *rapid.T) {
						d.Lost(d.now, cong.Loss{Kind: cong.LossKind(rapid.IntRange(0, 2).Draw(t, "kind")), Packets: 1, Bytes: sizes.Draw(t, "bytes")})
					},
					"undone":  func(*rapid.T) { d.Undone(d.now) },
					"sent":    func(t *rapid.T) { d.Sent(d.now, sizes.Draw(t, "bytes"), sizes.Draw(t, "flying")) },
					"resized": func(t *rapid.T) { d.Resized(rapid.IntRange(0, 1<<16).Draw(t, "segment")) },
					"wait":    func(t *rapid.T) { d.wait(time.Duration(spans.Draw(t, "span"))) },
					"":        func(*rapid.T) { d.check() },
				})
			})
		})
	}
}

// FuzzControl takes three bytes for each step: what happens, how much, and when.
func FuzzControl(f *testing.F) {
	fuzzseed.Add(f)
	f.Add([]byte{0, 10, 50, 0, 20, 50, 4, 200, 50, 2, 3, 1, 0, 9, 100, 5, 0, 0, 1, 80, 80, 3, 1, 30, 0, 1, 1})
	f.Fuzz(func(t *testing.T, steps []byte) {
		for _, name := range cong.Names() {
			d := drive(t, name, cong.Config{Segment: 1400, Most: 1 << 20})
			least, flying := time.Millisecond, 0
			for s := steps; len(s) >= 3; s = s[3:] {
				much, when := int(s[1]), time.Duration(s[2])*time.Duration(s[2])*10*time.Microsecond
				d.wait(when / 16)
				switch s[0] % 8 {
				case 0, 1: // an acknowledgement, after waiting in a queue
					waits := time.Duration(much) * time.Millisecond / 2
					flying = max(flying-much*100, 0)
					d.Acknowledged(d.now, cong.Ack{
						Bytes: much * 100, Flying: flying, RTT: least + waits, Delay: utpwire.Delay(1_000_000 + waits/time.Microsecond),
						Delivered: cong.Delivery{SentAt: max(d.now.Add(-least-waits), 0), Bytes: uint64(much * 100)}, Limit: cong.Limit(s[0] >> 7),
					})
				case 2:
					d.Lost(d.now, cong.Loss{Kind: cong.LossKind(s[0]>>3) % 3, Packets: 1 + much/16, Bytes: 1400 * (1 + much/16), Flying: flying})
				case 3:
					d.Undone(d.now)
				case 4:
					flying += much * 100
					d.Sent(d.now, much*100, flying)
				case 5:
					d.wait(time.Duration(much) * time.Second / 4)
				case 6:
					d.Resized(much * 40)
				case 7:
					d.Acknowledged(d.now, cong.Ack{Bytes: much, Delay: utpwire.Delay(much << 24), Back: utpwire.Delay(when)})
				}
				d.check()
			}
		}
	})
}

func TestAProfileIsFoundByItsName(t *testing.T) {
	var unknown *named.UnknownError
	if _, err := cong.Find("no such"); !errors.As(err, &unknown) || len(unknown.Known) != len(cong.Names()) {
		t.Errorf("%v", err)
	}
	if build, err := cong.Find(""); err != nil || build(cong.Config{Segment: 1400, Most: 1 << 20}).Window() != 4*1400 {
		t.Errorf("%v", err)
	}
}
