//go:build linux

package interop

import (
	"encoding/hex"
	"encoding/json"
	"testing"
)

// report is one line of JSON that a program printed: etorrent's events and the
// libtorrent script's have names of their own, and share this type.
type report struct {
	Event  string `json:"event"`
	Status string `json:"status"`

	Addresses    []string `json:"addresses"`
	Claimed      string   `json:"claimed"`
	ClaimedBytes int64    `json:"claimed_bytes"`
	Pieces       int      `json:"pieces"`
	Index        int      `json:"index"`
	State        string   `json:"state"`
	Address      string   `json:"address"`
	Client       string   `json:"client"`
	Reason       string   `json:"reason"`
	Transport    string   `json:"transport"`
	Message      string   `json:"message"`
	Stored       int64    `json:"stored"`
	Bad          int      `json:"bad"`
	Exit         int      `json:"exit"`
	Torrents     []struct {
		Downloaded int64 `json:"downloaded"`
		Uploaded   int64 `json:"uploaded"`
		Stored     int64 `json:"stored"`
	} `json:"torrents"`
	Announce []string `json:"announce"`
	Seeders  int      `json:"seeders"`

	session
}

// session is what the libtorrent script tells beside.
type session struct {
	Port       uint16 `json:"port"`
	Done       bool   `json:"done"`
	Uploaded   int64  `json:"uploaded"`
	Downloaded int64  `json:"downloaded"`
	Failed     int64  `json:"failed"`
	Redundant  int64  `json:"redundant"`
	Peers      int    `json:"peers"`
	OverUTP    int    `json:"over_utp"` // peers
	Kind       string `json:"kind"`
}

// parseReport reads a line; a line that is no JSON object is no report.
func parseReport(line []byte) (r report, err error) {
	err = json.Unmarshal(line, &r)
	return r, err
}

// named matches reports of one event.
func named(event string) func(*report) bool {
	return func(r *report) bool { return r.Event == event }
}

// claims are the indices of a bitfield in hex.
func claims(t *testing.T, r *report) map[int]bool {
	t.Helper()
	bits, err := hex.DecodeString(r.Claimed)
	if err != nil {
		t.Fatalf("claimed: %v", err)
	}
	set := map[int]bool{}
	for i := range 8 * len(bits) {
		if bits[i/8]&(0x80>>(i%8)) != 0 {
			set[i] = true
		}
	}
	return set
}
