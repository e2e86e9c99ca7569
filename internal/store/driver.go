package store

import (
	"context"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// Driver keeps state rows. Its methods may be called from several goroutines
// and may wait (for a disk, for another program that writes), so only the store
// process calls them. storetest.Run proves one.
//
// When a method returns nil the change is durable, as far as the driver knows
// durability. When it returns an error nothing has changed, except that after
// an error of the environment (a *DriverError, ctx's end) the change may or may
// not be there. So that callers can then just ask again, every method gives the
// same outcome when it is repeated with the same arguments.
//
// Methods that take an ID return *NotFoundError where no such row is; methods
// that take an Epoch return *StaleEpochError unless it is the row's; sets or
// numbers that do not fit the row's number of pieces or files are *ShapeError;
// a row that cannot be read back is *BadRowError.
type Driver interface {
	// Insert makes a row and returns its ID. r.ID, r.Owner and r.Epoch are not
	// looked at: the row starts without owner at epoch 0. *ExistsError names the
	// row that has one of r.Keys already, unless it has r's Token: then that row
	// is r, sent again, and its ID is the answer.
	Insert(ctx context.Context, r *Row) (ident.TorrentID, error)
	// Get returns the whole row.
	Get(ctx context.Context, id ident.TorrentID) (*Row, error)
	// FindByKey returns the ID of the row that has the key; *NoKeyError if none.
	FindByKey(ctx context.Context, key Key) (ident.TorrentID, error)
	// List returns up to limit summaries with IDs above after, ascending. Fewer
	// than limit means that there are no more. It reads no .torrent and no claim.
	List(ctx context.Context, after ident.TorrentID, limit int) ([]Summary, error)
	// Delete removes the row. It is nil where no such row is.
	Delete(ctx context.Context, id ident.TorrentID) error

	// Own makes owner the row's owner, under a new epoch, which it returns: from
	// then on writes under older epochs are refused. Call it after Hold.
	Own(ctx context.Context, id ident.TorrentID, owner string) (Epoch, error)
	// Learn stores the metadata of a row that came as a magnet. Keys may be added
	// but not changed, and what is known already must be the same: *DecidedError.
	// *ExistsError names another row that has one of the keys.
	Learn(ctx context.Context, u MetadataUpdate) error
	// Claim adds claims; it never takes one away. A piece that is Trusted becomes
	// Checked when that is claimed, never the other way round. Claimed pieces
	// lose their partials.
	Claim(ctx context.Context, u ClaimUpdate) error
	// ClaimAll does several Claims, of any rows, for the price of one sync. Each
	// stands for itself: the answer has one error, or nil, for each update.
	ClaimAll(ctx context.Context, us []ClaimUpdate) []error
	// Unclaim takes claims back.
	Unclaim(ctx context.Context, u UnclaimUpdate) error
	// MarkFiles replaces the facts of the files it names.
	MarkFiles(ctx context.Context, u FilesUpdate) error
	// SaveCounters raises the counters; lower values change nothing.
	SaveCounters(ctx context.Context, u CountersUpdate) error
	// SaveAnnounces replaces the announce states of any rows, for the price of one
	// sync. Each stands for itself: the answer has one error, or nil, for each.
	SaveAnnounces(ctx context.Context, us []AnnounceUpdate) []error
	// SaveSettings replaces the settings. Where Dir is another one the facts of files
	// and the parts of pieces are forgotten, which lie in the folder of before.
	SaveSettings(ctx context.Context, u SettingsUpdate) error

	// Hold takes the exclusive right to run the torrent with this key, among all
	// programs that share the state, without waiting: *HeldError if another has
	// it. The same owner may ask again and gets the same hold. The right ends
	// with Release, Close or the program's death.
	Hold(ctx context.Context, key Key, owner string) (Hold, error)
	// Close ends the driver and all its holds. Calls after it fail with ErrClosed.
	Close() error
}

// Hold is the right to run one torrent.
type Hold interface {
	// Release gives the right up. Repeating it changes nothing.
	Release() error
}

// Summary is what List tells of a row.
type Summary struct {
	ID        ident.TorrentID
	Keys      Keys
	Name      string
	Settings  Settings
	Pieces    int // 0 until the metadata is known
	Claimed   int // pieces
	Added     time.Time
	Completed time.Time
	Counters  Counters
	Next      time.Time // Announce.Next()
	Owner     string
	Epoch     Epoch
	Damage    error // a *BadRowError where a field could not be read back, else nil
}

// MetadataUpdate is what a magnet's metadata told.
type MetadataUpdate struct {
	ID       ident.TorrentID
	Epoch    Epoch
	Keys     Keys
	Name     string
	Metainfo []byte
	Pieces   int
	FileMap  FileMap
}

// ClaimUpdate says what became durable. Everything but ID and Epoch is optional.
type ClaimUpdate struct {
	ID        ident.TorrentID
	Epoch     Epoch
	Add       *pieceset.Set // of the row's size; nil: none
	Origin    Origin        // of Add; ErrNoOrigin if it is nil
	Partials  *Partials     // replaces all partials; nil: they stay
	Files     []FileFacts   // as in MarkFiles
	Counters  Counters      // as in SaveCounters
	Completed time.Time     // sets Row.Completed if that is zero
}

// UnclaimUpdate says what is no longer claimed and why.
type UnclaimUpdate struct {
	ID     ident.TorrentID
	Epoch  Epoch
	Remove *pieceset.Set // of the row's size
	Reason LossReason
}

// FilesUpdate carries new facts of files.
type FilesUpdate struct {
	ID    ident.TorrentID
	Epoch Epoch
	Files []FileFacts
}

// CountersUpdate carries all-time totals (not differences).
type CountersUpdate struct {
	ID       ident.TorrentID
	Epoch    Epoch
	Counters Counters
}

// AnnounceUpdate carries the announcer's state.
type AnnounceUpdate struct {
	ID       ident.TorrentID
	Epoch    Epoch
	Announce Announce
}

// SettingsUpdate carries what a person decided.
type SettingsUpdate struct {
	ID       ident.TorrentID
	Epoch    Epoch
	Settings Settings
}
