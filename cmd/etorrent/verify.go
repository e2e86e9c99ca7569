package main

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/cmd/etorrent/internal/amount"
	"github.com/etorrent/etorrent/cmd/etorrent/internal/jsonl"
	"github.com/etorrent/etorrent/internal/ondisk"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/internal/vocab/text"
	"github.com/etorrent/etorrent/metainfo"
)

func newVerify(s *session) *cobra.Command {
	var dir string
	var f outputFlags
	c := &cobra.Command{
		Use:   "verify SOURCE",
		Short: "Read and hash the files of a torrent",
		Long: `Read and hash the files of a torrent, and tell which pieces are damaged, which
files they touch, and which files are missing or too short. Nothing is written,
and no state is asked or changed. --dir may name the folder that holds the
torrent's file or folder, or that itself.

Exit code 8 says that bytes of the torrent are damaged or missing. A file that is
longer than in the torrent has a warning; if its pieces are right it is no damage,
and get leaves it as it is.`,
		Example:           "  etorrent verify show.torrent --dir /data\n  etorrent verify show.torrent --dir /data/show --json",
		Args:              arguments(1, 1, sourceWords),
		ValidArgsFunction: torrentFiles,
		RunE: func(_ *cobra.Command, args []string) error {
			s.out = newOutput(s.host, f)
			src, err := loadSource(s, args[0])
			if err != nil {
				return err
			}
			return verify(s, src, dir)
		},
	}
	c.Flags().StringVarP(&dir, "dir", "d", ".", "folder that holds the torrent's file or folder")
	c.Flags().BoolVar(&f.json, "json", false, "tell programs: one JSON object a line on stdout")
	c.Flags().BoolVarP(&f.quiet, "quiet", "q", false, "tell people of errors only")
	return c
}

func verify(s *session, src *source, dir string) error {
	place, err := locate(s, src, dir)
	if err != nil {
		return err
	}
	if place.dir == "" { // everything is missing, and shall be told as such
		place.dir, _ = filepath.Abs(dir)
	}
	s.out.people.note("%s", place.how)
	head := jsonl.Head{Torrent: src.meta.ID().String()}
	s.out.tell(&jsonl.Checking{Head: head, Pieces: src.meta.PieceCount(), Reason: "asked"})
	bar := newWorkBar(s, "checking "+text.Printable(src.meta.Name)).telling(jsonl.Hashing{Head: head, Name: src.meta.Name})
	checked, err := src.plan.Check(s.ctx, place.dir, func(done, all int) {
		bar.show(src.meta.TotalLength*int64(done)/int64(all), src.meta.TotalLength)
	})
	bar.clear()
	if err != nil {
		return err
	}
	files := verifiedFiles(src, checked)
	s.out.torrents = append(s.out.torrents, endOfVerify(src, checked, place))
	s.out.tell(&jsonl.Verified{
		Head: head, Name: src.meta.Name, Path: place.path(src), Pieces: checked.Good.Size(), Good: checked.Good.Count(),
		Damaged: indices(checked.Damaged), Files: files,
	})
	return tellVerified(s, src, checked, files)
}

// endOfVerify is what the last object says of the torrent.
func endOfVerify(src *source, checked *ondisk.Checked, at place) jsonl.EndTorrent {
	g, good := src.plan.Geometry(), int64(0)
	for i := range checked.Good.All() {
		good += g.PieceSize(i)
	}
	return jsonl.EndTorrent{
		Torrent: src.meta.ID().String(), Name: src.meta.Name, Path: at.path(src), Status: etorrent.Checking.String(),
		Wanted: src.meta.TotalLength, Stored: good, Pieces: checked.Good.Size(), Bad: checked.Damaged.Count(),
	}
}

func verifiedFiles(src *source, checked *ondisk.Checked) []jsonl.VerifiedFile {
	var out []jsonl.VerifiedFile
	number := 0
	for i, e := range checked.Files {
		f := src.meta.Files[i]
		if f.Role != metainfo.FilePadding {
			number++
		}
		v := jsonl.VerifiedFile{Number: number, Path: f.String(), Size: f.Length}
		switch e := e.(type) {
		case ondisk.FileVirtual:
			continue
		case ondisk.FileGood:
			v.State = "good"
		case ondisk.FileAbsent:
			v.State = "absent"
		case ondisk.FileShorter:
			v.State, v.Found = "shorter", &e.Size
		case ondisk.FileLonger:
			v.State, v.Found = "longer", &e.Size
		case ondisk.FileDamaged:
			v.State, v.Damaged = "damaged", e.Pieces
		case ondisk.FileMislinked:
			v.State, v.Message = "mislinked", "is not the symbolic link to "+e.Text
		case ondisk.FileUnusable:
			v.State, v.Message = "unusable", e.Err.Error()
		}
		out = append(out, v)
	}
	return out
}

// tellVerified tells people, and says by its error how it went.
func tellVerified(s *session, src *source, checked *ondisk.Checked, files []jsonl.VerifiedFile) error {
	wrong, unusable := 0, 0
	for _, f := range files {
		switch f.State {
		case "good":
			continue
		case "longer":
			head := jsonl.Head{Torrent: src.meta.ID().String()}
			s.out.warn(&jsonl.Warning{Head: head, Message: text.Printable(f.Path) + " " + wrongWith(f) + "; its pieces are right"})
			continue
		case "unusable":
			unusable++
		}
		wrong++
		s.out.people.note("%4d %s: %s", f.Number, text.Printable(f.Path), wrongWith(f))
	}
	name, bad := text.Printable(src.meta.Name), checked.Damaged.Count()
	if bad > 0 {
		s.out.people.note("damaged pieces: %s", ranges(checked.Damaged))
	}
	sum := fmt.Sprintf("%s: %s damaged or missing, %s", name, amount.Of(bad, checked.Good.Size(), "piece"), amount.Of(wrong, len(files), "file"))
	switch {
	case unusable > 0:
		return failed(exitDisk, "%s; some cannot be read", sum)
	case wrong > 0 || bad > 0:
		return failed(exitDamaged, "%s", sum)
	}
	s.out.people.note("%s: all %s and %s are right", name, amount.Count(checked.Good.Size(), "piece"), amount.Count(len(files), "file"))
	return nil
}

func wrongWith(f jsonl.VerifiedFile) string {
	switch f.State {
	case "absent":
		return "missing"
	case "shorter", "longer":
		return fmt.Sprintf("has %s (%s) instead of %s (%s)", amount.Size(*f.Found), amount.Count(*f.Found, "byte"), amount.Size(f.Size), amount.Count(f.Size, "byte"))
	case "damaged":
		return amount.Count(f.Damaged, "damaged piece")
	case "mislinked":
		return text.Printable(f.Message)
	}
	return "cannot be read: " + text.Printable(f.Message)
}

func indices(set *pieceset.Set) []uint32 {
	out := []uint32{}
	for i := range set.All() {
		out = append(out, uint32(i))
	}
	return out
}

// ranges writes a set as "0-3, 7".
func ranges(set *pieceset.Set) string {
	var out []string
	first, last := -1, -1
	flush := func() {
		switch {
		case first < 0:
		case first == last:
			out = append(out, strconv.Itoa(first))
		default:
			out = append(out, strconv.Itoa(first)+"-"+strconv.Itoa(last))
		}
	}
	for i := range set.All() {
		if int(i) != last+1 || first < 0 {
			flush()
			first = int(i)
		}
		last = int(i)
	}
	flush()
	return strings.Join(out, ", ")
}
