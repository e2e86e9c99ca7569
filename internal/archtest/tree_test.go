package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const module = "github.com/etorrent/etorrent"

// A goFile is one parsed file of the module, whatever platform it is for.
type goFile struct {
	path   string // from the root of the tree, with slashes
	folder string // of path; "." is the root
	fset   *token.FileSet
	ast    *ast.File
	lines  int
}

func (f *goFile) isTest() bool { return strings.HasSuffix(f.path, "_test.go") }

// at says where a node is, as an editor opens it.
func (f *goFile) at(n ast.Node) string {
	return f.path + ":" + strconv.Itoa(f.fset.Position(n.Pos()).Line)
}

// length is the number of lines between a node's first and last one.
func (f *goFile) length(n ast.Node) int {
	return f.fset.Position(n.End()).Line - f.fset.Position(n.Pos()).Line - 1
}

// localName is the name by which the file speaks of an imported package, ""
// if it does not import it.
func (f *goFile) localName(importPath string) string {
	for _, s := range f.ast.Imports {
		if unquote(s.Path.Value) != importPath {
			continue
		}
		if s.Name != nil {
			return s.Name.Name
		}
		return path.Base(importPath)
	}
	return ""
}

// selects returns the name behind the dot if n is a selector on the package
// that the file calls local, and "" otherwise.
func selects(n ast.Node, local string) string {
	s, isSelector := n.(*ast.SelectorExpr)
	if !isSelector || local == "" {
		return ""
	}
	if x, isIdent := s.X.(*ast.Ident); isIdent && x.Name == local {
		return s.Sel.Name
	}
	return ""
}

// files returns every file of the module that go/parser can read. Modules of
// their own below the root (interop, tools/golangci, …) are not in it.
func files(t *testing.T) []*goFile {
	t.Helper()
	all, err := parsed()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// production returns the files that are no tests.
func production(t *testing.T) []*goFile {
	t.Helper()
	var out []*goFile
	for _, f := range files(t) {
		if !f.isTest() {
			out = append(out, f)
		}
	}
	return out
}

var parsed = sync.OnceValues(func() ([]*goFile, error) {
	var out []*goFile
	fset := token.NewFileSet()
	err := walk(func(name string) error {
		if path.Ext(name) != ".go" {
			return nil
		}
		src, err := os.ReadFile(filepath.Join(root(), name))
		if err != nil {
			return err
		}
		a, err := parser.ParseFile(fset, name, src, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		f := &goFile{path: name, folder: path.Dir(name), fset: fset, ast: a}
		f.lines = fset.File(a.Pos()).LineCount()
		out = append(out, f)
		return nil
	})
	return out, err
})

// walk calls f with every file of the main module, test data excepted.
func walk(f func(name string) error) error {
	return fs.WalkDir(os.DirFS(root()), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !d.IsDir() {
			return f(name)
		}
		if name == "." {
			return nil
		}
		if strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || name == "bin" || isModule(name) {
			return fs.SkipDir
		}
		return nil
	})
}

func isModule(folder string) bool {
	_, err := os.Stat(filepath.Join(root(), folder, "go.mod"))
	return err == nil
}

// root is the folder of the main module, two above this package.
func root() string { return filepath.Join("..", "..") }

func unquote(s string) string {
	u, err := strconv.Unquote(s)
	if err != nil {
		panic(err) // the parser accepted it as a string
	}
	return u
}

// below says whether folder is one of the places: a folder by name, or with
// "/..." behind it that folder and all below it.
func below(folder string, places ...string) bool {
	for _, p := range places {
		base, deep := strings.CutSuffix(p, "/...")
		if folder == base || deep && strings.HasPrefix(folder, base+"/") {
			return true
		}
	}
	return false
}
