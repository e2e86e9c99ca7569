package archtest

import (
	"go/ast"
	"strings"
	"testing"
)

// plain are methods whose name says all: those of fmt, errors, sort, io and
// encoding interfaces.
var plain = map[string]bool{
	"Error": true, "String": true, "Unwrap": true, "Is": true, "As": true,
	"Len": true, "Less": true, "Swap": true, "Read": true, "Write": true, "Close": true,
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	doc := map[string]string{}
	for _, f := range files(t) {
		if strings.HasSuffix(f.ast.Name.Name, "_test") {
			continue
		}
		if _, seen := doc[f.folder]; !seen {
			doc[f.folder] = ""
		}
		if f.ast.Doc != nil && !f.isTest() {
			doc[f.folder] += f.ast.Doc.Text()
		}
	}
	for folder, text := range doc {
		if !strings.HasPrefix(text, "Package ") && !strings.HasPrefix(text, "Command ") {
			t.Errorf("%s has no comment that begins with Package or Command", folder)
		}
	}
}

func TestEveryExportedNameIsDescribed(t *testing.T) {
	for _, f := range production(t) {
		if f.ast.Name.Name == "main" {
			continue
		}
		for _, decl := range f.ast.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if d.Doc == nil && d.Name.IsExported() && ast.IsExported(receiverOr(d)) && !(d.Recv != nil && plain[d.Name.Name]) {
					t.Errorf("%s: %s has no comment", f.at(d), d.Name.Name)
				}
			case *ast.GenDecl:
				for _, name := range undescribed(d) {
					t.Errorf("%s: %s has no comment", f.at(name), name.Name)
				}
			}
		}
	}
}

// undescribed returns the exported names of a declaration without a comment. A
// comment above a group is for all constants, variables and aliases in it, and
// for those types that it names.
func undescribed(d *ast.GenDecl) []*ast.Ident {
	var out []*ast.Ident
	for _, spec := range d.Specs {
		switch s := spec.(type) {
		case *ast.TypeSpec:
			named := d.Doc != nil && (s.Assign.IsValid() || strings.Contains(d.Doc.Text(), s.Name.Name))
			if s.Name.IsExported() && s.Doc == nil && s.Comment == nil && !named {
				out = append(out, s.Name)
			}
		case *ast.ValueSpec:
			for _, name := range s.Names {
				if name.IsExported() && s.Doc == nil && s.Comment == nil && d.Doc == nil {
					out = append(out, name)
				}
			}
		}
	}
	return out
}
