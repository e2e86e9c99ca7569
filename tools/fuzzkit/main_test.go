package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"testing"
)

const profile = `mode: set
example.org/m/p/a.go:1.1,2.2 3 1
example.org/m/p/a.go:3.1,4.2 1 0
example.org/m/p/b.go:1.1,2.2 10 0
example.org/m/p/a.go:3.1,4.2 1 0
`

func TestCoverageCountsTheStatementsOfTheFilesAskedFor(t *testing.T) {
	if reached, all, err := coverage(profile, []string{"a.go"}); reached != 3 || all != 4 || err != nil {
		t.Errorf("%d of %d, %v", reached, all, err)
	}
	for least, fine := range map[int]bool{75: true, 76: false} {
		if err := judge(profile, []string{"a.go"}, least); (err == nil) != fine {
			t.Errorf("%d %%: %v", least, err)
		}
	}
	if judge(profile, []string{"c.go"}, 0) == nil {
		t.Error("a file that is not there is covered")
	}
}

func TestTheShortestInputsArePackedOnceAndKept(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"1": "go test fuzz v1\nlonger\n", "2": "go test fuzz v1\nx\n", "3": "go test fuzz v1\nx\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out := filepath.Join(t.TempDir(), "seeds.gz")
	for _, from := range []string{dir, filepath.Join(dir, "none")} { // the second finds nothing new
		if err := run([]string{"pack", out, from}); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(z); err != nil || string(got) != "go test fuzz v1\nx\ngo test fuzz v1\nlonger\n" {
		t.Errorf("%q, %v", got, err)
	}
}
