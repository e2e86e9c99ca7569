//go:build unix

package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestAHangupStopsInOrder(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	s := seeder(t, dir)
	s.address()
	if code, end := s.stop(syscall.SIGHUP); code != int(exitTerminated) || end["reason"] != "terminated" {
		t.Errorf("exit %d, %v", code, end)
	}
}

// nohup(1) has hangups ignored.
func TestAHangupThatWasIgnoredBeforeStopsNothing(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	s := startBehind(t, dir, []string{"sh", "-c", `trap "" HUP; exec "$0" "$@"`})
	s.address()
	if err := s.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	s.until(event("progress")) // it goes on
	if code, _ := s.stop(os.Interrupt); code != int(exitInterrupted) {
		t.Errorf("exit %d", code)
	}
}

// A second interrupt does not wait for a tracker that does not answer.
func TestASecondInterruptEndsAtOnce(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	stopping, release := make(chan struct{}), make(chan struct{})
	l := &ledger{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("event") == "stopped" {
			close(stopping)
			<-release
		}
		l.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(release) })
	s := seeder(t, dir, "--tracker", server.URL+"/announce")
	s.until(func(o map[string]any) bool { return o["event"] == "tracker" && o["state"] == "working" })
	for range 2 {
		if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		<-stopping
	}
	for s.lines.Scan() {
		if strings.Contains(s.lines.Text(), `"event":"end"`) {
			t.Error("it ended in order")
		}
	}
	if _ = s.cmd.Wait(); s.cmd.ProcessState.ExitCode() != int(exitInterrupted) {
		t.Errorf("exit %d", s.cmd.ProcessState.ExitCode())
	}
}

// What is told may be read no more; what is fetched is the point.
func TestAFetchGoesOnWhereNobodyReadsWhatItTells(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	cmd := program(t, dir, "get", "show.torrent", "--dir", "copy", "--state", "g", "--listen", "127.0.0.1:0", "--peer", seeder(t, dir, "--up", "400K").address(), "--events")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	readUntil(t, out, "listening")
	_ = out.Close()
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	want, err := os.ReadFile(filepath.Join(dir, "show", "large.bin"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "copy", "show", "large.bin")); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func TestWhatOnlyAnswersEndsWithItsReader(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	cmd := program(t, dir, "show", "show.torrent")
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	_ = reader.Close()
	cmd.Stdout = writer
	_ = cmd.Run()
	_ = writer.Close()
	if status := cmd.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != syscall.SIGPIPE {
		t.Errorf("ended with %v", cmd.ProcessState)
	}
}

// startBehind starts the seeder of makeShow by another program.
func startBehind(t *testing.T, dir string, before []string) *running {
	t.Helper()
	path, err := exec.LookPath(before[0])
	if err != nil {
		t.Skip(err)
	}
	return startWith(t, dir, func(cmd *exec.Cmd) {
		cmd.Args = append(before, cmd.Args...)
		cmd.Path = path
	}, "seed", "show.torrent", "--state", "seed-state", "--listen", "127.0.0.1:0")
}
