package archtest

import (
	"go/ast"
	"testing"
)

// free lists where goroutines may be started without a supervisor: sup itself,
// and what runs beside the engine.
var free = []string{"sup/...", "bench/...", "internal/testnet/..."}

// callbacks are functions of the standard library that run their argument on a
// goroutine that nobody supervises.
var callbacks = map[string][]string{
	"time":     {"AfterFunc"},
	"context":  {"AfterFunc"},
	"runtime":  {"SetFinalizer", "AddCleanup"},
	"net/http": {"Serve", "ServeTLS", "ListenAndServe", "ListenAndServeTLS"},
}

func TestOnlySupStartsGoroutines(t *testing.T) {
	for _, f := range production(t) {
		if below(f.folder, free...) {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if what := f.startsGoroutine(n); what != "" {
				t.Errorf("%s: %s starts a goroutine; only sup does: use Process.Go or a child", f.at(n), what)
			}
			return true
		})
	}
}

// startsGoroutine names what starts a goroutine at n, "" if nothing does. The
// method Go with a single argument is that of sync.WaitGroup and errgroup;
// sup's has a name before the function.
func (f *goFile) startsGoroutine(n ast.Node) string {
	switch n := n.(type) {
	case *ast.GoStmt:
		return "go"
	case *ast.CallExpr:
		if s, isSelector := n.Fun.(*ast.SelectorExpr); isSelector && s.Sel.Name == "Go" && len(n.Args) == 1 {
			return "a method Go"
		}
	case *ast.SelectorExpr:
		for imp, names := range callbacks {
			for _, name := range names {
				if selects(n, f.localName(imp)) == name {
					return imp + "." + name
				}
			}
		}
	case *ast.ImportSpec:
		if unquote(n.Path.Value) == "golang.org/x/sync/errgroup" {
			return "errgroup"
		}
	}
	return ""
}

func TestOnlySupRecovers(t *testing.T) {
	for _, f := range production(t) {
		if below(f.folder, "sup") {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if recovers(n) {
				t.Errorf("%s: recover keeps state that a panic has touched; only sup recovers, and discards it", f.at(n))
			}
			return true
		})
	}
}

func recovers(n ast.Node) bool {
	call, isCall := n.(*ast.CallExpr)
	if !isCall {
		return false
	}
	fun, isIdent := call.Fun.(*ast.Ident)
	return isIdent && fun.Name == "recover"
}
