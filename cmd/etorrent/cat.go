package main

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/internal/vocab/pattern"
	"github.com/etorrent/etorrent/metainfo"
)

// catFlags are those of cat.
type catFlags struct {
	engineFlags
	stallTimeout time.Duration
}

func newCat(s *session) *cobra.Command {
	f := catFlags{engineFlags: engineFlags{
		listen: listenValue{":0"},
		existing: existingValue{allowed: []etorrent.Existing{
			etorrent.CheckExisting, etorrent.TrustExisting, etorrent.RefuseExisting, etorrent.ReplaceExisting,
		}},
	}}
	c := &cobra.Command{
		Use:   "cat SOURCE [FILE]",
		Short: "Write a file to standard output while it is fetched",
		Long: `Write a file of a torrent to standard output, from its beginning on, while it is
fetched: what comes next is fetched before all else, and nothing is written that
was not checked. The file is stored too, at DIR/NAME as get does, and what is
there already is not fetched. The other files are not fetched, and the choice is
remembered as that of get --select.

FILE is a number as show has it, a glob ("*.mkv", "season 1/e01*") or a regular
expression ("re:^a/b") that names one file; it may be left out where the torrent
has one. What people are told is written to standard error.`,
		Example: `  etorrent cat film.torrent '*.mkv' --dir /data --peer 192.0.2.7:6881 | mpv -
  etorrent cat archive.torrent 3 | tar t`,
		Args:              arguments(1, 2, sourceWords),
		ValidArgsFunction: catWords,
		RunE: func(_ *cobra.Command, args []string) error {
			s.out = outputBeside(s.host, f.output)
			return cat(s, &f, args)
		},
	}
	f.addEngine(c.Flags(), s.host)
	addPeopleFlags(c.Flags(), &f.output)
	spanVar(c.Flags(), &f.stallTimeout, "stall-timeout", 10*time.Minute, "give up when no wanted byte came for so long; 0 never does")
	return c
}

// outputBeside tells people on standard error, for standard output carries data. On a
// terminal that shows the data too they are told of errors only.
func outputBeside(h *host, f outputFlags) *output {
	if h.stdout.end == terminalEnd {
		f.quiet = true
	}
	beside := *h
	beside.stdout = h.stderr
	return newOutput(&beside, f)
}

func cat(s *session, f *catFlags, args []string) error {
	if err := f.judge(s); err != nil {
		return err
	}
	src, err := loadSource(s, args[0])
	if err != nil {
		return err
	}
	file, priorities, err := chooseFile(src, args[1:])
	if err != nil {
		return err
	}
	dir, err := filepath.Abs(f.dir)
	if err != nil {
		return failed(exitDisk, "%w", err)
	}
	e, err := startEngine(s, &f.engineFlags)
	if err != nil {
		return err
	}
	c := newConductor(e, untilCopied)
	c.stall, c.others = f.stallTimeout, sourcesOf(&f.engineFlags)
	c.copied = make(chan error, 1)
	c.copy = func(t *etorrent.Torrent) error { return copyFile(s.ctx, s.host.stdout, t, file) }
	return c.run([]request{{source: src, dir: dir, options: append(f.addOptions(),
		etorrent.InDir(dir), etorrent.OnExisting(f.existing.policy), etorrent.WithPriorities(priorities...),
	)}})
}

// chooseFile is the file, among all of the torrent, that the words name, and the
// priorities that have it fetched alone.
func chooseFile(src *source, words []string) (int, []etorrent.Priority, error) {
	word := "*"
	if len(words) > 0 {
		word = words[0]
	}
	p, err := pattern.Parse(word)
	if err != nil {
		return 0, nil, usageError("%w", err)
	}
	priorities, _ := prioritiesOf(src, newUse("FILE", []*pattern.Pattern{p}), newUse("", nil))
	chosen, count := 0, 0
	for i, f := range src.meta.Files {
		if priorities[i] == etorrent.PriorityNormal && f.Role == metainfo.FileData {
			chosen, count = i, count+1
		}
	}
	switch {
	case count == 1:
		return chosen, priorities, nil
	case len(words) == 0:
		return 0, nil, usageError("%s has %d files; name one of those that etorrent show lists", src.word, count)
	case count == 0:
		return 0, nil, usageError("%s names no file of %s; etorrent show lists them", word, src.word)
	}
	return 0, nil, usageError("%s names %d files of %s, and one can be written", word, count, src.word)
}

// copyFile writes a file of a torrent, from its beginning to its end or until nobody
// reads it any more. It has ended when the file that was read to its end is stored.
func copyFile(ctx context.Context, to io.Writer, t *etorrent.Torrent, file int) error {
	for f := range t.Files() {
		if f.Index != file {
			continue
		}
		from, err := f.Open(ctx)
		if err != nil {
			return err
		}
		defer func() { _ = from.Close() }()
		out := &pipeWriter{to: to}
		_, err = io.CopyBuffer(out, from, make([]byte, 256<<10))
		switch {
		case out.err != nil && isPipeClosed(out.err):
			return nil
		case out.err != nil:
			return out.err
		case err != nil:
			return err
		}
		return t.Wait(ctx, etorrent.DataStored) // what was read may not be synced yet
	}
	return errors.New("the file is not there")
}

// pipeWriter keeps the error of a write, which is told from one of a read.
type pipeWriter struct {
	to  io.Writer
	err error
}

// Write writes on.
func (w *pipeWriter) Write(p []byte) (int, error) {
	n, err := w.to.Write(p)
	if err != nil {
		w.err = err
	}
	return n, err
}
