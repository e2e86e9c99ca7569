package main

import (
	"os"
	"strings"
	"testing"
)

// All of 127.0.0.0/8 is this machine's on Linux.
func TestABoundFetchLeavesFromItsAddressAndListensThere(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	s := start(t, dir, "seed", "show.torrent", "--state", "seed-state", "--listen", "127.0.0.1:0", "--events")
	r := runProgram(t, dir, "get", "show.torrent", "--dir", "copy", "--state", "g", "--bind", "127.0.0.2", "--peer", s.address(), "--json")
	if listening := objects(t, r.stdout)[0]; r.code != 0 || !strings.HasPrefix(listening["addresses"].([]any)[0].(string), "127.0.0.2:") {
		t.Errorf("exit %d, %v\n%s", r.code, listening, r.stderr)
	}
	if joined := s.until(event("peer")); !strings.HasPrefix(joined["address"].(string), "127.0.0.2:") {
		t.Errorf("the seeder saw %v", joined)
	}
	s.stop(os.Interrupt)
	// 192.0.2.0/24 is no machine's (RFC 5737).
	if r := runProgram(t, dir, "get", "show.torrent", "--state", "g", "--bind", "192.0.2.1"); r.code != int(exitListen) || !strings.Contains(r.stderr, "cannot listen on 192.0.2.1:0 (--bind)") {
		t.Errorf("%+v", r)
	}
}
