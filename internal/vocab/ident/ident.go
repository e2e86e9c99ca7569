// Package ident has the identifiers that the engine gives to its own things.
package ident

import "strconv"

// TorrentID names a torrent inside one state folder; it is the id of its row.
// It never goes over the wire: there the info-hash names a torrent.
type TorrentID int64

// String returns the id in decimal.
func (id TorrentID) String() string { return strconv.FormatInt(int64(id), 10) }
