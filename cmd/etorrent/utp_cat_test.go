package main

import (
	"bytes"
	"io"
	"net"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/etorrent/etorrent/utp"
)

// catProgram is a utp cat that runs.
type catProgram struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  io.ReadCloser
	errs io.ReadCloser
}

func startUtpCat(t *testing.T, args ...string) *catProgram {
	t.Helper()
	p := &catProgram{cmd: program(t, t.TempDir(), append([]string{"utp", "cat"}, args...)...)}
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if p.out, err = p.cmd.StdoutPipe(); err != nil {
		t.Fatal(err)
	}
	if p.errs, err = p.cmd.StderrPipe(); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.cmd.Process.Kill() })
	return p
}

// listens is where it says that it listens.
func (p *catProgram) listens(t *testing.T) string {
	t.Helper()
	line := readUntil(t, p.errs, "\n")
	return strings.TrimSpace(strings.TrimPrefix(line, "listening on "))
}

// ends reads what is left of it and returns its exit code.
func (p *catProgram) ends(t *testing.T) (r result) {
	t.Helper()
	out := make(chan string, 1)
	go func() {
		b, _ := io.ReadAll(p.out)
		out <- string(b)
	}()
	errs, err := io.ReadAll(p.errs)
	if err != nil {
		t.Error(err)
	}
	r.stdout, r.stderr = <-out, string(errs)
	_ = p.cmd.Wait()
	r.code = p.cmd.ProcessState.ExitCode()
	return r
}

// utpSocket is a socket of the test's own.
func utpSocket(t *testing.T) *utp.Socket {
	t.Helper()
	s, err := utp.Listen(t.Context(), "udp4", "127.0.0.1:0", utp.Linger(0))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func accept(t *testing.T, s *utp.Socket) *utp.Conn {
	t.Helper()
	c, err := s.AcceptContext(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// asks is a utp cat that has sent a question, and its connection to the test.
func asks(t *testing.T) (*catProgram, *utp.Conn) {
	t.Helper()
	s := utpSocket(t)
	p := startUtpCat(t, s.Addr().String())
	_, _ = io.WriteString(p.in, "question")
	return p, accept(t, s)
}

func TestTwoUtpCatsHaveBothStreamsAndEnd(t *testing.T) {
	t.Parallel()
	there, back := bytes.Repeat([]byte("0123456789abcdef"), 100_000), strings.Repeat("and back ", 50_000)
	listener := startUtpCat(t, "--listen", "127.0.0.1:0", "--stats")
	dialler := program(t, t.TempDir(), "utp", "cat", listener.listens(t))
	dialler.Stdin = bytes.NewReader(there)
	go func() {
		_, _ = io.WriteString(listener.in, back)
		_ = listener.in.Close()
	}()
	dialled := make(chan result, 1)
	go func() { dialled <- finish(t, dialler) }()
	l, d := listener.ends(t), <-dialled
	if d.code != 0 || d.stdout != back || d.stderr != "" {
		t.Errorf("who connects: exit %d, %d bytes, %s", d.code, len(d.stdout), d.stderr)
	}
	if l.code != 0 || l.stdout != string(there) {
		t.Errorf("who listens: exit %d, %d bytes, %s", l.code, len(l.stdout), l.stderr)
	}
	stats := regexp.MustCompile(`^received 1\.5 MiB at .+/s, sent 439 KiB at .+/s; round trip .+s, window .+, packets of \d+ bytes, \d+ of \d+ packets sent again\n$`)
	if !stats.MatchString(l.stderr) {
		t.Errorf("--stats tells %q", l.stderr)
	}
}

// Each direction ends by itself: the remote's goes on when standard input has ended.
func TestTheEndOfStandardInputEndsOneDirection(t *testing.T) {
	t.Parallel()
	p, c := asks(t)
	_ = p.in.Close()
	if asked, err := io.ReadAll(c); err != nil || string(asked) != "question" {
		t.Errorf("%q, %v", asked, err)
	}
	if _, err := io.WriteString(c, "answer"); err != nil {
		t.Error(err)
	}
	_ = c.Close()
	if r := p.ends(t); r.code != 0 || r.stdout != "answer" || r.stderr != "" {
		t.Errorf("%+v", r)
	}
}

func TestTheEndOfTheRemotesStreamEndsStandardOutput(t *testing.T) {
	t.Parallel()
	p, c := asks(t)
	_, _ = io.WriteString(c, "answer")
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(p.out); err != nil || string(got) != "answer" {
		t.Errorf("%q, %v", got, err)
	}
	_, _ = io.WriteString(p.in, ", and thanks")
	_ = p.in.Close()
	if got, err := io.ReadAll(c); err != nil || string(got) != "question, and thanks" {
		t.Errorf("%q, %v", got, err)
	}
	_ = c.Close()
	if r := p.ends(t); r.code != 0 || r.stderr != "" {
		t.Errorf("%+v", r)
	}
}

func TestUtpCatSaysWhomItCouldNotReachAndWhatToDo(t *testing.T) {
	t.Parallel()
	deaf, err := net.ListenPacket("udp4", "127.0.0.1:0") //nolint:noctx // nothing to wait for
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = deaf.Close() })
	nobody := deaf.LocalAddr().String()
	refusing, err := utp.Listen(t.Context(), "udp4", "127.0.0.1:0", utp.Backlog(0), utp.Linger(0))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = refusing.Close() })
	for _, x := range []struct {
		args string
		code exitCode
		says []string
	}{
		{"", exitUsage, []string{"HOST:PORT", "--listen"}},
		{"127.0.0.1:7 --listen :0", exitUsage, []string{"127.0.0.1:7", "--listen"}},
		{"127.0.0.1", exitUsage, []string{"127.0.0.1 is no HOST:PORT"}},
		{"127.0.0.1:7 127.0.0.1:8", exitUsage, []string{"127.0.0.1:8"}},
		{"127.0.0.1:7 --connect-timeout 0s", exitUsage, []string{"--connect-timeout"}},
		{"--listen 192.0.2.1:7", exitListen, []string{"192.0.2.1:7"}},
		{nobody + " --connect-timeout 200ms", exitSource, []string{nobody, "within 200ms", "--connect-timeout"}},
		{refusing.Addr().String(), exitSource, []string{refusing.Addr().String(), "takes no connection"}},
	} {
		r := runProgram(t, t.TempDir(), append([]string{"utp", "cat"}, strings.Fields(x.args)...)...)
		if r.code != int(x.code) || r.stdout != "" || strings.Contains(r.stderr, "report") {
			t.Errorf("%q: %+v, want exit %d", x.args, r, x.code)
		}
		for _, words := range x.says {
			if !strings.Contains(r.stderr, words) {
				t.Errorf("%q does not say %q: %s", x.args, words, r.stderr)
			}
		}
	}
}

func TestUtpCatSaysWhoBrokeTheConnection(t *testing.T) {
	t.Parallel()
	p, c := asks(t)
	if _, err := io.ReadFull(c, make([]byte, 8)); err != nil {
		t.Fatal(err)
	}
	_ = c.Abort()
	if r := p.ends(t); r.code != int(exitStalled) || !strings.Contains(r.stderr, c.LocalAddr().String()+" aborted the connection") {
		t.Errorf("%+v", r)
	}
}

func TestUtpCatEndsQuietlyWhenNobodyReadsAnyMore(t *testing.T) {
	t.Parallel()
	p, c := asks(t)
	_ = p.out.Close()
	var err error
	for err == nil { // until the remote is told
		_, err = c.Write(make([]byte, 4096))
	}
	if r := p.ends(t); r.code != 0 || r.stderr != "" {
		t.Errorf("%+v", r)
	}
}

func TestUtpCatThatIsInterruptedTellsTheRemote(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("no signals stop a program here")
	}
	p, c := asks(t)
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if r := p.ends(t); r.code != int(exitInterrupted) || r.stderr != "" {
		t.Errorf("%+v", r)
	}
	if _, err := io.ReadAll(c); err == nil {
		t.Error("the remote takes it for an end in order")
	}
	waiting := startUtpCat(t, "--listen", "127.0.0.1:0")
	waiting.listens(t)
	if err := waiting.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if r := waiting.ends(t); r.code != int(exitInterrupted) || r.stderr != "" {
		t.Errorf("%+v", r)
	}
}

func TestWhatUtpCatCannotWriteEndsItAsAFaultOfTheDisk(t *testing.T) {
	t.Parallel()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer func() { _ = full.Close() }()
	s := utpSocket(t)
	cmd := program(t, t.TempDir(), "utp", "cat", s.Addr().String())
	var errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader("question"), full, &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c := accept(t, s)
	_, _ = io.WriteString(c, "answer")
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != int(exitDisk) || !strings.Contains(errs.String(), "standard output could not be written") {
		t.Errorf("exit %d: %s", code, &errs)
	}
}
