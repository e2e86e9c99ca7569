package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var (
	shownTest = regexp.MustCompile("`((?:Test|Fuzz)[A-Za-z0-9_]+)`")
	shownRow  = regexp.MustCompile(`"([^"]+)"`)
)

// entries are the parts of a document below headings of the third level, and its last
// part, by their headings.
func entries(document string) map[string]string {
	out := map[string]string{}
	for _, part := range regexp.MustCompile(`(?m)^###? `).Split(document, -1)[1:] {
		title, body, _ := strings.Cut(part, "\n")
		if strings.TrimSpace(body) != "" {
			out[title] = body
		}
	}
	return out
}

func TestEveryEntryOfWhatBEP29DoesNotSayIsShownByATestThatExists(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root(), "utp", "UNDESCRIBED.md"))
	if err != nil {
		t.Fatal(err)
	}
	exist, rows := allTests(t), rowsOfUTP(t)
	all := entries(string(text))
	if len(all) < 30 {
		t.Errorf("there are %d entries", len(all))
	}
	for title, body := range all {
		_, shown, _ := strings.Cut(body, "\n- Shown: ")
		shown, _, _ = strings.Cut(shown, "\n")
		tests := shownTest.FindAllStringSubmatch(shown, -1)
		if len(tests) == 0 {
			t.Errorf("%s: no test shows it", title)
		}
		for _, n := range tests {
			if !exist[n[1]] {
				t.Errorf("%s: there is no %s", title, n[1])
			}
		}
		for _, n := range shownRow.FindAllStringSubmatch(shown, -1) {
			if !rows[n[1]] {
				t.Errorf("%s: no table of a test has the row %q", title, n[1])
			}
		}
	}
}

// rowsOfUTP are the strings of the tests of uTP.
func rowsOfUTP(t *testing.T) map[string]bool {
	t.Helper()
	rows := map[string]bool{}
	for _, pattern := range []string{"interop/libutp/*_test.go", "internal/core/utp/*/*_test.go"} {
		names, err := filepath.Glob(filepath.Join(root(), filepath.FromSlash(pattern)))
		if err != nil || len(names) == 0 {
			t.Fatalf("no tests of %s: %v", pattern, err)
		}
		for _, name := range names {
			f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(f, func(n ast.Node) bool {
				if l, is := n.(*ast.BasicLit); is && l.Kind == token.STRING {
					if text, err := strconv.Unquote(l.Value); err == nil {
						rows[text] = true
					}
				}
				return true
			})
		}
	}
	return rows
}
