package archtest

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// unfinished are the words that stand where something is missing, put together
// here so that this file does not have them.
var unfinished = regexp.MustCompile(`\b(` + strings.Join([]string{"TO" + "DO", "FIX" + "ME", "XX" + "X"}, "|") + `)\b|(?i:not (?:yet )?imple` + `mented)`)

// written are the kinds of files that people write.
var written = map[string]bool{
	".go": true, ".md": true, ".sh": true, ".py": true, ".yml": true, ".yaml": true, ".mod": true, ".sql": true,
	".html": true, ".js": true, ".css": true, ".json": true, "": true,
}

func TestNothingIsLeftUnfinished(t *testing.T) {
	err := walk(func(name string) error {
		if !written[path.Ext(name)] {
			return nil
		}
		src, err := os.ReadFile(filepath.Join(root(), name))
		if err != nil {
			return err
		}
		for i, line := range strings.Split(string(src), "\n") {
			if word := unfinished.FindString(line); word != "" {
				t.Errorf("%s:%d: %s", name, i+1, word)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
