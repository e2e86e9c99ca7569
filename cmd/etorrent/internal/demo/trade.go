package demo

import (
	"context"
	"fmt"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/cmd/etorrent/internal/amount"
)

// trade is the first act: what the seeder sends, and what those who fetch send each
// other.
func (d *director) trade(ctx context.Context) error {
	d.title(1, "every client is a client and a server", "One seeder sends %s at most. %s want all of it, and know each other.",
		amount.Rate(d.Rate), amount.Count(d.Peers, "leecher"))
	w := d.swarm(ctx, "act 1")
	source, err := w.joinSeeder(etorrent.Limits{Up: d.Rate})
	if err == nil {
		err = w.joinLeechers(d.Peers, etorrent.Limits{})
	}
	if err == nil {
		err = w.play(&nothing{w})
	}
	facts := Trading{Leechers: d.Peers, Finished: w.finishedLeechers(), Size: d.Size}
	if source != nil {
		facts.BySeeder = source.stats.Uploaded
	}
	for _, a := range w.leechers() {
		facts.ByLeechers += a.stats.Uploaded
	}
	if err = w.close(err); err == nil {
		d.conclude(facts.Judge())
	}
	return err
}

// joinSeeder starts who has the original.
func (w *swarm) joinSeeder(l etorrent.Limits) (*actor, error) {
	return w.join(casting{name: "seeder", role: seeder, dir: w.d.material.dir, options: etorrent.Options{Limits: l}})
}

// joinLeechers starts so many who have nothing.
func (w *swarm) joinLeechers(n int, l etorrent.Limits) error {
	for i := range n {
		if _, err := w.join(casting{name: fmt.Sprintf("leecher %d", i+1), role: leecher, options: etorrent.Options{Limits: l}}); err != nil {
			return err
		}
	}
	return nil
}
