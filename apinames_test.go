package etorrent_test

import (
	"fmt"
	"go/types"
	"maps"
	"slices"
	"strings"
	"testing"
)

// keptWhole are types without a public name, with the reason.
var keptWhole = map[string]string{
	"internal/core/announce.Saved": "a State keeps it as JSON, as a whole, and does not look into it",
}

// What is exported is made of types that a program can name: whoever writes a Storage,
// a State, a Network or a Clock from nothing has no other way.
func TestEveryTypeThatIsExportedHasAPublicName(t *testing.T) {
	load := loader(t)
	var pkgs []*types.Package
	for _, p := range public {
		pkgs = append(pkgs, load(modPath+p))
	}
	named := map[*types.TypeName]string{}
	for _, pkg := range pkgs {
		for _, name := range pkg.Scope().Names() {
			o, is := pkg.Scope().Lookup(name).(*types.TypeName)
			if !is || !o.Exported() {
				continue
			}
			if n, is := types.Unalias(o.Type()).(*types.Named); is {
				named[n.Origin().Obj()] = short(pkg) + "." + name
			}
		}
	}
	w := walk{load: load, named: named, seen: map[types.Type]struct{}{}, missing: map[string]string{}}
	for _, pkg := range pkgs {
		for _, name := range pkg.Scope().Names() {
			if o := pkg.Scope().Lookup(name); o.Exported() {
				w.of(o.Type(), short(pkg)+"."+name)
			}
		}
	}
	for _, missing := range slices.Sorted(maps.Keys(w.missing)) {
		t.Errorf("%s has no public name, and is needed for %s", missing, w.missing[missing])
	}
}

// walk goes through all that is exported of types.
type walk struct {
	load    func(string) *types.Package
	named   map[*types.TypeName]string
	seen    map[types.Type]struct{}
	missing map[string]string // internal type, and what it is needed for
}

// of goes through one type, which is needed for something.
func (w *walk) of(t types.Type, why string) {
	t = types.Unalias(t)
	if _, again := w.seen[t]; again {
		return
	}
	w.seen[t] = struct{}{}
	switch t := t.(type) {
	case *types.Named:
		w.ofNamed(t, why)
	case *types.Pointer:
		w.of(t.Elem(), why)
	case *types.Slice:
		w.of(t.Elem(), why)
	case *types.Array:
		w.of(t.Elem(), why)
	case *types.Map:
		w.of(t.Key(), why)
		w.of(t.Elem(), why)
	case *types.Chan:
		w.of(t.Elem(), why)
	case *types.Signature:
		for v := range t.Params().Variables() {
			w.of(v.Type(), why)
		}
		for v := range t.Results().Variables() {
			w.of(v.Type(), why)
		}
	case *types.Struct:
		for f := range t.Fields() {
			if f.Exported() {
				w.of(f.Type(), why+"."+f.Name())
			}
		}
	case *types.Interface:
		for m := range t.Methods() {
			if m.Exported() {
				w.of(m.Type(), why+"."+m.Name())
			}
		}
	}
}

func (w *walk) ofNamed(t *types.Named, why string) {
	o := t.Origin().Obj()
	if o.Pkg() == nil || !strings.HasPrefix(o.Pkg().Path(), modPath) {
		return
	}
	name := short(o.Pkg()) + "." + o.Name()
	if strings.Contains(o.Pkg().Path(), "/internal/") {
		if keptWhole[name] != "" {
			return
		}
		public, has := w.named[o]
		if !has {
			w.missing[name] = why
		}
		name = public
	}
	for a := range t.TypeArgs().Types() {
		w.of(a, why)
	}
	w.of(t.Underlying(), name)
	w.ofSum(t, name)
	for m := range t.Methods() {
		if m.Exported() {
			w.of(m.Type(), fmt.Sprintf("%s.%s", name, m.Name()))
		}
	}
}

// ofSum goes through the variants of a sealed sum type, which nothing else may name.
func (w *walk) ofSum(t *types.Named, name string) {
	sum, is := t.Underlying().(*types.Interface)
	if !is || !slices.ContainsFunc(slices.Collect(sum.Methods()), func(m *types.Func) bool { return !m.Exported() }) {
		return
	}
	scope := w.load(t.Obj().Pkg().Path()).Scope()
	for _, variant := range scope.Names() {
		v, is := scope.Lookup(variant).(*types.TypeName)
		if is && v.Exported() && !types.IsInterface(v.Type()) && types.Implements(v.Type(), sum) {
			w.of(v.Type(), name)
		}
	}
}
