package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

func TestWhatAShellCompletes(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	write(t, filepath.Join(dir, "bad.torrent"), "nonsense")
	const noFiles, files, folders, ext = ":4", ":0", ":16", ":8"
	for _, c := range []struct {
		args []string
		want string // the lines
	}{
		{[]string{"get", ""}, "torrent " + ext},
		{[]string{"get", "--existing", ""}, "check trust refuse replace " + noFiles},
		{[]string{"seed", "--existing", ""}, "check trust " + noFiles},
		{[]string{"get", "--choker", ""}, "first-come none rotation tft " + noFiles},
		{[]string{"seed", "--choker", ""}, "first-come none rotation tft " + noFiles},
		{[]string{"get", "--picker", ""}, "random rarest sequential " + noFiles},
		{[]string{"get", "--dscp", ""}, "le 0 " + noFiles},
		{[]string{"seed", "--transport", ""}, "tcp utp any " + noFiles},
		{[]string{"get", "--dir", ""}, folders},
		{[]string{"get", "--ip-filter", ""}, files},
		{[]string{"get", "--peer", ""}, noFiles},
		{[]string{"get", "--select", ""}, noFiles},
		{[]string{"get", "bad.torrent", "--select", ""}, noFiles},
		{[]string{"get", "show.torrent", "--select", ""}, "1\tlarge.bin 2\tnested/empty 3\tnested/small.bin :36"},
		{[]string{"cat", "show.torrent", "--"}, ""},
		{[]string{"cat", "show.torrent", ""}, "1\tlarge.bin 2\tnested/empty 3\tnested/small.bin :36"},
		{[]string{"sim", "--choker", ""}, "tft rotation first-come none :36"},
		{[]string{"create", "--format", ""}, "v1 :36"},
		{[]string{"man", ""}, folders},
		{[]string{"utp", "cat", ""}, noFiles},
		{[]string{"utp", "cat", "--trace", ""}, files},
		{[]string{"utp", "trace", ""}, files},
		{[]string{"utp", "trace", "--profile", ""}, "ledbat ledbat++ " + noFiles},
		{[]string{"utp", "trace", "--beside", ""}, "none reno cubic " + noFiles},
		{[]string{"utp", "trace", "--picture", ""}, files},
	} {
		r := runProgram(t, dir, append([]string{"__complete"}, c.args...)...)
		got := strings.Join(strings.Split(strings.TrimSpace(r.stdout), "\n"), " ")
		if r.code != 0 || c.want != "" && got != c.want {
			t.Errorf("%q: %q, want %q", c.args, got, c.want)
		}
	}
}

// Each shell has a script, and the one that is here takes its own.
func TestEachShellHasCompletions(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for shell, check := range map[string][]string{"bash": {"-n"}, "zsh": {"-n"}, "fish": {"--no-execute"}, "powershell": nil} {
		r := runProgram(t, dir, "completion", shell)
		if r.code != 0 || !strings.Contains(r.stdout, "etorrent") {
			t.Errorf("%s: %+v", shell, r)
		}
		path, err := exec.LookPath(shell)
		if err != nil || check == nil {
			continue
		}
		write(t, filepath.Join(dir, shell), r.stdout)
		if out, err := exec.CommandContext(t.Context(), path, append(check, filepath.Join(dir, shell))...).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", shell, err, out)
		}
	}
}

func TestEachCommandHasAManualPage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if r := runProgram(t, dir, "man", "pages/man1"); r.code != 0 {
		t.Fatalf("%+v", r)
	}
	h, _, _ := testHost(t, nil)
	root := newRoot(&session{host: h})
	for _, c := range append([]*cobra.Command{root}, allCommands(root)...) {
		if c.Name() == "help" {
			continue
		}
		page := readText(t, filepath.Join(dir, "pages", "man1", pageName(c)+".1"))
		if !strings.Contains(page, ".SH NAME\n") || strings.Contains(page, dir) {
			t.Errorf("%s: %s", c.Name(), page)
		}
		if groff, err := exec.LookPath("groff"); err == nil {
			cmd := exec.CommandContext(t.Context(), groff, "-man", "-Tascii", "-ww", "-P-cbou")
			cmd.Stdin = strings.NewReader(page)
			out, err := cmd.CombinedOutput()
			if shown := string(out); err != nil || strings.Contains(shown, "<standard input>") || !regexp.MustCompile(`(?s)NAME.*SYNOPSIS`).MatchString(shown) {
				t.Errorf("%s: %v\n%s", c.Name(), err, shown)
			}
		}
	}
	if get := readText(t, filepath.Join(dir, "pages", "man1", "etorrent-get.1")); !strings.Contains(get, `\fB\-\-stall\-timeout\fR`) {
		t.Errorf("get lacks a flag:\n%s", get)
	}
}

func TestNothingInAManualPageIsARequest(t *testing.T) {
	for text, want := range map[string]string{".SH x": `\&.SH x`, "'x": `\&'x`, `a\fB`: `a\efB`, "a\n.b": "a\n\\&.b", "--x": `\-\-x`} {
		if got := roff(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func readText(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
