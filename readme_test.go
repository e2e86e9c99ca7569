package etorrent_test

import (
	"os"
	"strings"
	"testing"
)

// The code in README is the one that Example runs.
func TestTheCodeInREADMEIsThatOfTheExample(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	example, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	blocks := 0
	for _, rest := range strings.Split(string(readme), "```go\n")[1:] {
		code, _, closed := strings.Cut(rest, "```")
		if blocks++; !closed || !strings.Contains("\n"+string(example), "\n"+code) {
			t.Errorf("example_test.go lacks what README has:\n%s", code)
		}
	}
	if blocks == 0 {
		t.Error("README has no code")
	}
}
