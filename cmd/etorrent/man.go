package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/etorrent/etorrent"
)

func newMan(s *session) *cobra.Command {
	return &cobra.Command{
		Use:     "man FOLDER",
		Short:   "Write the manual pages into a folder",
		Long:    "Write the manual pages, one for each command, into a folder, which is made.",
		Example: "  etorrent man /usr/local/share/man/man1",
		Args:    arguments(1, 1, "the FOLDER to write to"),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
		RunE: func(c *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return failed(exitDisk, "%s: %w", args[0], reasonOf(err))
			}
			root := newRoot(s) // this one has the flags of the one command that runs
			var failures error
			for _, c := range append([]*cobra.Command{root}, allCommands(root)...) {
				if c.IsAvailableCommand() || c == root {
					page := filepath.Join(args[0], pageName(c)+".1")
					failures = errors.Join(failures, writeWhole(fileTarget{path: page, there: replaceExisting}, []byte(manPage(c))))
				}
			}
			if failures != nil {
				return failed(exitDisk, "%w", failures)
			}
			return nil
		},
	}
}

// pageName is the name of a command's page: etorrent-get.
func pageName(c *cobra.Command) string { return strings.ReplaceAll(c.CommandPath(), " ", "-") }

// manPage is the manual page of a command, for the macros of man(7). It has no date:
// the same program writes the same pages.
func manPage(c *cobra.Command) string {
	var b strings.Builder
	title := strings.ToUpper(pageName(c))
	b.WriteString(`.TH "` + roff(title) + `" 1 "" "etorrent ` + etorrent.Version + `" "Etorrent"` + "\n")
	b.WriteString(".SH NAME\n" + roff(pageName(c)) + ` \- ` + roff(c.Short) + "\n")
	b.WriteString(".SH SYNOPSIS\n.B " + roff(c.CommandPath()) + "\n" + roff(synopsis(c)) + "\n")
	b.WriteString(".SH DESCRIPTION\n" + paragraphs(c.Long))
	if c.HasAvailableSubCommands() {
		b.WriteString(".SH COMMANDS\n")
		for _, sub := range c.Commands() {
			if sub.IsAvailableCommand() {
				b.WriteString(".TP\n.B " + roff(sub.Name()) + "\n" + roff(sub.Short) + "\n")
			}
		}
	}
	if c.Flags().HasAvailableFlags() {
		b.WriteString(".SH OPTIONS\n")
		c.Flags().VisitAll(func(f *pflag.Flag) { b.WriteString(manFlag(f)) })
	}
	b.WriteString(".SH ENVIRONMENT\n" + paragraphs(environmentText))
	if c.Example != "" {
		b.WriteString(".SH EXAMPLES\n.EX\n" + roff(c.Example) + "\n.EE\n")
	}
	b.WriteString(".SH SEE ALSO\n")
	if c.HasParent() {
		b.WriteString(roff(pageName(c.Parent())) + "(1)\n")
	} else {
		b.WriteString("The page of each command, such as\n.BR etorrent\\-get (1)\n")
	}
	return b.String()
}

// synopsis is what stands behind the name of a command.
func synopsis(c *cobra.Command) string {
	if !c.HasParent() {
		return "COMMAND | SOURCE..."
	}
	return strings.TrimSpace(strings.TrimPrefix(c.UseLine(), c.CommandPath()))
}

func manFlag(f *pflag.Flag) string {
	name := `\fB` + roff("--"+f.Name) + `\fR`
	if f.Shorthand != "" {
		name = `\fB` + roff("-"+f.Shorthand) + `\fR, ` + name
	}
	kind, usage := pflag.UnquoteUsage(f)
	if kind != "" {
		name += ` \fI` + roff(kind) + `\fR`
	}
	if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "0" && f.DefValue != "0s" && f.Name != "state" {
		usage += " (default " + f.DefValue + ")"
	}
	return ".TP\n" + name + "\n" + roff(usage) + "\n"
}

// paragraphs are texts between empty lines.
func paragraphs(s string) string {
	return strings.ReplaceAll(roff(strings.TrimSpace(s)), "\n\n", "\n.PP\n") + "\n"
}

// roff writes a text so that nothing in it is a request or an escape.
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`, `"`, `\(dq`).Replace(s)
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, ".") || strings.HasPrefix(l, "'") {
			lines[i] = `\&` + l
		}
	}
	return strings.Join(lines, "\n")
}
