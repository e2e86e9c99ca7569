package main

import (
	"strings"
	"testing"
	"time"

	"github.com/etorrent/etorrent/cmd/etorrent/internal/jsonl"
)

// Work that lasts is shown on a terminal ten times a second, in a line that it does not
// break, and told to programs once a second; what lasts less than that is not told.
func TestWorkIsShownToPeopleAndToldToPrograms(t *testing.T) {
	for _, name := range []string{"short", strings.Repeat("a long name ", 20)} {
		h, stdout, stderr := testHost(t, nil)
		h.stderr.end = terminalEnd
		now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		h.now = func() time.Time { return now }
		s := &session{host: h, out: newOutput(h, outputFlags{json: true})}
		bar := newWorkBar(s, "hashing "+name).telling(jsonl.Hashing{Name: name})
		const steps = 35 // of 100 ms, ten pieces in each
		for n := range int64(10 * steps) {
			if n%10 == 0 {
				now = now.Add(100 * time.Millisecond)
			}
			bar.show(n<<20, 10*steps<<20)
		}
		bar.clear()
		drawn := strings.Split(stderr.String(), "\r")[1:]
		if len(drawn) != steps+1 || drawn[steps] != "\x1b[K" {
			t.Errorf("%d drawings: %q", len(drawn), drawn)
		}
		for _, line := range drawn[:steps] {
			line, cleared := strings.CutSuffix(line, "\x1b[K")
			if n := len([]rune(line)); !cleared || n > 79 || !strings.HasSuffix(line, " of 350 MiB") {
				t.Errorf("%d columns: %q", n, line)
			}
		}
		all := objects(t, stdout.String())
		if len(all) != 3 {
			t.Fatalf("told %v", all)
		}
		if last := all[2]; last["event"] != "hashing" || last["name"] != name || last["size"] != float64(10*steps<<20) || last["done"] != float64(290<<20) {
			t.Errorf("told %v", last)
		}
	}
}
