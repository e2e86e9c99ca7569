package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/etorrent/etorrent/cmd/etorrent/internal/amount"
	"github.com/etorrent/etorrent/internal/create"
	"github.com/etorrent/etorrent/metainfo"
)

// shortestPiece is the least piece length that other clients take.
const shortestPiece = 16 << 10

// spec is what the flags say about the torrent.
func (f *createFlags) spec(h *host) (metainfo.Spec, error) {
	spec := metainfo.Spec{Source: f.source, Comment: f.comment, WebSeeds: f.webSeeds}
	var err error
	switch f.format {
	case "v1":
	case "v2", "hybrid":
		return spec, usageError("--format %s is not built into this version; it makes v1", f.format)
	default:
		return spec, usageError("--format %q is none of v1", f.format)
	}
	if f.private {
		spec.Privacy = metainfo.Private
	}
	for _, x := range f.exclude {
		if x.Counts() {
			return spec, usageError("--exclude %s: files have no numbers yet; write a glob or re:", x)
		}
	}
	if spec.PieceLength, err = parsePieceLength(f.pieceLength); err != nil {
		return spec, err
	}
	if spec.CreationDate, err = parseDate(h, f.date); err != nil {
		return spec, err
	}
	for _, tier := range f.trackers {
		spec.Announce = append(spec.Announce, strings.Split(tier, ","))
	}
	return spec, checkURLs(spec)
}

// parsePieceLength reads --piece-length; 0 is auto.
func parsePieceLength(s string) (int64, error) {
	if s == "auto" {
		return 0, nil
	}
	n, err := amount.ParseSize(s)
	if err != nil {
		return 0, usageError("--piece-length: %w", err)
	}
	if n < shortestPiece || n > metainfo.MaxPieceLength || n&(n-1) != 0 {
		return 0, usageError("--piece-length %s is no power of two from 16K to 512M", s)
	}
	return n, nil
}

func checkURLs(spec metainfo.Spec) error {
	for _, tier := range spec.Announce {
		if err := checkTier(tier, "--tracker", "http", "https", "udp", "ws", "wss"); err != nil {
			return err
		}
	}
	return checkTier(spec.WebSeeds, "--web-seed", "http", "https", "ftp")
}

func checkTier(urls []string, flag string, schemes ...string) error {
	for _, text := range urls {
		u, err := url.Parse(text)
		known := false
		for _, scheme := range schemes {
			known = known || err == nil && u.Scheme == scheme && u.Host != ""
		}
		if !known {
			return usageError("%s %q is no URL of %s", flag, text, strings.Join(schemes, ", "))
		}
	}
	return nil
}

// listTree lists the file or folder at path.
func listTree(path string, filter create.Filter) (*create.Tree, error) {
	at, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	info, err := os.Lstat(at)
	if err != nil {
		return nil, failed(exitSource, "%s: %w", path, reasonOf(err))
	}
	name := filepath.Base(at)
	if name == string(filepath.Separator) || name == "." {
		return nil, failed(exitSource, "%s has no name that a torrent could have", path)
	}
	dir := filepath.Dir(at)
	if info.IsDir() {
		dir = at
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, failed(exitDisk, "%s: %w", path, reasonOf(err))
	}
	defer func() { _ = root.Close() }()
	if info.IsDir() {
		return create.ListFolder(root.FS(), dir, name, filter)
	}
	return create.ListFile(root.FS(), dir, name)
}

// epochOr is SOURCE_DATE_EPOCH, or else now.
func epochOr(h *host) time.Time {
	if text, _ := h.env("SOURCE_DATE_EPOCH"); text != "" {
		if seconds, err := strconv.ParseInt(text, 10, 64); err == nil && seconds > 0 {
			return time.Unix(seconds, 0).UTC()
		}
	}
	return h.now().UTC()
}

// torrentTarget says where a new torrent goes.
//
//sumtype:decl
type torrentTarget interface{ torrentTarget() }

// fileTarget is a file, and what becomes of one that is there.
type fileTarget struct {
	path  string
	there replacement
}

// stdoutTarget is the standard output.
type stdoutTarget struct{}

func (fileTarget) torrentTarget()   {}
func (stdoutTarget) torrentTarget() {}

type replacement uint8

const (
	replaceExisting replacement = iota // its path was given
	keepExisting
)

// outputTarget is where a flag says that something is to be written.
func outputTarget(flag, out string) (torrentTarget, error) {
	switch out {
	case "-":
		return stdoutTarget{}, nil
	case "":
		return fileTarget{}, nil
	}
	if info, err := os.Stat(out); err == nil && !info.Mode().IsRegular() {
		return nil, usageError("%s %s is no regular file", flag, out)
	}
	if _, err := os.Stat(filepath.Dir(out)); err != nil {
		return nil, failed(exitDisk, "%s: %w", filepath.Dir(out), reasonOf(err))
	}
	return fileTarget{path: out, there: replaceExisting}, nil
}

var errOtherTorrent = errors.New("another torrent lies there")

// writeWhole writes a file so that it is there whole or not at all, synced.
func writeWhole(to fileTarget, raw []byte) (err error) {
	if to.there == keepExisting {
		if _, err := os.Lstat(to.path); !errors.Is(err, fs.ErrNotExist) {
			return sameOrConflict(to.path, raw)
		}
	}
	f, err := os.CreateTemp(filepath.Dir(to.path), "."+filepath.Base(to.path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	if _, err = f.Write(raw); err != nil {
		return err
	}
	if err = errors.Join(f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), to.path)
}

func sameOrConflict(path string, raw []byte) error {
	there, err := os.ReadFile(path)
	if err == nil && string(there) == string(raw) {
		return nil
	}
	return fmt.Errorf("%s: %w", path, errors.Join(errOtherTorrent, err))
}
