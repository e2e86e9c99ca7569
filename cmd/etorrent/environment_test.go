package main

import (
	"reflect"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// valueFor has a value, unlike the default, for each type of flag.
func valueFor(t *testing.T, f *pflag.Flag) string {
	t.Helper()
	byName := map[string]string{
		"listen": "127.0.0.1:7", "peer": "127.0.0.1:4000", "tracker": "udp://t.example:1/announce", "existing": "trust", "bind": "127.0.0.2",
		"dscp": "le", "transport": "utp", "select": "1", "exclude": "2", "on-complete": "echo x", "fault": "kill", "picker": "random", "choker": "none",
		"free-riders": "50%", "liars": "50%", "slots": "3", "format": "v2", "piece-length": "32K", "date": "2020-01-02",
		"ratio": "2", "web-seed": "http://w.example/", "loss": "0.5%", "profile": "ledbat", "beside": "reno",
	}
	byType := map[string]string{
		"bool": "true", "string": "x", "int": "5", "uint16": "5", "uint64": "5", "float64": "1.5", "duration": "3s",
		"RATE": "3M", "SIZE": "7M", "stringArray": "x",
	}
	for _, value := range []string{byName[f.Name], byType[f.Value.Type()]} {
		if value != "" {
			return value
		}
	}
	t.Errorf("--%s: no value of type %s", f.Name, f.Value.Type())
	return ""
}

// commandNames are those of the program.
func commandNames(t *testing.T) []string {
	t.Helper()
	h, _, _ := testHost(t, nil)
	var names []string
	for _, c := range allCommands(newRoot(&session{host: h})) {
		if c.Name() != "completion" && c.Name() != "help" {
			names = append(names, wordsOf(c))
		}
	}
	return names
}

func commandOf(t *testing.T, name string) *cobra.Command {
	t.Helper()
	h, _, _ := testHost(t, nil)
	c, _, err := newRoot(&session{host: h}).Find(strings.Fields(name))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// read is what a flag holds.
func read(f *pflag.Flag) any { return reflect.ValueOf(f.Value).Elem().Interface() }

// A variable says what its flag would, for each flag of each command.
func TestEachFlagIsAVariableToo(t *testing.T) {
	for _, name := range commandNames(t) {
		commandOf(t, name).Flags().VisitAll(func(f *pflag.Flag) {
			if f.Name == "help" || f.Name == "version" {
				return
			}
			value := valueFor(t, f)
			typed, inherited := commandOf(t, name), commandOf(t, name)
			if err := typed.ParseFlags([]string{"--" + f.Name + "=" + value}); err != nil {
				t.Errorf("%s: %v", name, err)
				return
			}
			variable := "ETORRENT_" + strings.ReplaceAll(strings.ToUpper(f.Name), "-", "_")
			env := func(n string) (string, bool) {
				if n == variable {
					return value, true
				}
				return "", false
			}
			if err := setFromEnvironment(inherited.Flags(), env); err != nil {
				t.Errorf("%s %s: %v", name, variable, err)
			}
			got, want := inherited.Flags().Lookup(f.Name), typed.Flags().Lookup(f.Name)
			if !reflect.DeepEqual(read(got), read(want)) || reflect.DeepEqual(read(got), read(f)) || !got.Changed {
				t.Errorf("%s %s=%s: %v, by its flag %v, without either %v", name, variable, value, read(got), read(want), read(f))
			}
		})
	}
}

// The variables are read before a command begins, whichever it is.
func TestEachCommandReadsItsVariables(t *testing.T) {
	for _, name := range commandNames(t) {
		c := commandOf(t, name)
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Value.Type() != "bool" || f.Name == "help" {
				return
			}
			h, _, stderr := testHost(t, map[string]string{variableOf(f): "perhaps"})
			args := strings.Fields(name)
			if c.Args != nil && c.Args(c, nil) != nil {
				args = append(args, "x")
			}
			if code := run(h, args); code != exitUsage || !strings.Contains(stderr.String(), variableOf(f)) {
				t.Errorf("%v: exit %d, %s", args, code, stderr)
			}
		})
	}
}

// Who asked for JSON hears of a wrong command line in JSON, however it was asked.
func TestAWrongCommandLineIsToldInJSONHoweverThatWasAskedFor(t *testing.T) {
	for _, x := range []struct {
		env   map[string]string
		args  string
		lines int
	}{
		{nil, "get --json --bogus", 2}, {nil, "get --json=true --bogus", 2}, {nil, "get --events --bogus", 2}, {nil, "get --bogus -- --json", 0},
		{map[string]string{"ETORRENT_JSON": "1"}, "get --bogus", 2}, {map[string]string{"ETORRENT_EVENTS": "true"}, "get --bogus", 2},
		{map[string]string{"ETORRENT_JSON": "1"}, "get --json=false --bogus", 0}, {map[string]string{"ETORRENT_JSON": "0"}, "get --bogus", 0},
		{nil, "get --bogus", 0}, {map[string]string{"ETORRENT_JSON": "1"}, "cat --bogus", 0}, {nil, "x.torrent --json --bogus", 2},
	} {
		h, stdout, _ := testHost(t, x.env)
		if code := run(h, strings.Fields(x.args)); code != exitUsage {
			t.Errorf("%v %s: exit %d", x.env, x.args, code)
		}
		all := objects(t, stdout.String())
		if len(all) != x.lines || x.lines > 0 && all[1]["event"] != "end" {
			t.Errorf("%v %s: %v", x.env, x.args, all)
		}
	}
}
