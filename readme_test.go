package etorrent_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The code in README and in docs is that of the tests that run it. Whole files are
// built by the test of cmd/etorrent that types the commands.
func TestTheCodeInADocumentIsRun(t *testing.T) {
	run := "\n"
	for _, name := range []string{"example_test.go", "guide_test.go"} {
		run += readText(t, name)
	}
	documents, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(documents, "README.md") {
		blocks := strings.Split(readText(t, name), "```go\n")[1:]
		for _, rest := range blocks {
			code, _, closed := strings.Cut(rest, "```")
			if !closed || !strings.HasPrefix(code, "package ") && !strings.Contains(run, "\n"+code) {
				t.Errorf("no test has what %s has:\n%s", name, code)
			}
		}
		if name == "README.md" && len(blocks) == 0 {
			t.Error("README has no code")
		}
	}
}

func readText(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
