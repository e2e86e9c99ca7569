// Package torrent is the processes of one torrent: control, which owns its
// life, its connections and its claims; assign, which owns the picker; and one
// process per peer.
package torrent

import (
	"context"
	"net/netip"
	"time"

	"github.com/etorrent/etorrent/internal/core/assign"
	"github.com/etorrent/etorrent/internal/core/book"
	"github.com/etorrent/etorrent/internal/core/choke"
	"github.com/etorrent/etorrent/internal/core/handshake"
	"github.com/etorrent/etorrent/internal/core/race"
	"github.com/etorrent/etorrent/internal/leaf/board"
	"github.com/etorrent/etorrent/internal/leaf/crowd"
	"github.com/etorrent/etorrent/internal/leaf/gate"
	"github.com/etorrent/etorrent/internal/leaf/limit"
	"github.com/etorrent/etorrent/internal/leaf/ring"
	"github.com/etorrent/etorrent/internal/leaf/slots"
	"github.com/etorrent/etorrent/internal/proc/clock"
	"github.com/etorrent/etorrent/internal/proc/disk"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/endpoint"
	"github.com/etorrent/etorrent/internal/vocab/event"
	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
	"github.com/etorrent/etorrent/internal/vocab/transport"
	"github.com/etorrent/etorrent/sup"
)

// Env is what the processes of a torrent share with the rest of the engine.
type Env struct {
	Disks      *disk.Set
	Rows       *store.Service
	Dialling   Dialling
	Clock      *clock.Clock
	Events     *ring.Ring[event.Event]
	Announcer  Announcer
	Crowd      *crowd.Crowd  // the connections of all torrents
	Gate       *gate.Gate    // the address filter; nil: none
	Down, Up   *limit.Bucket // the limits of all torrents
	Slots      *slots.Pool   // what Up is enough for
	PeerID     [20]byte      // of this torrent and run (BEP 20)
	Client     string        // name and version for BEP 10
	ListenPort func() uint16 // 0 while not listening
	Listeners  int           // that there are to be
	Random     uint64        // run number of the random choices
	Bounds     Bounds
	// Ended takes which torrent is to be retired because it was shared enough, as its
	// status says; it may not wait.
	Ended   func(ident.TorrentID)
	Outside Outside
}

// Bounds are of a torrent's connections.
type Bounds struct {
	Peers      *crowd.Bound // in all: those of each torrent, under which New makes its own
	PerAddress *crowd.Bound // those that were accepted from one address
}

// Outside is how others see us. Its functions may not wait; nil ones stand for nothing.
type Outside struct {
	// Ours returns our endpoints as others see them; one that is not known has no valid
	// address.
	Ours func() [2]netip.AddrPort
	// Seen takes at which address a peer sees us, who is at another.
	Seen func(by, at netip.Addr)
}

// Options say how a torrent is run this time. They are not kept in its row.
type Options struct {
	Existing disk.Existing // what to do with files that lie there
	ReadOnly ReadOnly
	Seeding  Seeding
	Picker   Picker // nil: the default
	Choker   Choker // nil: the default
	Allocate storage.Allocation
	Peers    []netip.AddrPort // named by a person
	Names    []endpoint.Name  // likewise, to be looked up
	Announce [][]string       // the torrent's own trackers, as it is given now; none: those of its row
	Tiers    [][]tracker.URL  // trackers behind the torrent's own, in place of those that were kept; nil: those
	Trackers TrackerUse
	Goals    Goals
}

// Choker makes a strategy that decides which remotes may fetch, for one process.
type Choker func() choke.Strategy

// FindChoker looks a strategy up by its name. The error is a *named.UnknownError.
func FindChoker(name string) (Choker, error) {
	if _, err := choke.Find(name); err != nil {
		return nil, err
	}
	return func() choke.Strategy {
		s, _ := choke.Find(name) // which is there
		return s
	}, nil
}

// strategy is that of a choker that begins.
func (o *Options) strategy() choke.Strategy {
	if o.Choker == nil {
		return choke.TitForTat{}
	}
	return o.Choker()
}

// Picker chooses which piece is begun next.
type Picker = assign.Picker

// FindPicker looks up by its name how the next piece is chosen. The error is a
// *named.UnknownError.
func FindPicker(name string) (Picker, error) { return assign.FindPicker(name) }

// ChokerNames and PickerNames are the names that there are, in order.
func ChokerNames() []string { return choke.Names() }

// PickerNames are those of pickers.
func PickerNames() []string { return assign.PickerNames() }

// Seeding is how a torrent is shared that has everything.
type Seeding uint8

// The ways: to say what is there, or to show it piece by piece (BEP 16), until others
// have everything.
const (
	OrdinarySeeding Seeding = iota
	SuperSeeding
)

// ReadOnly says whether the torrent may write.
type ReadOnly uint8

// A torrent that only serves opens its files read-only and fetches nothing.
const (
	MayWrite ReadOnly = iota
	ServeOnly
)

// Torrent is the handle of a running torrent. It survives restarts of the
// processes.
type Torrent struct {
	env     Env
	id      ident.TorrentID
	epoch   store.Epoch
	options Options

	control *inlet
	assign  *sup.Mailbox[toAssign]
	choker  *sup.Mailbox[toChoker]
	asks    *sup.Port[Ask, Answer]
	peers   *sup.Pool
	status  *board.Board[Status]
	view    *board.Board[View]
	windows *windows
	tally   Tally
	roll    *roll
	legacy  legacy
	down    *limit.Bucket // the torrent's own limits, below those of all
	up      *limit.Bucket
	slots   *slots.Member // its part of those of all torrents
	disk    *disk.Disk    // control's; the roster's when control is down for good
}

// legacy is what one control process leaves to the next, and nobody else touches.
type legacy struct {
	counted    assign.HolderID // the last number that a connection got
	attempted  race.Attempt    // the last that an attempt got
	bans       *book.Bans
	veil       veil
	base       *store.Counters // of the row when the torrent woke, to which the tally adds; nil before
	fetched    *pieceset.Set   // verified while it ran, and not seen to be durable yet; nil before
	tiers      [][]tracker.URL // of which the announcer knows
	will       will
	sharing    sharing
	opening    opening
	completion completion
}

// New returns the handle of the torrent that row id describes; Child is its
// processes. The row is ours at the given epoch.
func New(env Env, id ident.TorrentID, epoch store.Epoch, o Options) *Torrent {
	inputs := sup.NewMailbox[toAssign]()
	sharing := newSharing(o.Goals)
	env.Bounds.Peers = env.Bounds.Peers.Under()
	return &Torrent{
		env: env, id: id, epoch: epoch, options: o,
		control: newInlet(named{o.Peers, o.Names, flat(o.Tiers)}),
		assign:  inputs,
		choker:  sup.NewMailbox[toChoker](),
		asks:    sup.NewPort[Ask, Answer](),
		peers:   sup.NewPool(),
		status:  board.New(Status{Goals: o.Goals, Shared: sharing.core.State()}),
		legacy:  legacy{bans: book.NewBans(), veil: o.Seeding.veil(), sharing: sharing},
		view:    board.New(View{}),
		windows: newWindows(inputs),
		roll:    newRoll(),
		down:    env.Down.Under(0), up: env.Up.Under(0),
		slots: env.Slots.Join(),
	}
}

// Child describes the torrent's supervisor: control, the peers, assign and the
// choker, of which the later depend on the earlier. Peers need no assign and no
// choker that is alive: they leave word in mailboxes that outlive them, and go on
// with the next one.
//
// A torrent that cannot work crashes at once each time it is restarted, and is put
// aside within a moment, however many restarts it may have. One that works between
// its crashes goes on: thirty a minute cost less than a minute of nothing.
func (t *Torrent) Child() sup.Child {
	return sup.Child{
		Name: t.Name(), Kind: "torrent", Restart: sup.Temporary,
		Supervisor: &sup.Supervisor{
			Strategy:  sup.RestForOne,
			Intensity: sup.Intensity{Restarts: 30, Within: time.Minute},
			Children: []sup.Child{
				{Name: "control", Restart: sup.Permanent, StopWithin: 15 * time.Second, Run: t.runControl},
				{Name: "peers", Restart: sup.Permanent, Supervisor: &sup.Supervisor{Strategy: sup.Dynamic, Pool: t.peers}},
				{Name: "assign", Restart: sup.Permanent, Run: t.runAssign},
				{Name: "choker", Restart: sup.Permanent, Run: t.runChoker},
			},
		},
	}
}

// Name is that of the torrent's supervisor among its siblings.
func (t *Torrent) Name() string { return "torrent[" + t.id.String() + "]" }

// ID is the torrent's local id.
func (t *Torrent) ID() ident.TorrentID { return t.id }

// Status returns the latest status and a channel that is closed when it changes.
func (t *Torrent) Status() (Status, <-chan struct{}) { return t.status.Read() }

// Retired notes that the torrent's processes are down for good, in order: its trackers
// hear that it stopped.
func (t *Torrent) Retired() {
	t.env.Announcer.End(t.id)
	s, _ := t.status.Read()
	s.Phase, s.Err = Retired, nil
	s.alone()
	t.status.Post(s)
	t.slots.Leave(t.env.Clock.Now())
}

// Quarantined notes that the torrent's processes are down, and why. Its files are
// closed: others may have them.
func (t *Torrent) Quarantined(why error) {
	s, _ := t.status.Read()
	s.Phase, s.Err = Opening, why
	s.alone()
	t.status.Post(s)
	t.slots.Leave(t.env.Clock.Now())
	if t.disk != nil {
		t.disk.LetGo(t.id)
	}
}

// Tally counts payload bytes since the torrent woke.
func (t *Torrent) Tally() *Tally { return &t.tally }

// SetLimits bounds what the torrent receives and sends, and its connections, below the
// limits of all torrents. It does not keep that in the row: an Ask with the same limits
// does.
func (t *Torrent) SetLimits(l store.Limits) {
	t.down.SetRate(l.Down)
	t.up.SetRate(l.Up)
	t.env.Bounds.Peers.Set(l.Peers)
	t.slots.Nudge()
}

// Limits are the torrent's own.
func (t *Torrent) Limits() store.Limits {
	return store.Limits{Down: t.down.Own(), Up: t.up.Own(), Peers: t.env.Bounds.Peers.Own()}
}

// Incoming gives the torrent a connection whose remote named its info-hash;
// the acceptor awaits our answer.
func (t *Torrent) Incoming(c pnet.Conn, a *handshake.Acceptor) {
	t.control.Put(toControl{incoming: &incoming{conn: c, acceptor: a}})
}

// Shed has some idle connections end, because descriptors ran out.
func (t *Torrent) Shed() { t.control.Put(toControl{shed: &shed{}}) }

// Listening notes that connections are accepted now, or at another port.
func (t *Torrent) Listening() { t.control.Put(toControl{listening: &listening{}}) }

// Refiltered tells that the address filter is another one.
func (t *Torrent) Refiltered() { t.control.Put(toControl{refiltered: &refiltered{}}) }

// AddPeers names endpoints that a person wants to be dialled.
func (t *Torrent) AddPeers(to []netip.AddrPort) { t.control.name(named{addrs: to}) }

// AddNames names endpoints that a person wants to be looked up and dialled.
func (t *Torrent) AddNames(to []endpoint.Name) { t.control.name(named{names: to}) }

// Phase says what a torrent is doing.
type Phase uint8

// The phases.
const (
	Opening  Phase = iota // reading its row, opening its files
	Checking              // reading and hashing what lies there
	Fetching
	Sharing // every wanted byte is durable
	Paused  // by a fault of its environment, Status.Err, or by a person, where that is nil
	Refused // its files must not be touched: Status.Err
	Retired // stopped in order, and not run any more
)

// String names the phase as it stands in JSON.
func (p Phase) String() string {
	return [...]string{"opening", "checking", "fetching", "sharing", "paused", "refused", "retired"}[p]
}

// Status is what a torrent shows of itself. Sizes are in bytes.
type Status struct {
	Phase     Phase
	Err       error // of Paused and Refused, and why Opening takes long
	Pieces    int
	Durable   int   // pieces that the row claims
	Wanted    int64 // bytes of wanted files
	Stored    int64 // durable bytes of wanted files
	Left      int64 // bytes that are not durable of the whole torrent
	Checked   int   // pieces done of ToCheck
	ToCheck   int
	Corrupt   int                     // pieces whose hash was wrong, since the torrent woke
	Peers     int                     // admitted connections
	PeersOver [len(transport.All)]int // those of each transport
	Known     int                     // endpoints in the book
	Goals     Goals
	Shared    GoalsState // how far it is from them
}

// alone is the status without connections.
func (s *Status) alone() { s.Peers, s.PeersOver = 0, [len(transport.All)]int{} }

// equal compares two statuses; errors of any type are compared by their text.
func (s Status) equal(o Status) bool {
	sameErr := s.Err == nil && o.Err == nil || s.Err != nil && o.Err != nil && s.Err.Error() == o.Err.Error()
	s.Err, o.Err = nil, nil
	return sameErr && s == o
}

// Ask puts a request of the library to the torrent and waits for its answer.
func (t *Torrent) Ask(ctx context.Context, row *sup.CallRow, a Ask) error {
	answer, err := sup.Call(ctx, row, t.asks, a)
	if err != nil {
		return err
	}
	return answer.Err
}
