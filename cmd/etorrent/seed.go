package main

import (
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/cmd/etorrent/internal/amount"
	"github.com/etorrent/etorrent/cmd/etorrent/internal/jsonl"
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
A torrent of a FOLDER that cannot be shared is a warning: the others are shared,
and its exit code is that of the end.

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
	torrents, err := torrentsIn(words)
	if err != nil {
		return err
	}
	ready, err := prepare(s, f, torrents)
	if err != nil {
		return err
	}
	if len(ready.requests) == 0 {
		return failed(ready.worst, "no torrent is left to share")
	}
	for i := range ready.requests {
		ready.requests[i].options = append(ready.requests[i].options, how...)
	}
	e, err := startEngine(s, f)
	if err != nil {
		return err
	}
	c := newConductor(e, untilStopped)
	c.share = share
	if err := c.run(ready.requests); err != nil || ready.leftOut == 0 {
		return err
	}
	return failed(ready.worst, "%s could not be shared", amount.Count(ready.leftOut, "torrent"))
}

// torrentFile is a torrent to share.
type torrentFile struct {
	word   string
	origin origin
}

// origin says how a torrent came to be shared.
type origin uint8

const (
	namedItself origin = iota
	foundInFolder
)

// torrentsIn puts the .torrent files of a folder in its place.
func torrentsIn(words []string) ([]torrentFile, error) {
	var out []torrentFile
	for _, word := range words {
		info, err := os.Stat(word)
		if err != nil || !info.IsDir() {
			out = append(out, torrentFile{word, namedItself})
			continue
		}
		entries, err := os.ReadDir(word) // in the order of their names
		if err != nil {
			return nil, failed(exitSource, "%s: %w", word, reasonOf(err))
		}
		before := len(out)
		for _, e := range entries {
			if filepath.Ext(e.Name()) == ".torrent" && !e.IsDir() {
				out = append(out, torrentFile{filepath.Join(word, e.Name()), foundInFolder})
			}
		}
		if len(out) == before {
			return nil, failed(exitSource, "%s holds no .torrent file", word)
		}
	}
	return out, nil
}

// prepared is what can be shared of what was asked for.
type prepared struct {
	requests []request
	leftOut  int
	worst    exitCode // of those that are left out: the greatest
}

// prepare reads torrents and finds their files. What is wrong with one that was found in
// a folder is a warning: the others of the folder are shared all the same.
func prepare(s *session, f *engineFlags, torrents []torrentFile) (prepared, error) {
	var out prepared
	seen := seenSources{}
	for _, t := range torrents {
		r, err := prepareOne(s, f, t.word, seen)
		switch {
		case err == nil && r.source == nil:
		case err == nil:
			out.requests = append(out.requests, r)
		case t.origin == namedItself || s.ctx.Err() != nil:
			return prepared{}, err
		default:
			s.out.warn(&jsonl.Warning{Message: err.Error() + "; it is left out"})
			out.leftOut++
			out.worst = max(out.worst, codeOf(err))
		}
	}
	return out, nil
}

// prepareOne reads one torrent and finds its files. There is no source in what it returns
// where the torrent was read before.
func prepareOne(s *session, f *engineFlags, word string, seen seenSources) (request, error) {
	src, err := loadSource(s, word)
	if err != nil || seen.before(s, src) {
		return request{}, err
	}
	found, err := locate(s, src, f.dir)
	if err != nil {
		return request{}, err
	}
	if found.dir == "" {
		return request{}, failed(exitDisk, "%s: %s", src.word, found.how)
	}
	s.out.people.note("%s", found.how)
	return request{source: src, dir: found.dir, options: append(f.addOptions(),
		etorrent.InDir(found.dir), etorrent.OnExisting(f.existing.policy), etorrent.ShareOnly(),
	)}, nil
}
