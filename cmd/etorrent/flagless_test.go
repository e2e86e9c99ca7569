package main

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// deaf names a flag, as flagTests has it, that programs of tests do not hear of: they
// run as if nobody had given it.
const deaf = "ETORRENT_TEST_DEAF"

// flagless has each flag of each command do nothing, and asks its test whether it
// notices. It takes minutes, so it is run by name.
const flagless = "ETORRENT_FLAGLESS"

// isCommand says whether arguments have all words of a command.
func isCommand(args []string, command string) bool {
	return !slices.ContainsFunc(strings.Fields(command), func(word string) bool { return !slices.Contains(args, word) })
}

// without is a command line without a flag of a command.
func without(words string, args []string) []string {
	command, name, _ := strings.Cut(words, " --")
	h, _, _ := hostFor(map[string]string{})
	root := newRoot(&session{host: h})
	args = withDefaultCommand(root, args)
	c, _, err := root.Find(strings.Fields(command))
	if err != nil {
		panic(err)
	}
	if !isCommand(args, command) {
		return args
	}
	var out []string
	for i := 0; i < len(args); i++ {
		given, _, hasValue := strings.Cut(args[i], "=")
		switch f := flagOf(c.Flags(), given); {
		case args[i] == "--":
			return append(out, args[i:]...)
		case f == nil || f.Name != name:
			out = append(out, args[i])
		case !hasValue && f.NoOptDefVal == "":
			i++
		}
	}
	return out
}

func TestAFlagThatIsNotHeardOfIsNotThere(t *testing.T) {
	for args, want := range map[string]string{
		"get a --up 1M --down 2M":    "get a --down 2M",
		"a --up=1M --plain":          "get a --plain",
		"get a --plain -- --up":      "get a --plain -- --up",
		"seed a --up 1M":             "seed a --up 1M",
		"get a --upload --up 1 -d x": "get a --upload -d x",
	} {
		if got := strings.Join(without("get --up", strings.Fields(args)), " "); got != want {
			t.Errorf("%q became %q, want %q", args, got, want)
		}
	}
	if got := strings.Join(without("get --dir", strings.Fields("get -d x a -q")), " "); got != "get a -q" {
		t.Errorf("%q", got)
	}
}

func TestNoFlagsTestPassesWhereTheFlagDoesNothing(t *testing.T) {
	wanted, named := os.LookupEnv(flagless)
	if !named {
		t.Skip(flagless + "=all, or a part of COMMAND --FLAG, runs each flag's test without the flag")
	}
	for words, test := range flagTests {
		if wanted != "all" && !strings.Contains(words, wanted) {
			continue
		}
		t.Run(words, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+test+"$")
			cmd.Env = append(os.Environ(), deaf+"="+words)
			if out, err := cmd.CombinedOutput(); err == nil {
				t.Errorf("%s passes though the flag does nothing: %s", test, out)
			}
		})
	}
}
