package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/cmd/etorrent/internal/control"
	"github.com/etorrent/etorrent/cmd/etorrent/internal/jsonl"
	"github.com/etorrent/etorrent/sup"
)

// controlOpens and controlCloses bound how long the control socket may hold up the begin
// and the end. Its folder is that of the state, which is open by then: where opening takes
// long others want the processor, and whoever waits for us may look for the socket next.
const (
	controlOpens  = 10 * time.Second
	controlCloses = 2 * time.Second
)

// openControl opens the socket at which etorrent ps looks at this program. Without it
// everything else goes on.
func (e *engine) openControl() {
	ctx, cancel := context.WithTimeout(e.s.ctx, controlOpens)
	defer cancel()
	server, err := control.Start(ctx, control.Config{
		Folder: e.state, PID: os.Getpid(), Version: etorrent.Version, Command: typedAgain(e.s.host),
		Tree: e.client.Tree, Kill: e.client.Kill,
		Observe: func(r sup.Report) { _, _ = writeCrash(e.state, crashOf(r), e.s.host.now()) },
	})
	if err == nil {
		e.control = server
		err = server.Opening(ctx)
	}
	if err != nil && e.s.ctx.Err() == nil {
		e.s.out.warn(&jsonl.Warning{Message: fmt.Sprintf("etorrent ps cannot look at this program: %v", err)})
	}
}

// closeControl closes the socket, when what it tells of is down.
func (e *engine) closeControl() {
	if e.control == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), controlCloses)
	defer cancel()
	_ = e.control.Stop(ctx)
}
