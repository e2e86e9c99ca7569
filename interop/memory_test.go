//go:build linux

package interop

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"
)

// memoryLimit is what a program may hold while it is attacked.
const memoryLimit = 64 << 20

var anonymous = regexp.MustCompile(`(?m)^RssAnon:\s+(\d+) kB`)

// memory is how many bytes a program holds, without the files that it maps.
func memory(c *child) (int64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	found := anonymous.FindSubmatch(b)
	if found == nil {
		return 0, fmt.Errorf("%s has no RssAnon", c.name)
	}
	n, err := strconv.ParseInt(string(found[1]), 10, 64)
	return n << 10, err
}

// watchMemory samples what a program holds until stop is called, which fails
// the test when it was ever more than memoryLimit.
func watchMemory(t *testing.T, c *child) (stop func()) {
	t.Helper()
	before, err := memory(c)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	var peak, now int64
	var watcher sync.WaitGroup
	watcher.Go(func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				if n, err := memory(c); err == nil {
					now, peak = n, max(peak, n)
				}
			}
		}
	})
	return sync.OnceFunc(func() {
		t.Helper()
		close(done)
		watcher.Wait()
		t.Logf("%s held %d MiB before, %d at most, %d at the end", c.name, before>>20, peak>>20, now>>20)
		if peak > memoryLimit {
			t.Errorf("%s held %d MiB, at most %d allowed", c.name, peak>>20, memoryLimit>>20)
		}
	})
}
