//go:build unix

package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// shell runs the commands of a document, as if they were typed one after the other.
type shell struct {
	t        *testing.T
	commands *os.File
	output   *os.File // what commands print that do not go on beside the others
	reader   *bufio.Reader
	jobs     []*os.File // what those print that do; each is there before it begins
	next     int
	ports    map[string]string
}

// patience is how long a command of a document may take.
const patience = 4 * time.Minute

// reading is the loop of the shell. Descriptor 3 has commands, with NUL between; the
// code of each is printed between two bytes that nothing else prints.
const reading = `while IFS= read -r -d '' -u 3 command; do
	eval "$command" </dev/null 3<&-
	printf '\001%d\001' $?
done`

// install builds the program that the documents use, and returns its folder.
func install(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "install", "./cmd/etorrent")
	build.Dir = filepath.Join("..", "..")
	build.Env = append(os.Environ(), "GOBIN="+dir)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return dir
}

// documentEnv is the environment of commands: a home of their own, the program on
// PATH, and go without a network.
func documentEnv(t *testing.T, home, bin string) []string {
	t.Helper()
	clone, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "go", "env", "GOCACHE", "GOMODCACHE", "GOPATH").Output()
	if err != nil {
		t.Fatal(err)
	}
	folders := strings.Fields(string(out))
	env := []string{
		"HOME=" + home, "PATH=" + bin + string(os.PathListSeparator) + os.Getenv("PATH"), "CLONE=" + clone, "GOBIN=" + bin,
		"GOCACHE=" + folders[0], "GOMODCACHE=" + folders[1], "GOPATH=" + folders[2], "GOPROXY=off", "GOSUMDB=off", "GOFLAGS=-buildvcs=false", "LC_ALL=C.UTF-8",
	}
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		switch {
		case name == "HOME", name == "PATH", strings.HasPrefix(name, "GO"), strings.HasPrefix(name, "XDG_"), strings.HasPrefix(name, "ETORRENT_"), strings.HasPrefix(name, "LC_"):
		default:
			env = append(env, v)
		}
	}
	return env
}

// startShell starts a shell that finds the program in bin and has room for so many jobs.
func startShell(t *testing.T, bin string, jobs int) *shell {
	t.Helper()
	s := &shell{t: t, ports: map[string]string{}}
	dir := t.TempDir()
	ctx, cancel := untilItHangs(t)
	cmd := exec.CommandContext(ctx, "bash", "-c", reading)
	cmd.Dir, cmd.Env = dir, documentEnv(t, dir, bin)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // so that what is left behind ends too
	var commands *os.File
	commands, s.commands = s.pipe()
	cmd.ExtraFiles = []*os.File{commands}
	var printed *os.File
	s.output, printed = s.pipe()
	cmd.Stdout, cmd.Stderr = printed, printed
	for range jobs {
		read, write := s.pipe()
		s.jobs = append(s.jobs, read)
		cmd.ExtraFiles = append(cmd.ExtraFiles, write)
	}
	s.reader = bufio.NewReader(s.output)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = s.commands.Close()
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
		cancel()
	})
	return s
}

func (s *shell) pipe() (read, write *os.File) {
	s.t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _, _ = read.Close(), write.Close() })
	return read, write
}

// local is an address of a document, or a port that it tells of.
var local = regexp.MustCompile(`(127\.0\.0\.1:|\bport )([1-9][0-9]*)`)

// here replaces the ports of a text.
func (s *shell) here(text string) string {
	return local.ReplaceAllStringFunc(text, func(found string) string {
		parts := local.FindStringSubmatch(found)
		if s.ports[parts[2]] == "" {
			s.ports[parts[2]] = freePort(s.t)
		}
		return parts[1] + s.ports[parts[2]]
	})
}

// freePort is one that nobody has, over TCP and UDP.
func freePort(t *testing.T) string {
	t.Helper()
	for range 100 {
		stream, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		address := stream.Addr().String()
		packets, err := net.ListenPacket("udp", address)
		_ = stream.Close()
		if err == nil {
			_ = packets.Close()
			_, port, _ := net.SplitHostPort(address)
			return port
		}
	}
	t.Fatal("no port is free")
	return ""
}

// run runs a step and compares what it prints.
func (s *shell) run(at string, x step) {
	s.t.Helper()
	command, shown := s.here(x.command), make([]string, len(x.shown))
	for i, line := range x.shown {
		shown[i] = s.here(line)
	}
	if x.clone {
		command = "( cd \"$CLONE\" && " + command + "\n)"
	}
	job := isJob(x.command)
	if job {
		command = fmt.Sprintf(">&%d 2>&1 %s", 4+s.next, command)
	}
	printed, code := s.enter(at, command)
	switch {
	case code != "0":
		s.t.Fatalf("%s: %s\nends with %s:\n%s", at, command, code, printed)
	case job:
		s.next++
		s.await(at, s.jobs[s.next-1], shown)
	case x.shown != nil && !printedAs(shown, linesOf(printed)):
		s.t.Errorf("%s: %s\nprints\n%s\nbut shown is\n%s", at, command, printed, strings.Join(shown, "\n"))
	}
}

// isJob says whether a command goes on beside the others.
func isJob(command string) bool { return strings.HasSuffix(command, " &") }

func linesOf(printed string) []string {
	if printed == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(printed, "\n"), "\n")
}

// enter has the shell run a command, and returns what it prints and its code.
func (s *shell) enter(at, command string) (printed, code string) {
	s.t.Helper()
	if _, err := s.commands.WriteString(command + "\x00"); err != nil {
		s.t.Fatalf("%s: %v", at, err)
	}
	_ = s.output.SetReadDeadline(time.Now().Add(patience))
	for _, part := range []*string{&printed, &code} {
		text, err := s.reader.ReadString(1)
		if err != nil {
			s.t.Fatalf("%s: %s\ndid not end: %v\n%s", at, command, err, printed+text)
		}
		*part = strings.TrimSuffix(text, "\x01")
	}
	return printed, code
}

// await reads what a job prints until it is what is shown, and lets the rest go.
func (s *shell) await(at string, from *os.File, shown []string) {
	s.t.Helper()
	_ = from.SetReadDeadline(time.Now().Add(patience))
	lines, printed := bufio.NewReader(from), []string(nil)
	for !printedAs(shown, printed) {
		line, err := lines.ReadString('\n')
		if err != nil {
			s.t.Fatalf("%s: shown is\n%s\nbut printed\n%s", at, strings.Join(shown, "\n"), strings.Join(printed, "\n"))
		}
		printed = append(printed, strings.TrimSuffix(line, "\n"))
	}
	_ = from.SetReadDeadline(time.Time{})
	go func() { _, _ = io.Copy(io.Discard, from) }()
}

// TestTheCommandsOfADocumentDoWhatItShows types what documents show.
func TestTheCommandsOfADocumentDoWhatItShows(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("the program is built and run as it is in the other runs too")
	}
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("no bash is here")
	}
	bin := install(t)
	for _, name := range documents(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := parseDocument(t, name, readDocument(t, name))
			for _, reason := range d.skipped {
				t.Logf("not run: %s", reason)
			}
			jobs := 0
			for _, x := range d.steps {
				if isJob(x.command) {
					jobs++
				}
			}
			s := startShell(t, bin, jobs)
			for _, x := range d.steps {
				s.run(fmt.Sprintf("%s:%d", name, x.line), x)
			}
			if left, _ := s.enter(name, "jobs -pr"); left != "" {
				t.Errorf("the document leaves processes: %s", left)
			}
		})
	}
}
