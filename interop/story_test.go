//go:build linux

package interop

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// storyWidth bounds the lines of a story.
const storyWidth = 160

// story is what a program did, for a test that failed.
func (c *child) story() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n  %v\n", c.name, strings.Join(c.cmd.Args, " "), c.cmd.ProcessState)
	states := map[string]int{}
	for _, r := range c.reports {
		if r.Event == "piece" {
			states[r.State]++
		}
	}
	if len(states) > 0 {
		fmt.Fprintf(&b, "  pieces: %v\n", states)
	}
	telling := slices.DeleteFunc(slices.Clone(c.reports), func(r report) bool { return r.Event == "piece" || r.Event == "progress" })
	for _, r := range last(telling, 20) {
		fmt.Fprintf(&b, "  %s\n", r.line())
	}
	for _, line := range last(c.plain, 10) {
		fmt.Fprintf(&b, "  %s\n", line)
	}
	for _, line := range last(strings.Split(strings.TrimSpace(c.noise.String()), "\n"), 20) {
		fmt.Fprintf(&b, "  ! %s\n", line)
	}
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	for n, line := range lines {
		lines[n] = line[:min(len(line), storyWidth)]
	}
	return strings.Join(lines, "\n")
}

// line shows the fields of a report that say something.
func (r *report) line() string {
	s := r.Event
	for _, f := range []struct {
		name  string
		value any
	}{
		{"addresses", r.Addresses}, {"status", r.Status}, {"state", r.State}, {"kind", r.Kind}, {"address", r.Address},
		{"client", r.Client}, {"reason", r.Reason}, {"message", r.Message}, {"claimed_bytes", r.ClaimedBytes},
		{"pieces", r.Pieces}, {"stored", r.Stored}, {"bad", r.Bad}, {"done", r.Done}, {"uploaded", r.Uploaded},
		{"downloaded", r.Downloaded}, {"failed", r.Failed}, {"redundant", r.Redundant}, {"peers", r.Peers},
		{"exit", r.Exit}, {"torrents", r.Torrents},
	} {
		if text := fmt.Sprint(f.value); text != "" && text != "0" && text != "[]" && text != "false" {
			s += " " + f.name + "=" + text
		}
	}
	return s
}

func last[T any](of []T, n int) []T { return of[max(0, len(of)-n):] }

// need is for a program of others: without it the test fails under CI=true and
// is skipped elsewhere.
func need(t *testing.T, name string, check ...string) {
	t.Helper()
	if err := exec.Command(check[0], check[1:]...).Run(); err == nil {
		return
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is not installed", name)
	}
	t.Skipf("%s is not installed", name)
}

// folder makes a new folder below the test's own.
func folder(t *testing.T, name string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}
