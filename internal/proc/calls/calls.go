// Package calls is the table of the Calls that exist: who may wait for whom. A
// process waits only on a higher rank:
//
//	edge < peer < torrent < roster < disk < store
//
// so no cycle of waiting can form. Every Call names its row here; a Call without
// a row and a row without a Call fail a test.
package calls

import "github.com/etorrent/etorrent/sup"

// Rank orders the kinds of processes: From of a row is below To.
var Rank = []string{"edge", "peer", "torrent", "roster", "disk", "store"}

// What the edge waits for.
var (
	// AddTorrent: the library adds a torrent.
	AddTorrent = &sup.CallRow{Name: "add torrent", From: "edge", To: "roster"}
	// FindTorrent: a greeted connection looks for its torrent.
	FindTorrent = &sup.CallRow{Name: "find torrent", From: "edge", To: "roster"}
	// RetireTorrent: the library stops a torrent and waits until it is down.
	RetireTorrent = &sup.CallRow{Name: "retire torrent", From: "edge", To: "roster"}
	// ResumeTorrent: the library ends a torrent's quarantine.
	ResumeTorrent = &sup.CallRow{Name: "resume torrent", From: "edge", To: "roster"}
	// AskTorrent: the library asks something of a running torrent.
	AskTorrent = &sup.CallRow{Name: "ask torrent", From: "edge", To: "torrent"}
)

// What whoever removes a torrent waits for.
var (
	// RemoveHold: the torrent is held, so that nobody runs it.
	RemoveHold = &sup.CallRow{Name: "hold", From: "edge", To: "store"}
	// RemoveRelease: that right is given up.
	RemoveRelease = &sup.CallRow{Name: "release", From: "edge", To: "store"}
	// RemoveGetRow: the row is read, and those of all torrents that may share its files.
	RemoveGetRow = &sup.CallRow{Name: "get row", From: "edge", To: "store"}
	// RemoveListRows: these are listed.
	RemoveListRows = &sup.CallRow{Name: "list rows", From: "edge", To: "store"}
	// RemoveOwn: the row gets a new epoch, so that nobody else writes it.
	RemoveOwn = &sup.CallRow{Name: "own row", From: "edge", To: "store"}
	// RemoveDeleteRow: the row is deleted.
	RemoveDeleteRow = &sup.CallRow{Name: "delete row", From: "edge", To: "store"}
)

// What a torrent's control process waits for.
var (
	// ControlGetRow: control reads its row.
	ControlGetRow = &sup.CallRow{Name: "get row", From: "torrent", To: "store"}
	// ControlSaveSettings: control keeps what a person decided.
	ControlSaveSettings = &sup.CallRow{Name: "save settings", From: "torrent", To: "store"}
	// ControlSaveCounters: control keeps the all-time totals.
	ControlSaveCounters = &sup.CallRow{Name: "save counters", From: "torrent", To: "store"}
	// ControlOpenFiles: control opens the torrent on its disk.
	ControlOpenFiles = &sup.CallRow{Name: "open files", From: "torrent", To: "disk"}
	// ControlCloseFiles: control closes the torrent on its disk.
	ControlCloseFiles = &sup.CallRow{Name: "close files", From: "torrent", To: "disk"}
)

// What the roster waits for.
var (
	// RosterHold: the roster takes the right to run a torrent.
	RosterHold = &sup.CallRow{Name: "hold", From: "roster", To: "store"}
	// RosterRelease: the roster gives that right up.
	RosterRelease = &sup.CallRow{Name: "release", From: "roster", To: "store"}
	// RosterFindRow: the roster looks for a row by info-hash.
	RosterFindRow = &sup.CallRow{Name: "find row", From: "roster", To: "store"}
	// RosterInsert: the roster makes a row.
	RosterInsert = &sup.CallRow{Name: "insert row", From: "roster", To: "store"}
	// RosterOwn: the roster becomes the row's owner under a new epoch.
	RosterOwn = &sup.CallRow{Name: "own row", From: "roster", To: "store"}
	// RosterGetRow: the roster reads a row.
	RosterGetRow = &sup.CallRow{Name: "get row", From: "roster", To: "store"}
	// RosterUnclaim: the roster takes claims back that another folder held.
	RosterUnclaim = &sup.CallRow{Name: "unclaim", From: "roster", To: "store"}
	// RosterSaveSettings: the roster keeps what a person asked for.
	RosterSaveSettings = &sup.CallRow{Name: "save settings", From: "roster", To: "store"}
)

// What a disk waits for, on the worker that syncs.
var (
	// DiskClaim: synced pieces are claimed in the row.
	DiskClaim = &sup.CallRow{Name: "claim", From: "disk", To: "store"}
	// DiskUnclaim: claims are taken back that the files do not bear out.
	DiskUnclaim = &sup.CallRow{Name: "unclaim", From: "disk", To: "store"}
	// DiskMarkFiles: the row learns how the files look and whether they are open.
	DiskMarkFiles = &sup.CallRow{Name: "mark files", From: "disk", To: "store"}
)
