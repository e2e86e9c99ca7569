// Package fuzzseed gives fuzz targets the inputs that fuzzing has found: those of
// one target lie in one compressed file, which `make fuzz` writes. So they are
// replayed by every plain `go test`.
package fuzzseed

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// header begins every input, as in the files of testing.
const header = "go test fuzz v1\n"

// sizeBound is the most that a file may unpack to, in bytes.
const sizeBound = 16 << 20

// Add adds the inputs of the target's file, testdata/TARGET.seeds.gz.
func Add(f *testing.F) {
	f.Helper()
	name := filepath.Join("testdata", f.Name()+".seeds.gz")
	packed, err := os.ReadFile(name)
	if err != nil {
		f.Fatalf("fuzzseed: %v (`scripts/fuzz.sh -keep` makes it)", err)
	}
	all, err := Unpack(packed)
	if err != nil {
		f.Fatalf("fuzzseed: %s: %v", name, err)
	}
	for _, values := range all {
		f.Add(values...)
	}
}

// Unpack returns the inputs of a file, each as the values of a target's
// parameters.
func Unpack(packed []byte) ([][]any, error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(z, sizeBound+1))
	if err != nil {
		return nil, err
	}
	if len(text) > sizeBound {
		return nil, fmt.Errorf("unpacks to more than %d bytes", sizeBound)
	}
	var all [][]any
	for _, one := range strings.Split(string(text), header) {
		if one == "" {
			continue
		}
		values, err := parse(one)
		if err != nil {
			return nil, err
		}
		all = append(all, values)
	}
	return all, nil
}

// parse reads one input: a line for each value, written as Go does.
func parse(text string) ([]any, error) {
	var values []any
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		v, err := value(line)
		if err != nil {
			return nil, fmt.Errorf("%.60q: %w", line, err)
		}
		values = append(values, v)
	}
	return values, nil
}

// value reads a conversion of a literal, such as int64(5) or []byte("x").
func value(line string) (any, error) {
	e, err := parser.ParseExpr(line)
	if err != nil {
		return nil, err
	}
	call, isCall := e.(*ast.CallExpr)
	if !isCall || len(call.Args) != 1 {
		return nil, fmt.Errorf("no value")
	}
	literal, sign := call.Args[0], ""
	if minus, is := literal.(*ast.UnaryExpr); is && minus.Op == token.SUB {
		literal, sign = minus.X, "-"
	}
	lit, isLit := literal.(*ast.BasicLit)
	if !isLit {
		return nil, fmt.Errorf("no literal")
	}
	kind := "[]byte"
	if name, is := call.Fun.(*ast.Ident); is {
		kind = name.Name
	}
	return convert(kind, sign+lit.Value)
}

func convert(kind, text string) (any, error) {
	switch kind {
	case "string":
		return strconv.Unquote(text)
	case "[]byte":
		s, err := strconv.Unquote(text)
		return []byte(s), err
	case "byte", "uint8":
		if !strings.HasPrefix(text, "'") {
			n, err := strconv.ParseUint(text, 0, 8)
			return byte(n), err
		}
		r, _, _, err := strconv.UnquoteChar(text[1:], '\'')
		return byte(r), err
	case "int64":
		return strconv.ParseInt(text, 0, 64)
	case "uint64":
		return strconv.ParseUint(text, 0, 64)
	case "uint16":
		n, err := strconv.ParseUint(text, 0, 16)
		return uint16(n), err
	}
	return nil, fmt.Errorf("a value of type %s is not known here", kind)
}
