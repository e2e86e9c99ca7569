package main

import (
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/etorrent/etorrent"
)

// seedPort is where seeders listen when they are not told where.
const seedPort = ":1729"

func newSeed(s *session) *cobra.Command {
	super := false
	var share shareFlags
	f := engineFlags{
		listen:   listenValue{seedPort},
		existing: existingValue{allowed: []etorrent.Existing{etorrent.CheckExisting, etorrent.TrustExisting}},
	}
	c := &cobra.Command{
		Use:   "seed TORRENT|FOLDER...",
		Short: "Share what is there",
		Long: `Share the files of torrents until stopped. A FOLDER stands for the .torrent files
in it. Files are opened read-only and nothing is fetched; what is not remembered
as right is checked first. --dir may name the folder that holds a torrent's file
or folder, or that itself. If nothing of a torrent is there, the exit code is 7.

--super-seed is for the first seeder of a torrent: others are shown a piece or two
at a time, and more as they give them on, so that little more than one copy is sent
until they have everything. It needs everything to be there.

With --ratio or --seed-time it ends when the first of them is met. The ratio is
what was given to others in this run, to the size of what is there.`,
		Example: `  etorrent seed show.torrent --dir /data
  etorrent seed ~/torrents --dir /data --up 5M --listen :6881`,
		Args:              arguments(1, anyNumber, "a TORRENT, or a FOLDER of them"),
		ValidArgsFunction: torrentFiles,
		RunE: func(_ *cobra.Command, args []string) error {
			s.out = newOutput(s.host, f.output)
			var how []etorrent.AddOption
			if super {
				how = append(how, etorrent.SuperSeeding())
			}
			return seed(s, &f, share, how, args)
		},
	}
	f.add(c.Flags(), s.host)
	f.addChoker(c.Flags())
	share.add(c.Flags())
	c.Flags().BoolVar(&super, "super-seed", false, "send little more than one copy until others have everything")
	return c
}

func seed(s *session, f *engineFlags, share shareFlags, how []etorrent.AddOption, words []string) error {
	if err := f.judge(s); err != nil {
		return err
	}
	words, err := torrentsIn(words)
	if err != nil {
		return err
	}
	sources, err := loadSources(s, words)
	if err != nil {
		return err
	}
	var add []request
	for _, src := range sources {
		found, err := locate(s, src, f.dir)
		if err != nil {
			return err
		}
		if found.dir == "" {
			return failed(exitDisk, "%s", found.how)
		}
		s.out.people.note("%s", found.how)
		add = append(add, request{source: src, dir: found.dir, options: append(append(f.addOptions(),
			etorrent.InDir(found.dir), etorrent.OnExisting(f.existing.policy), etorrent.ShareOnly(),
		), how...)})
	}
	e, err := startEngine(s, f)
	if err != nil {
		return err
	}
	c := newConductor(e, untilStopped)
	c.share = share
	return c.run(add)
}

// torrentsIn puts the .torrent files of a folder in its place.
func torrentsIn(words []string) ([]string, error) {
	var out []string
	for _, word := range words {
		info, err := os.Stat(word)
		if err != nil || !info.IsDir() {
			out = append(out, word)
			continue
		}
		entries, err := os.ReadDir(word)
		if err != nil {
			return nil, failed(exitSource, "%s: %w", word, reasonOf(err))
		}
		before := len(out)
		for _, e := range entries {
			if filepath.Ext(e.Name()) == ".torrent" && !e.IsDir() {
				out = append(out, filepath.Join(word, e.Name()))
			}
		}
		if len(out) == before {
			return nil, failed(exitSource, "%s holds no .torrent file", word)
		}
		slices.Sort(out[before:])
	}
	return out, nil
}
