package main

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

var (
	linkTo     = regexp.MustCompile(`\]\(([^)#:]+)\)`)
	testName   = regexp.MustCompile(`\bTest[A-Z][A-Za-z0-9]*`)
	flagName   = regexp.MustCompile("(?:^|[ `(])--([a-z][a-z-]+)")
	makeTarget = regexp.MustCompile("(?:\\$ |`)make ([a-z-]+)")
	codeSpan   = regexp.MustCompile("`[^`\n]+`")
)

// TestWhatADocumentNamesIsThere looks for what the documents link to, for the tests
// that they name, for flags and for targets of make.
func TestWhatADocumentNamesIsThere(t *testing.T) {
	t.Parallel()
	tests, flags := testsOfRepository(t), flagsOfProgram(t)
	makefile := readDocument(t, "Makefile")
	for _, name := range documents(t) {
		text := readDocument(t, name)
		for _, found := range linkTo.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join("..", "..", filepath.FromSlash(path.Join(path.Dir(name), found[1])))); err != nil {
				t.Errorf("%s links to %s: %v", name, found[1], err)
			}
		}
		for _, found := range testName.FindAllString(text, -1) {
			if !tests[found] {
				t.Errorf("%s names %s, which is no test", name, found)
			}
		}
		for _, span := range codeSpan.FindAllString(text, -1) {
			for _, found := range flagName.FindAllStringSubmatch(span, -1) {
				if !flags[found[1]] && !strings.Contains(span, "git ") {
					t.Errorf("%s has %s, and there is no flag --%s", name, span, found[1])
				}
			}
		}
		for _, found := range makeTarget.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(makefile, "\n"+found[1]+":") {
				t.Errorf("%s has make %s, which is no target", name, found[1])
			}
		}
	}
}

// testsOfRepository are the names of all tests.
func testsOfRepository(t *testing.T) map[string]bool {
	t.Helper()
	out, declared := map[string]bool{}, regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	err := filepath.WalkDir(filepath.Join("..", ".."), func(name string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, "_test.go") {
			return err
		}
		text, err := os.ReadFile(name)
		for _, found := range declared.FindAllStringSubmatch(string(text), -1) {
			out[found[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// flagsOfProgram are the names of the flags of all commands.
func flagsOfProgram(t *testing.T) map[string]bool {
	t.Helper()
	h, _, _ := testHost(t, nil)
	out := map[string]bool{"help": true}
	for _, c := range allCommands(newRoot(&session{host: h})) {
		c.Flags().VisitAll(func(f *pflag.Flag) { out[f.Name] = true })
	}
	return out
}
