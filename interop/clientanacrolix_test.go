//go:build linux

package interop

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/etorrent/etorrent/internal/testnet"
)

// anacrolix is where the program lies that comes with the library anacrolix/torrent.
// It is built once, at the version that tools/anacrolix pins.
var anacrolix = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("../scripts/tool.sh", "anacrolix", "github.com/anacrolix/torrent/cmd/torrent").Output()
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		err = fmt.Errorf("anacrolix/torrent cannot be built: %w\n%s", err, failed.Stderr)
	}
	return strings.TrimSpace(string(out)), err
})

func needAnacrolix(t *testing.T) {
	t.Helper()
	_, err := anacrolix()
	switch {
	case err == nil:
	case os.Getenv("CI") == "true":
		t.Fatal(err)
	default:
		t.Skip(err)
	}
}

// runAnacrolix starts the program, which checks what lies there itself, and shows
// its state at a port of its host.
func runAnacrolix(t *testing.T, at *testnet.Port, j job) *running {
	t.Helper()
	path, err := anacrolix()
	if err != nil {
		t.Fatal(err)
	}
	args := []string{
		"GOPPROF=http=6061", path, "download", "--seed", "--no-dht", "--no-port-forward", "--no-pex", "--no-webtorrent", "--no-utp-peers",
		"--no-ipv6", "--no-progress", "--addr=" + netip.AddrPortFrom(at.Addr(), peerPort).String(),
	}
	c := startOn(t, at.Host, "anacrolix", j.dir, append(args, j.torrent)...)
	web := caller(at.Host)
	return &running{child: c, poll: func() (standing, error) {
		resp, err := web.Get("http://127.0.0.1:6061/")
		if err != nil {
			return standing{}, err
		}
		defer resp.Body.Close()
		status, err := io.ReadAll(resp.Body)
		if err != nil {
			return standing{}, err
		}
		s, err := anacrolixStanding(string(status))
		s.done = s.done && len(nameless(j.dir)) == 0
		return s, err
	}}
}

// nameless are the files that have not got their name yet: the program gives it to
// them some time after it says that it has everything.
func nameless(dir string) []string {
	var out []string
	_ = filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".part") {
			out = append(out, path)
		}
		return nil // what goes while it is looked at is finished
	})
	return out
}

var (
	anacrolixShare = regexp.MustCompile(`(?m)^(\d+\.\d+)% of \d+ bytes`)
	anacrolixUp    = regexp.MustCompile(`BytesWrittenData: \(torrent\.Count\) (\d+)`)
	anacrolixDown  = regexp.MustCompile(`BytesReadUsefulData: \(torrent\.Count\) (\d+)`)
)

// anacrolixStanding reads a page made for people, which begins with what all
// connections sum up to.
func anacrolixStanding(status string) (standing, error) {
	share, up, down := anacrolixShare.FindStringSubmatch(status), anacrolixUp.FindStringSubmatch(status), anacrolixDown.FindStringSubmatch(status)
	if share == nil || up == nil || down == nil {
		return standing{}, errors.New("it shows no torrent")
	}
	s := standing{done: share[1] == "100.000000"}
	var err error
	if s.up, err = strconv.ParseInt(up[1], 10, 64); err != nil {
		return s, err
	}
	s.down, err = strconv.ParseInt(down[1], 10, 64)
	return s, err
}
