package etorrent_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

var updateAPI = flag.Bool("update-api", false, "write testdata/api.txt anew")

const (
	apiFile = "testdata/api.txt"
	modPath = "github.com/etorrent/etorrent"
)

// public are the packages that a host may import.
var public = []string{"", "/bencode", "/etorrenttest", "/metainfo", "/sqlitestate", "/state", "/statetest", "/storage", "/storagetest", "/sup", "/tracker", "/utp"}

// What is exported changes on purpose only: go test -run TestTheExportedAPI . -update-api
func TestTheExportedAPIIsThatOfTheGoldenFile(t *testing.T) {
	got := exported(t)
	if *updateAPI {
		if err := os.WriteFile(apiFile, []byte(strings.Join(got, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	golden, err := os.ReadFile(apiFile)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSuffix(strings.ReplaceAll(string(golden), "\r\n", "\n"), "\n"), "\n")
	for _, line := range want {
		if _, found := slices.BinarySearch(got, line); !found {
			t.Errorf("gone: %s", line)
		}
	}
	for _, line := range got {
		if _, found := slices.BinarySearch(want, line); !found {
			t.Errorf("new: %s", line)
		}
	}
	if t.Failed() {
		t.Log("if that is wanted: go test -run TestTheExportedAPI . -update-api")
	}
}

// exported has a line for each exported name of the public packages, with the fields
// and methods of types, also of those that are aliases of internal ones.
func exported(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, pkg := range publicPackages(t) {
		for _, name := range pkg.Scope().Names() {
			if o := pkg.Scope().Lookup(name); o.Exported() {
				out = append(out, linesOf(o)...)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// publicPackages are what the compiler knows of the public packages.
func publicPackages(t *testing.T) (all []*types.Package) {
	t.Helper()
	load := loader(t)
	for _, p := range public {
		all = append(all, load(modPath+p))
	}
	return all
}

// loader loads what the compiler knows of a package that a public one uses.
func loader(t *testing.T) func(path string) *types.Package {
	t.Helper()
	files := exportFiles(t)
	imports := importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(files[path])
	})
	return func(path string) *types.Package {
		pkg, err := imports.Import(path)
		if err != nil {
			t.Fatal(err)
		}
		return pkg
	}
}

// exportFiles are where the compiler leaves what packages export.
func exportFiles(t *testing.T) map[string]string {
	t.Helper()
	args := []string{"list", "-export", "-deps", "-json=ImportPath,Export"}
	for _, p := range public {
		args = append(args, modPath+p)
	}
	raw, err := exec.CommandContext(t.Context(), "go", args...).Output()
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for d := json.NewDecoder(bytes.NewReader(raw)); ; {
		var p struct{ ImportPath, Export string }
		if err := d.Decode(&p); err == io.EOF {
			return files
		} else if err != nil {
			t.Fatal(err)
		}
		files[p.ImportPath] = p.Export
	}
}

// short names packages by their path in the module.
func short(p *types.Package) string {
	if p.Path() == modPath {
		return "etorrent"
	}
	return strings.TrimPrefix(p.Path(), modPath+"/")
}

func linesOf(o types.Object) []string {
	name := short(o.Pkg()) + "." + o.Name()
	switch o := o.(type) {
	case *types.Const:
		return []string{fmt.Sprintf("const %s %s = %s", name, types.TypeString(o.Type(), short), o.Val())}
	case *types.TypeName:
		return typeLines(name, o)
	case *types.Func:
		return []string{"func " + name + strings.TrimPrefix(types.TypeString(o.Type(), short), "func")}
	}
	return []string{fmt.Sprintf("var %s %s", name, types.TypeString(o.Type(), short))}
}

func typeLines(name string, o *types.TypeName) []string {
	actual := types.Unalias(o.Type())
	kind := types.TypeString(actual.Underlying(), short)
	var out []string
	switch u := actual.Underlying().(type) {
	case *types.Struct:
		kind = "struct"
		for f := range u.Fields() {
			if f.Exported() {
				out = append(out, fmt.Sprintf("field %s.%s %s", name, f.Name(), types.TypeString(f.Type(), short)))
			}
		}
	case *types.Interface:
		kind = "interface"
	}
	out = append(out, "type "+name+" "+kind)
	receiver := actual
	if !types.IsInterface(actual) {
		receiver = types.NewPointer(actual)
	}
	for m := range types.NewMethodSet(receiver).Methods() {
		if m.Obj().Exported() {
			out = append(out, fmt.Sprintf("method %s.%s%s", name, m.Obj().Name(), strings.TrimPrefix(types.TypeString(m.Obj().Type(), short), "func")))
		}
	}
	return out
}
