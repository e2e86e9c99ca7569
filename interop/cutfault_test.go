//go:build linux

package interop

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// injections are the calls that are made to fail, and how many of each a thread of
// a download of this size makes at the most.
var injections = []struct {
	call        string
	least, most int // the first ones are the loader's and the runtime's
}{
	{"pwrite64", 1, 60}, {"pwritev", 1, 20}, {"fsync", 1, 20}, {"fdatasync", 1, 5}, {"openat", 16, 60}, {"mkdirat", 1, 5},
	{"ftruncate", 1, 3}, {"unlinkat", 1, 2}, {"linkat", 1, 1}, {"pread64", 4, 40}, {"newfstatat", 4, 9}, {"fstat", 1, 12},
	{"renameat", 1, 1}, {"copy_file_range", 1, 2}, {"fchmod", 1, 1},
}

// faultExits are the ways in which a download may end when the disk fails it.
var faultExits = []int{
	0, // it was not needed, or asked for again
	7, // the disk
}

// A call of the real program fails with ENOSPC or EIO, once or from then on, in
// the download folder, in the state folder or elsewhere: the program ends with
// its reason, nothing is claimed that is wrong, a file with another name is left
// as it is, and the next run completes.
// ETORRENT_FAULTS is how many such runs there are.
func TestAFailingCallEndsInItsReasonAndNothingIsLost(t *testing.T) {
	t.Parallel()
	need(t, "strace", "strace", "-V")
	rnd := random(t)
	m := volumes("cut", 200_000, 333_333, 0, 150_000).material(t, cutPiece, madeByUs)
	from := listens(t, seed(t, m.torrent, m.parent))
	met := map[int]int{}
	order := rnd.Perm(len(injections))
	for n := range fromEnv(t, "ETORRENT_FAULTS", 2*len(injections)) {
		code, what := failOnce(t, m, from, order[n%len(order)], rnd)
		met[code]++
		if !slices.Contains(faultExits, code) {
			t.Fatalf("run %d, %s: exit code %d", n, what, code)
		}
	}
	t.Logf("exit codes: %v", met)
	if met[7] == 0 {
		t.Error("no fault was met")
	}
}

// failOnce downloads with a fault, over files one of which is a link, and again
// without.
func failOnce(t *testing.T, m material, from netip.AddrPort, injection int, rnd *rand.Rand) (code int, what string) {
	t.Helper()
	i := injections[injection]
	cause := []string{"ENOSPC", "EIO"}[rnd.IntN(2)]
	until := []string{"", "+"}[rnd.IntN(2)]
	what = fmt.Sprintf("%s:error=%s:when=%d%s", i.call, cause, i.least+rnd.IntN(i.most-i.least+1), until)
	base := fastFolder(t)
	x := &recorded{material: m, base: base, dl: filepath.Join(base, "deep", "dl"), state: filepath.Join(base, "kept", "st")}
	halfIsLinked(t, x)
	args := append([]string{"-f", "-qq", "-e", "trace=" + i.call, "-e", "inject=" + what, "-o", "/dev/null"}, x.command(t, "--peer", from.String())...)
	c := exec.Command("strace", args...)
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := c.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	code = c.ProcessState.ExitCode()
	if strings.Contains(string(out), "panic") || strings.Contains(string(out), "goroutine ") {
		t.Errorf("%s: it crashed:\n%s", what, out)
	}
	if reports, _ := os.ReadDir(filepath.Join(x.state, "crashes")); len(reports) > 0 {
		t.Errorf("%s: it left crash reports", what)
	}
	if code != 0 && !strings.Contains(string(out), `"event":"error"`) && !strings.Contains(string(out), "etorrent:") {
		t.Errorf("%s: exit code %d, and no reason:\n%s", what, code, out)
	}
	x.mustComplete(t, what, from)
	return code, what
}

// mustComplete runs the program without faults: what it claims at its start is
// right, and it ends with everything.
func (r *recorded) mustComplete(t *testing.T, what string, from netip.AddrPort) {
	t.Helper()
	x := newCutter(t, r)
	if err := errors.Join(x.restart(t), x.kept()); err != nil {
		t.Errorf("%s: afterwards %v", what, err)
	}
	args := r.command(t, "--peer", from.String())
	if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
		t.Errorf("%s: the next run: %v\n%s", what, err, out)
	}
	mustBeEqual(t, r.parent, r.dl)
	if err := x.kept(); err != nil {
		t.Errorf("%s: after the next run %v", what, err)
	}
}
