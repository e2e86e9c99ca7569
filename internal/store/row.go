// Package store holds the state rows: what a client remembers of its torrents
// across restarts, behind one Driver interface, with a driver in memory and the
// process that owns a driver. Drivers with a disk are packages of their own.
package store

import (
	"encoding/hex"
	"math"
	"net/netip"
	"time"

	"github.com/etorrent/etorrent/internal/core/announce"
	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// Key is a 20-byte info-hash as it travels in handshakes and announces: the v1
// info-hash, or the first 20 bytes of the v2 one (BEP 3, BEP 52).
type Key [20]byte

// String returns the key in lower-case hex.
func (k Key) String() string { return hex.EncodeToString(k[:]) }

// Keys are the info-hashes of one torrent. A zero hash is one that the torrent
// does not have or that is not known yet.
type Keys struct {
	V1 [20]byte // SHA-1 (BEP 3)
	V2 [32]byte // SHA-256 (BEP 52)
}

// Wire returns the distinct 20-byte keys, the v1 key first: none, one or two.
func (k Keys) Wire() []Key {
	var out []Key
	if k.V1 != [20]byte{} {
		out = append(out, Key(k.V1))
	}
	if short := Key(k.V2[:20]); k.V2 != [32]byte{} && short != Key(k.V1) {
		out = append(out, short)
	}
	return out
}

// Epoch counts the owners that a row has had. It fences: a write that carries
// an epoch other than the row's is refused with *StaleEpochError.
type Epoch uint64

// Row is all that is remembered of one torrent. A Row that a Driver returned
// belongs to the caller; one given to a Driver is copied.
type Row struct {
	ID        ident.TorrentID // given by Insert, never given again after Delete
	Token     Token           // of the Insert that made the row
	Keys      Keys
	Name      string // as the torrent or magnet says it: hostile text
	Source    string // the magnet, or "" for one that came with its metadata
	Metainfo  []byte // the raw .torrent, exactly as it came; nil until it is known
	Pieces    int    // number of pieces; 0 until the metadata is known
	FileMap   FileMap
	Files     []FileFacts // by ascending file number, only files that have facts
	Claims    Claims
	Partials  Partials
	Settings  Settings
	Added     time.Time // wall clock
	Completed time.Time // wall clock, when the claims first were all, the last of them of pieces that were fetched; zero until then
	Counters  Counters
	Announce  Announce
	Lost      Loss // the latest Unclaim
	Owner     string
	Epoch     Epoch
}

// Token is a random number that the caller of Insert chooses, so that an Insert
// that is sent again after a lost answer is recognised. The zero Token never
// matches.
type Token [16]byte

// FileMap is where each file of the torrent lies: by file number, the path
// below Settings.Dir, with "/" between components. "" is a file that is not
// placed (padding). It is decided once, when the metadata becomes known.
type FileMap []string

// FileState says how much the facts of a file may be relied on after a restart.
type FileState uint8

// The states of a file.
const (
	// FileOpen is a file that was being written: only a shrink or another inode
	// means that its claims must be checked.
	FileOpen FileState = iota
	// FileClean is a file that was closed after its last sync: any change of
	// size or modification time means that its claims must be checked.
	FileClean
	// FileInDoubt is a file that somebody changed while it was in use: its claims
	// must be checked, whatever it looks like. Of its other facts only Device says
	// something: on which volume it lay.
	FileInDoubt
)

// FileFacts are what the file system said of one file.
type FileFacts struct {
	File    int       // number in the torrent
	Size    int64     // bytes
	ModTime time.Time // wall clock, nanoseconds
	Device  uint64
	Inode   uint64
	State   FileState
	Maker   Maker
}

// Maker says who made a file.
type Maker uint8

// The makers: somebody, or a client that fetched the torrent into it. Only what we made
// is ours to delete.
const (
	MadeBySomebody Maker = iota
	MadeByUs
)

// Settings are what a person decided. They are replaced as a whole.
type Settings struct {
	Dir        string     // absolute folder below which FileMap's paths lie
	Intent     Intent     // run or rest
	Priorities []Priority // by file number; files behind its end are PriorityNormal
	Labels     []string
	Limits     Limits
	Trackers   []AddedTracker // behind the torrent's own, in the order in which they were added
}

// AddedTracker is a tracker that a person added, and to which tier: from 0 on, LastTier
// or SameTier. Drivers keep it as JSON.
type AddedTracker struct {
	Tier int    `json:"tier"`
	URL  string `json:"url"` // with its passkey
}

const (
	// LastTier is a tier behind all that there are.
	LastTier = math.MaxInt32
	// SameTier is that of the tracker before.
	SameTier = -1
)

// Limits bound what one torrent receives and sends, in bytes per second, and how many
// connections it has; 0 has no bound of its own.
type Limits struct {
	Down, Up int64
	Peers    int
}

// Intent says whether a person wants the torrent to run.
type Intent uint8

// The intents.
const (
	IntentRun Intent = iota
	IntentPause
)

// Priority is how much a person wants a file.
type Priority uint8

// The priorities.
const (
	PriorityNormal Priority = iota
	PriorityUnwanted
	PriorityLow
	PriorityHigh
)

// Counters are the all-time totals of a torrent. They never go down: a driver
// keeps the greater of the stored and the given value, field by field.
type Counters struct {
	Uploaded   int64         // payload bytes
	Downloaded int64         // payload bytes
	Seeding    time.Duration // whole seconds are kept
}

// Announce is what the announcer remembers of a torrent. Drivers keep it as JSON
// and look only at Next. What an earlier shape had is passed over.
type Announce struct {
	At    time.Time      `json:"at,omitzero"` // wall clock, when Saved was taken: its spans count from it; zero: never
	Saved announce.Saved `json:"saved,omitzero"`
	Port  uint16         `json:"port,omitzero"` // that trackers were told of last; 0: none
	Named *NamedPeers    `json:"named,omitzero"`
}

// NamedPeers are those that a tracker named last: a program that is started again may not
// ask at once for others.
type NamedPeers struct {
	By    string           `json:"by"` // the tracker's URL, with its passkey
	At    netip.Addr       `json:"at,omitzero"`
	Peers []netip.AddrPort `json:"peers"`
}

// NamedPeersAtMost is how many of them are kept.
const NamedPeersAtMost = 50

// Next is when a tracker that lists the torrent expects it again; zero for none.
func (a *Announce) Next() time.Time {
	next := time.Duration(0)
	for _, t := range a.Saved.Trackers {
		for _, f := range t.Families {
			if f.Due > 0 && (next == 0 || f.Due < next) {
				next = f.Due
			}
		}
	}
	if next == 0 || a.At.IsZero() {
		return time.Time{}
	}
	return Wall(a.At.Add(next))
}

// Partial is a piece that is not complete: Blocks has one bit for each of its
// blocks, the high bit first, set where the block's bytes are in the file. None
// of them is verified.
type Partial struct {
	Piece  pieceset.Index
	Blocks []byte
}

// Partials are the pieces that are not complete, by ascending piece.
type Partials []Partial
