package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// hangs is how long a program of a test may run. What is slow does not hang: a machine
// with much else to do may be far slower than another. Where a flag does nothing it often
// does, and is waited for no longer than it must be.
const hangs, hangsDeaf = 10 * time.Minute, time.Minute

// lastWords is what is left of the time of all tests where a program that hangs is killed
// earlier, so that something names it.
const lastWords = 20 * time.Second

// untilItHangs ends when a program that a test starts now must have ended.
func untilItHangs(t *testing.T) (context.Context, context.CancelFunc) {
	t.Helper()
	at := time.Now().Add(hangs)
	if os.Getenv(deaf) != "" {
		at = time.Now().Add(hangsDeaf)
	}
	if end, has := t.Deadline(); has && end.Add(-lastWords).Before(at) {
		at = end.Add(-lastWords)
	}
	return context.WithDeadline(context.Background(), at)
}

// program is the program, to be run in a folder with a state folder of its own.
func program(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := untilItHangs(t)
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	began, hung := time.Now(), make(chan time.Duration, 1)
	cmd.Cancel = func() error {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			hung <- time.Since(began)
		}
		return cmd.Process.Kill()
	}
	t.Cleanup(func() {
		cancel()
		select {
		case after := <-hung:
			t.Errorf("it hung, and was killed after %v: etorrent %s", after, strings.Join(args, " "))
		default:
		}
	})
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), asProgram+"=1", "XDG_STATE_HOME="+filepath.Join(t.TempDir(), "state"), "HOME="+dir)
	told := filepath.Join(t.TempDir(), "told")
	cmd.Env = append(cmd.Env, toldFile+"="+told)
	t.Cleanup(func() {
		if runs.add(t, args, cmd.ProcessState); cmd.ProcessState != nil {
			judgeTold(t, told, cmd)
		}
	})
	return cmd
}

// result is how a program ended.
type result struct {
	code           int
	stdout, stderr string
}

func runProgram(t *testing.T, dir string, args ...string) result {
	t.Helper()
	return finish(t, program(t, dir, args...))
}

func finish(t *testing.T, cmd *exec.Cmd) result {
	t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if slices.ContainsFunc(cmd.Args, func(a string) bool { return a == "--json" || a == "--events" }) {
		objects(t, out.String()) // whatever the test looks at
	}
	return result{cmd.ProcessState.ExitCode(), out.String(), errs.String()}
}
