//go:build linux

package libutp

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/netip"
	"os/exec"
	"strconv"
	"syscall"
	"testing"

	"github.com/etorrent/etorrent/internal/utpsim"
)

// told is a line of the peer on a socket.
type told struct {
	Event    string
	Host     string
	Port     uint16
	Received int
	SHA256   string
	Fault    string
}

// socketPeer is a libutp on a socket, until the test ends.
type socketPeer struct {
	cmd   *exec.Cmd
	lines *bufio.Scanner
}

func startPeer(t *testing.T, f Flavour, args ...string) socketPeer {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), Build(t, f), args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	return socketPeer{cmd, bufio.NewScanner(out)}
}

func (p socketPeer) tells(t *testing.T, event string) (line told) {
	t.Helper()
	if !p.lines.Scan() {
		t.Fatalf("it ended with %v before %q", p.cmd.Wait(), event)
	}
	if err := json.Unmarshal(p.lines.Bytes(), &line); err != nil || line.Event != event {
		t.Fatalf("it tells %s, not %q: %v", p.lines.Bytes(), event, err)
	}
	return line
}

// ends waits for the end of the peer, which got the first bytes of the pattern.
func (p socketPeer) ends(t *testing.T, got int) {
	t.Helper()
	sum := sha256.New()
	for at := 0; at < got; {
		n := min(got-at, 1<<19)
		sum.Write(utpsim.Pattern(int64(at), n))
		at += n
	}
	line := p.tells(t, "ended")
	if want := hex.EncodeToString(sum.Sum(nil)); line.Received != got || line.SHA256 != want || line.Fault != "" {
		t.Errorf("it tells %+v, want %d bytes of %s", line, got, want)
	}
	if err := p.cmd.Wait(); err != nil {
		t.Error(err)
	}
}

func TestTwoLibutpsOnSocketsHaveTheSameStream(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"127.0.0.1", "::1"} {
		for _, size := range []int{1, 1382, 1 << 16, 4 << 20} {
			for _, f := range []Flavour{Robust, Asserts} {
				t.Run(fmt.Sprintf("%s, %d bytes, flavour %d", host, size, f), func(t *testing.T) {
					t.Parallel()
					listener := startPeer(t, f, "listen", netip.AddrPortFrom(netip.MustParseAddr(host), 0).String(), "echo", "buffer", "4194304")
					at := listener.tells(t, "listening")
					to := netip.AddrPortFrom(netip.MustParseAddr(at.Host), at.Port).String()
					n := strconv.Itoa(size)
					asker := startPeer(t, f, "connect", to, "send", n, "want", n, "buffer", "4194304")
					asker.ends(t, size)
					listener.ends(t, size)
				})
			}
		}
	}
}
