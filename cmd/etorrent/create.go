package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/etorrent/etorrent/cmd/etorrent/internal/amount"
	"github.com/etorrent/etorrent/cmd/etorrent/internal/jsonl"
	"github.com/etorrent/etorrent/internal/create"
	"github.com/etorrent/etorrent/internal/ondisk"
	"github.com/etorrent/etorrent/internal/vocab/text"
	"github.com/etorrent/etorrent/metainfo"
)

// createFlags are those of create.
type createFlags struct {
	out         string
	date        string
	exclude     patternsValue
	pieceLength string
	private     bool
	source      string
	comment     string
	webSeeds    []string
	trackers    []string
	format      string
	dryRun      bool
	magnet      bool
	sums        string
	unsafeNames bool
	output      outputFlags
}

func newCreate(s *session) *cobra.Command {
	var f createFlags
	c := &cobra.Command{
		Use:   "create PATH",
		Short: "Make a torrent of a file or folder",
		Long: `Make a torrent (version 1) of a file or folder. Files are sorted and no date is
written unless asked for, so the same files give the same torrent. In a pipe,
stdout is the info-hash alone, or with --magnet the magnet link. With --json it has
what show --json tells.

--sums writes the SHA-256 of each file, by the same read, for "sha256sum -c" in the
folder that holds PATH.

An exclude PATTERN is a glob ("*.tmp", "cache/**") or a regular expression
("re:^a/b"), below PATH. Symbolic links, devices and files that change while
they are hashed are errors. So are names that this program would store
otherwise here, such as those with control characters: seed and verify would
not find the files. --allow-unsafe-names makes a warning of it.`,
		Example: `  etorrent create photos -o photos.torrent --tracker https://t.example/announce
  etorrent create photos -o photos.torrent --exclude '*.tmp' --private
  etorrent create photos --dry-run`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 1 && f.date == "now" {
				return usageError("%q is one argument too many; a date is written --date=2026-01-31", args[1])
			}
			return arguments(1, 1, "the PATH to make a torrent of")(c, args)
		},
		RunE: func(_ *cobra.Command, args []string) error {
			s.out = newOutput(s.host, f.output)
			if f.output.json && (f.dryRun || f.out == "-") {
				return usageError("--json goes neither with --dry-run nor with -o -")
			}
			if f.dryRun && f.sums != "" {
				return usageError("--dry-run reads nothing that --sums could be of")
			}
			return createTorrent(s, &f, args[0])
		},
	}
	flags := c.Flags()
	flags.StringVarP(&f.out, "output", "o", "", `the torrent to write, replacing what is there; "-" is stdout (default NAME.torrent, if there is none)`)
	flags.StringVar(&f.date, "date", "", `write a date: now, or --date=2026-01-31, or --date=2026-01-31T12:00:00Z`)
	flags.Lookup("date").NoOptDefVal = "now"
	flags.Var(&f.exclude, "exclude", "leave out files and folders (repeatable)")
	flags.StringVar(&f.pieceLength, "piece-length", "auto", "auto, or a power of two from 16K on")
	flags.BoolVar(&f.private, "private", false, "let peers come from the trackers only")
	flags.StringVar(&f.source, "source", "", "a word that makes the info-hash another")
	flags.StringVar(&f.comment, "comment", "", "a comment")
	flags.StringArrayVar(&f.webSeeds, "web-seed", nil, "a URL that has the files (repeatable)")
	flags.StringArrayVar(&f.trackers, "tracker", nil, "a tracker's URL; a comma stays in the tier, repeating opens the next")
	flags.StringVar(&f.format, "format", "v1", "v1")
	flags.BoolVar(&f.dryRun, "dry-run", false, "list what would be in the torrent, and hash and write nothing")
	flags.BoolVar(&f.magnet, "magnet", false, "print the magnet link, in a pipe in place of the info-hash")
	flags.StringVar(&f.sums, "sums", "", "write the SHA-256 of each file to this one, replacing what is there")
	flags.BoolVar(&f.unsafeNames, "allow-unsafe-names", false, "take names that would be stored otherwise here")
	flags.BoolVar(&f.output.json, "json", false, "tell programs: one JSON object a line on stdout")
	flags.BoolVarP(&f.output.quiet, "quiet", "q", false, "tell people of errors only")
	return c
}

func createTorrent(s *session, f *createFlags, path string) error {
	spec, err := f.spec(s.host)
	if err != nil {
		return err
	}
	target, err := outputTarget("-o", f.out)
	if err != nil {
		return err
	}
	sums, err := f.sumsTarget()
	if err != nil {
		return err
	}
	tree, err := listTree(path, f.filter(path, target, sums))
	if err != nil {
		return err
	}
	if err := f.judgeNames(s, tree); err != nil {
		return err
	}
	if f.dryRun {
		return showTree(s, tree, spec)
	}
	if f.out == "" {
		target = fileTarget{path: tree.Name + ".torrent", there: keepExisting}
	}
	raw, err := f.hashTree(s, tree, spec)
	if err != nil {
		return err
	}
	parent := tree.Dir
	if tree.Layout == metainfo.MultiFile {
		parent = filepath.Dir(tree.Dir)
	}
	return f.writeTorrent(s, target, raw, parent)
}

// namesWarned is how many names are told that would be stored otherwise.
const namesWarned = 20

// judgeNames warns of names that would be stored otherwise on this platform, and
// refuses them unless they are allowed.
func (f *createFlags) judgeNames(s *session, tree *create.Tree) error {
	paths := make([]string, len(tree.Files))
	for i, file := range tree.Files {
		paths[i] = file.Path
	}
	renamed, err := ondisk.Renamings(tree.Name, tree.Layout, paths, s.host.goos)
	if err != nil {
		return failed(exitSource, "%w", err)
	}
	for _, r := range renamed[:min(namesWarned, len(renamed))] {
		s.out.warn(&jsonl.Warning{Message: fmt.Sprintf("%s would be stored as %s (%s)", text.Printable(r.From), r.To, r.Cause)})
	}
	if len(renamed) == 0 || f.unsafeNames {
		return nil
	}
	return failed(exitSource, "%s would be stored otherwise here, so that seed and verify would not find the files; "+
		"rename or exclude them, or take them all the same by --allow-unsafe-names", amount.Count(len(renamed), "name"))
}

// hashTree makes the torrent, with its progress on the terminal, and the file of
// sums.
func (f *createFlags) hashTree(s *session, tree *create.Tree, spec metainfo.Spec) ([]byte, error) {
	bar := newWorkBar(s, "hashing "+text.Printable(tree.Name)).telling(jsonl.Hashing{Name: tree.Name})
	defer bar.clear()
	if f.sums == "" {
		return create.Torrent(s.ctx, tree, spec, bar.show)
	}
	raw, sums, err := create.TorrentAndSums(s.ctx, tree, spec, bar.show)
	if err != nil {
		return nil, err
	}
	folder := ""
	if tree.Layout == metainfo.MultiFile {
		folder = tree.Name
	}
	if err := writeWhole(fileTarget{path: f.sums, there: replaceExisting}, create.Lines(folder, sums)); err != nil {
		return nil, failed(exitDisk, "%w", err)
	}
	return raw, nil
}

// sumsTarget is the file of sums, if there is to be one.
func (f *createFlags) sumsTarget() (torrentTarget, error) {
	if f.sums == "-" {
		return nil, usageError("--sums needs a file; standard output tells the info-hash")
	}
	return outputTarget("--sums", f.sums)
}

// filter leaves out what the patterns name, and the torrent itself and its sums
// where they are written into its own folder.
func (f *createFlags) filter(path string, own ...torrentTarget) create.Filter {
	var written []string
	for _, target := range own {
		if to, isFile := target.(fileTarget); isFile && to.path != "" {
			written = append(written, pathBelow(path, to.path))
		}
	}
	return func(p string) create.Choice {
		if slices.Contains(written, p) {
			return create.LeaveOut
		}
		for _, x := range f.exclude {
			if x.Matches(0, p) {
				return create.LeaveOut
			}
		}
		return create.Take
	}
}

// pathBelow is where file lies below folder, with slashes, "" if it does not.
func pathBelow(folder, file string) string {
	from, err := filepath.Abs(folder)
	if err != nil {
		return ""
	}
	to, err := filepath.Abs(file)
	if err != nil {
		return ""
	}
	rel, err := filepath.Rel(from, to)
	if err != nil || !filepath.IsLocal(rel) {
		return ""
	}
	return filepath.ToSlash(rel)
}

func showTree(s *session, t *create.Tree, spec metainfo.Spec) error {
	for i, file := range t.Files {
		if _, err := fmt.Fprintf(s.host.stdout, "%6d  %10s  %s\n", i+1, amount.Size(file.Size), text.Printable(file.Path)); err != nil {
			return err
		}
	}
	length := t.PieceLength(spec)
	_, err := fmt.Fprintf(s.host.stdout, "%s: %s, %s, %s of %s\n", text.Printable(t.Name),
		amount.Count(len(t.Files), "file"), amount.Size(t.Total), amount.Count(int((t.Total+length-1)/length), "piece"), amount.Size(length))
	return err
}

// parseDate reads --date. "now" is the clock, unless SOURCE_DATE_EPOCH says
// another time, as reproducible builds have it.
func parseDate(h *host, s string) (time.Time, error) {
	switch s {
	case "":
		return time.Time{}, nil
	case "now":
		return epochOr(h), nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil && t.Unix() > 0 {
			return t, nil
		}
	}
	return time.Time{}, usageError("--date %q is no date; write 2026-01-31 or 2026-01-31T12:00:00Z", s)
}
