package main

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/cmd/etorrent/internal/amount"
	"github.com/etorrent/etorrent/cmd/etorrent/internal/jsonl"
	"github.com/etorrent/etorrent/internal/vocab/text"
	"github.com/etorrent/etorrent/metainfo"
)

// showFlags are those of show.
type showFlags struct {
	outputFlags
	scrape bool
}

func newShow(s *session) *cobra.Command {
	var f showFlags
	c := &cobra.Command{
		Use:   "show SOURCE...",
		Short: "Tell what a torrent holds",
		Long: `Tell what a torrent holds: its files by number, sizes, pieces and trackers,
what is unusual about it, and which names would be stored otherwise here.
The numbers are those that get --select takes.

--scrape asks each of its trackers how many have all of it, how many are fetching
it, and how often it was fetched to the end. Trackers are asked about several
torrents at once where they can answer that.`,
		Example:           "  etorrent show show.torrent\n  etorrent show --scrape show.torrent\n  etorrent show --json show.torrent\n  curl -s https://example.org/a.torrent | etorrent show -",
		Args:              arguments(1, anyNumber, sourceWords),
		ValidArgsFunction: torrentFiles,
		RunE: func(_ *cobra.Command, args []string) error {
			s.out = newOutput(s.host, f.outputFlags)
			if f.scrape {
				return showScraped(s, args)
			}
			for _, word := range args {
				src, err := loadSource(s, word)
				if err == nil {
					err = show(s, src, nil)
				}
				if err != nil {
					return err
				}
			}
			return nil
		},
	}
	c.Flags().BoolVar(&f.scrape, "scrape", false, "ask its trackers how large its swarm is")
	c.Flags().BoolVar(&f.json, "json", false, "tell programs: one JSON object on stdout for each source, and an end")
	return c
}

// show tells of one source, and what its trackers said; nil where they were not asked.
func show(s *session, src *source, scrapes []etorrent.TrackerScrape) error {
	if s.out.json != nil {
		t := shownTorrent(src)
		for _, one := range scrapes {
			t.Scrapes = append(t.Scrapes, scrapeObject(one))
		}
		s.out.tell(t)
		return nil
	}
	return showToPeople(s, src, scrapes)
}

// numbered are the files of a torrent that are no padding, as people and
// --select count them.
func numbered(src *source) []jsonl.TorrentFile {
	var out []jsonl.TorrentFile
	for i, f := range src.meta.Files {
		if f.Role != metainfo.FilePadding {
			out = append(out, fileOf(src, i, len(out)+1))
		}
	}
	return out
}

func fileOf(src *source, i, number int) jsonl.TorrentFile {
	f := src.meta.Files[i]
	out := jsonl.TorrentFile{Number: number, Path: f.String(), Stored: src.plan.Paths[i], Size: f.Length, LeftOut: src.plan.LeftOut[i]}
	if f.Attributes.Has(metainfo.Executable) {
		out.Attributes = append(out.Attributes, "executable")
	}
	if f.Attributes.Has(metainfo.Hidden) {
		out.Attributes = append(out.Attributes, "hidden")
	}
	if f.Role == metainfo.FileSymlink {
		target := strings.Join(f.Target, "/")
		out.Target = &target
	}
	return out
}

// fileNumbers has the number of each file of a torrent. That of padding is its
// predecessor's.
func fileNumbers(meta *metainfo.Torrent) []int {
	out, n := make([]int, len(meta.Files)), 0
	for i, f := range meta.Files {
		if f.Role != metainfo.FilePadding {
			n++
		}
		out[i] = n
	}
	return out
}

func shownTorrent(src *source) *jsonl.Torrent {
	m := src.meta
	t := &jsonl.Torrent{
		Head: jsonl.Head{Torrent: m.ID().String()}, Name: m.Name, Size: m.TotalLength, PieceLength: m.PieceLength,
		Pieces: m.PieceCount(), Private: m.Privacy == metainfo.Private, Source: m.Source, Comment: m.Comment,
		CreatedBy: m.CreatedBy, Trackers: m.Announce, WebSeeds: m.WebSeeds, Files: numbered(src), Magnet: m.Magnet().String(),
		Findings: []string{}, Renamed: []jsonl.Renaming{},
	}
	if !m.CreationDate.IsZero() {
		t.Created = &m.CreationDate
	}
	if t.Trackers == nil {
		t.Trackers = [][]string{}
	}
	if t.WebSeeds == nil {
		t.WebSeeds = []string{}
	}
	for _, f := range m.Findings {
		t.Findings = append(t.Findings, f.String())
	}
	numbers := fileNumbers(m)
	for _, r := range src.plan.Renamed {
		number := 0 // the torrent itself
		if r.File >= 0 {
			number = numbers[r.File]
		}
		t.Renamed = append(t.Renamed, jsonl.Renaming{Number: number, From: r.From, To: r.To, Cause: r.Cause})
	}
	return t
}

// showToPeople writes a table whose every cell is harmless.
func showToPeople(s *session, src *source, scrapes []etorrent.TrackerScrape) error {
	m := src.meta
	w := tabwriter.NewWriter(s.host.stdout, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) {
		_, _ = fmt.Fprintf(w, "%s\t%s\n", name, text.Printable(fmt.Sprintf(format, args...)))
	}
	row("name", "%s", m.Name)
	row("info-hash", "%s", m.ID())
	row("size", "%s (%s)", amount.Size(m.TotalLength), amount.Count(m.TotalLength, "byte"))
	row("pieces", "%d of %s", m.PieceCount(), amount.Size(m.PieceLength))
	if m.Privacy == metainfo.Private {
		row("private", "yes: peers come from its trackers only")
	}
	for _, tier := range m.Announce {
		row("tracker", "%s", strings.Join(tier, ", "))
	}
	for _, one := range scrapes {
		row("swarm", "%s", scrapeWords(one))
	}
	for _, url := range m.WebSeeds {
		row("web seed", "%s", url)
	}
	for _, about := range [][2]string{{"source", m.Source}, {"comment", m.Comment}, {"created by", m.CreatedBy}} {
		if about[1] != "" {
			row(about[0], "%s", about[1])
		}
	}
	if !m.CreationDate.IsZero() {
		row("created", "%s", m.CreationDate.Format("2006-01-02 15:04:05 MST"))
	}
	for _, f := range m.Findings {
		row("unusual", "%s", f)
	}
	for _, r := range src.plan.Renamed {
		row("stored as", "%s instead of %s (%s)", r.To, r.From, r.Cause)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return listFiles(s, numbered(src))
}

func listFiles(s *session, files []jsonl.TorrentFile) error {
	w := tabwriter.NewWriter(s.host.stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(w)
	for f := range slices.Values(files) {
		_, _ = fmt.Fprintf(w, "%d\t%s\t  %s\n", f.Number, amount.Size(f.Size), text.Printable(f.Path+remarks(f)))
	}
	return w.Flush()
}

// remarks are what stands behind the path of a file.
func remarks(f jsonl.TorrentFile) string {
	out := ""
	if f.Target != nil {
		out = " -> " + *f.Target
	}
	if len(f.Attributes) > 0 {
		out += " (" + strings.Join(f.Attributes, ", ") + ")"
	}
	if f.LeftOut != "" {
		out += " (left out: " + f.LeftOut + ")"
	}
	return out
}
