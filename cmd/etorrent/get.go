package main

import (
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/cmd/etorrent/internal/pattern"
	"github.com/etorrent/etorrent/metainfo"
)

// getFlags are those of get.
type getFlags struct {
	engineFlags
	selected     patternsValue
	seed         bool
	sequential   bool
	stallTimeout time.Duration
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

A select PATTERN is numbers as show has them ("1,3-5"), a glob ("*.mkv",
"season 1/**"), or a regular expression ("re:^a/b"). Without --select the files
selected last time are.`,
		Example: `  etorrent get show.torrent --dir /data --peer 192.0.2.7:6881 --peer seed.example.org:6881
  etorrent get show.torrent --tracker udp://tracker.example.org:6969/announce
  etorrent show.torrent --select '*.mkv' --down 5M
  etorrent get *.torrent --seed --json`,
		Args:              arguments(1, anyNumber, "a SOURCE: a .torrent file, or -"),
		ValidArgsFunction: torrentFiles,
		RunE: func(_ *cobra.Command, args []string) error {
			s.out = newOutput(s.host, f.output)
			return get(s, &f, args)
		},
	}
	f.add(c.Flags(), s.host)
	c.Flags().Var(&f.selected, "select", "fetch these files only (repeatable)")
	c.Flags().BoolVar(&f.sequential, "sequential", false, "fetch the pieces in their order, to look at a file while it comes")
	c.Flags().BoolVar(&f.seed, "seed", false, "go on sharing when all is stored, until stopped")
	c.Flags().DurationVar(&f.stallTimeout, "stall-timeout", 10*time.Minute, "give up when no wanted byte came for so long; 0 never does")
	return c
}

func get(s *session, f *getFlags, words []string) error {
	if err := f.trackers.judge(); err != nil {
		return err
	}
	sources, err := loadSources(s, words)
	if err != nil {
		return err
	}
	dir, err := filepath.Abs(f.dir)
	if err != nil {
		return failed(exitDisk, "%w", err)
	}
	chosen, err := selectFiles(sources, f.selected)
	if err != nil {
		return err
	}
	e, err := startEngine(s, &f.engineFlags)
	if err != nil {
		return err
	}
	c := newConductor(e, untilStored)
	if f.seed {
		c.goal = untilStopped
	}
	c.stall, c.others = f.stallTimeout, sourcesOf(&f.engineFlags)
	var add []request
	for i, src := range sources {
		options := append(f.addOptions(), etorrent.InDir(dir), etorrent.OnExisting(f.existing.policy))
		if f.sequential {
			options = append(options, etorrent.InOrder())
		}
		if chosen[i] != nil {
			options = append(options, etorrent.WithPriorities(chosen[i]...))
		}
		add = append(add, request{source: src, dir: dir, options: options})
	}
	return c.run(add)
}

// selectFiles turns patterns into a priority for each file of each torrent; nil
// where there are no patterns. Each pattern must name a file, and each torrent
// must have one that is named.
func selectFiles(sources []*source, patterns []*pattern.Pattern) ([][]etorrent.Priority, error) {
	out := make([][]etorrent.Priority, len(sources))
	if len(patterns) == 0 {
		return out, nil
	}
	used := make([]int, len(patterns))
	for i, src := range sources {
		n := 0
		if out[i], n = prioritiesOf(src, patterns, used); n == 0 {
			return nil, usageError("--select names no file of %s; etorrent show %[1]s lists them", src.word)
		}
	}
	for i, n := range used {
		if n == 0 {
			return nil, usageError("--select %s names no file", patterns[i])
		}
	}
	return out, nil
}

// prioritiesOf counts in used how often each pattern matches, and returns how
// many files are selected.
func prioritiesOf(src *source, patterns []*pattern.Pattern, used []int) ([]etorrent.Priority, int) {
	out, number, selected := make([]etorrent.Priority, len(src.meta.Files)), 0, 0
	for i, f := range src.meta.Files {
		out[i] = etorrent.PriorityUnwanted
		if f.Role == metainfo.FilePadding {
			continue
		}
		number++
		for p, x := range patterns {
			if x.Matches(number, f.String()) {
				used[p]++
				out[i] = etorrent.PriorityNormal
			}
		}
		if out[i] == etorrent.PriorityNormal {
			selected++
		}
	}
	return out, selected
}
