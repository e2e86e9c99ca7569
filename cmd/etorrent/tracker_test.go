package main

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/etorrent/etorrent/metainfo"
	"github.com/etorrent/etorrent/tracker"
)

// trackerProgram is a tracker as a program, and what it writes.
type trackerProgram struct {
	t    *testing.T
	cmd  *exec.Cmd
	out  *bufio.Reader
	errs bytes.Buffer
}

func startTracker(t *testing.T, dir string, args ...string) *trackerProgram {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("no signals stop a program here")
	}
	p := &trackerProgram{t: t, cmd: program(t, dir, append([]string{"tracker"}, args...)...)}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Stderr = &p.errs
	p.out = bufio.NewReader(out)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.cmd.Process.Kill() })
	return p
}

func (p *trackerProgram) line() string {
	p.t.Helper()
	line, err := p.out.ReadString('\n')
	if err != nil {
		p.t.Fatalf("%v\n%s", err, &p.errs)
	}
	return line
}

// interrupt ends it and returns what it still wrote, and its exit code.
func (p *trackerProgram) interrupt() (string, int) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		p.t.Fatal(err)
	}
	rest, err := io.ReadAll(p.out)
	if err != nil {
		p.t.Fatal(err)
	}
	_ = p.cmd.Wait()
	return string(rest), p.cmd.ProcessState.ExitCode()
}

// announceTo announces a seed over HTTP and returns the answer.
func announceTo(t *testing.T, announce string, hash metainfo.InfoHash) string {
	t.Helper()
	q := url.Values{"info_hash": {string(hash[:])}, "peer_id": {"-XX0000-012345678901"}, "port": {"4001"}, "left": {"0"}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, announce+"?"+q.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestATrackerTellsProgramsItsURLsAndTotalsAndEndsByASignal(t *testing.T) {
	t.Parallel()
	p := startTracker(t, t.TempDir(), "--listen", "127.0.0.1:0", "--json", "--interval", "10s")
	first := p.line()
	var urls []string
	for _, u := range objects(t, first)[0]["announce"].([]any) {
		urls = append(urls, u.(string))
	}
	at := slices.IndexFunc(urls, func(u string) bool { return strings.HasPrefix(u, "http://127.0.0.1:") })
	if at < 0 || !slices.ContainsFunc(urls, func(u string) bool { return strings.HasPrefix(u, "udp://127.0.0.1:") }) {
		t.Fatalf("URLs %q", urls)
	}
	if got := announceTo(t, urls[at], metainfo.InfoHash{1}); !strings.Contains(got, "8:intervali1") {
		t.Errorf("answered %q", got)
	}
	rest, code := p.interrupt()
	all := objects(t, rest)
	last, end := all[len(all)-2], all[len(all)-1]
	if last["event"] != "totals" || last["seeders"] != 1.0 || last["announces"] != 1.0 {
		t.Errorf("totals %v", last)
	}
	if code != int(exitInterrupted) || end["event"] != "end" || end["exit"] != 130.0 {
		t.Errorf("ended with %d: %v", code, end)
	}
}

func TestATrackerTellsPeopleWhereItIsAndHowItStands(t *testing.T) {
	t.Parallel()
	p := startTracker(t, t.TempDir(), "--listen", "127.0.0.1:0", "--listen", "127.0.0.2:0")
	var lines []string
	for range 4 {
		lines = append(lines, p.line())
	}
	rest, code := p.interrupt()
	if text := strings.Join(lines, "") + rest; strings.Count(text, "announce URL: ") != 4 || !strings.Contains(text, "0 torrents, 0 seeders, 0 leechers") || code != 130 {
		t.Errorf("exit %d:\n%s", code, text)
	}
}

func TestATrackerThatCannotListenOrReadItsFolderSaysSo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	other, err := tracker.New(t.Context(), tracker.Options{Listen: []string{"127.0.0.1:0"}})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Shutdown(t.Context())
	taken := other.Addrs()[0].String()
	for _, c := range []struct {
		args []string
		code exitCode
		says string
	}{
		{[]string{"--listen", taken}, exitListen, taken},
		{[]string{"--listen", "127.0.0.1:0", "--allow", "nowhere"}, exitSource, "nowhere"},
		{[]string{"--interval", "0s"}, exitUsage, "--interval"},
		{[]string{"--listen", "x:y"}, exitUsage, "x:y"},
		{[]string{"more"}, exitUsage, "more"},
	} {
		if r := runProgram(t, dir, append([]string{"tracker"}, c.args...)...); r.code != int(c.code) || !strings.Contains(r.stderr, c.says) {
			t.Errorf("%q: %+v", c.args, r)
		}
	}
}

func TestATrackerAllowsWhatLiesInItsFolderNow(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	raw, err := os.ReadFile(filepath.Join(dir, "show.torrent"))
	if err != nil {
		t.Fatal(err)
	}
	show, err := metainfo.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(dir, "allowed")
	write(t, filepath.Join(folder, "nonsense.torrent"), "nonsense")
	h, _, stderr := testHost(t, nil)
	o := newOutput(h, outputFlags{})
	f := newAllowFolder(folder)
	if err := f.read(o); err != nil || len(f.hashes()) != 0 || strings.Count(stderr.String(), "nonsense.torrent allows nothing") != 1 {
		t.Fatalf("%v, %q", err, stderr)
	}
	tr, err := tracker.New(t.Context(), tracker.Options{Listen: []string{"127.0.0.1:0"}, Allow: tracker.Only(f.hashes())})
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Shutdown(t.Context())
	allows := func(want string) {
		t.Helper()
		f.follow(o, tr)
		if got := announceTo(t, "http://"+tr.Addrs()[0].String()+"/announce", show.ID().V1); !strings.Contains(got, want) {
			t.Errorf("answered %q, want %q", got, want)
		}
	}
	const refused, taken = "failure reason", "8:interval"
	allows(refused)
	write(t, filepath.Join(folder, "new.torrent"), string(raw))
	allows(taken)
	if err := os.Rename(folder, folder+" away"); err != nil {
		t.Fatal(err)
	}
	allows(taken)
	allows(taken)
	if n := strings.Count(stderr.String(), "stays allowed"); n != 1 {
		t.Errorf("warned %d times: %s", n, stderr)
	}
	if err := os.Rename(folder+" away", folder); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(folder, "new.torrent")); err != nil {
		t.Fatal(err)
	}
	allows(refused)
	if n := strings.Count(stderr.String(), "allows nothing"); n != 1 {
		t.Errorf("warned %d times: %s", n, stderr)
	}
}
