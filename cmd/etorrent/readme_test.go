package main

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"
)

// readme runs the commands of README.md in a folder of its own.
type readme struct {
	t    *testing.T
	dir  string
	peer string // where seed listens, once it runs
	seed *exec.Cmd
}

// commandsOfREADME are the lines of the block of README that uses the program.
func commandsOfREADME(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range strings.Split(string(text), "```console\n")[1:] {
		block, _, _ = strings.Cut(block, "```")
		if !strings.Contains(block, "bin/etorrent") {
			continue
		}
		var out []string
		for line := range strings.Lines(block) {
			command, is := strings.CutPrefix(strings.TrimSpace(line), "$ ")
			if !is {
				t.Fatalf("no command: %q", line)
			}
			command, _, _ = strings.Cut(command, " #")
			out = append(out, strings.TrimSpace(command))
		}
		return out
	}
	t.Fatal("README uses the program nowhere")
	return nil
}

// documented is the address that README has for the seeder.
const documented = "127.0.0.1:1729"

// words are those of a command, with the placeholders replaced. The port that
// README has may be taken here.
func (r *readme) words(command string) []string {
	address := r.peer
	if address == "" {
		address = "127.0.0.1:0"
	}
	replaced := strings.NewReplacer(
		"PARENT-OF-FOLDER", "originals", "FOLDER", "originals/photos", "DOWNLOADS", "downloads", "OTHER-STATE", "other-state",
		documented, address,
	).Replace(command)
	if left := regexp.MustCompile(`\b[A-Z]{2,}`).FindString(replaced); left != "" {
		r.t.Fatalf("%s: this test knows nothing to put in place of %s", command, left)
	}
	return strings.Fields(replaced)
}

func (r *readme) command(words []string) *exec.Cmd {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	r.t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, filepath.Join(r.dir, filepath.FromSlash(words[0])), words[1:]...)
	cmd.Dir = r.dir
	cmd.Env = append(os.Environ(), "HOME="+r.dir, "XDG_STATE_HOME="+filepath.Join(r.dir, "state"))
	return cmd
}

// run runs a command to its end, or seed until it listens.
func (r *readme) run(command string) {
	r.t.Helper()
	if command == "make build" {
		build := exec.CommandContext(r.t.Context(), "go", "build", "-o", filepath.Join(r.dir, "bin", "etorrent"), ".")
		if out, err := build.CombinedOutput(); err != nil {
			r.t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	cmd := r.command(r.words(command))
	if cmd.Args[1] == "seed" {
		r.share(cmd)
		return
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		r.t.Fatalf("%s: %v\n%s", command, err, out)
	}
}

func (r *readme) share(cmd *exec.Cmd) {
	r.t.Helper()
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		r.t.Fatal(err)
	}
	r.seed = cmd
	r.t.Cleanup(func() { _ = cmd.Process.Kill() })
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if address, is := strings.CutPrefix(lines.Text(), "listening on "); is {
			r.peer = address
			return
		}
	}
	r.t.Fatal("the seeder listens nowhere")
}

func TestTheCommandsOfREADMEMakeACopy(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("no signals stop a program here")
	}
	r := &readme{t: t, dir: t.TempDir()}
	photo := bytes.Repeat([]byte("0123456789abcdef"), 40_000)
	write(t, filepath.Join(r.dir, "originals", "photos", "nested", "photo"), string(photo))
	for _, command := range commandsOfREADME(t) {
		r.run(command)
	}
	if got, err := os.ReadFile(filepath.Join(r.dir, "downloads", "photos", "nested", "photo")); err != nil || !bytes.Equal(got, photo) {
		t.Errorf("the copy has %d bytes, not those of the original: %v", len(got), err)
	}
	if r.seed == nil {
		t.Fatal("README shares nothing")
	}
	if err := r.seed.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = r.seed.Wait()
	if code := r.seed.ProcessState.ExitCode(); code != int(exitInterrupted) {
		t.Errorf("the seeder ended with %d", code)
	}
}
