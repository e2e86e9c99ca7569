// Package libutp compiles the reference implementation of uTP with the program that tests
// and benches meet (interop/libutp/peer). It needs g++ and what scripts/libutp.sh needs.
package libutp

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// Flavour is how libutp is compiled.
type Flavour uint8

// The flavours.
const (
	Robust  Flavour = iota // as it is shipped
	Asserts                // what libutp takes for impossible ends it
)

// flags are those of the compiler. libutp needs the aliasing rules of before 1999.
func (f Flavour) flags() []string {
	flags := []string{"-O2", "-DPOSIX", "-fno-strict-aliasing", "-w"}
	switch f {
	case Robust:
		flags = append(flags, "-DNDEBUG")
	case Asserts:
	}
	return flags
}

// parts are libutp's files that are compiled.
var parts = []string{"internal", "utils", "hash", "callbacks", "api", "packedsockaddr"}

// Build returns the path of the program, compiled unless it lies there from before, from the
// same sources by the same compiler.
func Build(f Flavour) (string, error) {
	root, err := root()
	if err != nil {
		return "", err
	}
	here := filepath.Join(root, "interop", "libutp", "peer")
	source, err := output(filepath.Join(root, "scripts", "libutp.sh"))
	if err != nil {
		return "", fmt.Errorf("its source cannot be fetched: %w", err)
	}
	compiler, err := output("g++", "--version")
	if err != nil {
		return "", fmt.Errorf("g++ is not installed: %w", err)
	}
	files, err := filepath.Glob(filepath.Join(here, "*.cpp"))
	if err != nil {
		return "", err
	}
	for _, p := range parts {
		files = append(files, filepath.Join(source, "utp_"+p+".cpp"))
	}
	flags := append(f.flags(), "-I"+source)
	name, err := nameOf(here, files, flags, compiler)
	if err != nil {
		return "", err
	}
	program := filepath.Join(source, name)
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	unfinished := fmt.Sprintf("%s.%d", program, os.Getpid())
	if _, err := output("g++", slices.Concat(flags, []string{"-o", unfinished}, files)...); err != nil {
		return "", fmt.Errorf("it cannot be compiled: %w", err)
	}
	return program, os.Rename(unfinished, program)
}

// nameOf is what the program is called: its content, by all that makes it.
func nameOf(here string, files, flags []string, compiler string) (string, error) {
	headers, err := filepath.Glob(filepath.Join(here, "*.h"))
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	fmt.Fprintf(sum, "%q %q %q\n", flags, compiler, parts)
	for _, name := range append(headers, files...) {
		text, err := os.ReadFile(name)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%s %d\n%s", filepath.Base(name), len(text), text)
	}
	return "peer-" + hex.EncodeToString(sum.Sum(nil))[:16], nil
}

// root is where the project's sources lie, of which this file is one.
func root() (string, error) {
	_, file, _, known := runtime.Caller(0)
	if !known || !filepath.IsAbs(file) {
		return "", fmt.Errorf("the sources of the peer are not where %q says", file)
	}
	return filepath.Join(filepath.Dir(file), "..", "..", ".."), nil
}

// output runs a program and returns what it printed, without the space around.
func output(program string, args ...string) (string, error) {
	cmd := exec.Command(program, args...)
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%w: %s", err, strings.TrimSpace(complaint.String()))
	}
	return strings.TrimSpace(out.String()), nil
}
