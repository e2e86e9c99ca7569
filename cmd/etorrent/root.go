package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/etorrent/etorrent"
)

const rootText = `Etorrent fetches and shares torrents. A piece counts as stored only when its
hash was right, it was written, and it was synced to the disk.

"etorrent SOURCE" is short for "etorrent get SOURCE". SOURCE is the path of a
.torrent file, its http or https URL, or "-" for standard input.

Exit codes: 0 done, 1 bug (the path of a report is printed), 2 usage, 3 bad
source, 4 stalled, 5 refused by every tracker and no other source of peers, 6
would overwrite, 7 disk, 8 verify found damage, 9 cannot listen, 10 held by
another etorrent, 130 and 143 stopped by a signal.`

// environmentText stands below all help.
const environmentText = `
Each flag can also be given as an environment variable: --stall-timeout is
ETORRENT_STALL_TIMEOUT. A flag goes before its variable.
`

// newRoot makes the command line.
func newRoot(s *session) *cobra.Command {
	root := &cobra.Command{
		Use:           "etorrent",
		Short:         "A BitTorrent client that never claims what is not on disk",
		Long:          rootText,
		Version:       etorrent.Version,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(c *cobra.Command, _ []string) error {
			return setFromEnvironment(c.Flags(), s.host.env)
		},
	}
	root.SuggestionsMinimumDistance = 2
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError("%w", flagFault(err)) })
	root.AddCommand(newGet(s), newCat(s), newSeed(s), newShow(s), newCreate(s), newVerify(s), newSim(s), newDemo(s), newTracker(s), newPs(s), newUtp(s), newMan(s), newVersion(s))
	root.SetOut(s.host.stdout) // which the next but one keeps
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	refuseOtherWords(root)
	root.SetUsageTemplate(root.UsageTemplate() + environmentText)
	completeFlags(root)
	return root
}

// refuseOtherWords has the commands that cobra brings refuse what they know nothing of;
// by themselves they answer with help, and end as if that had been asked for.
func refuseOtherWords(root *cobra.Command) {
	for _, c := range root.Commands() {
		switch c.Name() {
		case "completion":
			for _, shell := range c.Commands() {
				shell.Args = arguments(0, 0, "")
			}
			c.Args = cobra.ArbitraryArgs // which RunE refuses, since it knows the shells
			c.RunE = func(c *cobra.Command, args []string) error {
				if len(args) == 0 {
					return c.Help()
				}
				var shells []string
				for _, shell := range c.Commands() {
					shells = append(shells, shell.Name())
				}
				return usageError("%q is none of %s", args[0], strings.Join(shells, ", "))
			}
		case "help":
			c.Args = func(_ *cobra.Command, args []string) error {
				if known, _, err := root.Find(args); len(args) > 0 && (err != nil || known == root) {
					return usageError("%q is no command", args[0])
				}
				return nil
			}
		}
	}
}

// anyNumber is a most of arguments that refuses none.
const anyNumber = -1

// arguments refuses fewer than least and more than most arguments.
func arguments(least, most int, what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) < least {
			return usageError("name %s", what)
		}
		if most != anyNumber && len(args) > most {
			return usageError("%q is one argument too many", args[most])
		}
		return nil
	}
}

// setFromEnvironment gives flags that were not given the values of their
// variables. An empty variable is none.
func setFromEnvironment(flags *pflag.FlagSet, env func(string) (string, bool)) error {
	var failed error
	flags.VisitAll(func(f *pflag.Flag) {
		name := variableOf(f)
		value, _ := env(name)
		if f.Changed || value == "" || f.Name == "help" || failed != nil {
			return
		}
		if err := flags.Set(f.Name, value); err != nil {
			failed = usageError("%s: %w", name, flagFault(err))
		}
	})
	return failed
}

// variableOf is the environment variable that a flag can also be given as.
func variableOf(f *pflag.Flag) string {
	return "ETORRENT_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
}

// withDefaultCommand puts "get" before arguments that name no command.
func withDefaultCommand(root *cobra.Command, args []string) []string {
	get, _, err := root.Find([]string{"get"})
	if err != nil {
		return args
	}
	first := firstWord(get.Flags(), args)
	switch {
	case first == "" && !slices.ContainsFunc(args, func(a string) bool { return flagOf(get.Flags(), a) != nil }):
		return args // nothing, or flags of the root
	case strings.HasPrefix(first, "__"):
		return args // a shell asks for completions
	}
	for _, c := range root.Commands() {
		if c.Name() == first || c.HasAlias(first) {
			return args
		}
	}
	return append([]string{"get"}, args...)
}

// firstWord is the first argument that is neither a flag nor a flag's value, ""
// if there is none.
func firstWord(flags *pflag.FlagSet, args []string) string {
	for i := 0; i < len(args); i++ {
		a := args[i]
		switch {
		case a == "--":
			if i+1 < len(args) {
				return args[i+1]
			}
			return ""
		case a == "-" || !strings.HasPrefix(a, "-"):
			return a
		case strings.Contains(a, "="):
		case takesValue(flags, a):
			i++
		}
	}
	return ""
}

// takesValue says whether the argument behind a flag belongs to it.
func takesValue(flags *pflag.FlagSet, a string) bool {
	f := flagOf(flags, a)
	return f != nil && f.NoOptDefVal == ""
}

// flagOf is the flag that an argument is, nil if it is none.
func flagOf(flags *pflag.FlagSet, a string) *pflag.Flag {
	if name, long := strings.CutPrefix(a, "--"); long {
		return flags.Lookup(name)
	}
	if len(a) == 2 && a[0] == '-' && a[1] != '-' {
		return flags.ShorthandLookup(a[1:])
	}
	return nil
}

// torrentFiles lets a shell complete the names of .torrent files.
func torrentFiles(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return []cobra.Completion{"torrent"}, cobra.ShellCompDirectiveFilterFileExt
}

// didYouMean is what to add to an error about a source that is not there.
func didYouMean(root *cobra.Command, word string) string {
	if near := root.SuggestionsFor(word); len(near) > 0 {
		return fmt.Sprintf(" (nor a command: did you mean %s?)", strings.Join(near, " or "))
	}
	if !strings.ContainsAny(word, `./\`) {
		return " (nor a command: etorrent --help lists them)"
	}
	return ""
}
