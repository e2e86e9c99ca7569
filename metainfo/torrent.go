// Package metainfo reads and makes what names and describes torrents:
// info-hashes, .torrent files and magnet links, of version 1 (BEP 3, 5, 9, 12,
// 19, 27, 47).
//
// What it reads may be hostile. Sizes are bounded, sums cannot overflow, and an
// error names the field and its place. Text is kept as the bytes received: it
// may be no UTF-8, hold "..", control characters or terminal escapes, and must
// be made safe before it names a file or meets a terminal.
package metainfo

import (
	"strings"
	"time"
)

// The bounds that a torrent must keep.
const (
	MaxTorrentBytes = 128 << 20 // of a .torrent file or info dictionary
	MaxPieceLength  = 512 << 20 // bytes
	MaxPieces       = 2_097_000
	MaxFiles        = 1_000_000
)

// The bounds on lists beside the info dictionary. What goes beyond them is left
// out and a Finding.
const (
	MaxURLs     = 1_000 // trackers of all tiers; web seeds; nodes
	MaxURLBytes = 8 << 10
)

// Info is what an info dictionary says, which the info-hash covers. It aliases
// the bytes that were parsed; these must not change.
type Info struct {
	Name        string // suggested file or folder name, raw
	Layout      Layout
	PieceLength int64  // bytes, 1 to MaxPieceLength
	TotalLength int64  // bytes of all files with padding; 0 is legal
	Files       []File // at least one, in the order of their bytes
	Privacy     Privacy
	Source      string    // a word by which trackers keep their info-hashes apart
	InfoBytes   []byte    // the info dictionary as received
	Findings    []Finding // of the whole document that was parsed

	hash   InfoHash
	pieces []byte
}

// Layout says how a torrent's files lie in the download folder.
type Layout uint8

// The layouts. SingleFile: the one file is called Name. MultiFile: the files
// lie in a folder called Name, even if there is just one.
const (
	SingleFile Layout = iota
	MultiFile
)

// Privacy says whether peers may be found by other means than the torrent's own
// trackers (BEP 27).
type Privacy uint8

// The privacies: Private torrents know their trackers only.
const (
	Public Privacy = iota
	Private
)

// File is one file of a torrent.
type File struct {
	Path       []string // raw components: below the folder Name, or just Name in a SingleFile; may be empty for padding
	Length     int64    // bytes
	Offset     int64    // of its first byte among the torrent's bytes
	Role       Role
	Attributes Attributes
	Target     []string // of a FileSymlink: raw components below the folder Name
}

// Role says what the bytes of a file are for (BEP 47).
type Role uint8

// The roles. FilePadding is all zeros, fills up a piece and is never stored.
// FileSymlink has no bytes and names another file as its Target.
const (
	FileData Role = iota
	FilePadding
	FileSymlink
)

// Attributes is a set of properties that a file should have (BEP 47).
type Attributes uint8

// The attributes.
const (
	Executable Attributes = 1 << iota
	Hidden
)

// Has says whether all of b are in the set.
func (a Attributes) Has(b Attributes) bool { return a&b == b }

// Torrent is what a .torrent file says. What stands beside the Info can be
// altered by anyone without changing the info-hash.
type Torrent struct {
	Info
	Announce     [][]string // tracker URLs in tiers (BEP 12), as listed
	WebSeeds     []string   // URLs (BEP 19)
	Nodes        []HostPort // of the DHT (BEP 5)
	Comment      string
	CreatedBy    string
	CreationDate time.Time // in UTC, to the second; zero if not told
	Raw          []byte    // the whole document as received
}

// ID returns the names of the torrent.
func (i *Info) ID() ID { return ID{V1: i.hash} }

// PieceCount is the number of pieces, 0 for a torrent without bytes.
func (i *Info) PieceCount() int { return len(i.pieces) / len(InfoHash{}) }

// FullPath returns the raw components of file n below the download folder.
func (i *Info) FullPath(n int) []string {
	switch i.Layout {
	case SingleFile:
		return i.Files[n].Path
	case MultiFile:
	}
	return append([]string{i.Name}, i.Files[n].Path...)
}

// Magnet returns the link that names the torrent, its trackers and web seeds.
func (t *Torrent) Magnet() *Magnet {
	m := &Magnet{ID: t.ID(), Name: t.Name, WebSeeds: t.WebSeeds, Length: t.TotalLength}
	for _, tier := range t.Announce {
		m.Trackers = append(m.Trackers, tier...)
	}
	return m
}

// String returns the path with slashes, for messages; it is raw.
func (f File) String() string { return strings.Join(f.Path, "/") }
