// Command etorrent is a BitTorrent client: it fetches, shares, makes, shows and
// verifies torrents. It uses the library as any host would.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/etorrent/etorrent/cmd/etorrent/internal/jsonl"
	"github.com/etorrent/etorrent/sup"
)

const (
	// memoryLimit is the heap size, in bytes, from which on the collector works
	// harder. The engine's own budgets stay far below it.
	memoryLimit = 512 << 20
	// collectAt is how many percent the heap grows between two collections: most
	// of it is buffers that are used again, so a small heap costs little time.
	collectAt = 25
)

func main() {
	limitMemory()
	os.Exit(int(run(thisHost(), os.Args[1:])))
}

// limitMemory sets what the person who started the program did not.
func limitMemory() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectAt)
	}
}

// host is what the program uses of the machine that it runs on.
type host struct {
	stdin          io.Reader
	stdout, stderr *stream
	env            func(string) (string, bool)
	now            func() time.Time
	goos           string
	typed          []string // the command line
	abort          func(code int)
	terminal       func() terminalState
	// release gives the signals back to the system when a command has ended.
	release func(chan<- os.Signal)
	hook    sup.Hook // of engines, for tests
}

func thisHost() *host {
	return &host{
		stdin: os.Stdin, stdout: fileStream(os.Stdout), stderr: fileStream(os.Stderr), env: os.LookupEnv,
		now: time.Now, goos: runtime.GOOS, typed: os.Args, abort: os.Exit,
		terminal: terminalOf(os.Stdin, os.Stdout, os.Stderr),
		// The program ends with its command: a signal that comes in between must not
		// turn its exit code into another.
		release: func(chan<- os.Signal) {},
	}
}

// run runs a command line as a process under a supervisor, so that a crash of
// it ends in a report like any other.
func run(h *host, args []string) exitCode {
	ended, crashed := make(chan exitCode, 1), make(chan sup.Report, 1)
	command := sup.Child{Name: "command", Restart: sup.Temporary, Run: func(p *sup.Process) error {
		p.Ready()
		ended <- execute(p, h, args)
		return nil
	}}
	observe := func(r sup.Report) {
		select {
		case crashed <- r:
		default:
		}
	}
	spec := sup.Supervisor{Strategy: sup.OneForOne, Children: []sup.Child{command}}
	if _, err := sup.Start(context.Background(), "etorrent", spec, sup.Options{Observe: observe}); err != nil {
		fmt.Fprintln(h.stderr, "etorrent:", err)
		return exitBug
	}
	select {
	case code := <-ended:
		return code
	case r := <-crashed:
		reportPath, err := writeCrash(guessedState(h, args), crashOf(r), h.now())
		o := newOutput(h, guessedOutput(h, args))
		o.fail(&jsonl.Error{Message: fmt.Sprintf("the command %v; %s", r.Exit, whereReport(reportPath, err)), Report: reportPath})
		o.tell(&jsonl.End{Exit: int(exitBug), Reason: reasons[exitBug], Torrents: o.torrents})
		return exitBug
	}
}
