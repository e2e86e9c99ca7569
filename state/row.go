package state

import "github.com/etorrent/etorrent/internal/store"

// A row and its parts.
type (
	// Row is all that is remembered of one torrent.
	Row = store.Row
	// Summary is what List tells of a row.
	Summary = store.Summary
	// Key is a 20-byte info-hash as it travels.
	Key = store.Key
	// Keys are the info-hashes of one torrent.
	Keys = store.Keys
	// Token is a random number by which an Insert that is sent again is recognised.
	Token = store.Token
	// Epoch counts the owners that a row has had.
	Epoch = store.Epoch
	// FileMap is where each file of the torrent lies.
	FileMap = store.FileMap
	// FileFacts are what the file system said of one file.
	FileFacts = store.FileFacts
	// Settings are what a person decided.
	Settings = store.Settings
	// AddedTracker is a tracker that a person added.
	AddedTracker = store.AddedTracker
	// Limits bound what one torrent receives, sends, and has connections.
	Limits = store.Limits
	// Counters are the all-time totals of a torrent.
	Counters = store.Counters
	// Announce is what the announcer remembers. A State keeps it as JSON, as a whole,
	// and looks only at Next.
	Announce = store.Announce
	// NamedPeers are those that a tracker named last.
	NamedPeers = store.NamedPeers
	// Partial is a piece that is not complete.
	Partial = store.Partial
	// Partials are those of a torrent.
	Partials = store.Partials
	// Claims are the pieces that are durable.
	Claims = store.Claims
	// TrustedClaim are those that are claimed on somebody's word.
	TrustedClaim = store.TrustedClaim
	// Loss is what the latest Unclaim took.
	Loss = store.Loss
)

// Origin says why a piece is claimed: Checked or Trusted.
type Origin = store.Origin

// The origins.
type (
	// Checked pieces had their hash compared.
	Checked = store.Checked
	// Trusted pieces were taken over on somebody's word.
	Trusted = store.Trusted
)

// The updates of a row.
type (
	// MetadataUpdate is what a magnet's metadata told.
	MetadataUpdate = store.MetadataUpdate
	// ClaimUpdate says what became durable.
	ClaimUpdate = store.ClaimUpdate
	// UnclaimUpdate says what is no longer claimed and why.
	UnclaimUpdate = store.UnclaimUpdate
	// FilesUpdate carries new facts of files.
	FilesUpdate = store.FilesUpdate
	// CountersUpdate carries all-time totals.
	CountersUpdate = store.CountersUpdate
	// AnnounceUpdate carries the announcer's state.
	AnnounceUpdate = store.AnnounceUpdate
	// SettingsUpdate carries what a person decided.
	SettingsUpdate = store.SettingsUpdate
)

// FileState says how much the facts of a file may be relied on after a restart.
type FileState = store.FileState

// The states of a file.
const (
	FileOpen    = store.FileOpen
	FileClean   = store.FileClean
	FileInDoubt = store.FileInDoubt
)

// Maker says who made a file.
type Maker = store.Maker

// The makers.
const (
	MadeBySomebody = store.MadeBySomebody
	MadeByUs       = store.MadeByUs
)

// Intent says whether a person wants the torrent to run.
type Intent = store.Intent

// The intents.
const (
	IntentRun   = store.IntentRun
	IntentPause = store.IntentPause
)

// Priority is how much a person wants a file.
type Priority = store.Priority

// The priorities.
const (
	PriorityNormal   = store.PriorityNormal
	PriorityUnwanted = store.PriorityUnwanted
	PriorityLow      = store.PriorityLow
	PriorityHigh     = store.PriorityHigh
)

// LossReason says why claims were taken back.
type LossReason = store.LossReason

// The reasons for an Unclaim.
const (
	LossNone      = store.LossNone
	LossWrongHash = store.LossWrongHash
	LossChanged   = store.LossChanged
	LossDeleted   = store.LossDeleted
	LossSync      = store.LossSync
	LossMoved     = store.LossMoved
	LossAsked     = store.LossAsked
)
