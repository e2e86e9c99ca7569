package main

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

// passkey is one that must not be seen.
const passkey = "c0ffee0123456789c0ffee0123456789"

// ledger is a tracker that notes what it hears and names what it is told to.
type ledger struct {
	url   string
	first chan struct{} // closed when it hears something

	mu      sync.Mutex
	heard   []url.Values
	names   []netip.AddrPort
	refusal string
}

func startLedger(t *testing.T) *ledger {
	t.Helper()
	l := &ledger{first: make(chan struct{})}
	server := httptest.NewServer(l)
	t.Cleanup(server.Close)
	l.url = server.URL + "/" + passkey + "/announce"
	return l
}

// ServeHTTP answers an announce.
func (l *ledger) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.heard = append(l.heard, r.URL.Query()); len(l.heard) == 1 && l.first != nil {
		close(l.first)
	}
	if l.refusal != "" {
		f := tracker.Failure{Reason: l.refusal}
		_, _ = w.Write(f.AppendFailure(nil))
		return
	}
	answer := tracker.Response{Interval: time.Hour, Peers: l.names, Seeders: 1, Leechers: 0}
	_, _ = w.Write(answer.AppendResponse(nil, tracker.Compact))
}

func (l *ledger) events() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []string
	for _, q := range l.heard {
		out = append(out, q.Get("event"))
	}
	return out
}

// starts is how many runs it heard of.
func (l *ledger) starts() (n int) {
	for _, e := range l.events() {
		if e == "started" {
			n++
		}
	}
	return n
}

// getter are the arguments of a fetch by a tracker.
func getter(announce string, more ...string) []string {
	return append([]string{"get", "show.torrent", "--dir", "copy", "--state", "get-state", "--listen", "127.0.0.1:0", "--tracker", announce}, more...)
}

func TestSeedAndGetFindEachOtherByATracker(t *testing.T) {
	t.Parallel()
	for _, scheme := range []string{"http", "udp"} {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			dir := makeShow(t)
			p := startTracker(t, t.TempDir(), "--listen", "127.0.0.1:0", "--json")
			announce := ""
			for _, u := range objects(t, p.line())[0]["announce"].([]any) {
				if strings.HasPrefix(u.(string), scheme+"://127.0.0.1") {
					announce = u.(string)
				}
			}
			s := seeder(t, dir, "--tracker", announce)
			s.until(func(o map[string]any) bool { return o["event"] == "tracker" && o["state"] == "working" })
			r := runProgram(t, dir, getter(announce, "--json")...)
			if r.code != 0 {
				t.Fatalf("%+v", r)
			}
			if code, _ := s.stop(os.Interrupt); code != 130 {
				t.Errorf("the seeder: exit %d", code)
			}
			rest, _ := p.interrupt()
			all := objects(t, rest)
			last := all[len(all)-2]
			if last["event"] != "totals" || last["completed"] != 1.0 || last["seeders"] != 0.0 || last["leechers"] != 0.0 {
				t.Errorf("totals %v", last)
			}
		})
	}
}

func TestATrackerHearsOfAFetchItsEndAndTheNextRun(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	l := startLedger(t)
	l.names = []netip.AddrPort{netip.MustParseAddrPort(seeder(t, dir).address())}
	if r := runProgram(t, dir, getter(l.url)...); r.code != 0 {
		t.Fatalf("%+v", r)
	}
	if got := l.events(); !slices.Equal(got, []string{"started", "completed", "stopped"}) {
		t.Fatalf("heard %q", got)
	}
	again := start(t, dir, getter(l.url, "--seed")...)
	again.until(event("tracker"))
	if code, _ := again.stop(os.Interrupt); code != 130 {
		t.Errorf("exit %d", code)
	}
	if got := l.events()[3:]; !slices.Equal(got, []string{"started", "stopped"}) {
		t.Fatalf("heard %q", got)
	}
	first, last := l.heard[2], l.heard[3]
	if first.Get("key") != last.Get("key") || first.Get("downloaded") != last.Get("downloaded") || last.Get("left") != "0" || first.Get("downloaded") < "640005" {
		t.Errorf("before %v, then %v", first, last)
	}
}

func TestWhereEveryTrackerRefusesAFetchEndsWithAnExitCodeOfItsOwn(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	l := startLedger(t)
	l.refusal = "unregistered torrent"
	r := runProgram(t, dir, getter(l.url, "--json")...)
	all := objects(t, r.stdout)
	if end := all[len(all)-1]; r.code != int(exitRefused) || end["exit"] != 5.0 || !strings.Contains(r.stderr, "does not know this torrent (unregistered)") {
		t.Errorf("%+v", r)
	}
	if at := slices.IndexFunc(all, event("tracker")); at < 0 || all[at]["fault"] != "unregistered" || all[at]["tier"] != 1.0 {
		t.Errorf("%v", all)
	}
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer nobody.Close()
	if r := runProgram(t, dir, getter(l.url, "--peer", nobody.Addr().String(), "--stall-timeout", "2s")...); r.code != int(exitStalled) {
		t.Errorf("with a peer: %+v", r)
	}
}

// trackedRun is a fetch with some flags, and the trackers that hear of it: the torrent's
// own, and another one that GIVEN stands for.
type trackedRun struct {
	flags      []string
	own, given int
}

func TestOnlyTheTrackersOfTheCommandAreAskedWhereThatIsWanted(t *testing.T) {
	t.Parallel()
	first := trackedRun{[]string{"--no-trackers", "--tracker", "GIVEN"}, 0, 1}
	// A tracker is asked again ten seconds later.
	for name, runs := range map[string][]trackedRun{
		"kept":      {first, {nil, 1, 1}},
		"forgotten": {first, {[]string{"--tracker="}, 1, 0}, {nil, 1, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := makeShow(t)
			own, given := startLedger(t), startLedger(t)
			if r := runProgram(t, dir, "create", "show", "-o", "tracked.torrent", "--tracker", own.url); r.code != 0 {
				t.Fatalf("%+v", r)
			}
			for _, run := range runs {
				beforeOwn, beforeGiven := own.starts(), given.starts()
				run.fetch(t, dir, given.url)
				if o, g := own.starts()-beforeOwn, given.starts()-beforeGiven; o != run.own || g != run.given {
					t.Errorf("%q: the torrent's own heard of %d runs, the other of %d", run.flags, o, g)
				}
			}
		})
	}
}

// fetch runs it until each tracker that should hear of it has answered.
func (r trackedRun) fetch(t *testing.T, dir, given string) {
	t.Helper()
	args := []string{"get", "tracked.torrent", "--dir", "copy", "--state", "s", "--listen", "127.0.0.1:0"}
	for _, word := range r.flags {
		args = append(args, strings.Replace(word, "GIVEN", given, 1))
	}
	g, works := start(t, dir, args...), map[any]bool{}
	g.until(func(o map[string]any) bool {
		if o["event"] == "tracker" && o["state"] == "working" {
			works[o["url"]] = true
		}
		return len(works) == r.own+r.given
	})
	g.stop(os.Interrupt)
}

func TestNobodySeesAPasskey(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	works, refuses := startLedger(t), startLedger(t)
	works.names = []netip.AddrPort{netip.MustParseAddrPort(seeder(t, dir, "--tracker", works.url).address())}
	refuses.refusal = "passkey " + passkey + " is not valid"
	gone := "http://127.0.0.1:1/" + passkey + "/announce"
	query := refuses.url[:strings.Index(refuses.url, "/"+passkey)] + "/announce?passkey=" + passkey
	var all []string
	for _, flags := range [][]string{{"--events"}, {"--plain"}} {
		for _, c := range []struct {
			code int
			args []string
		}{
			{0, []string{"--tracker", works.url + "," + gone, "--tracker", query}},
			{5, []string{"--tracker", refuses.url, "--tracker=" + query}},
			{4, []string{"--tracker", gone, "--stall-timeout", "1s"}},
			{2, []string{"--tracker", "gopher://x/" + passkey}},
		} {
			place := filepath.Join("places", strconv.Itoa(len(all)))
			args := append([]string{"get", "show.torrent", "--listen", "127.0.0.1:0", "--dir", place, "--state", filepath.Join(place, "state")}, c.args...)
			r := runProgram(t, dir, append(args, flags...)...)
			if r.code != c.code {
				t.Errorf("%q: %+v", args, r)
			}
			all = append(all, r.stdout+r.stderr)
		}
	}
	reports, err := filepath.Glob(filepath.Join(dir, "places", "*", "state", "crashes", "*"))
	for _, report := range reports {
		b, readErr := os.ReadFile(report)
		all, err = append(all, string(b)), errors.Join(err, readErr)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range all {
		if strings.Contains(text, passkey) {
			t.Errorf("the passkey is in\n%s", text)
		}
	}
	if text := strings.Join(all, ""); !strings.Contains(text, "***") || !strings.Contains(text, "To go on: ") {
		t.Errorf("nothing is masked in\n%s", text)
	}
}
