// Package client is the root of one engine: it builds the tree of processes and
// holds the handles through which a host speaks to them.
package client

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"time"

	"github.com/etorrent/etorrent/internal/core/names"
	"github.com/etorrent/etorrent/internal/leaf/gate"
	"github.com/etorrent/etorrent/internal/leaf/limit"
	"github.com/etorrent/etorrent/internal/leaf/ring"
	"github.com/etorrent/etorrent/internal/leaf/slab"
	"github.com/etorrent/etorrent/internal/leaf/slots"
	"github.com/etorrent/etorrent/internal/proc/announce"
	"github.com/etorrent/etorrent/internal/proc/calls"
	"github.com/etorrent/etorrent/internal/proc/clock"
	"github.com/etorrent/etorrent/internal/proc/disk"
	"github.com/etorrent/etorrent/internal/proc/host"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/proc/roster"
	"github.com/etorrent/etorrent/internal/proc/torrent"
	"github.com/etorrent/etorrent/internal/proc/udp"
	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/event"
	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/internal/vocab/ipfilter"
	"github.com/etorrent/etorrent/internal/vocab/transport"
	"github.com/etorrent/etorrent/sup"
)

const (
	// receiveSlabs and readSlabs bound the buffers that payload travels in, towards
	// one volume and out of all: 10 and 12 MiB. More make no transfer on one machine
	// faster, and peers that attack together would hold them all. What blocks stay in
	// until they are written comes beside the former.
	receiveSlabs = 20
	readSlabs    = 24
	// eventsKept is how many events a reader may lag behind.
	eventsKept = 16 << 10
)

// ErrExists is the answer of Add for a torrent that runs already.
var ErrExists = roster.ErrExists

// AddRequest asks for a torrent to be run.
type AddRequest = roster.Add

// Config is what an engine is made of.
type Config struct {
	Storage storage.Storage
	Rows    store.Driver
	Network pnet.Network // nil: the host's, with this class
	DSCP    pnet.DSCP
	Clock   clock.Source // nil: the host's
	// Transport says what carries connections, both ways.
	Transport transport.Policy
	Listen    []string
	Ports     pnet.PortChoice
	Down, Up  int64 // bytes per second; 0: unlimited
	Shares    Shares
	Peers     Peers
	Filter    *ipfilter.Table // nil lets everybody pass

	Hook    sup.Hook
	Logger  *slog.Logger
	Random  uint64
	Version string
}

// Client is one running engine.
type Client struct {
	tree      *sup.Tree
	events    *ring.Ring[event.Event]
	clock     *clock.Clock
	roster    *roster.Roster
	listeners []*pnet.Listener
	udp       *udp.Handle
	announcer *announce.Service
	disks     *disk.Set
	reads     *slab.Pool
	rows      store.Driver
	store     *store.Service
	owner     string // of holds
	crashes   *crashLog
	down, up  *limit.Bucket
	limits    limits
	slots     *slots.Pool
	gate      *gate.Gate
	seen      seen
}

// Start starts an engine. ctx bounds the start only.
func Start(ctx context.Context, cfg Config) (*Client, error) {
	if cfg.Random == 0 {
		var b [8]byte
		_, _ = rand.Read(b[:])
		cfg.Random = binary.NativeEndian.Uint64(b[:])
	}
	network, err := networkOf(cfg)
	if err != nil {
		return nil, err
	}
	c := &Client{
		events: ring.New[event.Event](eventsKept), clock: clock.NewWith(clockOf(cfg)), rows: cfg.Rows,
		reads: slab.NewPool(readSlabs),
		down:  limit.NewBucket(cfg.Down), up: limit.NewBucket(cfg.Up), slots: slots.New(slotsFor(cfg.Up)),
		gate: gate.New(cfg.Filter), seen: newSeen(),
	}
	c.limits = newLimits(cfg)
	c.crashes = newCrashLog(c, cfg.Logger)
	service := store.NewService(cfg.Rows)
	c.store, c.owner = service, owner(cfg.Random)
	c.disks = disk.NewSet(disk.Options{
		Storage: cfg.Storage, Reads: c.reads, Receive: receiveSlabs, Rows: service, Clock: c.clock,
	})
	egress := pnet.NewEgress(network)
	c.seen.networks = newNetworks(egress)
	greeter := pnet.NewGreeter(c.find, c.limits.strangers, c.gate)
	c.udp = udp.New(udp.Config{Egress: egress, Clock: c.clock, Beside: beside(cfg.Listen), Changed: c.postDatagrams()})
	ways := c.newWays(cfg, greeter)
	dialer := pnet.NewDialer(egress, cfg.Shares.Attempts, ways.connect)
	c.roster = roster.New(roster.Config{
		Rows: service, Clock: c.clock, Events: c.events, Owner: c.owner, Names: names.RulesOf(names.PlatformOf(runtime.GOOS)),
		Env: func(ident.TorrentID) torrent.Env {
			return torrent.Env{
				Disks: c.disks, Rows: service, Clock: c.clock, Events: c.events,
				Dialling: torrent.Dialling{Dialer: dialer, Transport: cfg.Transport, Networks: c.seen.networks.read},
				Crowd:    c.limits.crowd, Bounds: torrent.Bounds{Peers: c.limits.perTorrent, PerAddress: c.limits.perAddress},
				Announcer: c.announcer, Down: c.down, Up: c.up, Slots: c.slots, PeerID: peerID(cfg.Version),
				Client: "Etorrent " + cfg.Version, ListenPort: c.listenPort, Listeners: len(cfg.Listen), Random: cfg.Random,
				Ended: c.roster.Ended, Gate: c.gate, Outside: torrent.Outside{Ours: c.external, Seen: c.heardFromPeer},
			}
		},
	})
	c.announcer = announce.New(announce.Config{
		Egress: egress, UDP: c.udp, Clock: c.clock, Port: c.listenPort, Keep: service,
		Agent: "Etorrent/" + cfg.Version, Random: cfg.Random, Seen: c.heardFromTracker,
	})
	listening := append([]sup.Child{greeter.Child(), c.udp.Child()}, ways.children...)
	for _, address := range cfg.Listen {
		l := pnet.NewListener(egress, address, cfg.Ports, ways.accept, pnet.Notices{
			Fits: c.udp.ViewPort, Changed: c.postListening, Exhausted: c.roster.Shed,
		})
		c.listeners = append(c.listeners, l)
		listening = append(listening, l.Child())
	}
	watching := []sup.Child{host.NewSleep(clockOf(cfg), c.hostChanged).Child(), host.NewAddrs(egress, c.hostChanged).Child()}
	root := tree(branches{
		storage: []sup.Child{service.Child(), c.disks.Child()}, net: listening,
		outgoing: []sup.Child{c.announcer.Child(), dialer.Child()}, torrents: c.roster.Children(), host: watching,
	})
	t, err := sup.Start(ctx, "client", root, sup.Options{Hook: cfg.Hook, Observe: c.crashes.observe})
	if err != nil {
		return nil, err
	}
	c.tree = t
	return c, nil
}

func networkOf(cfg Config) (pnet.Network, error) {
	own, err := pnet.Host(cfg.DSCP)
	if cfg.Network != nil {
		return cfg.Network, err
	}
	return own, err
}

// branches are the processes below the root.
type branches struct{ storage, net, outgoing, torrents, host []sup.Child }

// tree describes the engine's processes; ARCHITECTURE.md draws it.
func tree(b branches) sup.Supervisor {
	calm := sup.Intensity{Restarts: 20, Within: time.Minute}
	branch := func(name string, children ...sup.Child) sup.Child {
		return sup.Child{Name: name, Restart: sup.Permanent, Supervisor: &sup.Supervisor{
			Strategy: sup.OneForOne, Intensity: calm, Children: children,
		}}
	}
	return sup.Supervisor{
		Strategy: sup.RestForOne, Intensity: sup.Intensity{Restarts: 3, Within: time.Minute},
		Children: []sup.Child{
			branch("storage", b.storage...),
			branch("net", b.net...),
			branch("outgoing", b.outgoing...),
			branch("torrents", b.torrents...),
			branch("host", b.host...),
		},
	}
}

// owner names this program and run in holds and rows.
func owner(random uint64) string { return fmt.Sprintf("pid %d run %x", os.Getpid(), random) }

// peerID is a fresh peer id in the Azureus style (BEP 20): "-ET", four digits of
// the version, "-", and twelve random bytes.
func peerID(version string) [20]byte {
	var id [20]byte
	copy(id[:], "-ET0000-")
	n := 3
	for _, digit := range version {
		if digit >= '0' && digit <= '9' && n < 7 {
			id[n] = byte(digit)
			n++
		}
	}
	const letters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	_, _ = rand.Read(id[8:])
	for i := range id[8:] {
		id[8+i] = letters[int(id[8+i])%len(letters)]
	}
	return id
}

// Add makes a torrent run.
func (c *Client) Add(ctx context.Context, a AddRequest) (roster.Running, error) {
	return c.roster.Add(ctx, a)
}

// Retire stops a torrent and waits until it is down.
func (c *Client) Retire(ctx context.Context, t *torrent.Torrent) error {
	return c.roster.Retire(ctx, t.ID())
}

// Running lists the torrents that run.
func (c *Client) Running() []roster.Running { return c.roster.List() }

// Running is a torrent that runs.
type Running = roster.Running

// Ask puts a request to a torrent, which may be put twice.
func (c *Client) Ask(ctx context.Context, t *torrent.Torrent, a torrent.Ask) error {
	return calls.Repeat(func() error { return t.Ask(ctx, calls.AskTorrent, a) })
}

// Resume lets a halted or quarantined torrent try again at once.
func (c *Client) Resume(ctx context.Context, t *torrent.Torrent) error {
	found, err := c.roster.Resume(ctx, t.ID())
	if err != nil || found == roster.StartedAnew {
		return err
	}
	return c.Ask(ctx, t, torrent.Ask{Resume: &torrent.Resume{}})
}

// AddTracker announces a torrent to another tracker too, at once, and keeps that in its
// row. After an error it holds as long as the torrent runs.
func (c *Client) AddTracker(ctx context.Context, t *torrent.Torrent, n torrent.Tracker) error {
	t.AddTracker(n)
	return c.Ask(ctx, t, torrent.Ask{Trackers: &torrent.KeepTrackers{}})
}

// SetFilter has another address filter count, for those who are connected too; nil
// lets everybody pass.
func (c *Client) SetFilter(t *ipfilter.Table) {
	c.gate.Set(t)
	for _, r := range c.roster.List() {
		r.Torrent.Refiltered()
	}
}

// Events is the ring of events.
func (c *Client) Events() *ring.Ring[event.Event] { return c.events }

// Slabs is the number of payload buffers that somebody holds now.
func (c *Client) Slabs() int { return c.disks.Slabs() + c.reads.Outstanding() }

// Room is how many bytes are taken of the budget for pieces under assembly.
func (c *Client) Room() int64 { return c.disks.Room() }

// leaveWithin bounds how long trackers are told that torrents stop.
const leaveWithin = 3 * time.Second

// leave takes leave of the trackers, with the counters as they are by now. What cannot
// be told in time is not told; nor is anything by a tree that has ended.
func (c *Client) leave(ctx context.Context) {
	select {
	case <-c.tree.Done():
		return
	default:
	}
	ctx, cancel := context.WithTimeout(ctx, leaveWithin)
	defer cancel()
	for _, r := range c.roster.List() {
		r.Torrent.TellTrackers()
	}
	_ = c.announcer.Leave(ctx)
}

// Stop stops the engine in order and closes its state.
func (c *Client) Stop(ctx context.Context) error {
	c.leave(ctx)
	err := c.tree.Stop(ctx)
	if ctx.Err() == nil {
		err = errors.Join(err, c.rows.Close())
	}
	return err
}

// Done is closed when the tree has ended.
func (c *Client) Done() <-chan struct{} { return c.tree.Done() }

// Err is why the root gave up, nil otherwise.
func (c *Client) Err() error { return c.tree.Err() }
