//go:build linux

package libutp

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/fuzzseed"
)

// verdict is what the comparison of the two says.
type verdict uint8

const (
	alike verdict = iota
	// libutpDied is no fault of ours: it crashed, hung, or broke its connection.
	libutpDied
	// libutpLeft is none either: its timeouts were over before ours.
	libutpLeft
)

// compare plays a script to both.
func compare(t testing.TB, s script) (v verdict, theirs, mine *player) {
	t.Helper()
	peer := startChild(t, Options{Seed: 7})
	watchdog := time.AfterFunc(20*time.Second, func() { _ = peer.cmd.Process.Kill() })
	defer watchdog.Stop()
	own := s
	theirs = play(t, &s, peer)
	mine = play(t, &own, newCore(7))
	if mine.died != nil {
		t.Fatalf("ours contradicts itself: %v", mine.died)
	}
	switch {
	case theirs.died != nil:
		return libutpDied, theirs, mine
	case theirs.failed > 0 && theirs.why == TimedOut:
		v = libutpLeft
	}
	return v, theirs, mine
}

// mustBeAlike fails where an end has what the other has not.
func mustBeAlike(t testing.TB, s script) verdict {
	t.Helper()
	v, theirs, mine := compare(t, s)
	if !mine.isOver() && !mine.isWhole() {
		t.Errorf("ours stalls: %v; heard %d of %d", mine.progress, mine.heard, mine.s.numbers())
	}
	if v != alike {
		return v
	}
	for i := range min(len(theirs.trace), len(mine.trace)) {
		if a, b := theirs.trace[i], mine.trace[i]; a.untimed() != b.untimed() && !forgiven(a, b) {
			t.Errorf("after move %d, %+v, libutp: %v; ours: %v", i, s.moves[i], a, b)
			return v
		}
	}
	if a, b := theirs.progress, mine.progress; forgiven(a, b) || a.failed > 0 && a.untimed() == b.untimed() {
		return v
	}
	if a, b := theirs.before.standing(), mine.before.standing(); a != b {
		t.Errorf("at last libutp: %v\nours: %v", a, b)
	}
	if a, b := theirs.progress, mine.progress; s.leaves == isAsked && (a.failed != b.failed || a.destroyed != b.destroyed) {
		t.Errorf("when it is closed libutp: %v\nours: %v", a, b)
	}
	return v
}

// untimed is what does not depend on when an end sends.
func (o progress) untimed() progress {
	o.received, o.finished, o.destroyed = 0, 0, 0
	return o
}

// standing is what is of connections that go on. That libutp forgets one when its
// application closes it, and ours when both streams have ended, is no difference.
func (o progress) standing() progress {
	o.destroyed = 0
	return o
}

// forgiven says whether ours takes a Reset that libutp calls a failure for the end that
// it is: both streams have ended, and nothing but the acknowledgement of our Fin is missing.
func forgiven(theirs, mine progress) bool {
	return theirs.why == Reset && theirs.failed == 1 && mine.failed == 0 && mine.ended == 1 && theirs.delivered == mine.delivered
}

// randomScript is the script of a number.
func randomScript(n uint64) []byte {
	r := rand.New(rand.NewPCG(n, 1))
	b := make([]byte, 3+4*r.IntN(60))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// scripts is how many are played in a run. FuzzOursBesideLibutp has others, for as long as
// one likes.
const scripts = 200

// A script that fails is played alone by its number, as a subtest.
func TestOursAndLibutpMakeTheSameOfAnyScript(t *testing.T) {
	t.Parallel()
	are := map[verdict]int{}
	for n := range uint64(scripts) {
		t.Run(fmt.Sprint(n), func(t *testing.T) { are[mustBeAlike(t, parse(randomScript(n)))]++ })
	}
	t.Logf("libutp died of %d scripts, and left in %d", are[libutpDied], are[libutpLeft])
	if are[libutpDied]+are[libutpLeft] > scripts/10 {
		t.Errorf("libutp died of %d scripts of %d, and left in %d: little was compared", are[libutpDied], scripts, are[libutpLeft])
	}
}

// FuzzOursBesideLibutp takes a script (parse).
func FuzzOursBesideLibutp(f *testing.F) {
	fuzzseed.Add(f)
	for n := range uint64(20) {
		f.Add(randomScript(1000 + n))
	}
	// Holes, what fills them, and an early Fin, where the numbers come round.
	f.Add([]byte{7, 0, 6, 3, 4, 0, 0, 3, 9, 0, 0, 2, 12, 0, 0, 12, 0, 0, 0, 6, 0, 7, 0, 2, 9, 0, 0})
	// Both streams at once into a closed window, and both ends.
	f.Add([]byte{2, 1, 1, 9, 250, 250, 0, 5, 0, 0, 0x60, 7, 250, 0, 0, 2, 31, 0, 0, 8, 200, 0, 0, 14, 128, 0, 0, 12, 0, 0, 0})
	// Masks of what flies, and of what never did, and packets that are none.
	f.Add([]byte{1, 0, 0, 9, 255, 255, 0, 6, 0, 7, 3, 6, 5, 255, 3, 8, 9, 0, 0, 13, 6, 1, 0, 13, 7, 77, 0, 13, 9, 5, 0, 13, 10, 200, 0, 14, 255, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) { mustBeAlike(t, parse(b)) })
}
