package archtest

import (
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// heavy are modules that a host of the library must not link unasked: drivers
// and services are packages of their own.
var heavy = []string{"modernc.org/", "database/sql", "github.com/spf13/", "github.com/prometheus/", "github.com/pion/"}

func TestTheLibraryLinksNoDriver(t *testing.T) {
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", ".")
	list.Dir = root()
	out, err := list.Output()
	if err != nil {
		t.Fatalf("%v: %v", list, err)
	}
	foreign, all := map[string]struct{}{}, 0
	for dep := range strings.Lines(string(out)) {
		dep = strings.TrimSpace(dep)
		if first, _, _ := strings.Cut(dep, "/"); strings.Contains(first, ".") && !strings.HasPrefix(dep, module) {
			foreign[dep] = struct{}{}
		}
		all++
		for _, h := range heavy {
			if strings.HasPrefix(dep, h) {
				t.Errorf("the library pulls %s", dep)
			}
		}
	}
	t.Logf("the library has %d packages below it, %d of other projects: %q", all-1, len(foreign), slices.Sorted(maps.Keys(foreign)))
	if most := 4; len(foreign) > most {
		t.Errorf("%d packages of other projects, at most %d", len(foreign), most)
	}
}
