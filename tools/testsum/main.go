// Command testsum reads the events of `go test -json` on its standard input and
// prints what a person wants of them: a line a package, the output of what
// failed, the reason of what was skipped, and a closing line of counts. It ends
// with 1 if something failed.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	stage := flag.String("stage", "tests", "one word before the closing line")
	tally := flag.String("tally", "", "file to which the three counts are appended")
	flag.Parse()
	r := newReport(os.Stdout)
	if err := run(r, os.Stdin, *stage, *tally); err != nil {
		fmt.Fprintln(os.Stderr, "testsum:", err)
		os.Exit(2)
	}
	if r.failed > 0 {
		os.Exit(1)
	}
}

func run(r *report, in io.Reader, stage, tally string) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		r.line(lines.Bytes())
	}
	if err := lines.Err(); err != nil {
		return err
	}
	r.close(stage)
	if tally == "" {
		return nil
	}
	f, err := os.OpenFile(tally, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(f, r.passed, r.failed, r.skipped)
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}
