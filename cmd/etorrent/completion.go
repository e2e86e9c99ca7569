package main

import (
	"os"
	"slices"
	"strconv"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/etorrent/etorrent/internal/vocab/text"
	"github.com/etorrent/etorrent/metainfo"
)

// chooser is a flag of which all values are known.
type chooser interface{ choices() []string }

var (
	// folderFlags name a folder, and fileFlags a file.
	folderFlags = []string{"dir", "state", "allow"}
	fileFlags   = []string{"ip-filter", "input", "sums", "output", "trace", "log", "picture"}
	// choices are the values of flags that are plain text.
	choices = map[string][]string{
		"picker": {"rarest", "random", "sequential"}, "choker": {"tft", "rotation", "first-come", "none"},
		"format": {"v1"}, "piece-length": {"auto", "16K", "256K", "1M", "4M", "16M"},
	}
	// numberFlags name files of the torrent that is the first argument.
	numberFlags = []string{"get --select", "get --exclude"}
)

// completeFlags says what a shell completes behind the flags of all commands. Where
// it knows nothing it is not the names of files.
func completeFlags(root *cobra.Command) {
	for _, c := range allCommands(root) {
		c.Flags().VisitAll(func(f *pflag.Flag) {
			_ = c.RegisterFlagCompletionFunc(f.Name, completionOf(c, f)) // fails for a flag that is not there
		})
	}
}

func completionOf(c *cobra.Command, f *pflag.Flag) cobra.CompletionFunc {
	known, isChooser := f.Value.(chooser)
	switch {
	case isChooser:
		return cobra.FixedCompletions(known.choices(), cobra.ShellCompDirectiveNoFileComp)
	case choices[f.Name] != nil:
		return cobra.FixedCompletions(choices[f.Name], cobra.ShellCompDirectiveNoFileComp|cobra.ShellCompDirectiveKeepOrder)
	case slices.Contains(folderFlags, f.Name):
		return cobra.FixedCompletions(nil, cobra.ShellCompDirectiveFilterDirs)
	case slices.Contains(fileFlags, f.Name):
		return cobra.FixedCompletions(nil, cobra.ShellCompDirectiveDefault)
	case slices.Contains(numberFlags, c.Name()+" --"+f.Name):
		return func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return filesOfFirst(args)
		}
	}
	return cobra.NoFileCompletions
}

// catWords completes the arguments of cat: a torrent, then one of its files.
func catWords(c *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return torrentFiles(c, args, word)
	}
	return filesOfFirst(args)
}

// completedFiles bounds the files of a torrent that are completed.
const completedFiles = 500

// filesOfFirst are the files of the torrent that the first argument names, by their
// numbers. Nothing is fetched for them.
func filesOfFirst(args []string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) == 0 || isWebURL(args[0]) {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	f, err := os.Open(args[0])
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	defer func() { _ = f.Close() }()
	raw, err := readTorrent(args[0], f)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	meta, err := metainfo.Parse(raw)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	out, numbers := []cobra.Completion{}, fileNumbers(meta)
	for i, f := range meta.Files {
		if f.Role != metainfo.FilePadding && len(out) < completedFiles {
			out = append(out, cobra.CompletionWithDesc(strconv.Itoa(numbers[i]), text.Printable(f.String())))
		}
	}
	return out, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}
