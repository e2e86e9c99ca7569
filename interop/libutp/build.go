//go:build linux

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
	"sync"
	"testing"
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

// building has one test compile at a time: the others find what it made, which is in
// built.
var (
	building sync.Mutex
	built    = map[Flavour]string{}
)

// Build returns the path of the peer's program, compiled if need be.
func Build(t testing.TB, f Flavour) string {
	t.Helper()
	building.Lock()
	defer building.Unlock()
	if program, is := built[f]; is {
		return program
	}
	program, err := build(f)
	if err != nil && os.Getenv("CI") != "true" {
		t.Skipf("there is no libutp to test against: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	built[f] = program
	return program
}

func build(f Flavour) (string, error) {
	here, err := folder()
	if err != nil {
		return "", err
	}
	source, err := output(filepath.Join(here, "..", "..", "..", "scripts", "libutp.sh"))
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

// folder is where the sources of the peer lie, beside this file.
func folder() (string, error) {
	_, file, _, known := runtime.Caller(0)
	if !known || !filepath.IsAbs(file) {
		return "", fmt.Errorf("the sources of the peer are not where %q says", file)
	}
	return filepath.Join(filepath.Dir(file), "peer"), nil
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
