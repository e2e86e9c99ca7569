package main

import (
	"errors"
	"fmt"

	"github.com/etorrent/etorrent/cmd/etorrent/internal/amount"
	"github.com/etorrent/etorrent/internal/ondisk"
	"github.com/etorrent/etorrent/internal/vocab/text"
	"github.com/etorrent/etorrent/metainfo"
)

// writeTorrent puts a new torrent where it belongs and tells of it. Its files
// lie below dir.
func (f *createFlags) writeTorrent(s *session, target torrentTarget, raw []byte, dir string) error {
	meta, err := metainfo.Parse(raw)
	if err != nil {
		return fmt.Errorf("the new torrent cannot be read back: %w", err)
	}
	switch target := target.(type) {
	case stdoutTarget:
		_, err := s.host.stdout.Write(raw)
		return err
	case fileTarget:
		err := writeWhole(target, raw)
		switch {
		case errors.Is(err, errOtherTorrent):
			return failed(exitOverwrite, "%w; name it by -o to replace it", err)
		case err != nil:
			return failed(exitDisk, "%w", err)
		}
		return f.tellCreated(s, target.path, meta, dir)
	}
	return nil
}

// tellCreated tells people on a terminal, and programs if they asked; in a pipe the
// info-hash or the magnet link is all.
func (f *createFlags) tellCreated(s *session, path string, meta *metainfo.Torrent, dir string) error {
	plan, err := ondisk.NewPlan(meta, s.host.goos)
	if err != nil {
		return err
	}
	switch {
	case s.out.json != nil:
		s.out.tell(shownTorrent(&source{meta: meta, plan: plan}))
	case s.host.stdout.end == pipeEnd && f.magnet:
		_, err := fmt.Fprintln(s.host.stdout, meta.Magnet())
		return err
	case s.host.stdout.end == pipeEnd:
		_, err := fmt.Fprintln(s.host.stdout, meta.ID())
		return err
	}
	s.out.people.note("%s: %s in %s, %s of %s", text.Printable(meta.Name), amount.Size(meta.TotalLength),
		amount.Count(len(meta.Files), "file"), amount.Count(meta.PieceCount(), "piece"), amount.Size(meta.PieceLength))
	s.out.people.note("info-hash %s", meta.ID())
	if f.magnet {
		s.out.people.note("%s", text.Printable(meta.Magnet().String()))
	}
	if len(plan.Renamed) > 0 { // seed would not find them all
		s.out.people.note("Wrote %s.", path)
		return nil
	}
	s.out.people.note("Wrote %s. To share it: %s", path, command(s.host.goos, "etorrent", "seed", path, "--dir", dir))
	return nil
}
