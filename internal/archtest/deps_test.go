package archtest

import (
	"os/exec"
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
	for dep := range strings.Lines(string(out)) {
		for _, h := range heavy {
			if strings.HasPrefix(dep, h) {
				t.Errorf("the library pulls %s", strings.TrimSpace(dep))
			}
		}
	}
}
