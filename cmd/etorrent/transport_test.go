package main

import "testing"

func TestATransportIsUsedOnlyWhereItMayBe(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	peer := seeder(t, dir, "--transport", "tcp").address()
	for _, command := range [][]string{{"get", "show.torrent"}, {"cat", "show.torrent", "small.bin"}} {
		for over, want := range map[string]exitCode{"tcp": exitDone, "any": exitDone, "utp": exitStalled} {
			name := command[0] + "-" + over
			args := append(command, "--dir", name, "--state", name+"-state", "--listen", "127.0.0.1:0", "--peer", peer)
			if want == exitStalled {
				args = append(args, "--stall-timeout", "2s")
			}
			if r := runProgram(t, dir, append(args, "--transport", over)...); r.code != int(want) {
				t.Errorf("%s over %s from who has TCP alone: %+v", command[0], over, r)
			}
		}
	}
	get := start(t, dir, "get", "show.torrent", "--dir", "copy", "--state", "g", "--listen", "127.0.0.1:0", "--transport", "tcp", "--stall-timeout", "3s")
	seeder(t, dir, "--state", "utp-state", "--transport", "utp", "--peer", get.address())
	if code, end := get.end(); code != int(exitStalled) {
		t.Errorf("from a seeder that dials over uTP alone: exit %d, %v", code, end)
	}
}
