package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func reported(t *testing.T, lines string) (string, *report) {
	t.Helper()
	var out strings.Builder
	r := newReport(&out)
	if err := run(r, strings.NewReader(lines), "unit"); err != nil {
		t.Fatal(err)
	}
	return out.String(), r
}

func TestPassingPackagesAreOneLineAndCounted(t *testing.T) {
	got, r := reported(t, `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"=== RUN   TestA\n"}
{"Action":"output","Package":"p","Test":"TestA","Output":"chatter\n"}
{"Action":"output","Package":"p","Test":"TestA","Output":"--- PASS: TestA (0.00s)\n"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Output":"PASS\n"}
{"Action":"output","Package":"p","Output":"ok  \tp\t0.01s\n"}
{"Action":"pass","Package":"p"}
`)
	if want := "ok  \tp\t0.01s\nunit: 1 passed, 0 failed, 0 skipped\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if r.failed > 0 {
		t.Error("counted a failure")
	}
}

func TestAFailedTestShowsItsOutput(t *testing.T) {
	got, r := reported(t, `{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:3: broken\n"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"fail","Package":"p"}
`)
	if !strings.Contains(got, "a_test.go:3: broken") || !strings.HasSuffix(got, "unit: 0 passed, 1 failed, 0 skipped\n") {
		t.Errorf("got %q", got)
	}
	if r.failed != 1 {
		t.Errorf("counted %d failures", r.failed)
	}
}

func TestASkippedTestShowsItsReason(t *testing.T) {
	got, _ := reported(t, `{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:3: aria2c is not installed\n"}
{"Action":"skip","Package":"p","Test":"TestA"}
`)
	if want := "skip\tp TestA: a_test.go:3: aria2c is not installed\n"; !strings.HasPrefix(got, want) {
		t.Errorf("got %q, want %q first", got, want)
	}
}

func TestAPackageThatDoesNotBuildIsAFailure(t *testing.T) {
	got, r := reported(t, `{"ImportPath":"p [p.test]","Action":"build-output","Output":"p.go:1: undefined: x\n"}
{"ImportPath":"p [p.test]","Action":"build-fail"}
{"Action":"output","Package":"p","Output":"FAIL\tp [build failed]\n"}
{"Action":"fail","Package":"p","FailedBuild":"p [p.test]"}
`)
	if !strings.Contains(got, "undefined: x") || !strings.Contains(got, "build failed") || r.failed != 1 {
		t.Errorf("got %q", got)
	}
}

func TestOutputOfATestThatNeverEndedIsShown(t *testing.T) {
	got, r := reported(t, `{"Action":"output","Package":"p","Test":"TestA","Output":"panic: here\n"}
{"Action":"fail","Package":"p"}
`)
	if !strings.Contains(got, "unfinished\tp TestA\npanic: here\n") || r.failed != 1 {
		t.Errorf("got %q", got)
	}
}

func TestTheDigestHasWhatAFailedTestSaidItself(t *testing.T) {
	_, r := reported(t, `{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:3: broken\n"}
{"Action":"output","Package":"p","Test":"TestA","Output":"        by a program that said much\n"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestB","Output":"    b_test.go:3: well\n"}
{"Action":"pass","Package":"p","Test":"TestB"}
`)
	if want := []string{"p TestA", "    a_test.go:3: broken"}; !slices.Equal(r.digest, want) {
		t.Errorf("got %q, want %q", r.digest, want)
	}
}

// Stories of programs, of which there are many, do not push it out, and neither does what
// it logged on its way.
func TestTheDigestHasWhyATestFailedBesideAllThatItLogged(t *testing.T) {
	var lines strings.Builder
	say := func(text string) {
		fmt.Fprintf(&lines, "{\"Action\":\"output\",\"Package\":\"p\",\"Test\":\"TestA\",\"Output\":%q}\n", text+"\n")
	}
	for n := range 100 {
		say(fmt.Sprintf("    a_test.go:3: step %d", n))
	}
	say("    a_test.go:4: broken")
	for range 30 {
		say("    child_test.go:66: ")
		say("        program: /bin/program with arguments")
	}
	lines.WriteString("{\"Action\":\"fail\",\"Package\":\"p\",\"Test\":\"TestA\"}\n")
	_, r := reported(t, lines.String())
	if got := len(r.digest); got != 1+messagesMost || !slices.Contains(r.digest, "    a_test.go:3: step 0") || r.digest[messagesMost] != "    a_test.go:4: broken" {
		t.Errorf("got %d lines: %q", got, r.digest)
	}
}
