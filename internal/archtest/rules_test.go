package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"testing"
)

// The tests of this file show that the rules see what they forbid.

func snippet(t *testing.T, src string) *goFile {
	t.Helper()
	fset := token.NewFileSet()
	a, err := parser.ParseFile(fset, "p/x.go", "package p\n"+src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return &goFile{path: "p/x.go", folder: "p", fset: fset, ast: a}
}

func seen(f *goFile, rule func(ast.Node) bool) bool {
	found := false
	ast.Inspect(f.ast, func(n ast.Node) bool {
		found = found || rule(n)
		return true
	})
	return found
}

func TestGoroutinesAreSeen(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"func f() { go f() }", "go"},
		{"import \"sync\"\nfunc f() { var w sync.WaitGroup; w.Go(f) }", "a method Go"},
		{"import clock \"time\"\nfunc f() { clock.AfterFunc(1, f) }", "time.AfterFunc"},
		{"import \"golang.org/x/sync/errgroup\"\nvar g errgroup.Group", "errgroup"},
		{"func f(p process) { p.Go(\"reader\", g) }", ""},
		{"import \"time\"\nvar d = time.Second", ""},
	} {
		f, got := snippet(t, c.src), ""
		seen(f, func(n ast.Node) bool { got += f.startsGoroutine(n); return false })
		if got != c.want {
			t.Errorf("%s: saw %q, want %q", c.src, got, c.want)
		}
	}
}

func TestRecoverIsSeen(t *testing.T) {
	if !seen(snippet(t, "func f() { defer func() { _ = recover() }() }"), recovers) {
		t.Error("recover was not seen")
	}
}

func TestLocksAreSeenWithTheirOwners(t *testing.T) {
	f := snippet(t, `import "sync"
import a "sync/atomic"
type T struct { mu sync.Mutex }
func New() *T { return &T{mu: sync.Mutex{}} }
func (t *T) M() { sync.OnceFunc(nil) }
var count a.Int64
func g() { new(a.Bool) }
type U struct{ t T }`)
	var owners []string
	for _, d := range f.ast.Decls {
		for _, u := range f.lockUses(d) {
			owners = append(owners, u.owner)
		}
	}
	if want := []string{"T", "T", "T", "count", "g"}; !slices.Equal(owners, want) {
		t.Errorf("saw %q, want %q", owners, want)
	}
}

func TestCallsWithoutARowAreSeen(t *testing.T) {
	const imports = "import \"" + module + "/sup\"\nimport \"" + module + "/" + callsFolder + "\"\n"
	rows := map[string]callRow{"Open": {}}
	for _, c := range []struct {
		src  string
		want int
	}{
		{"func f() { sup.Call(ctx, calls.Open, port, q) }", 0},
		{"func f() { sup.Call[Q, R](ctx, calls.Open, port, q) }", 0},
		{"func f(row *sup.CallRow) { sup.Call(ctx, row, port, q) }", 0},
		{"func f(row *sup.CallRow) { sup.Call(ctx, nil, port, q) }", 1},
		{"func f() { sup.Call(ctx, row, port, q) }", 1},
		{"func f() { sup.Call(ctx, calls.Unknown, port, q) }", 1},
	} {
		f, got := snippet(t, imports+c.src), 0
		for _, d := range f.ast.Decls {
			got += len(f.rowless(d, rows))
		}
		if got != c.want {
			t.Errorf("%s: saw %d calls without a row, want %d", c.src, got, c.want)
		}
	}
}

func TestRowsOfTheTableAreRead(t *testing.T) {
	f := snippet(t, "import \""+module+"/sup\"\n"+`var Open = &sup.CallRow{Name: "open", From: "control", To: "disk"}`)
	value := f.ast.Decls[1].(*ast.GenDecl).Specs[0].(*ast.ValueSpec).Values[0]
	if !f.isRow(literal(value)) {
		t.Error("the row was not seen")
	}
	if got := f.callRow(value); got.from != "control" || got.to != "disk" {
		t.Errorf("read %+v", got)
	}
}

func TestNamesWithoutACommentAreSeen(t *testing.T) {
	f := snippet(t, `
// C and others are types.
type (
	A struct{}
	// B is described.
	B struct{}
	C struct{}
	D = int
)
// Kinds are described together.
const (
	E = iota
	F
)
var G, h int
`)
	var got []string
	for _, d := range f.ast.Decls {
		for _, n := range undescribed(d.(*ast.GenDecl)) {
			got = append(got, n.Name)
		}
	}
	if want := []string{"A", "G"}; !slices.Equal(got, want) {
		t.Errorf("saw %q, want %q", got, want)
	}
}

func TestFloorsSeparate(t *testing.T) {
	for _, c := range []struct {
		from, imp string
		want      bool
	}{
		{"internal/vocab/wire", "net/netip", true},
		{"internal/vocab/wire", "net", false},
		{"internal/vocab/wire", module + "/internal/core/peer", false},
		{"internal/core/peer", module + "/internal/vocab/wire", true},
		{"internal/core/peer", module + "/internal/core/assign", false},
		{"internal/core/utp", module + "/internal/core/utp/cubic", true},
		{"internal/core/peer", module + "/sup", false},
		{"internal/core/peer", "context", false},
		{"internal/core/peer", "crypto/rand", false},
		{"sup", module + "/internal/vocab/mono", false},
		{"sup", module + "/sup/internal/decide", true},
		{"internal/proc/disk", module + "/internal/core/storage", true},
		{"internal/proc/disk", module, false},
		{"internal/proc/disk", "modernc.org/sqlite", false},
		{"internal/store/sqlite", "modernc.org/sqlite", true},
		{".", module + "/internal/proc/client", true},
		{".", module + "/internal/store/sqlite", false},
		{"cmd/etorrent", module + "/internal/proc/client", false},
		{"cmd/etorrent", module, true},
	} {
		fl, name := floorOf(c.from)
		if got := fl.allows(c.from, c.imp); got != c.want {
			t.Errorf("floor %s: %s imports %s: allowed %v, want %v", name, c.from, c.imp, got, c.want)
		}
	}
}
