// Command testsum reads the events of `go test -json` on its standard input and
// prints what a person wants of them: a line a package, the output of what
// failed, the reason of what was skipped, and a closing line of counts. A digest of
// what failed goes to a file beside, for the end of a long log. It ends with 1 if
// something failed.
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	stage := flag.String("stage", "tests", "one word before the closing line")
	tally := flag.String("tally", "", "file to which the three counts are appended")
	digest := flag.String("digest", "", "file to which the first messages of each failed test are appended")
	flag.Parse()
	r := newReport(os.Stdout)
	err := run(r, os.Stdin, *stage)
	if err == nil {
		err = errors.Join(note(*tally, r.counts()), note(*digest, strings.Join(r.digest, "\n")))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "testsum:", err)
		os.Exit(2)
	}
	if r.failed > 0 {
		os.Exit(1)
	}
}

func run(r *report, in io.Reader, stage string) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		r.line(lines.Bytes())
	}
	if err := lines.Err(); err != nil {
		return err
	}
	r.close(stage)
	return nil
}

// note appends a text to a file, if there is one.
func note(path, text string) error {
	if path == "" || text == "" {
		return nil
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(f, text)
	return errors.Join(err, f.Close())
}
