//go:build linux

package relay

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/utpsim"
	"github.com/etorrent/etorrent/interop/libutp"
)

// job is what an end of a connection does: it writes the pattern, and what came where it
// is an echo, and ends its stream when it has written all and has what it wants.
type job struct {
	send   int64
	want   int64 // bytes; untilEnd: until the other end has ended its stream
	echo   bool
	pause  time.Duration // in the midst of what it sends
	leaves int64         // bytes: when they have come it leaves the connection, and its socket stays; 0: never
	times  int           // of who listens: that it does this, each for a connection; 0: once
}

// stays says whether a socket is there for longer than one connection.
func (j job) stays() bool { return j.leaves > 0 || j.times > 1 }

const untilEnd = -1

// outcome is what came of a job.
type outcome struct {
	received int64
	sum      string
	took     time.Duration // from the begin of the connection until the last byte came
	fault    string        // empty: it was closed in order
}

// party is a program or a library that speaks uTP. What it begins ends with ctx. What end
// returns is of a connection, of the next one each time that it is called.
type party interface {
	listen(ctx context.Context, host netip.Addr, j job) (at netip.AddrPort, end func() outcome, err error)
	dial(ctx context.Context, at netip.AddrPort, j job) (end func() outcome, err error)
}

// told is a line of a peer on a socket.
type told struct {
	Event    string
	Number   int // of a connection
	Host     string
	Port     uint16
	Received int64
	Micros   int64
	SHA256   string
	Fault    string
}

// foreign is a party that is a program of others: ../peer/sockets.cpp, and node/peer.js,
// which does the same.
type foreign struct{ words []string }

// theirs is libutp as it is shipped.
func theirs(t testing.TB) party {
	t.Helper()
	return foreign{[]string{libutp.Build(t, libutp.Robust)}}
}

// node is utp-native.
func node(t testing.TB) party {
	t.Helper()
	folder, err := utpNative()
	if err == nil {
		_, err = exec.LookPath("node")
	}
	if err != nil && os.Getenv("CI") != "true" {
		t.Skipf("there is no utp-native to test against: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return foreign{[]string{"env", "UTP_NATIVE=" + folder, "node", filepath.Join("node", "peer.js")}}
}

var utpNative = sync.OnceValues(func() (string, error) {
	folder, err := exec.Command(filepath.Join("..", "..", "..", "scripts", "utpnative.sh")).Output()
	return strings.TrimSpace(string(folder)), err
})

// process is a peer that runs.
type process struct {
	cmd   *exec.Cmd
	lines *bufio.Scanner
}

func (f foreign) start(ctx context.Context, mode string, at netip.AddrPort, j job) (process, error) {
	args := append(f.words[1:len(f.words):len(f.words)], mode, at.String(), "send", strconv.FormatInt(j.send, 10), "buffer", strconv.Itoa(relayBuffer))
	if j.want != untilEnd {
		args = append(args, "want", strconv.FormatInt(j.want, 10))
	}
	if j.echo {
		args = append(args, "echo")
	}
	if j.pause > 0 {
		args = append(args, "pause", strconv.FormatInt(j.pause.Milliseconds(), 10))
	}
	if j.leaves > 0 {
		args = append(args, "leave", strconv.FormatInt(j.leaves, 10))
	}
	if j.times > 1 {
		args = append(args, "times", strconv.Itoa(j.times))
	}
	cmd := exec.CommandContext(ctx, f.words[0], args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return process{}, err
	}
	return process{cmd, bufio.NewScanner(out)}, cmd.Start()
}

// next is what it tells next.
func (p process) next(event string) (line told, err error) {
	if !p.lines.Scan() {
		return line, fmt.Errorf("it ended with %v before %q", p.cmd.Wait(), event)
	}
	if err := json.Unmarshal(p.lines.Bytes(), &line); err != nil || line.Event != event {
		return line, fmt.Errorf("it tells %s, not %q: %w", p.lines.Bytes(), event, err)
	}
	return line, nil
}

// ends is what tells what became of its connections, each when it has told all of it.
func (p process) ends(times int) func() outcome {
	outcomes := make([]chan outcome, max(times, 1))
	for i := range outcomes {
		outcomes[i] = make(chan outcome, 1)
	}
	go func() {
		defer func() { _ = p.cmd.Wait() }() // its code says no more than its faults
		for range outcomes {
			line, err := p.next("ended")
			if err != nil {
				for _, o := range outcomes {
					select {
					case o <- outcome{fault: err.Error()}:
					default: // it is told
					}
				}
				return
			}
			outcomes[line.Number] <- outcome{line.Received, line.SHA256, time.Duration(line.Micros) * time.Microsecond, line.Fault}
		}
	}()
	var asked atomic.Int32
	return func() outcome { return <-outcomes[asked.Add(1)-1] }
}

func (f foreign) listen(ctx context.Context, host netip.Addr, j job) (netip.AddrPort, func() outcome, error) {
	p, err := f.start(ctx, "listen", netip.AddrPortFrom(host, 0), j)
	if err != nil {
		return netip.AddrPort{}, nil, err
	}
	line, err := p.next("listening")
	if err != nil {
		return netip.AddrPort{}, nil, err
	}
	return netip.AddrPortFrom(netip.MustParseAddr(line.Host), line.Port), p.ends(j.times), nil
}

func (f foreign) dial(ctx context.Context, at netip.AddrPort, j job) (func() outcome, error) {
	p, err := f.start(ctx, "connect", at, j)
	if err != nil {
		return nil, err
	}
	return p.ends(1), nil
}

// patternSum is the SHA-256 of the first bytes of the pattern.
func patternSum(n int64) string {
	sum := sha256.New()
	for at := int64(0); at < n; {
		piece := utpsim.Pattern(at, int(min(n-at, 1<<19)))
		sum.Write(piece)
		at += int64(len(piece))
	}
	return hex.EncodeToString(sum.Sum(nil))
}
