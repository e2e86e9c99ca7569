package interop

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A pattern that names nothing makes go test succeed without a test.
func TestEachPatternOfMakeInteropFullNamesATest(t *testing.T) {
	text, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	_, recipe, _ := strings.Cut(string(text), "interop-full: ##")
	recipe, _, _ = strings.Cut(recipe, "\n\n")
	found := regexp.MustCompile(`-run '([^']+)'`).FindStringSubmatch(recipe)
	if found == nil {
		t.Fatalf("no pattern in %q", recipe)
	}
	names := testNames(t)
	for pattern := range strings.SplitSeq(found[1], "|") {
		if !slices.ContainsFunc(names, regexp.MustCompile(pattern).MatchString) {
			t.Errorf("%s names no test", pattern)
		}
	}
	for _, variable := range []string{"ETORRENT_PAIRS=all", "ETORRENT_SWARMS=", "ETORRENT_CUTS=", "ETORRENT_KILLS=", "ETORRENT_FAULTS=", "ETORRENT_DISTURB="} {
		if !strings.Contains(recipe, variable) {
			t.Errorf("%s is not set", variable)
		}
	}
}

// testNames are those of the tests of this package on all platforms.
func testNames(t *testing.T) (names []string) {
	t.Helper()
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if d, is := d.(*ast.FuncDecl); is && d.Recv == nil && strings.HasPrefix(d.Name.Name, "Test") {
				names = append(names, d.Name.Name)
			}
		}
	}
	return names
}
