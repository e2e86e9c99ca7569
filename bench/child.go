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
)

// usage is what wait4 tells of a program that has ended.
type usage struct {
	cpu time.Duration // user and system
	rss int64         // the peak, in bytes
}

// measure is one run of a row.
type measure struct {
	bytes         int64
	took          time.Duration
	send, receive usage
}

// rate is in 10^6 bytes per second.
func (m measure) rate() float64 { return float64(m.bytes) / 1e6 / m.took.Seconds() }

// A child is a running program that tells of its progress in lines on its
// standard output.
type child struct {
	cmd   *exec.Cmd
	stdin io.Closer
	lines *bufio.Scanner
	noise bytes.Buffer // its standard error
	began time.Time
}

// start runs a program until ctx ends; it must then be ended.
func start(ctx context.Context, name string, args ...string) (*child, error) {
	c := &child{cmd: exec.CommandContext(ctx, name, args...)}
	c.cmd.WaitDelay = 10 * time.Second
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
	return c, c.cmd.Start()
}

// await reads lines until one contains mark, and says when it came.
func (c *child) await(mark string) (line string, at time.Time, err error) {
	for c.lines.Scan() {
		if strings.Contains(c.lines.Text(), mark) {
			return c.lines.Text(), time.Now(), nil
		}
	}
	return "", time.Time{}, fmt.Errorf("%s ended before it told of %q: %s", c.cmd.Path, mark, c.tail())
}

// tail is the end of what the program wrote to its standard error.
func (c *child) tail() string {
	b := bytes.TrimSpace(c.noise.Bytes())
	return string(b[max(0, len(b)-1000):])
}

// finish waits until a program that ends by itself has ended.
func (c *child) finish() (usage, error) {
	for c.lines.Scan() { // so that it never waits for a reader
	}
	if err := c.cmd.Wait(); err != nil {
		return usage{}, fmt.Errorf("%s: %w: %s", c.cmd.Path, err, c.tail())
	}
	return c.usage(), nil
}

// stop ends a program by SIGINT and by the end of its input. How it ends does
// not matter any more.
func (c *child) stop() usage {
	_ = c.cmd.Process.Signal(syscall.SIGINT)
	_ = c.stdin.Close()
	hard := time.AfterFunc(c.cmd.WaitDelay, func() { _ = c.cmd.Process.Kill() })
	defer hard.Stop()
	for c.lines.Scan() {
	}
	_ = c.cmd.Wait()
	return c.usage()
}

func (c *child) usage() usage {
	s := c.cmd.ProcessState
	u := usage{cpu: s.UserTime() + s.SystemTime()}
	if r, isRusage := s.SysUsage().(*syscall.Rusage); isRusage {
		u.rss = int64(r.Maxrss) << 10 // an int32 on some platforms
	}
	return u
}
