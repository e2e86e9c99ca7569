package archtest

import (
	"go/ast"
	"testing"
)

// The limits of sizes, in lines, fields and parameters.
const (
	fileLines      = 400
	functionLines  = 80
	structFields   = 19
	functionParams = 5
)

// Exceptions to the limits, by file, "folder.function" or "folder.type", each
// with its reason. One that is not needed is an error.
var (
	longFiles     = map[string]string{}
	longFunctions = map[string]string{}
	wideStructs   = map[string]string{}
	manyParams    = map[string]string{}
	boolParams    = map[string]string{}
)

// limit reports what is over its limit and not excepted, and exceptions that
// nothing needs.
type limit struct {
	t      *testing.T
	except map[string]string
	needed map[string]bool
}

func newLimit(t *testing.T, except map[string]string) *limit {
	return &limit{t: t, except: except, needed: map[string]bool{}}
}

func (l *limit) over(key, where, format string, args ...any) {
	l.t.Helper()
	l.needed[key] = true
	if l.except[key] == "" {
		l.t.Errorf(where+": "+format, args...)
	}
}

func (l *limit) close() {
	l.t.Helper()
	for key := range l.except {
		if !l.needed[key] {
			l.t.Errorf("exception for %s is not needed", key)
		}
	}
}

func TestFilesAreShort(t *testing.T) {
	l := newLimit(t, longFiles)
	defer l.close()
	for _, f := range files(t) {
		if f.lines > fileLines {
			l.over(f.path, f.path, "%d lines, at most %d", f.lines, fileLines)
		}
	}
}

func TestFunctionsAreShort(t *testing.T) {
	l := newLimit(t, longFunctions)
	defer l.close()
	eachFunction(t, func(f *goFile, d *ast.FuncDecl, key string) {
		if n := f.length(d); n > functionLines {
			l.over(key, f.at(d), "%s has %d lines, at most %d", d.Name.Name, n, functionLines)
		}
	})
}

func TestFunctionsTakeFewParameters(t *testing.T) {
	l := newLimit(t, manyParams)
	defer l.close()
	eachFunction(t, func(f *goFile, d *ast.FuncDecl, key string) {
		if n := count(d.Type.Params); n > functionParams {
			l.over(key, f.at(d), "%s takes %d parameters, at most %d", d.Name.Name, n, functionParams)
		}
	})
}

// A caller that writes true or false says nothing: a parameter is evidence or
// an enumeration.
func TestFunctionsTakeNoBooleans(t *testing.T) {
	l := newLimit(t, boolParams)
	defer l.close()
	eachFunction(t, func(f *goFile, d *ast.FuncDecl, key string) {
		for _, p := range d.Type.Params.List {
			if id, isIdent := p.Type.(*ast.Ident); isIdent && id.Name == "bool" {
				l.over(key, f.at(p), "%s takes a bool", d.Name.Name)
			}
		}
	})
}

func TestStructsAreNarrow(t *testing.T) {
	l := newLimit(t, wideStructs)
	defer l.close()
	for _, f := range production(t) {
		ast.Inspect(f.ast, func(n ast.Node) bool {
			spec, isType := n.(*ast.TypeSpec)
			if !isType {
				return true
			}
			if s, isStruct := spec.Type.(*ast.StructType); isStruct && count(s.Fields) > structFields {
				l.over(f.folder+"."+spec.Name.Name, f.at(spec), "%s has %d fields, at most %d", spec.Name.Name, count(s.Fields), structFields)
			}
			return true
		})
	}
}

// eachFunction calls do with every function that is no test's, and the key by
// which the exceptions name it.
func eachFunction(t *testing.T, do func(f *goFile, d *ast.FuncDecl, key string)) {
	t.Helper()
	for _, f := range production(t) {
		for _, decl := range f.ast.Decls {
			if d, isFunc := decl.(*ast.FuncDecl); isFunc {
				key := f.folder + "." + d.Name.Name
				if d.Recv != nil {
					key = f.folder + "." + receiverOr(d) + "." + d.Name.Name
				}
				do(f, d, key)
			}
		}
	}
}

// count is the number of names in a list of fields; one without a name is one.
func count(l *ast.FieldList) int {
	n := 0
	for _, f := range l.List {
		n += max(1, len(f.Names))
	}
	return n
}
