package demo

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"time"

	"github.com/etorrent/etorrent"
)

// lie is the fourth act: one of those who have everything sends wrong bytes.
func (d *director) lie(ctx context.Context) error {
	d.title(4, "a liar is found", "%s", d.faultWords(Liar,
		"One of two who have everything sends wrong bytes in every other piece.", "Nobody lies."))
	w := d.swarm(ctx, "act 4")
	_, err := w.joinSeeder(etorrent.Limits{})
	s := &lying{w: w}
	if err == nil && d.Faults&Liar != 0 {
		s.liar, err = w.joinLiar()
	}
	if err == nil {
		err = w.joinLeechers(d.fewer(), etorrent.Limits{Down: d.Rate})
	}
	if err == nil {
		err = w.play(s)
	}
	facts := s.facts()
	if err = w.close(err); err == nil {
		d.conclude(facts.Judge())
	}
	return err
}

// joinLiar starts an engine that trusts a spoilt file, and so sends what is wrong.
func (w *swarm) joinLiar() (*actor, error) {
	dir := filepath.Join(w.dir, "liar")
	if err := w.d.material.spoil(dir, rand.New(rand.NewPCG(w.d.RandomSeed, 1))); err != nil {
		return nil, err
	}
	return w.join(casting{name: "liar", role: liar, dir: dir, add: []etorrent.AddOption{etorrent.OnExisting(etorrent.TrustExisting)}})
}

// lying is the script of the fourth act.
type lying struct {
	w    *swarm
	liar *actor // nil: nobody lies
	bans []Ban
}

func (l *lying) hear(h heard) error {
	if e, is := h.event.(etorrent.PeerBannedEvent); is {
		l.bans = append(l.bans, Ban{By: h.by.name, Of: e.Addr.Addr().Unmap().String()})
		l.w.d.stage.say(plainText, "  %s bans %s, which sent wrong bytes of piece %d", h.by.name, e.Addr.Addr().Unmap(), e.Piece)
	}
	return nil
}

func (l *lying) look(time.Time) (progress, error) { return l.w.untilAllHave(), nil }

func (l *lying) beside() []string { return nil }

func (l *lying) facts() Lies {
	f := Lies{Bans: l.bans, Leechers: len(l.w.leechers()), Finished: l.w.finishedLeechers()}
	if l.liar != nil {
		f.Liar = l.liar.at.Addr().String()
	}
	for _, a := range l.w.leechers() {
		f.Corrupt += a.stats.Corrupt
		f.Lost += max(0, a.stats.Downloaded-a.stats.Stored)
	}
	return f
}
