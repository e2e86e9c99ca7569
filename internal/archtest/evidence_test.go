package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// proven are the parts of ARCHITECTURE.md in which every row names its tests.
var proven = []string{"Budgets", "Hostile input"}

var namedTest = regexp.MustCompile("`(Test[A-Za-z0-9_]+)`")

func TestEveryBudgetAndEveryHostileInputNamesATestThatExists(t *testing.T) {
	exist := allTests(t)
	text, err := os.ReadFile(filepath.Join(root(), "ARCHITECTURE.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, title := range proven {
		rows := tableRows(section(string(text), title))
		if len(rows) < 10 {
			t.Errorf("%s has %d rows", title, len(rows))
		}
		for _, row := range rows {
			cells := strings.Split(strings.Trim(row, "| "), "|")
			named := namedTest.FindAllStringSubmatch(cells[len(cells)-1], -1)
			if len(named) == 0 {
				t.Errorf("%s: no test is named by %s", title, row)
			}
			for _, n := range named {
				if !exist[n[1]] {
					t.Errorf("%s: there is no %s", title, n[1])
				}
			}
		}
	}
}

// section is the part of a document below a heading of the second level.
func section(document, title string) string {
	_, after, _ := strings.Cut(document, "\n## "+title+"\n")
	before, _, _ := strings.Cut(after, "\n## ")
	return before
}

// tableRows are the rows of all tables, without their heads.
func tableRows(text string) []string {
	var rows []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case !strings.HasPrefix(line, "|"):
		case strings.HasPrefix(line, "| ---"):
			rows = rows[:len(rows)-1] // what came before it is the head
		default:
			rows = append(rows, line)
		}
	}
	return rows
}

// allTests are the names of all tests, also of those modules that are beside the
// main one.
func allTests(t *testing.T) map[string]bool {
	t.Helper()
	exist := map[string]bool{}
	for _, f := range files(t) {
		note(exist, f.ast)
	}
	beside, err := filepath.Glob(filepath.Join(root(), "interop", "*_test.go"))
	if err != nil || len(beside) == 0 {
		t.Fatalf("no tests of real programs: %v", err)
	}
	inside, err := filepath.Glob(filepath.Join(root(), "interop", "*", "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(beside, inside...) {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		note(exist, f)
	}
	return exist
}

func note(exist map[string]bool, f *ast.File) {
	for _, d := range f.Decls {
		if fn, is := d.(*ast.FuncDecl); is && fn.Recv == nil {
			exist[fn.Name.Name] = true
		}
	}
}
