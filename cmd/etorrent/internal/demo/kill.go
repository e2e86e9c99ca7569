package demo

import (
	"context"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/cmd/etorrent/internal/amount"
)

// killsWanted is how often the child is killed.
const killsWanted = 2

// kill is the third act: a leecher is a program of its own, and is killed.
func (d *director) kill(ctx context.Context) error {
	d.title(3, "what is claimed is on disk", "One leecher is a program of its own. %s", d.faultWords(Kill,
		"It is killed twice (SIGKILL), and started again with the same folders.", "Nobody kills it."))
	w := d.swarm(ctx, "act 3")
	limits := etorrent.Limits{Down: d.Rate}
	_, err := w.joinSeeder(etorrent.Limits{})
	if err == nil {
		err = w.joinLeechers(d.fewer()-1, limits)
	}
	s := &killing{w: w, durable: map[int]bool{}, exit: -1}
	if d.Faults&Kill != 0 {
		s.wanted = killsWanted
	}
	if err == nil {
		s.child = &actor{name: "child program", role: leecher, dir: filepath.Join(w.dir, "child")}
		w.actors = append(w.actors, s.child)
		err = s.start()
	}
	if err == nil {
		err = w.play(s)
	}
	facts := Kills{Wanted: s.wanted, Starts: s.starts, Exit: s.exit, Leechers: len(w.leechers()), Finished: w.finishedLeechers()}
	s.stop()
	if err = w.close(err); err == nil {
		d.conclude(facts.Judge())
	}
	return err
}

// killing is the script of the third act.
type killing struct {
	w       *swarm
	child   *actor
	run     *run
	runs    int
	wanted  int
	durable map[int]bool // pieces that the child told of, in all runs
	starts  []Start
	exit    int // of the last run; -1: none
	state   life
}

// life says how the child is.
type life uint8

const (
	running life = iota
	killed
	ended
)

// start starts the child, for the first time or again.
func (k *killing) start() error {
	k.runs++
	r, err := k.w.startRun(k.w.ctx, k.child, k.runs)
	if err != nil {
		return fmt.Errorf("%s: %w", k.child.name, err)
	}
	k.run, k.state = r, running
	return nil
}

// stop ends the child, if it still runs, and waits until it is gone.
func (k *killing) stop() {
	if k.run == nil || k.state == ended {
		return
	}
	k.w.end() // which kills it, and lets go of what it still tells
	<-k.run.over
}

func (k *killing) hear(h heard) error {
	if h.told == nil || h.told.run != k.runs {
		return nil
	}
	switch t := h.told; t.Event {
	case "added":
		return k.added(t)
	case "checking":
		if n := len(k.starts); n > 0 {
			k.starts[n-1].Rechecked += t.Pieces
		}
	case "piece":
		if t.State == etorrent.PieceDurable.String() {
			k.durable[t.Index] = true
			k.child.stats.Durable = len(k.durable)
		}
	case "error":
		k.w.d.stage.say(plainText, "  the child says: %s", t.Message)
	case "progress":
		k.progress(t)
	case "":
		if t.gone {
			return k.gone(t)
		}
	}
	return nil
}

// added compares, after a kill, what the child claims with what it told before and
// with what lies on the disk.
func (k *killing) added(t *told) error {
	if k.runs == 1 {
		return nil
	}
	bits, err := hex.DecodeString(t.Claimed)
	if err != nil {
		return err
	}
	s := Start{Told: len(k.durable)}
	for i := range k.durable {
		if i/8 >= len(bits) || bits[i/8]&(0x80>>(i%8)) == 0 {
			s.Lost++
		}
	}
	if s.Claimed, s.Right, err = k.w.d.material.rightOf(filepath.Join(k.child.dir, fileName), bits); err != nil {
		return err
	}
	for i := range k.w.d.material.meta.PieceCount() {
		if bits[i/8]&(0x80>>(i%8)) != 0 {
			k.durable[i] = true
		}
	}
	k.starts = append(k.starts, s)
	k.w.d.stage.say(plainText, "  started again: it claims %s, and had told of %d; %d of them are right on the disk", amount.Count(s.Claimed, "piece"), s.Told, s.Right)
	return nil
}

// progress takes how the child does; it has no engine here that could be asked.
func (k *killing) progress(t *told) {
	c := k.child
	c.stats.Phase = etorrent.Fetching
	if t.Status == etorrent.Sharing.String() {
		c.stats.Phase = etorrent.Sharing
	}
	c.stats.Wanted, c.stats.Stored, c.stats.Pieces, c.stats.Durable = t.Wanted, t.Stored, t.Pieces, t.Durable
	c.stats.Peers, c.stats.Known = t.Peers, t.Known
	c.down, c.up = t.Down, t.Up
}

// gone starts the child again if it was killed.
func (k *killing) gone(t *told) error {
	if k.state == killed {
		return k.start()
	}
	k.state, k.exit = ended, t.exit
	k.child.down, k.child.up = 0, 0
	return nil
}

// look kills when it is time: at a third of the pieces, and at two.
func (k *killing) look(time.Time) (progress, error) {
	done := len(k.durable) * (k.wanted + 1) / max(1, k.w.d.material.meta.PieceCount())
	if kills := k.runs - 1; k.state == running && kills < k.wanted && done > kills && kills == len(k.starts) {
		k.state = killed
		k.w.d.stage.say(plainText, "  the child told of %d durable pieces of %d, and is killed", len(k.durable), k.w.d.material.meta.PieceCount())
		if err := k.run.cmd.Process.Kill(); err != nil {
			return over, err
		}
	}
	if k.state == ended {
		return k.w.untilAllHaveOr(k.exit), nil
	}
	return goesOn, nil
}

// untilAllHaveOr waits for the others only if the child did its work.
func (w *swarm) untilAllHaveOr(exit int) progress {
	if exit != 0 {
		return over
	}
	return w.untilAllHave()
}

func (k *killing) beside() []string { return nil }
