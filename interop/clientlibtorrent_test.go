//go:build linux

package interop

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"testing"

	"github.com/etorrent/etorrent/internal/testnet"
)

// runLibtorrentClient starts a session of libtorrent.
func runLibtorrentClient(t *testing.T, at *testnet.Port, j job) *running {
	t.Helper()
	return runSession(t, at, j, map[string]any{})
}

// runSession starts a session of libtorrent with more arguments for its script.
func runSession(t *testing.T, at *testnet.Port, j job, more map[string]any) *running {
	t.Helper()
	arguments := map[string]any{
		"torrent": j.torrent, "dir": j.dir, "listen": at.Addr().String(), "port": peerPort, "role": string(j.role),
	}
	maps.Copy(arguments, more)
	argument, err := json.Marshal(arguments)
	if err != nil {
		t.Fatal(err)
	}
	script, err := filepath.Abs(filepath.Join("testdata", "libtorrent_peer.py"))
	if err != nil {
		t.Fatal(err)
	}
	c := startOn(t, at.Host, "libtorrent", j.dir, python, script, string(argument))
	return &running{child: c, poll: func() (standing, error) {
		var now standing
		for _, r := range c.all() {
			if r.Event == "status" {
				now = standing{r.Done, r.Uploaded, r.session.Downloaded}
			}
		}
		return now, nil
	}}
}
