//go:build linux

// Command bench measures what it costs to move, check and hold torrents: ours
// beside libtorrent, beside other programs of the system, and beside the floor, a
// program that does only what cannot be left out. NOTES.md says what each row
// measures and how.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// roles are what this program is when it is one end of a measurement, by its first
// argument.
var roles = map[string]func(args []string) error{
	roleFloorSend:     floorSendMain,
	roleFloorReceive:  floorReceiveMain,
	roleLeech:         leechMain,
	roleHash:          hashMain,
	roleIdle:          idleMain,
	roleBulkSend:      bulkSendMain,
	roleBulkReceive:   bulkReceiveMain,
	roleSlow:          slowMain,
	roleAnnounce:      announceMain,
	roleName:          nameMain,
	roleManyTake:      manyTakeMain,
	roleManyGive:      manyGiveMain,
	roleSandbox:       sandboxMain,
	roleStreamSend:    streamSendMain,
	roleStreamReceive: streamReceiveMain,
}

func main() {
	if len(os.Args) > 1 && roles[os.Args[1]] != nil {
		if err := roles[os.Args[1]](os.Args[2:]); err != nil {
			fmt.Fprintf(os.Stderr, "bench %s: %v\n", os.Args[1], err)
			os.Exit(1)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := bench(ctx, os.Stdout, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}
