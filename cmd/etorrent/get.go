package main

import (
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/etorrent/etorrent"
)

// sourceWords are what sources are, for who named none.
const sourceWords = "a SOURCE: a .torrent file, its URL, or -"

// sequentialPicker is the one that --sequential stands for.
const sequentialPicker = "sequential"

// getFlags are those of get.
type getFlags struct {
	engineFlags
	files        selection
	seed         bool
	share        shareFlags
	sequential   bool
	picker       namedValue
	stallTimeout time.Duration
	input        string
	jobs         uint16
	onComplete   commandValue
}

func newGet(s *session) *cobra.Command {
	f := getFlags{engineFlags: engineFlags{
		listen: listenValue{":0"},
		existing: existingValue{allowed: []etorrent.Existing{
			etorrent.CheckExisting, etorrent.TrustExisting, etorrent.RefuseExisting, etorrent.ReplaceExisting,
		}},
	}}
	c := &cobra.Command{
		Use:   "get SOURCE...",
		Short: "Fetch torrents",
		Long: `Fetch torrents to DIR/NAME. It ends when every wanted byte was checked, written
and synced; stopped before, the same command goes on where it was. Files that
lie there are checked first, and never overwritten unless something of them is
right or --existing says so.

SOURCE is a .torrent file, "-" for standard input, or an http or https URL of
one. --input names a file with one SOURCE a line, where empty lines and those that
begin with "#" are none; "-" is standard input. All are read before anything is
fetched.

A PATTERN of --select and --exclude is numbers as show has them ("1,3-5"), a glob
("*.mkv", "season 1/**"), or a regular expression ("re:^a/b"). One that names no
file is an error. Without either the files selected last time are.

--ratio and --seed-time go on sharing as --seed does, until the first of them is
met. The ratio is what was given to others in this run, to the size of what is
stored.

The COMMAND of --on-complete is run each time that a torrent is stored, without a
shell: words, of which those with spaces stand in quotes. It finds ETORRENT_NAME,
ETORRENT_PATH and ETORRENT_INFO_HASH in its environment. That it fails is a
warning.`,
		Example: `  etorrent get show.torrent --dir /data --peer 192.0.2.7:6881 --peer seed.example.org:6881
  etorrent get show.torrent --tracker udp://tracker.example.org:6969/announce
  etorrent show.torrent --select '*.mkv' --down 5M
  etorrent get *.torrent --seed --ratio 2 --json
  etorrent get --input list.txt --jobs 3 --on-complete 'notify-send stored'`,
		Args:              cobra.ArbitraryArgs, // a list may have them
		ValidArgsFunction: torrentFiles,
		RunE: func(_ *cobra.Command, args []string) error {
			s.out = newOutput(s.host, f.output)
			return get(s, &f, args)
		},
	}
	f.add(c.Flags(), s.host)
	c.Flags().StringVarP(&f.input, "input", "i", "", `file with one SOURCE a line; "-" is standard input`)
	c.Flags().Uint16VarP(&f.jobs, "jobs", "j", 0, "how many torrents to fetch at once, 0 for all; one that stalls gives way to the next")
	c.Flags().Var(&f.files.selected, "select", "fetch these files only (repeatable)")
	c.Flags().Var(&f.files.excluded, "exclude", "do not fetch these files (repeatable)")
	f.addChoker(c.Flags())
	f.picker.names = etorrent.Pickers()
	c.Flags().Var(&f.picker, "picker", "how the next piece is chosen: rarest, random or sequential")
	c.Flags().BoolVar(&f.sequential, "sequential", false, "fetch the pieces in their order, to look at a file while it comes: --picker sequential")
	c.Flags().BoolVar(&f.seed, "seed", false, "go on sharing when all is stored, until stopped")
	f.share.add(c.Flags())
	c.Flags().Var(&f.onComplete, "on-complete", "run a command when a torrent is stored")
	spanVar(c.Flags(), &f.stallTimeout, "stall-timeout", 10*time.Minute, "give up when no wanted byte came for so long; 0 never does")
	return c
}

func get(s *session, f *getFlags, words []string) error {
	if err := f.judge(s); err != nil {
		return err
	}
	if f.sequential && f.picker.name != "" && f.picker.name != sequentialPicker {
		return usageError("--sequential is --picker %s, and not %s", sequentialPicker, f.picker.name)
	}
	if f.sequential {
		f.picker.name = sequentialPicker
	}
	words, err := withInput(s, words, f.input)
	if err != nil {
		return err
	}
	if len(words) == 0 {
		return usageError("name %s", sourceWords)
	}
	sources, err := loadSources(s, words)
	if err != nil {
		return err
	}
	dir, err := filepath.Abs(f.dir)
	if err != nil {
		return failed(exitDisk, "%w", err)
	}
	chosen, err := f.files.priorities(sources)
	if err != nil {
		return err
	}
	e, err := startEngine(s, &f.engineFlags)
	if err != nil {
		return err
	}
	c := newConductor(e, untilStored)
	if f.seed || f.share != (shareFlags{}) {
		c.goal, c.share = untilStopped, f.share
	}
	c.stall, c.others = f.stallTimeout, sourcesOf(&f.engineFlags)
	c.queue.jobs, c.hooks.command = int(f.jobs), f.onComplete
	var add []request
	for i, src := range sources {
		options := append(f.addOptions(), etorrent.InDir(dir), etorrent.OnExisting(f.existing.policy))
		if f.picker.name != "" {
			options = append(options, etorrent.WithPicker(f.picker.name))
		}
		if chosen[i] != nil {
			options = append(options, etorrent.WithPriorities(chosen[i]...))
		}
		add = append(add, request{source: src, dir: dir, options: options})
	}
	return c.run(add)
}
