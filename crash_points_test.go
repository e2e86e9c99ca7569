package etorrent_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/etorrent/etorrent/sup"
)

// pointKind is what is the same of the points that a fuse counts together.
type pointKind struct {
	kind string
	at   sup.Moment
	part string // of the process: a linked goroutine
}

func (k pointKind) String() string { return strings.TrimSpace(k.kind+" "+k.part) + " " + k.at.String() }

// partsByLabel tells the points of linked goroutines, by kind, from those of the
// loop.
var partsByLabel = map[string]map[string]string{
	"disk":     {"job": "worker"},
	"peer":     {"read": "reader", "hand over": "reader"},
	"greet":    {"feed": "reader"},
	"dial":     {"attempt": "attempt"},
	"udp":      {"read": "reader"},
	"announce": {"request worker": "request", "lookup worker": "lookup"},
}

func kindOf(p sup.Point) pointKind {
	return pointKind{kind: p.Kind, at: p.At, part: partsByLabel[p.Kind][p.Label]}
}

// moments are where a panic is injected.
var moments = []sup.Moment{sup.OnReceive, sup.InStep, sup.BetweenActions}

// pointTable has every part of a process, and why it lacks a moment where it
// does. Greet and listen have a batch of one action.
var pointTable = []struct {
	kind, part string
	lacks      map[sup.Moment]string
}{
	{kind: "peer"},
	{kind: "peer", part: "reader", lacks: map[sup.Moment]string{
		sup.OnReceive: "it takes bytes from the socket, and only leave to go on from the loop",
	}},
	{kind: "greet"},
	{kind: "greet", part: "reader", lacks: map[sup.Moment]string{
		sup.OnReceive:      "it takes bytes from the socket, nothing from others",
		sup.BetweenActions: "what it finds is one word to the loop, which acts",
	}},
	{kind: "listen"},
	{kind: "udp"},
	{kind: "udp", part: "reader", lacks: map[sup.Moment]string{
		sup.OnReceive:      "it takes datagrams from the socket, and only leave to go on from the loop",
		sup.BetweenActions: "what it reads it hands to the loop, which acts",
	}},
	{kind: "utp"},
	{kind: "conn", lacks: map[sup.Moment]string{
		sup.OnReceive:      "it is a cell of utp, which receives",
		sup.BetweenActions: "a step only appends to what utp does",
	}},
	{kind: "dial"},
	{kind: "dial", part: "attempt", lacks: map[sup.Moment]string{
		sup.OnReceive: "it is started for one dial and hears nothing more",
	}},
	{kind: "announce"},
	{kind: "announce", part: "request", lacks: map[sup.Moment]string{
		sup.OnReceive: "it is started for one request and hears nothing more",
	}},
	{kind: "announce", part: "lookup", lacks: map[sup.Moment]string{
		sup.OnReceive: "it is started for one name and hears nothing more",
	}},
	{kind: "assign"},
	{kind: "control"},
	{kind: "choker"},
	{kind: "disk"},
	{kind: "disk", part: "worker"},
	{kind: "store"},
	{kind: "roster"},
	{kind: "sleep"},
	{kind: "addrs"},
}

// allPoints are the kinds of points that there are to be.
func allPoints() map[pointKind]struct{} {
	all := map[pointKind]struct{}{}
	for _, row := range pointTable {
		for _, at := range moments {
			if _, lacks := row.lacks[at]; !lacks {
				all[pointKind{kind: row.kind, part: row.part, at: at}] = struct{}{}
			}
		}
	}
	return all
}

// covers fails unless processes pass the points that the table has, and no
// others, and ARCHITECTURE.md has the scopes of their kinds, and no others.
func covers(t *testing.T, scopes map[string]scope, victims []victim) {
	t.Helper()
	missing, kinds := allPoints(), map[string]struct{}{}
	for _, v := range victims {
		if _, is := allPoints()[v.point]; !is {
			t.Errorf("%v is a point that the table does not have", v.point)
		}
		delete(missing, v.point)
		if _, drawn := scopes[v.point.kind]; !drawn {
			t.Errorf("ARCHITECTURE.md has no scope of %s", v.point.kind)
		}
		kinds[v.point.kind] = struct{}{}
	}
	for p := range missing {
		t.Errorf("nobody passes %v", p)
	}
	for kind := range scopes {
		if _, there := kinds[kind]; !there {
			t.Errorf("ARCHITECTURE.md has the scope of %s, which is not there", kind)
		}
	}
}

// hits counts the crashes that were judged, by where they came.
type hits struct {
	mu  sync.Mutex
	all int
	at  map[pointKind]int
}

func (h *hits) add(p sup.Point) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.at == nil {
		h.at = map[pointKind]int{}
	}
	h.all++
	h.at[kindOf(p)]++
}

// judge fails unless most of so many runs had a crash and, where they were all the
// runs that there are, every point in the table had one. A single run is not judged.
func (h *hits) judge(t *testing.T, runs int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	t.Logf("%d of %d runs had a crash before their end", h.all, runs)
	if h.all*10 < runs*8 && runs > 1 {
		t.Errorf("only %d of %d runs had a crash before their end", h.all, runs)
	}
	for p := range allPoints() {
		if h.at[p] == 0 && runs >= crashRuns {
			t.Errorf("no crash came to %v", p)
		}
	}
	t.Logf("crashes by point: %v", h.at)
}
