// Package roster is the process that is the single writer of every torrent's
// life: it finds and makes rows, takes the right to run them, and wakes and
// retires the torrents' processes.
package roster

import (
	"context"
	"errors"

	"github.com/etorrent/etorrent/internal/core/names"
	"github.com/etorrent/etorrent/internal/core/roster"
	"github.com/etorrent/etorrent/internal/leaf/ring"
	"github.com/etorrent/etorrent/internal/proc/calls"
	"github.com/etorrent/etorrent/internal/proc/clock"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/proc/torrent"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/event"
	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/metainfo"
	"github.com/etorrent/etorrent/sup"
)

// ErrExists is the answer of an Add for a torrent that runs already.
var ErrExists = errors.New("the torrent runs already")

// Config is what the roster needs of the engine.
type Config struct {
	Rows   *store.Service
	Clock  *clock.Clock
	Events *ring.Ring[event.Event]
	Names  names.Rules // of the platform
	Owner  string      // of holds and rows: this program and run
	// Env makes what a torrent's processes share with the engine.
	Env func(ident.TorrentID) torrent.Env
}

// Running is a torrent that runs.
type Running struct {
	Torrent  *torrent.Torrent
	Metainfo *metainfo.Torrent
	Paths    []string // of its files as they are stored, below the folder of downloads
}

// Add asks for a torrent to be run.
type Add struct {
	Metainfo   *metainfo.Torrent
	Dir        string
	Priorities []store.Priority // nil: as the row has them
	Options    torrent.Options
}

// ask is one request; exactly one field is set.
type ask struct {
	add    *Add
	find   *[20]byte
	retire *ident.TorrentID
	resume *ident.TorrentID
}

type answer struct {
	running []Running
	resumed Resumption
	err     error
}

// Roster is the handle. It survives restarts of the process, and what runs does
// too: a restarted process adopts it.
type Roster struct {
	cfg   Config
	asks  *sup.Port[ask, answer]
	pool  *sup.Pool
	downs *sup.Mailbox[sup.Down]        // bounded by the torrents, and by how often they are started
	heard sup.Taken[sup.Down]           // of downs, not handled yet; the process's
	ended *sup.Mailbox[ident.TorrentID] // bounded by the torrents, but where goals change again and again
	alive *register
}

// New returns the handle; Children are its processes.
func New(cfg Config) *Roster {
	return &Roster{
		cfg:   cfg,
		asks:  sup.NewPort[ask, answer](),
		pool:  sup.NewPool(),
		downs: sup.NewMailbox[sup.Down](),
		ended: sup.NewMailbox[ident.TorrentID](),
		alive: newRegister(),
	}
}

// Children describes the roster and the pool of torrents that it fills.
func (r *Roster) Children() []sup.Child {
	return []sup.Child{
		{Name: "pool", Restart: sup.Permanent, Supervisor: &sup.Supervisor{Strategy: sup.Dynamic, Pool: r.pool}},
		{Name: "roster", Restart: sup.Permanent, Run: r.run},
	}
}

// Add makes the torrent run. A torrent that runs already is returned beside
// ErrExists; a *store.HeldError says that another program runs it.
func (r *Roster) Add(ctx context.Context, a Add) (Running, error) {
	var got answer
	asked := 0
	err := calls.Repeat(func() (err error) {
		asked++
		got, err = sup.Call(ctx, calls.AddTorrent, r.asks, ask{add: &a})
		return err
	})
	switch {
	case err != nil:
		return Running{}, err
	case asked > 1 && errors.Is(got.err, ErrExists):
		got.err = nil // the process had added it before it went down
	}
	if len(got.running) == 0 {
		return Running{}, got.err
	}
	return got.running[0], got.err
}

// Retire stops a torrent in order and gives up the right to run it; its row
// stays. It returns when the torrent is down; nil where it does not run.
func (r *Roster) Retire(ctx context.Context, id ident.TorrentID) error {
	return calls.Repeat(func() error {
		_, err := sup.Call(ctx, calls.RetireTorrent, r.asks, ask{retire: &id})
		return err
	})
}

// Resumption says what Resume found.
type Resumption uint8

// The findings of Resume.
const (
	NotQuarantined Resumption = iota // nothing was done
	StartedAnew                      // the quarantine is over, the processes are about to start
)

// Resume ends a torrent's quarantine at once.
func (r *Roster) Resume(ctx context.Context, id ident.TorrentID) (Resumption, error) {
	found := NotQuarantined
	err := calls.Repeat(func() error {
		got, err := sup.Call(ctx, calls.ResumeTorrent, r.asks, ask{resume: &id})
		found = max(found, got.resumed)
		return err
	})
	return found, err
}

// Ended has a torrent retired that was shared enough, if its status says so still.
func (r *Roster) Ended(id ident.TorrentID) { r.ended.Put(id) }

// Shed has some idle connections of each torrent end.
func (r *Roster) Shed() {
	for _, running := range r.alive.list() {
		running.Torrent.Shed()
	}
}

// Listening tells each torrent that connections are accepted now.
func (r *Roster) Listening() {
	for _, running := range r.alive.list() {
		running.Torrent.Listening()
	}
}

// HostChanged tells all torrents what became of the machine.
func (r *Roster) HostChanged(h torrent.HostChange) {
	for _, running := range r.alive.list() {
		running.Torrent.HostChanged(h)
	}
}

// List returns the torrents that run.
func (r *Roster) List() []Running { return r.alive.list() }

// Find returns who takes connections for an info-hash; nil for nobody.
func (r *Roster) Find(ctx context.Context, infoHash [20]byte) (pnet.Receiver, error) {
	var got answer
	err := calls.Repeat(func() (err error) {
		got, err = sup.Call(ctx, calls.FindTorrent, r.asks, ask{find: &infoHash})
		return err
	})
	if err != nil || len(got.running) == 0 {
		return nil, err
	}
	return got.running[0].Torrent, nil
}

// process is one incarnation of the roster.
type process struct {
	r    *Roster
	p    *sup.Process
	core *roster.Core
	acts []func()
	gone map[ident.TorrentID][]*sup.Request[ask, answer] // who waits for a torrent to be down
}

func (r *Roster) run(p *sup.Process) error {
	x := &process{r: r, p: p, core: roster.New(), gone: map[ident.TorrentID][]*sup.Request[ask, answer]{}}
	r.asks.Serve(p)
	p.Watches(r.asks, r.downs, r.ended)
	for _, e := range r.alive.entries() {
		x.core.Adopt(e.id, e.past, x)
		x.end(e.id) // an earlier roster may have heard of it
	}
	p.Ready()
	x.downs()
	x.execute()
	alarm := r.cfg.Clock.NewAlarm()
	defer alarm.Stop()
	for {
		alarm.Arm(x.core.NextDeadline())
		select {
		case <-p.Stopping():
			return nil
		case <-r.asks.Wake():
			p.Receive("ask")
			for _, q := range r.asks.Take(nil) {
				p.Step("ask")
				x.ask(q)
			}
		case <-r.downs.Wake():
			p.Receive("torrent down")
			x.downs()
		case <-r.ended.Wake():
			p.Receive("torrent ended")
			for _, id := range r.ended.Take(nil) {
				p.Step("end")
				x.end(id)
			}
		case <-alarm.C():
			alarm.Rang()
			p.Receive("alarm")
			p.Step("tick")
			x.core.Tick(r.cfg.Clock.Now(), x)
		}
		x.execute()
	}
}

// ask answers a request at once, but for one to retire, which Gone answers.
func (x *process) ask(q *sup.Request[ask, answer]) {
	id := q.Q.retire
	if id == nil {
		q.Reply(x.answer(q.Q))
		return
	}
	if x.r.alive.get(*id) == nil {
		q.Reply(answer{})
		return
	}
	x.gone[*id] = append(x.gone[*id], q)
	x.core.Remove(*id, x)
}

// end retires a torrent that was shared enough. One that another goal was set for
// meanwhile, or that was added anew, goes on.
func (x *process) end(id ident.TorrentID) {
	e := x.r.alive.get(id)
	if e == nil {
		return
	}
	if s, _ := e.running.Torrent.Status(); torrent.ViewEnding(s) == torrent.SharedEnough {
		x.core.Remove(id, x)
	}
}

func (x *process) answer(q ask) answer {
	switch {
	case q.add != nil:
		return x.add(*q.add)
	case q.resume != nil:
		return x.resume(*q.resume)
	case q.find != nil:
		if e := x.r.alive.byHash(*q.find); e != nil {
			return answer{running: []Running{e.running}}
		}
	}
	return answer{}
}

func (x *process) resume(id ident.TorrentID) answer {
	if _, is := x.core.State(id).(roster.Quarantined); !is {
		return answer{}
	}
	x.core.Wake(x.r.cfg.Clock.Now(), id, x)
	return answer{resumed: StartedAnew}
}

// add finds or makes the row, takes the right to run it and wakes the torrent.
func (x *process) add(a Add) answer {
	hash := [20]byte(a.Metainfo.ID().V1)
	if e := x.r.alive.byHash(hash); e != nil {
		e.running.Torrent.AddPeers(a.Options.Peers)
		e.running.Torrent.AddNames(a.Options.Names)
		e.running.Torrent.AddTiers(a.Options.Tiers)
		return answer{running: []Running{e.running}, err: ErrExists}
	}
	var e *entry
	err := calls.Repeat(func() (err error) {
		e, err = x.take(a, hash)
		return err
	})
	if err != nil {
		return answer{err: err}
	}
	x.r.alive.put(e)
	x.core.Add(e.id)
	x.core.Wake(x.r.cfg.Clock.Now(), e.id, x)
	x.execute()
	return answer{running: []Running{e.running}}
}
