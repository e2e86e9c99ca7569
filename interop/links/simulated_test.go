//go:build linux

package links

import (
	"math"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/utpsim"
	"github.com/etorrent/etorrent/internal/utpsim/ours"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// simulated is the course of the story in virtual time, with our core and a model of TCP.
func (s story) simulated(t *testing.T) course {
	t.Helper()
	var right utpsim.Clock
	left := utpsim.Clock{Offset: time.Hour}
	control := map[string]utpsim.TCPControl{"reno": utpsim.NewReno(), "cubic": utpsim.NewCubic()}[s.congestion]
	link := utpsim.Link{Rate: s.rate, Delay: s.rtt / 2, Queue: s.queueBytes()}
	asks := ours.New(ours.Plan{Role: ours.Asks, From: left.At(0), Bytes: math.MaxInt32, Seed: 1})
	w, err := utpsim.New(utpsim.Config{Seed: 1, Forward: link, Reverse: link, Overhead: utpwire.HeadersOfIPv4, Flows: []utpsim.Flow{
		{Left: utpsim.Step(asks, left), Right: utpsim.Step(ours.New(ours.Plan{Role: ours.Accepts, Seed: 2}), right)},
		{
			Left:  utpsim.Step(utpsim.NewTCPSender(control, right.At(s.comes), right.At(s.leaves)), right),
			Right: utpsim.Step(utpsim.NewTCPReceiver(), right),
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	var now sample
	out := course{now}
	for now.at < s.ends {
		now.at += step
		if err := w.Run(now.at); err != nil {
			t.Fatal(err)
		}
		got := w.TakeStats()
		now.utp += got.Ends[1].Delivered
		now.tcp += got.Ends[3].Delivered
		now.waits = got.Links[utpsim.Left].Waits.Mean()
		out = append(out, now)
	}
	if asks.Wrong != nil {
		t.Fatal(asks.Wrong)
	}
	return out
}
