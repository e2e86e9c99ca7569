//go:build linux

package interop

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/etorrent/etorrent/interop/knife"
	"github.com/etorrent/etorrent/metainfo"
)

// Whatever moment the power fails at, and whatever of the calls that no sync
// covered is lost, torn or there: the database opens, what the program said was
// durable is claimed, what is claimed is right, and other people's files are as
// they were. Every moment of a recording is looked at; ETORRENT_CUTS is how many
// random cuts the program is started on besides, ETORRENT_CUT the number of one to
// make again on a new recording.
func TestAPowerCutLeavesNoFalseClaim(t *testing.T) {
	t.Parallel()
	cuts := fromEnv(t, "ETORRENT_CUTS", usualCuts) / len(cutStories)
	only := fromEnv(t, "ETORRENT_CUT", -1)
	for _, s := range cutStories {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			x := newCutter(t, s.record(t))
			if only >= 0 {
				x.cut(t, uint64(only))
				return
			}
			x.walk(t)
			for n := range cuts {
				if x.cut(t, uint64(n)); t.Failed() {
					return
				}
			}
			t.Logf("%d cuts: %d calls dropped, %d writes torn, %d pieces claimed in all", x.made, x.dropped, x.torn, x.claimed)
			if x.claimed == 0 || x.dropped == 0 || cuts > 0 && x.torn == 0 {
				t.Error("the cuts prove nothing")
			}
		})
	}
}

// usualCuts is how many random cuts there are when nothing is given: make interop-full has
// more.
const usualCuts = 225

// walkStarts and walkCompletes say at every how many-th prefix the program is
// started, and how often of those it is let complete.
const (
	walkStarts    = 50
	walkCompletes = 2
)

// walk makes the cuts of every prefix and reads their rows.
func (x *cutter) walk(t *testing.T) {
	t.Helper()
	all := x.Prefixes()
	for n, c := range all {
		err := x.make(t, &c, knife.Unlucky())
		if err == nil {
			err = x.readRow(t, x.promised(c))
		}
		if err == nil && n%walkStarts == 0 {
			err = x.restart(t)
		}
		if err == nil {
			err = x.kept()
		}
		if err != nil {
			t.Fatalf("prefix %d of %d, %v: %v", n, len(all), c, err)
		}
		if n%(walkStarts*walkCompletes) == 0 {
			x.mustComplete(t, c.String(), x.from)
		}
	}
	t.Logf("%d prefixes", len(all))
}

// The check sees what it is for: a program that syncs nothing, or that does not
// look at what its syncs return, makes false claims.
func TestCutsOfAProgramThatSyncsBadlyAreNoticed(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*knife.Recording){
		"syncs nothing": (*knife.Recording).SyncsOnlyAtTheEnd, "looks at no result": (*knife.Recording).FailEveryOther,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := cutStories[1].record(t)
			spoil(r.Recording)
			x := newCutter(t, r)
			for n := range uint64(400) {
				if err := x.judge(t, n); err != nil {
					t.Logf("cut %d: %v", n, err)
					return
				}
			}
			t.Error("400 cuts, and nothing was noticed")
		})
	}
}

// cutter makes cuts of one recording.
type cutter struct {
	*recorded
	meta                         *metainfo.Torrent
	made, dropped, torn, claimed int
	places                       places
}

// places says whether the row knows the files of a cut by the numbers that their
// copies have.
type places uint8

const (
	copiesUnknown places = iota
	copiesAdopted
)

func newCutter(t *testing.T, r *recorded) *cutter {
	t.Helper()
	return &cutter{recorded: r, meta: parse(t, r.torrent)}
}

func (x *cutter) cut(t *testing.T, number uint64) {
	t.Helper()
	if err := x.judge(t, number); err != nil {
		t.Errorf("cut %d (ETORRENT_CUT): %v", number, err)
	}
}

// judge makes one cut and looks at what is left: at every other one the program
// starts on it as it is, else the rows are read first and the program is led to
// rely on them.
func (x *cutter) judge(t *testing.T, number uint64) error {
	t.Helper()
	c, rnd := x.Draw(number)
	err := x.make(t, &c, rnd)
	if err == nil && number/4%2 == 0 {
		err = x.restart(t)
	}
	if err == nil {
		err = x.readRow(t, x.promised(c))
	}
	if err == nil && number/4%2 == 1 {
		err = x.restart(t)
	}
	if err == nil {
		err = x.kept()
	}
	if err != nil {
		return fmt.Errorf("%v: %w", c, err)
	}
	return nil
}

// make makes the folder that a cut leaves.
func (x *cutter) make(t *testing.T, c *knife.Cut, rnd *rand.Rand) error {
	t.Helper()
	if err := os.RemoveAll(x.base); err != nil {
		t.Fatal(err)
	}
	if err := x.Make(c, rnd, x.base); err != nil {
		t.Fatal(err)
	}
	x.places = copiesUnknown
	x.made, x.dropped, x.torn = x.made+1, x.dropped+c.Dropped, x.torn+c.Torn
	return x.kept()
}

// promised are the pieces that the program had called durable before a cut.
func (x *cutter) promised(c knife.Cut) map[int]bool {
	pieces := map[int]bool{}
	for _, line := range x.Said(c) {
		if r, err := parseReport([]byte(line)); err == nil && r.Event == "piece" && r.State == "durable" {
			pieces[r.Index] = true
		}
	}
	return pieces
}

// kept says whether other people's files are as they were.
func (x *cutter) kept() error {
	for path, want := range x.keeps {
		if have, err := os.ReadFile(path); err != nil || !bytes.Equal(have, want) {
			return fmt.Errorf("%s is not as it was (%v)", path, err)
		}
	}
	return nil
}
