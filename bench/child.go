//go:build linux

package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/etorrent/etorrent/internal/testnet"
)

// usage is what a program that has ended has cost. Sizes are in bytes.
type usage struct {
	cpu  time.Duration // user and system, by wait4
	took time.Duration // from its start until it was waited for
	anon int64         // the peak of its anonymous memory
}

// A child is a running program that tells of its progress in lines on its
// standard output.
type child struct {
	cmd    *exec.Cmd
	stdin  io.Closer
	lines  *bufio.Scanner
	noise  bytes.Buffer // its standard error
	began  time.Time
	memory *anonWatch
	// followed is closed when who reads its lines in another goroutine has read all; nil:
	// nobody does.
	followed chan struct{}
}

// startAt runs a program in a namespace, or in the host's network if h is nil,
// until ctx ends; it must then be ended. The kernel ends it with this program.
func startAt(ctx context.Context, h *testnet.Host, name string, args ...string) (*child, error) {
	c := &child{cmd: exec.CommandContext(ctx, name, args...)}
	c.cmd.WaitDelay = 10 * time.Second
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	c.cmd.Stderr = &c.noise
	stdin, err := c.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.stdin, c.lines = stdin, bufio.NewScanner(stdout)
	c.lines.Buffer(nil, 1<<20)
	c.began = time.Now()
	// A child has the network of the thread that starts it.
	if err := doAt(h, c.cmd.Start); err != nil {
		return nil, err
	}
	c.memory = watchAnon(c.cmd.Process.Pid)
	return c, nil
}

// pid is the number of the process.
func (c *child) pid() int { return c.cmd.Process.Pid }

// await reads lines until one contains mark, and says when it came.
func (c *child) await(mark string) (line string, at time.Time, err error) {
	for c.lines.Scan() {
		if strings.Contains(c.lines.Text(), mark) {
			return c.lines.Text(), time.Now(), nil
		}
	}
	c.stop()
	return "", time.Time{}, fmt.Errorf("%s ended before it told of %q: %v: %s", c.cmd.Path, mark, c.cmd.ProcessState, c.tail())
}

// tail is the end of what the program wrote to its standard error.
func (c *child) tail() string {
	b := bytes.TrimSpace(c.noise.Bytes())
	return string(b[max(0, len(b)-1000):])
}

// finish waits until a program that ends by itself has ended.
func (c *child) finish() (usage, error) {
	c.drain()
	anon := c.memory.end()
	if err := c.cmd.Wait(); err != nil {
		return usage{}, fmt.Errorf("%s: %w: %s", c.cmd.Path, err, c.tail())
	}
	return c.usage(anon), nil
}

// drain reads what the program still tells, so that it never waits for a reader.
func (c *child) drain() {
	if c.followed != nil {
		<-c.followed
		return
	}
	for c.lines.Scan() {
	}
}

// stop ends a program by SIGINT and by the end of its input. How it ends does
// not matter any more.
func (c *child) stop() usage {
	anon := c.memory.end()
	_ = c.cmd.Process.Signal(syscall.SIGINT)
	_ = c.stdin.Close()
	hard := time.AfterFunc(c.cmd.WaitDelay, func() { _ = c.cmd.Process.Kill() })
	defer hard.Stop()
	c.drain()
	_ = c.cmd.Wait()
	return c.usage(anon)
}

func (c *child) usage(anon int64) usage {
	s := c.cmd.ProcessState
	return usage{cpu: s.UserTime() + s.SystemTime(), took: time.Since(c.began), anon: anon}
}
