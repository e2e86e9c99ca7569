package utp

import (
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent/internal/proc/clock"
)

// slowly has a user read so many bytes a second, in steps, of one who writes without an end,
// and returns for how long nothing
// of that was taken, at the longest.
func slowly(t *testing.T, dialled, accepted *Conn, rate int, step, long time.Duration) (shut time.Duration) {
	t.Helper()
	since, taken := time.Now(), uint64(0)
	for end := time.Now().Add(long); time.Now().Before(end); {
		time.Sleep(step)
		if _, err := io.ReadFull(accepted, make([]byte, rate*int(step)/int(time.Second))); err != nil {
			t.Fatal(err)
		}
		if now := dialled.Status().Confirmed; now > taken {
			since, taken = time.Now(), now
		}
		shut = max(shut, time.Since(since))
	}
	return shut
}

// unread is how many bytes wait to be read.
func (c *Conn) unread() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.in.seen.ready
}

// A limit has its user read slowly. The remote, which has more than enough to send, sees a
// window that opens again and again, though it was large when there was no limit: libutp gives
// up when none opens for 46 s. What waits takes little memory.
func TestAWindowFollowsAUserWhoReadsSlowly(t *testing.T) {
	for _, row := range []struct {
		name string
		fast int // bytes that are read before as fast as they come
		rate int // and then a second
		step time.Duration
		most int // bytes that wait after ten minutes
	}{
		{"from the beginning", 0, 4 << 10, 100 * time.Millisecond, firstWindow},
		{"after it was fast", 8 << 20, 4 << 10, 100 * time.Millisecond, slowWindow + 8<<10},
		{"in steps of seconds", 8 << 20, 4 << 10, 4 * time.Second, 24 << 10},
		{"at a rate that needs more", 8 << 20, 100 << 10, 100 * time.Millisecond, 128 << 10},
	} {
		if testing.Short() && row.step < time.Second {
			continue // more of the same to the race detector
		}
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := clock.New()
				link := links(t, k)
				one, other := start(t, link(here), k), start(t, link(there), k)
				dialled, accepted := connect(t, one, other, there)
				go func() { _, _ = dialled.Write(make([]byte, 100<<20)) }()
				if _, err := io.ReadFull(accepted, make([]byte, row.fast)); err != nil {
					t.Fatal(err)
				}
				if w := dialled.Status().Remote; row.fast > 0 && w < 400<<10 {
					t.Errorf("while it reads fast its window is %d bytes", w)
				}
				if shut := slowly(t, dialled, accepted, row.rate, row.step, 10*time.Minute); shut > 10*time.Second {
					t.Errorf("the window was shut for %v", shut)
				}
				if n := accepted.unread(); n > row.most {
					t.Errorf("%d bytes wait", n)
				}
				began := time.Now()
				if _, err := io.ReadFull(accepted, make([]byte, 8<<20)); err != nil {
					t.Fatal(err)
				}
				if took := time.Since(began); took > 5*time.Second {
					t.Errorf("when it reads fast again 8 MiB take %v", took)
				}
			})
		})
	}
}
