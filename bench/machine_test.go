//go:build linux

package main

import (
	"math"
	"strings"
	"testing"
	"time"
)

const stat = `cpu  100 10 50 1000 7 3 20 5 4 2
cpu0 60 10 20 500 3 1 10 2 4 2
cpu1 40 0 30 500 4 2 10 3 0 0
intr 12345
`

func TestTheMachineIsBusyWithAllButIdlingAndWaiting(t *testing.T) {
	busy, cores, err := parseStat([]byte(stat), withPrograms)
	if err != nil || cores != 2 || busy != 188*userTick {
		t.Errorf("%v, %d cores, %v", busy, cores, err)
	}
	busy, _, err = parseStat([]byte(stat), apart)
	if err != nil || busy != 165*userTick {
		t.Errorf("%v without interrupts, %v", busy, err)
	}
	for _, bad := range []string{"", "cpu 1 2 3\ncpu0 1 2 3\n", strings.Replace(stat, "100", "x", 1)} {
		if _, _, err := parseStat([]byte(bad), withPrograms); err == nil {
			t.Errorf("%q was understood", bad)
		}
	}
}

func TestForeignIsWhatIsNotOursByAllCores(t *testing.T) {
	from := machine{at: time.Unix(10, 0), cores: 2, busy: time.Second, own: time.Second}
	to := machine{at: time.Unix(20, 0), cores: 2, busy: 14 * time.Second, own: 10 * time.Second}
	if got := to.foreignSince(from); math.Abs(got-0.2) > 1e-9 {
		t.Errorf("got %v", got)
	}
	to.own = 30 * time.Second // ticks are coarse
	if got := to.foreignSince(from); got != 0 {
		t.Errorf("got %v", got)
	}
}

func TestAProcessMayBeNamedLikeItsOwnFields(t *testing.T) {
	parent, spent, err := parseProcess("42 (a) R 1 (b) S 2 42 42 0 -1 64 0 0 0 0 150 250 7 8 20 0 1 0 9 0 0")
	if err != nil || parent != 2 || spent != 4*time.Second {
		t.Errorf("%d, %v, %v", parent, spent, err)
	}
	if _, _, err := parseProcess("42 (a) S 2 42"); err == nil {
		t.Error("a short line was understood")
	}
}

func TestTheKernelSaysWhereInterruptsAreCounted(t *testing.T) {
	if accountIn(strings.NewReader("A=y\nCONFIG_IRQ_TIME_ACCOUNTING=y\n")) != apart {
		t.Error("they are counted apart")
	}
	if accountIn(strings.NewReader("# CONFIG_IRQ_TIME_ACCOUNTING is not set\n")) != withPrograms {
		t.Error("they are counted with programs")
	}
}
