package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// An event is one line of `go test -json` (go doc test2json), of which only
// these fields matter here. ImportPath stands in events of the build.
type event struct {
	Action, Package, ImportPath, Test, Output string
}

// A report turns events into lines on out and counts tests, subtests included.
type report struct {
	out                     io.Writer
	passed, failed, skipped int
	packages                int // failed for another reason than a test
	outputs                 map[string][]string
}

func newReport(out io.Writer) *report {
	return &report{out: out, outputs: map[string][]string{}}
}

func (r *report) failures() bool { return r.failed+r.packages > 0 }

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
	case e.Action == "fail":
		r.packages++
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
		r.failed++
		fmt.Fprintf(r.out, "FAIL\t%s\n%s", key, strings.Join(r.outputs[key], ""))
	default:
		return
	}
	delete(r.outputs, key)
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
