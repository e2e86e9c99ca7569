//go:build linux

package main

import (
	"context"
	_ "embed"
	"strconv"
)

//go:embed libtorrent_peer.py
var libtorrentPeer string

// vouching is what libtorrent's seed does with a piece that it first sends.
type vouching string

const (
	trusting vouching = "trusts"
	hashing  vouching = "hashes"
)

// transportOf is the one transport that a client may use.
type transportOf string

const (
	overTCP transportOf = "tcp"
	overUTP transportOf = "utp"
)

// libtorrentEnd says how libtorrent is set.
type libtorrentEnd struct {
	vouching  vouching
	transport transportOf
	reqq      int // requests that its seed lets wait; 0 is its own
	buffers   int // bytes for its UDP sockets; 0 is the system's
}

// libtorrentPeers is libtorrent whose seed trusts its files as ours does,
// libtorrentAsItComes hashes each piece that it first sends.
var (
	libtorrentPeers     = libtorrentEnd{vouching: trusting, transport: overTCP}.peer("libtorrent")
	libtorrentAsItComes = libtorrentEnd{vouching: hashing, transport: overTCP}.peer("libtorrent as it comes")
)

func (e libtorrentEnd) peer(name string) peer {
	run := func(role string, more ...string) []string {
		return append([]string{"-c", libtorrentPeer, role, string(e.transport), strconv.Itoa(e.buffers)}, more...)
	}
	return peer{
		name: name, available: needs(libtorrentTool), began: "start", done: "done",
		serve: func(ctx context.Context, l *lab, m *material, address string) (*child, error) {
			c, err := l.start(ctx, python, run("seed", m.torrent, m.dir, address, strconv.Itoa(e.reqq), string(e.vouching))...)
			return started(c, err, "ready")
		},
		fetch: func(ctx context.Context, l *lab, m *material, address string) (*child, error) {
			return l.start(ctx, python, run("fetch", m.torrent, l.copies(), address)...)
		},
	}
}
