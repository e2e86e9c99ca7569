package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/spf13/pflag"
)

// testRun is a program that a test ran.
type testRun struct {
	test string
	args []string
	code int
}

// testRuns are all of them.
type testRuns struct {
	mu   sync.Mutex
	runs []testRun
}

var runs testRuns

func (r *testRuns) add(t *testing.T, args []string, ended *os.ProcessState) {
	r.mu.Lock()
	defer r.mu.Unlock()
	code := -1
	if ended != nil {
		code = ended.ExitCode()
	}
	test, _, _ := strings.Cut(t.Name(), "/")
	r.runs = append(r.runs, testRun{test, args, code})
}

// judge compares what was run with what the tables promise. Where only some
// tests were to run it has nothing to say.
func (r *testRuns) judge() (faults []string) {
	if runtime.GOOS != "linux" {
		return nil // some tests are for Linux only
	}
	for _, name := range []string{"test.run", "test.skip", "test.list"} {
		if f := flag.Lookup(name); f != nil && f.Value.String() != "" {
			return nil
		}
	}
	for code, test := range codeTests {
		if !slices.ContainsFunc(r.runs, func(run testRun) bool { return run.test == test && run.code == int(code) }) {
			faults = append(faults, fmt.Sprintf("%s ended no program with exit %d", test, code))
		}
	}
	h, _, _ := hostFor(map[string]string{})
	root := newRoot(&session{host: h})
	for words, test := range flagTests {
		command, name, _ := strings.Cut(words, " --")
		c, _, err := root.Find(strings.Fields(command))
		if err != nil {
			return append(faults, err.Error())
		}
		f := c.Flags().Lookup(name)
		if f == nil {
			faults = append(faults, words+" is no flag, and "+test+" is said to be its test")
			continue
		}
		used := func(run testRun) bool {
			args := withDefaultCommand(root, run.args)
			return run.test == test && isCommand(args, command) && slices.ContainsFunc(args, func(a string) bool {
				a, _, _ = strings.Cut(a, "=")
				return a == "--"+name || f.Shorthand != "" && a == "-"+f.Shorthand
			})
		}
		if !slices.ContainsFunc(r.runs, used) {
			faults = append(faults, test+" did not use "+words)
		}
	}
	return faults
}

func TestEachFlagHasATest(t *testing.T) {
	h, _, _ := testHost(t, nil)
	for _, c := range allCommands(newRoot(&session{host: h})) {
		if c.Name() == "completion" || c.Name() == "help" {
			continue
		}
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if words := wordsOf(c) + " --" + f.Name; f.Name != "help" && flagTests[words] == "" {
				t.Errorf("%s has no test in flagTests", words)
			}
		})
	}
}

func TestEachExitCodeHasATest(t *testing.T) {
	for code := range reasons {
		if codeTests[code] == "" {
			t.Errorf("exit %d has no test in codeTests", code)
		}
	}
}
