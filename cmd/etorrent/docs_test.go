package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Documents are README.md and docs/*.md. What they show is run, by these rules:
//
//   - In a block ```console a line "$ COMMAND" is a command, the lines up to the next
//     one are what it prints. In a block ```sh all lines are one command.
//   - "…" stands for any text of a line, and alone on a line for any lines. Where
//     nothing is shown, nothing is compared.
//   - A line of progress (NAME: STATUS, …) may stand between those that are shown: a
//     machine that is slow has time for more of them.
//   - A command must end with 0. One that ends in " &" goes on beside the others; what
//     is shown of it is waited for.
//   - A block ```go of a whole file is written to main.go.
//   - Ports of 127.0.0.1 are replaced by free ones.
//   - The comment <!-- in the clone --> before a block has it run in the folder of
//     this repository, and <!-- not run: REASON --> has it left out.
//
// All commands of a document run in one shell, in a folder that was empty.

// step is one command of a document.
type step struct {
	line    int // in the document, from 1
	command string
	shown   []string // what it prints; nil: not compared
	clone   bool
}

// document is what a document has to run.
type document struct {
	name    string
	steps   []step
	skipped []string // reasons
}

// documents are the names of all, from the root of the repository.
func documents(t *testing.T) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join("..", "..", "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"README.md"}
	for _, name := range all {
		names = append(names, "docs/"+filepath.Base(name))
	}
	return names
}

func readDocument(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var (
	notRun  = regexp.MustCompile(`^<!-- not run: ?(.*?) ?-->$`)
	inClone = "<!-- in the clone -->"
)

// parseDocument finds the blocks of commands.
func parseDocument(t *testing.T, name, text string) document {
	t.Helper()
	d := document{name: name}
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		kind := lines[i]
		if !strings.HasPrefix(kind, "```") {
			continue
		}
		end := i + 1
		for end < len(lines) && lines[end] != "```" {
			end++
		}
		if end == len(lines) {
			t.Fatalf("%s:%d: the block has no end", name, i+1)
		}
		mark := markBefore(lines[:i])
		if found := notRun.FindStringSubmatch(mark); found != nil {
			if found[1] == "" {
				t.Errorf("%s:%d: the block is not run, and no reason is given", name, i+1)
			}
			d.skipped = append(d.skipped, found[1])
		} else {
			steps := stepsOf(t, name, kind, i+2, lines[i+1:end])
			for j := range steps {
				steps[j].clone = mark == inClone
			}
			d.steps = append(d.steps, steps...)
		}
		i = end
	}
	return d
}

// markBefore is the last line with text before a block, if it is a comment.
func markBefore(lines []string) string {
	for i := len(lines) - 1; i >= 0; i-- {
		if line := strings.TrimSpace(lines[i]); line != "" {
			return line
		}
	}
	return ""
}

// stepsOf are the commands of a block whose first line has a number.
func stepsOf(t *testing.T, name, kind string, first int, lines []string) (out []step) {
	t.Helper()
	switch kind {
	case "```sh":
		return []step{{line: first, command: strings.Join(lines, "\n")}}
	case "```go":
		if strings.HasPrefix(lines[0], "package ") {
			return []step{{line: first, command: "cat >main.go <<'END OF FILE'\n" + strings.Join(lines, "\n") + "\nEND OF FILE"}}
		}
		return nil
	case "```console":
	default:
		return nil
	}
	for i := 0; i < len(lines); i++ {
		command, is := strings.CutPrefix(lines[i], "$ ")
		switch {
		case is:
			s := step{line: first + i, command: command}
			for strings.HasSuffix(s.command, "\\") && i+1 < len(lines) {
				i++
				s.command += "\n" + lines[i]
			}
			out = append(out, s)
		case len(out) == 0:
			t.Fatalf("%s:%d: the block begins with no command", name, first+i)
		default:
			out[len(out)-1].shown = append(out[len(out)-1].shown, lines[i])
		}
	}
	return out
}

// anything stands for what a document does not tell.
const anything = "…"

// printedAs compares what is shown with what was printed.
func printedAs(shown, printed []string) bool {
	if len(shown) == 0 {
		return !slices.ContainsFunc(printed, func(line string) bool { return !ofProgress.MatchString(line) })
	}
	if strings.TrimSpace(shown[0]) == anything {
		for skip := range len(printed) + 1 {
			if printedAs(shown[1:], printed[skip:]) {
				return true
			}
		}
		return false
	}
	if len(printed) > 0 && lineIs(shown[0], printed[0]) && printedAs(shown[1:], printed[1:]) {
		return true
	}
	return len(printed) > 0 && ofProgress.MatchString(printed[0]) && printedAs(shown, printed[1:])
}

// ofProgress is a line that tells how a torrent is.
var ofProgress = regexp.MustCompile(`^\S+: (opening|checking|fetching|sharing)(,|$)`)

func lineIs(shown, printed string) bool {
	parts := strings.Split(strings.TrimRight(shown, " "), anything)
	for i, part := range parts {
		parts[i] = regexp.QuoteMeta(part)
	}
	return regexp.MustCompile(`^` + strings.Join(parts, `.*`) + `$`).MatchString(strings.TrimRight(printed, " \r"))
}

func TestWhatADocumentShowsIsComparedByItsRules(t *testing.T) {
	for _, x := range []struct {
		shown, printed string
		same           bool
	}{
		{"a", "a", true},
		{"a", "b", false},
		{"a", "a\nb", false},
		{"a\n…", "a\nb\nc", true},
		{"a\n…", "a", true},
		{"…\nc", "a\nb\nc", true},
		{"…\nc", "a\nb", false},
		{"a…c", "abc", true},
		{"a…c", "abd", false},
		{"a.c", "abc", false},
		{"a\nb", "a\nx: opening\nx: fetching, 0%\nb", true},
		{"x: fetching, …\nb", "x: opening\nx: fetching, 0%\nx: fetching, 9%\nb\nx: sharing, 9", true},
		{"a\nb", "a\nx: stalled\nb", false},
		{"x: fetching, …", "x: opening", false},
	} {
		if got := printedAs(strings.Split(x.shown, "\n"), strings.Split(x.printed, "\n")); got != x.same {
			t.Errorf("%q shown, %q printed: %t", x.shown, x.printed, got)
		}
	}
}
