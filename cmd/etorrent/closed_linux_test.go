package main

import "testing"

// A terminal that closes stops the program, also where hangups have another meaning.
func TestAClosedTerminalStopsInOrder(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	write(t, dir+"/list.p2p", "# nobody\n")
	for _, more := range [][]string{nil, {"--ip-filter", "list.p2p"}} {
		p := openPTY(t, 80, 24)
		cmd := program(t, dir, append([]string{"seed", "show.torrent", "--state", "s", "--listen", "127.0.0.1:0"}, more...)...)
		p.start(cmd)
		p.until("seeding show")
		_ = p.keyboard.Close()
		if _ = cmd.Wait(); cmd.ProcessState.ExitCode() != int(exitTerminated) {
			t.Errorf("%v: %v", more, cmd.ProcessState)
		}
	}
}
