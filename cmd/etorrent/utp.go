package main

import (
	"strings"

	"github.com/spf13/cobra"
)

// newUtp has the commands for uTP alone.
func newUtp(s *session) *cobra.Command {
	c := &cobra.Command{
		Use:   "utp",
		Short: "Look at uTP, the transport of BEP 29",
		Long:  "Look at uTP, the transport of BEP 29.",
		Args:  cobra.ArbitraryArgs, // which RunE refuses
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return c.Help()
			}
			return usageError("%q is no command of utp", args[0])
		},
	}
	c.AddCommand(newUtpCat(s), newUtpTrace(s))
	return c
}

// allCommands are the commands of one, and theirs, but for the completions of shells.
func allCommands(of *cobra.Command) []*cobra.Command {
	var out []*cobra.Command
	for _, c := range of.Commands() {
		out = append(out, c)
		if c.Name() != "completion" {
			out = append(out, allCommands(c)...)
		}
	}
	return out
}

// wordsOf are the words of a command behind the program's name: "utp trace".
func wordsOf(c *cobra.Command) string {
	_, words, _ := strings.Cut(c.CommandPath(), " ")
	return words
}
