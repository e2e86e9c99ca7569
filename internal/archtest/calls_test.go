package archtest

import (
	"go/ast"
	"go/token"
	"testing"
)

const callsFolder = "internal/proc/calls"

// ranks says on which rank a process stands: it may wait only on a higher one,
// so that nobody waits in a circle.
var ranks = map[string]int{
	"edge": 1, "api": 1, "watch": 1, "listen": 1, "dial": 1, "announce": 1, "dht": 1,
	"peer":    2,
	"torrent": 3, "control": 3, "assign": 3, "choker": 3,
	"roster": 4,
	"disk":   5,
	"store":  6,
}

// A callRow is a sup.CallRow as it is written in the table of Calls.
type callRow struct {
	at, from, to string
}

func TestCallsGoUpTheRanks(t *testing.T) {
	rows := callRows(t)
	if len(rows) == 0 {
		t.Fatalf("%s declares no row", callsFolder)
	}
	for _, r := range rows {
		from, to := ranks[r.from], ranks[r.to]
		if from == 0 || to == 0 {
			t.Errorf("%s: %q or %q is no process with a rank", r.at, r.from, r.to)
		} else if from >= to {
			t.Errorf("%s: %s may not wait on %s: not of a higher rank", r.at, r.from, r.to)
		}
	}
}

func TestCallsAreInTheTableAndTheTableIsUsed(t *testing.T) {
	rows, used := callRows(t), map[string]bool{}
	for _, f := range production(t) {
		if below(f.folder, "sup/...") {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if name := selects(n, f.localName(module+"/"+callsFolder)); name != "" {
				used[name] = true
			}
			if f.folder != callsFolder && f.isRow(n) {
				t.Errorf("%s: rows of Calls are declared in %s only", f.at(n), callsFolder)
			}
			return true
		})
		for _, decl := range f.ast.Decls {
			for _, bad := range f.rowless(decl, rows) {
				t.Errorf("%s: the second argument of sup.Call is calls.NAME, or the caller's row as it came", f.at(bad))
			}
		}
	}
	for name, r := range rows {
		if !used[name] {
			t.Errorf("%s: no Call uses row %s", r.at, name)
		}
	}
}

// rowless returns the calls of sup.Call in a declaration whose row is neither
// one of the table nor a parameter of type *sup.CallRow, by which a service lets
// its callers name the row.
func (f *goFile) rowless(decl ast.Decl, rows map[string]callRow) []ast.Node {
	var out []ast.Node
	passed := f.passedRows(decl)
	ast.Inspect(decl, func(n ast.Node) bool {
		arg := f.rowOfCall(n)
		if arg == nil {
			return true
		}
		_, known := rows[selects(arg, f.localName(module+"/"+callsFolder))]
		if id, isIdent := arg.(*ast.Ident); !known && !(isIdent && passed[id.Name]) {
			out = append(out, n)
		}
		return true
	})
	return out
}

// passedRows names a function's parameters of type *sup.CallRow.
func (f *goFile) passedRows(decl ast.Decl) map[string]bool {
	out := map[string]bool{}
	d, isFunc := decl.(*ast.FuncDecl)
	if !isFunc {
		return out
	}
	for _, p := range d.Type.Params.List {
		star, isPointer := p.Type.(*ast.StarExpr)
		if !isPointer || selects(star.X, f.localName(module+"/sup")) != "CallRow" {
			continue
		}
		for _, name := range p.Names {
			out[name.Name] = true
		}
	}
	return out
}

// rowOfCall returns the row argument of a call of sup.Call, nil if n is none.
func (f *goFile) rowOfCall(n ast.Node) ast.Expr {
	call, isCall := n.(*ast.CallExpr)
	if !isCall || len(call.Args) < 2 {
		return nil
	}
	fun := call.Fun
	switch x := fun.(type) {
	case *ast.IndexExpr:
		fun = x.X
	case *ast.IndexListExpr:
		fun = x.X
	}
	if selects(fun, f.localName(module+"/sup")) != "Call" {
		return nil
	}
	return call.Args[1]
}

// isRow says whether n is a literal sup.CallRow{…}.
func (f *goFile) isRow(n ast.Node) bool {
	lit, isLit := n.(*ast.CompositeLit)
	return isLit && selects(lit.Type, f.localName(module+"/sup")) == "CallRow"
}

// callRows reads the table of Calls: package variables that hold a sup.CallRow
// or a pointer to one, written with its field names.
func callRows(t *testing.T) map[string]callRow {
	t.Helper()
	rows := map[string]callRow{}
	for _, f := range production(t) {
		if f.folder != callsFolder {
			continue
		}
		for _, decl := range f.ast.Decls {
			d, isGen := decl.(*ast.GenDecl)
			if !isGen || d.Tok != token.VAR {
				continue
			}
			for _, spec := range d.Specs {
				s := spec.(*ast.ValueSpec)
				for i, name := range s.Names {
					if i < len(s.Values) && f.isRow(literal(s.Values[i])) {
						rows[name.Name] = f.callRow(s.Values[i])
					}
				}
			}
		}
	}
	return rows
}

func (f *goFile) callRow(e ast.Expr) callRow {
	r := callRow{at: f.at(e)}
	for _, elt := range literal(e).(*ast.CompositeLit).Elts {
		kv, isPair := elt.(*ast.KeyValueExpr)
		if !isPair {
			continue
		}
		key, isKey := kv.Key.(*ast.Ident)
		val, isString := kv.Value.(*ast.BasicLit)
		if !isKey || !isString {
			continue
		}
		switch key.Name {
		case "From":
			r.from = unquote(val.Value)
		case "To":
			r.to = unquote(val.Value)
		}
	}
	return r
}

// literal is X of &X, and any other expression itself.
func literal(e ast.Expr) ast.Expr {
	if u, isUnary := e.(*ast.UnaryExpr); isUnary && u.Op == token.AND {
		return u.X
	}
	return e
}
