// Package demo shows what the program promises: four acts with real engines over
// real loopback sockets, and one real child program. What each act ends in is a
// verdict, computed from what happened.
package demo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/etorrent/etorrent/cmd/etorrent/internal/amount"
	"github.com/etorrent/etorrent/sup"
)

// Faults are those that the demo makes.
type Faults uint8

// The faults: processes panic, a child program is killed, a peer sends wrong bytes.
const (
	Panic Faults = 1 << iota
	Kill
	Liar

	AllFaults = Panic | Kill | Liar
)

// The bounds of a demo. It is small enough for one machine, and long enough for a
// rate to be seen before, while and after something breaks.
const (
	LeastPeers    = 3
	MostPeers     = 30
	LeastSize     = 1 << 20
	LeastDuration = 6 * time.Second // of Size at Rate
)

// Config is what is shown. Rate is what the seeder sends a second in the first act,
// and what each leecher fetches a second in the others.
type Config struct {
	Peers      int // leechers
	Size, Rate int64
	RandomSeed uint64
	Faults     Faults
	Program    string   // etorrent itself, for the child
	Environ    []string // the child's
	// Hold waits between the acts; nil goes on. Its error ends the demo.
	Hold func(context.Context) error
}

// FailedError says that not every verdict holds.
type FailedError struct{ Failed, All int }

// Error tells how many.
func (e *FailedError) Error() string {
	return fmt.Sprintf("%d of %s do not hold", e.Failed, amount.Count(e.All, "verdict"))
}

// director runs the acts, one after the other.
type director struct {
	Config
	p        *sup.Process
	stage    *Stage
	dir      string // of everything, removed at the end
	material *material
	copies   []copied
	verdicts []Verdict
	peak     uint64 // bytes of memory
}

// Run shows all acts, as goroutines of p. The error is a *FailedError, the cause of
// ctx, or why an engine cannot work here.
func Run(ctx context.Context, p *sup.Process, stage *Stage, c Config) (err error) {
	dir, err := os.MkdirTemp("", "etorrent-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	defer stage.close()
	d := &director{Config: c, p: p, stage: stage, dir: dir}
	if d.material, err = makeMaterial(filepath.Join(dir, "original"), c.Size, c.RandomSeed); err != nil {
		return err
	}
	stage.say(plainText, "Etorrent: %s in %d pieces, real engines over loopback sockets. Ctrl-C ends it.",
		amount.Size(c.Size), d.material.meta.PieceCount())
	for i, act := range []func(context.Context) error{d.trade, d.crash, d.kill, d.lie} {
		if i > 0 && c.Hold != nil {
			if err := c.Hold(ctx); err != nil {
				return err
			}
		}
		if err := act(ctx); err != nil {
			return err
		}
	}
	return d.finale()
}

// title opens an act.
func (d *director) title(number int, name, what string, args ...any) {
	d.stage.say(plainText, "")
	d.stage.say(titleText, "Act %d of 4: %s", number, name)
	d.stage.say(plainText, "  "+what, args...)
}

// faultWords are the words for a fault that is made, or for one that is not.
func (d *director) faultWords(f Faults, made, left string) string {
	if d.Faults&f != 0 {
		return made
	}
	return left
}

// conclude prints a verdict and keeps it.
func (d *director) conclude(v Verdict) {
	d.verdicts = append(d.verdicts, v)
	kind := holdsText
	if v.Outcome == Fails {
		kind = failsText
	}
	d.stage.say(kind, "  %s", v)
}

// finale compares the copies and counts the verdicts.
func (d *director) finale() error {
	d.stage.say(plainText, "")
	d.stage.say(titleText, "The end")
	d.conclude(judgeCopies(d.material.sum, d.copies))
	d.stage.say(plainText, "  Peak memory of this program, with up to %s at once: %s.", amount.Count(d.Peers+1, "engine"), amount.Size(int64(d.peak)))
	failed := 0
	for _, v := range d.verdicts {
		if v.Outcome == Fails {
			failed++
		}
	}
	d.stage.say(plainText, "  Try next:")
	for _, c := range NextCommands {
		d.stage.say(plainText, "    %s", c)
	}
	if failed > 0 {
		return &FailedError{Failed: failed, All: len(d.verdicts)}
	}
	return nil
}

// NextCommands are for who has seen the demo.
var NextCommands = []string{
	"etorrent create FOLDER -o my.torrent",
	"etorrent seed my.torrent --dir PARENT-OF-FOLDER",
	"etorrent sim --peers 12 --free-riders 25%",
}

// fewer is how many leechers there are in the acts that break something.
func (d *director) fewer() int { return min(d.Peers, 4) }
