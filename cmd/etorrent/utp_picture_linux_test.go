package main

import (
	"path/filepath"
	"testing"
)

// docs/terminal.md has the commands.
func TestThePicturesOfUtpAreThoseOfTheirCommands(t *testing.T) {
	t.Parallel()
	for name, profile := range map[string]string{"utp.svg": "ledbat++", "utp-libutp.svg": "ledbat"} {
		dir := t.TempDir()
		if r := runProgram(t, dir, "utp", "trace", "--late", "60s", "--for", "3m", "--profile", profile, "--picture", name); r.code != 0 {
			t.Fatalf("%+v", r)
		}
		drawn, kept := readText(t, filepath.Join(dir, name)), filepath.Join("..", "..", "docs", name)
		if *update {
			write(t, kept, drawn)
		}
		if readText(t, kept) != drawn {
			t.Errorf("docs/%s is another picture: go test -update writes it anew", name)
		}
	}
}
