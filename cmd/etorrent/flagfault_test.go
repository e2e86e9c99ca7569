package main

import (
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// Each flag that takes a span of time is asked, also those that come to be.
func TestNoSpanOfTimeIsNegative(t *testing.T) {
	t.Parallel()
	spans := 0
	for _, name := range commandNames(t) {
		commandOf(t, name).Flags().VisitAll(func(f *pflag.Flag) {
			if f.Value.Type() != "duration" {
				return
			}
			spans++
			r := runProgram(t, t.TempDir(), append(strings.Fields(name), "--"+f.Name+"=-1s")...)
			if r.code != int(exitUsage) || !strings.Contains(r.stderr, f.Name) || !strings.Contains(r.stderr, "no span of time, such as 90s") {
				t.Errorf("%s --%s: %+v", name, f.Name, r)
			}
		})
	}
	if spans < 7 {
		t.Errorf("%d flags were asked", spans)
	}
}

func TestAFlagOfANumberSaysWhatItTakes(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"get x -j=-1":             `--jobs: "-1" is not a whole number from 0 to 65535`,
		"get x --max-peers 70000": `--max-peers: "70000" is not a whole number from 0 to 65535`,
		"sim --peers many":        `--peers: "many" is not a whole number`,
		"sim --random-seed -1":    `--random-seed: "-1" is not a whole number from 0`,
		"get x --json=perhaps":    `--json: "perhaps" is not true or false`,
	} {
		if r := runProgram(t, t.TempDir(), strings.Fields(args)...); r.code != int(exitUsage) || !strings.Contains(r.stderr, want) {
			t.Errorf("%s: %+v", args, r)
		}
	}
	cmd := program(t, t.TempDir(), "get", "x")
	cmd.Env = append(cmd.Env, "ETORRENT_JOBS=-1")
	if r := finish(t, cmd); r.code != int(exitUsage) || !strings.Contains(r.stderr, `ETORRENT_JOBS: --jobs: "-1" is not a whole`) {
		t.Errorf("%+v", r)
	}
}
