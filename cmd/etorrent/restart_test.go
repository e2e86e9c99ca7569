package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/tracker"
	"github.com/etorrent/etorrent/sqlitestate"
)

// strict is a tracker that demands a least interval and notes when it hears something.
type strict struct {
	mu     sync.Mutex
	events []string
	at     []time.Time
}

// An announce that comes too soon comes 10 s after the last, and a request takes a moment
// to the tracker.
const (
	strictLeast = 15 * time.Second
	requestTook = 3 * time.Second
)

// ServeHTTP answers an announce.
func (s *strict) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events, s.at = append(s.events, r.URL.Query().Get("event")), append(s.at, time.Now())
	answer := tracker.Response{Interval: 10 * time.Second, MinInterval: strictLeast, Seeders: 1, Leechers: 0}
	_, _ = w.Write(answer.AppendResponse(nil, tracker.Compact))
}

// keptOf waits until it is kept when a tracker expects the one torrent of a state again.
func keptOf(t *testing.T, state string) {
	t.Helper()
	d, err := sqlitestate.Open(state)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for {
		rows, err := d.List(t.Context(), 0, 9)
		if err != nil {
			t.Fatal(err)
		}
		if len(rows) == 1 && !rows[0].Next.IsZero() {
			return
		}
	}
}

// A program that is killed and started again is no other one to its tracker.
func TestASeedThatIsKilledAndStartedAgainAsksNoSoonerThanItsTrackerAllows(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	s := &strict{}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	// the same port each time: who has another one is not found where it is listed
	first := seeder(t, dir)
	at := first.address()
	first.stop(os.Interrupt)
	run := func() *running {
		return start(t, dir, "seed", "show.torrent", "--state", "killed-state", "--listen", at, "--tracker", server.URL+"/announce")
	}
	p := run()
	p.until(event("tracker"))
	keptOf(t, filepath.Join(dir, "killed-state"))
	for range 3 {
		if err := p.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = p.cmd.Wait()
		p = run()
		p.until(event("complete"))
	}
	p.until(event("tracker")) // it is heard of in the end
	if code, _ := p.stop(os.Interrupt); code != 130 {
		t.Errorf("exit %d", code)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	// Where the machine is slow more than two runs had the time to ask.
	runs := len(s.events) - 1
	if want := append(slices.Repeat([]string{"started"}, max(runs, 2)), "stopped"); !slices.Equal(s.events, want) {
		t.Fatalf("heard %q", s.events)
	}
	for i := 1; i < runs; i++ {
		if apart := s.at[i].Sub(s.at[i-1]); apart < strictLeast-requestTook {
			t.Errorf("asked again after %v", apart)
		}
	}
}

// A tracker that wants never to be asked again is told of with its reason by each run, and
// asked where somebody names it.
func TestATrackerThatSaidNeverIsAskedAgainOnlyWhereItIsNamed(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		f := tracker.Failure{Reason: "moved to elsewhere", Retry: tracker.RetryNever{}}
		_, _ = w.Write(f.AppendFailure(nil))
	}))
	t.Cleanup(server.Close)
	named := []string{"--tracker", server.URL + "/announce"}
	for _, c := range []struct {
		flags []string
		asked int32 // since the first run
	}{{named, 1}, {nil, 1}, {nil, 1}, {named, 2}, {nil, 2}} {
		r := runProgram(t, dir, append([]string{"get", "show.torrent", "--dir", "copy", "--state", "get-state", "--listen", "127.0.0.1:0"}, c.flags...)...)
		if r.code != int(exitRefused) || !strings.Contains(r.stderr, "moved to elsewhere") || asked.Load() != c.asked {
			t.Errorf("%q: asked %d times, want %d; %+v", c.flags, asked.Load(), c.asked, r)
		}
	}
}
