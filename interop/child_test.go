//go:build linux

package interop

import (
	"bufio"
	"bytes"
	"io"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long a test waits for what a program should tell. It only
// keeps a failing test from hanging.
const patience = 2 * time.Minute

// child is a program that a test started.
type child struct {
	name  string
	cmd   *exec.Cmd
	stdin io.WriteCloser
	ended chan struct{} // closed when all its output was read and it was waited for

	mu      sync.Mutex
	reports []report
	plain   []string // lines that are no reports
	changed chan struct{}
	noise   bytes.Buffer
}

// start runs a program until the test ends. The kernel ends it with us.
func start(t *testing.T, name, program string, args ...string) *child {
	t.Helper()
	c := &child{name: name, cmd: exec.Command(program, args...), ended: make(chan struct{}), changed: make(chan struct{})}
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	c.cmd.Stderr = &locked{c: c}
	stdin, err := c.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.stdin = stdin
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go c.read(stdout)
	t.Cleanup(func() {
		c.kill()
		if t.Failed() {
			t.Logf("\n%s", c.story()) // from the next line on: tools/testsum has messages at the end of CI's log, and no stories
		}
	})
	return c
}

// locked takes what the program writes to its standard error.
type locked struct{ c *child }

func (l *locked) Write(b []byte) (int, error) {
	l.c.mu.Lock()
	defer l.c.mu.Unlock()
	return l.c.noise.Write(b)
}

func (c *child) read(stdout io.Reader) {
	lines := bufio.NewScanner(stdout)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		r, err := parseReport(lines.Bytes())
		c.mu.Lock()
		if err == nil {
			c.reports = append(c.reports, r)
		} else {
			c.plain = append(c.plain, lines.Text())
		}
		close(c.changed)
		c.changed = make(chan struct{})
		c.mu.Unlock()
	}
	_ = c.cmd.Wait()
	close(c.ended)
}

// since returns the reports from number n on, and a channel that is closed when
// there are more.
func (c *child) since(n int) ([]report, <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.reports[n:], c.changed
}

// all returns every report so far.
func (c *child) all() []report {
	r, _ := c.since(0)
	return r
}

// await returns the first report that matches, of those before as well.
func (c *child) await(t *testing.T, what string, match func(*report) bool) report {
	t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	seen := 0
	for {
		news, changed := c.since(seen)
		for i := range news {
			if match(&news[i]) {
				return news[i]
			}
		}
		seen += len(news)
		select {
		case <-changed:
		case <-c.ended:
			if last, _ := c.since(seen); len(last) == 0 {
				t.Fatalf("%s ended with %d before: %s", c.name, c.cmd.ProcessState.ExitCode(), what)
			}
		case <-limit.C:
			t.Fatalf("%s did not tell in %v: %s", c.name, patience, what)
		}
	}
}

// exit waits for the end of the program and returns its exit code, -1 for a
// signal.
func (c *child) exit(t *testing.T) int {
	t.Helper()
	select {
	case <-c.ended:
		return c.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		t.Fatalf("%s did not end in %v", c.name, patience)
		return 0
	}
}

// mustExit fails the test when the program ends otherwise.
func (c *child) mustExit(t *testing.T, want int) {
	t.Helper()
	if got := c.exit(t); got != want {
		t.Fatalf("%s ended with %d, want %d", c.name, got, want)
	}
}

func (c *child) interrupt() { _ = c.cmd.Process.Signal(syscall.SIGINT) }

// kill ends the program by SIGKILL and reads what it had printed.
func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	<-c.ended
}
