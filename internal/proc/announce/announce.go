// Package announce is the process that announces all torrents of an engine to their
// trackers, over HTTP and UDP. What is to be said, when, and to whom is decided by
// internal/core/announce; here it is looked up, kept, sent and answered.
package announce

import (
	"context"
	"crypto/x509"
	"net/netip"
	"time"

	"github.com/etorrent/etorrent/internal/core/announce"
	"github.com/etorrent/etorrent/internal/proc/clock"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/proc/udp"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
	"github.com/etorrent/etorrent/sup"
)

// Config is what a Service is made of.
type Config struct {
	Egress *pnet.Egress // the only way out: dialling, resolving
	UDP    *udp.Handle
	Clock  *clock.Clock
	Port   func() uint16           // where we accept connections; 0: nowhere. It may not block
	Keep   Keeper                  // where what outlives the run is kept; nil: nowhere
	Seen   func(by, at netip.Addr) // a tracker sees us there; nil: nobody wants to know. It may not wait
	Agent  string                  // User-Agent: "Etorrent/VERSION"
	Random uint64                  // of which the core's random numbers come
	Core   announce.Config         // zero: defaults
	Trust  *x509.CertPool          // nil: the system's
}

// Kept is what is kept of one torrent from one run to the next. A zero At says that
// nothing was kept.
type Kept = store.Announce

// Keeper keeps what outlives a run about one torrent. KeepAnnounce does not wait;
// done is called once, from any goroutine, when it is kept or could not be. Of one
// torrent what was asked later is kept later. An epoch that is not the row's any more
// is a *store.StaleEpochError.
type Keeper interface {
	KeepAnnounce(id ident.TorrentID, epoch store.Epoch, kept Kept, done func(error))
}

// Sink is the torrent's side. Its methods never block.
type Sink interface {
	// TrackerPeers are endpoints that a tracker named: a stranger's words, some of
	// which may be ourselves. The slice is the Sink's. At is an address of the
	// tracker's host; zero where only others know it.
	TrackerPeers(peers []netip.AddrPort, from tracker.URL, at netip.Addr)
	// DropTrackerPeers says that another tracker counts now (BEP 27): who is
	// connected is to be left, and what the old one named forgotten.
	DropTrackerPeers(old tracker.URL)
	// TrackerReport tells how a tracker does.
	TrackerReport(r announce.Report)
}

// Entry is a torrent that is to be announced.
type Entry struct {
	ID    ident.TorrentID
	Epoch store.Epoch
	About announce.Torrent
	From  announce.Origin   // nil: Fresh
	Port  uint16            // that trackers were told of in a former run; 0: none
	Named *store.NamedPeers // that a tracker named in a former run; nil: none
	Into  Sink
}

// ResumedOf is the origin of a torrent that was announced before and that somebody waits
// for. Now is the wall clock.
func ResumedOf(kept Kept, now time.Time) announce.Origin {
	return announce.Resumed{Saved: kept.Saved, Age: ageOf(kept, now)}
}

// RestoredOf is the origin of a torrent that was announced before and comes up with a run,
// at a port; now is the wall clock. It comes when its trackers expect it, unless those that
// list it name another port.
func RestoredOf(kept Kept, now time.Time, port uint16) announce.Origin {
	if kept.Port != port {
		kept.Saved = kept.Saved.Move()
	}
	return announce.Restored{Saved: kept.Saved, Age: ageOf(kept, now)}
}

// IsListed says whether some tracker expects a torrent still. Now is the wall clock.
func IsListed(kept Kept, now time.Time) bool { return kept.Saved.IsListed(ageOf(kept, now)) }

// ageOf is how long ago it was kept; 0 where the clock was set back.
func ageOf(k Kept, now time.Time) time.Duration {
	if k.At.IsZero() {
		return 0
	}
	return max(0, now.Sub(k.At))
}

// Service is how torrents are announced. It may be used before its process runs and
// while it is restarted: what was begun goes on with what was known of it, and
// nothing is told to a tracker because of a crash. But for Leave nothing of it waits.
type Service struct {
	cfg      Config
	commands *sup.Mailbox[command]   // bounded by what people and torrents do
	kept     *sup.Mailbox[keeping]   // bounded by keepsAtOnce for each incarnation
	outcomes *sup.Mailbox[ended]     // one for each worker, so bounded by the core and lookupsAtOnce
	replies  *sup.Mailbox[udp.Reply] // one for each flight
	slate    *slate
	state    state
}

// New returns the handle of a process; Child is that process.
func New(cfg Config) *Service {
	return &Service{
		cfg: cfg, commands: sup.NewMailbox[command](), kept: sup.NewMailbox[keeping](),
		outcomes: sup.NewMailbox[ended](), replies: sup.NewMailbox[udp.Reply](),
		slate: newSlate(), state: newState(cfg.Random),
	}
}

// Child describes the process.
func (s *Service) Child() sup.Child {
	return sup.Child{Name: "announce", Restart: sup.Permanent, Run: s.run}
}

// Begin has a torrent announced. One that is announced already only gets another Sink
// and epoch.
func (s *Service) Begin(e Entry) { s.commands.Put(begin{e, s.slate.begin(e.ID)}) }

// Progress notes how far a torrent is. Only the last word counts; nothing is sent
// because of it.
func (s *Service) Progress(id ident.TorrentID, n announce.Counters, a announce.Appetite) {
	s.slate.note(id, news{n, a})
}

// Completed notes that the whole torrent was fetched, in this run, and is durable.
func (s *Service) Completed(id ident.TorrentID) { s.commands.Put(completed{id}) }

// SetTrackers gives a torrent other trackers.
func (s *Service) SetTrackers(id ident.TorrentID, tiers [][]tracker.URL) {
	s.commands.Put(setTrackers{id, tiers})
}

// AnnounceNow has a torrent announced as soon as its trackers allow.
func (s *Service) AnnounceNow(id ident.TorrentID) { s.commands.Put(announceNow{id}) }

// NetworkChanged notes that we may have other addresses, or were suspended: trackers
// are looked up anew and hear of us, a torrent at a time.
func (s *Service) NetworkChanged() { s.commands.Put(networkChanged{}) }

// PortChanged notes that connections are accepted, or at another port. Where trackers
// were told of another one, it is NetworkChanged.
func (s *Service) PortChanged() { s.commands.Put(portChanged{}) }

// End takes leave of a torrent, in order: its trackers are told that it stopped, then
// what was told is kept.
func (s *Service) End(id ident.TorrentID) {
	s.slate.end(id)
	s.commands.Put(end{id})
}

// leaveAtMost is how long a Leave takes whose context does not end before.
const leaveAtMost = 5 * time.Second

// Leave takes leave of all torrents, the newest first, and returns when their trackers
// were told and it is kept. After three quarters of the time that there is nobody is
// told any more, so that the last can be kept; the error is the context's. From the
// call on nothing else is announced.
func (s *Service) Leave(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, leaveAtMost)
	defer cancel()
	until, _ := ctx.Deadline()
	left := make(chan struct{})
	s.commands.Put(leave{until: s.cfg.Clock.Now().Add(time.Until(until) * 3 / 4), left: left})
	select {
	case <-left:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Trackers is how the trackers of a torrent did last, in the order in which they are
// walked; nil where it is not announced. The slice is not to be changed.
func (s *Service) Trackers(id ident.TorrentID) []announce.Report { return s.slate.read(id) }
