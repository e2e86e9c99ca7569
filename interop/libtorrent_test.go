//go:build linux

package interop

import (
	"encoding/json"
	"maps"
	"net/netip"
	"path/filepath"
	"testing"
)

// python is Debian's; another one in PATH lacks the module.
const python = "/usr/bin/python3"

func needLibtorrent(t *testing.T) {
	t.Helper()
	need(t, "python3-libtorrent", python, "-c", "import libtorrent")
}

// A role says what a libtorrent session believes of its files at first.
type role string

const (
	roleSeed role = "seed" // they are complete
	roleAny  role = "any"  // they are to be hashed
)

// libtorrent is a session with one torrent.
type libtorrent struct {
	*child
	addr netip.Addr
}

func runLibtorrent(t *testing.T, torrent, dir string, r role) libtorrent {
	t.Helper()
	return runLibtorrentWith(t, torrent, dir, r, map[string]any{})
}

// runLibtorrentWith starts it with more arguments for its script.
func runLibtorrentWith(t *testing.T, torrent, dir string, r role, more map[string]any) libtorrent {
	t.Helper()
	needLibtorrent(t)
	at := address()
	arguments := map[string]any{"torrent": torrent, "dir": dir, "listen": at.String(), "role": string(r)}
	maps.Copy(arguments, more)
	argument, err := json.Marshal(arguments)
	if err != nil {
		t.Fatal(err)
	}
	return libtorrent{start(t, "libtorrent", python, filepath.Join("testdata", "libtorrent_peer.py"), string(argument)), at}
}

// listens returns where the session accepts connections.
func (l libtorrent) listens(t *testing.T) netip.AddrPort {
	t.Helper()
	return netip.AddrPortFrom(l.addr, l.await(t, "where it listens", named("listening")).Port)
}

func (l libtorrent) order(t *testing.T, fields map[string]any) {
	t.Helper()
	line, err := json.Marshal(fields)
	if err == nil {
		_, err = l.stdin.Write(append(line, '\n'))
	}
	if err != nil {
		t.Fatalf("%s: %v", l.name, err)
	}
}

// connect makes the session dial a peer.
func (l libtorrent) connect(t *testing.T, to netip.AddrPort) {
	t.Helper()
	l.order(t, map[string]any{"do": "connect", "address": to.Addr().String(), "port": to.Port()})
}

// unchanged leaves a limit as it is.
const unchanged = -1

// limit sets the rates in bytes per second; 0 is unlimited.
func (l libtorrent) limit(t *testing.T, up, down int) {
	t.Helper()
	l.order(t, map[string]any{"do": "limit", "up": up, "down": down})
}

// awaitDone waits until the session has everything.
func (l libtorrent) awaitDone(t *testing.T) {
	t.Helper()
	l.await(t, "that it has everything", func(r *report) bool { return r.Event == "status" && r.Done })
}

// stop ends the session and returns its last status.
func (l libtorrent) stop(t *testing.T) report {
	t.Helper()
	_ = l.stdin.Close()
	l.mustExit(t, 0)
	return l.await(t, "its end", named("end"))
}

// complaints are the alerts that blame the other side, and data that failed.
func (l libtorrent) complaints() []string {
	var out []string
	for _, r := range l.all() {
		switch {
		case r.Event == "alert" && r.Kind != "peer_disconnected_alert":
			out = append(out, r.Kind+": "+r.Message)
		case r.Failed > 0:
			out = append(out, "data failed its check")
		}
	}
	return out
}

// mustBeContent fails the test when the session complains of its peers.
func (l libtorrent) mustBeContent(t *testing.T) {
	t.Helper()
	for _, c := range l.complaints() {
		t.Errorf("%s: %s", l.name, c)
	}
}
