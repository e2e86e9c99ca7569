package archtest

import (
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/etorrent/etorrent/internal/proc/calls"
)

// architecture is a part of ARCHITECTURE.md, by its heading.
func architecture(t *testing.T, title string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root(), "ARCHITECTURE.md"))
	if err != nil {
		t.Fatal(err)
	}
	body := section(string(text), title)
	if body == "" {
		t.Fatalf("ARCHITECTURE.md has no section %q", title)
	}
	return body
}

func TestTheWaitingRuleIsThatOfTheCalls(t *testing.T) {
	text := architecture(t, "The waiting rule")
	if want := strings.Join(calls.Rank, " < "); !strings.Contains(text, want) {
		t.Errorf("ARCHITECTURE.md does not have the ranks %s", want)
	}
	said, are := map[string]struct{}{}, map[string]struct{}{}
	for _, row := range tableRows(text) {
		cells := strings.Split(row, "|")
		pair := strings.TrimSpace(cells[1]) + " waits on " + strings.TrimSpace(cells[2])
		if _, twice := said[pair]; twice {
			t.Errorf("ARCHITECTURE.md has two rows for: %s", pair)
		}
		said[pair] = struct{}{}
	}
	for _, r := range callRows(t) {
		are[r.from+" waits on "+r.to] = struct{}{}
	}
	for _, pair := range slices.Sorted(maps.Keys(are)) {
		if _, is := said[pair]; !is {
			t.Errorf("ARCHITECTURE.md lacks: %s", pair)
		}
	}
	for _, pair := range slices.Sorted(maps.Keys(said)) {
		if _, is := are[pair]; !is {
			t.Errorf("%s has no Call for what ARCHITECTURE.md has: %s", callsFolder, pair)
		}
	}
}

// quoted are the words of a text that stand in backticks.
var quoted = regexp.MustCompile("`([^`]+)`")

// places are the files and folders that a text names. A file without a folder lies
// in that of the file before it.
func places(text string) []string {
	var out []string
	folder := ""
	for _, m := range quoted.FindAllStringSubmatch(text, -1) {
		name := m[1]
		switch isFile := path.Ext(name) == ".go"; {
		case isFile && !strings.Contains(name, "/"):
			out = append(out, path.Join(folder, name))
		case isFile:
			folder = path.Dir(name)
			out = append(out, name)
		case strings.Contains(name, "/"):
			out = append(out, name)
		}
	}
	return out
}

func TestTheDatasWayLeadsThroughFilesThatExist(t *testing.T) {
	named := places(architecture(t, "The data's way"))
	if len(named) < 10 {
		t.Errorf("ARCHITECTURE.md names only %q", named)
	}
	for _, name := range named {
		if _, err := os.Stat(filepath.Join(root(), filepath.FromSlash(name))); err != nil {
			t.Errorf("ARCHITECTURE.md leads through %s: %v", name, err)
		}
	}
}

func TestPlacesOfATextAreSeen(t *testing.T) {
	got := places("`a/b.go` steps `x`, `c.go` and `d/e` (`Evidence`), then `f.go` → `g/h.go`, `i.go`")
	if want := []string{"a/b.go", "a/c.go", "d/e", "a/f.go", "g/h.go", "g/i.go"}; !slices.Equal(got, want) {
		t.Errorf("saw %q, want %q", got, want)
	}
}
