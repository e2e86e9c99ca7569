package main

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// An event is one line of `go test -json` (go doc test2json), of which only
// these fields matter here. ImportPath stands in events of the build.
type event struct {
	Action, Package, ImportPath, Test, Output string
}

// A report turns events into lines on out and counts tests, subtests included. A
// package that fails without a failed test, since it does not build or was cut
// off, counts as one.
type report struct {
	out                     io.Writer
	passed, failed, skipped int
	failedIn                map[string]int      // by package
	digest                  []string            // of what failed
	outputs                 map[string][]string // of tests that have not ended
}

func newReport(out io.Writer) *report {
	return &report{out: out, failedIn: map[string]int{}, outputs: map[string][]string{}}
}

// line takes one line of input. What is no event is printed as it is: the go
// command writes its own errors between the events.
func (r *report) line(b []byte) {
	var e event
	if json.Unmarshal(b, &e) != nil || e.Action == "" {
		fmt.Fprintf(r.out, "%s\n", b)
		return
	}
	switch {
	case e.Action == "build-output":
		fmt.Fprint(r.out, e.Output)
	case e.Test != "":
		r.test(e)
	case e.Action == "output":
		r.packageOutput(e.Output)
	case e.Action == "fail" && r.failedIn[e.Package] == 0:
		r.fail(e.Package)
	}
}

func (r *report) test(e event) {
	key := e.Package + " " + e.Test
	switch e.Action {
	case "output":
		if !isFrame(e.Output) {
			r.outputs[key] = append(r.outputs[key], e.Output)
		}
		return
	case "pass":
		r.passed++
	case "skip":
		r.skipped++
		fmt.Fprintf(r.out, "skip\t%s: %s\n", key, r.reason(key))
	case "fail":
		r.fail(e.Package)
		fmt.Fprintf(r.out, "FAIL\t%s\n%s", key, strings.Join(r.outputs[key], ""))
		r.digest = append(append(r.digest, key), messages(r.outputs[key])...)
	default:
		return
	}
	delete(r.outputs, key)
}

const (
	// messageWidth and messagesMost bound what the digest has of a test, and firstMessages
	// is how many of these are the first ones: what a test says at its end is why it failed.
	messageWidth  = 240
	messagesMost  = 10
	firstMessages = 2
)

// messages are the first lines of what a test itself said: they begin with a file, a line
// and a text. What continues them, or came from elsewhere, does not, and where the
// text begins on the next line, as the story of a program does, there is none.
func messages(output []string) []string {
	var all []string
	for _, line := range output {
		line = strings.TrimRight(line, "\n")
		if isMessage.MatchString(line) {
			all = append(all, line[:min(len(line), messageWidth)])
		}
	}
	if len(all) > messagesMost {
		all = slices.Delete(all, firstMessages, firstMessages+len(all)-messagesMost)
	}
	return all
}

// isMessage matches what package testing puts before a message, and a begin of that.
var isMessage = regexp.MustCompile(`^ +[\w.]+\.go:\d+: .*\S`)

func (r *report) fail(pkg string) {
	r.failed++
	r.failedIn[pkg]++
}

// reason is what a skipped test said, on one line.
func (r *report) reason(key string) string {
	return strings.Join(strings.Fields(strings.Join(r.outputs[key], " ")), " ")
}

func (r *report) packageOutput(line string) {
	switch strings.TrimSpace(line) {
	case "PASS", "FAIL":
	default:
		if !isFrame(line) {
			fmt.Fprint(r.out, line)
		}
	}
}

// close prints what was still running, which a panic or a time-out cut off,
// and the counts.
func (r *report) close(stage string) {
	for key, lines := range r.outputs {
		if len(lines) > 0 {
			fmt.Fprintf(r.out, "unfinished\t%s\n%s", key, strings.Join(lines, ""))
		}
	}
	fmt.Fprintf(r.out, "%s: %d passed, %d failed, %d skipped\n", stage, r.passed, r.failed, r.skipped)
}

// counts are how many passed, failed and were skipped.
func (r *report) counts() string { return fmt.Sprint(r.passed, " ", r.failed, " ", r.skipped) }

// isFrame says whether a line is test2json's own frame around a test's output.
func isFrame(line string) bool {
	line = strings.TrimLeft(line, " ")
	for _, p := range []string{"=== ", "--- PASS", "--- SKIP"} {
		if strings.HasPrefix(line, p) {
			return true
		}
	}
	return false
}
