package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/etorrent/etorrent/cmd/etorrent/internal/jsonl"
	"github.com/etorrent/etorrent/internal/vocab/text"
	"github.com/etorrent/etorrent/metainfo"
	"github.com/etorrent/etorrent/tracker"
)

// allowFolder is a folder of .torrent files whose torrents a tracker allows.
type allowFolder struct {
	path  string
	files map[string]allowed // by name
	fault string             // why it could not be read the last time
}

// allowed is a file as it was when it was read.
type allowed struct {
	size int64
	at   time.Time
	hash metainfo.InfoHash
	err  error // it is no torrent
}

func newAllowFolder(path string) *allowFolder {
	return &allowFolder{path: path, files: map[string]allowed{}}
}

// read looks at the folder, and reads what is new or another than before. A file
// that is no torrent is warned of, once.
func (f *allowFolder) read(o *output) error {
	entries, err := os.ReadDir(f.path)
	if err != nil {
		return err
	}
	now := make(map[string]allowed, len(entries))
	for _, e := range entries {
		name := e.Name()
		if filepath.Ext(name) != ".torrent" {
			continue
		}
		info, err := os.Stat(filepath.Join(f.path, name))
		if err != nil || !info.Mode().IsRegular() {
			continue // gone meanwhile, or nothing to read
		}
		before, known := f.files[name]
		if known && before.size == info.Size() && before.at.Equal(info.ModTime()) {
			now[name] = before
			continue
		}
		now[name] = f.readFile(name, info)
		if err := now[name].err; err != nil {
			o.warn(&jsonl.Warning{Message: fmt.Sprintf("%s allows nothing: %v", text.Printable(filepath.Join(f.path, name)), err)})
		}
	}
	f.files = now
	return nil
}

func (f *allowFolder) readFile(name string, info fs.FileInfo) allowed {
	a := allowed{size: info.Size(), at: info.ModTime()}
	file, err := os.Open(filepath.Join(f.path, name))
	if err != nil {
		a.err = reasonOf(err)
		return a
	}
	defer file.Close()
	b, err := io.ReadAll(io.LimitReader(file, metainfo.MaxTorrentBytes+1))
	if err != nil {
		a.err = reasonOf(err)
		return a
	}
	torrent, err := metainfo.Parse(b)
	if err != nil {
		a.err = err
		return a
	}
	a.hash = torrent.ID().V1
	return a
}

// hashes are those of the torrents that are allowed.
func (f *allowFolder) hashes() []metainfo.InfoHash {
	out := make([]metainfo.InfoHash, 0, len(f.files))
	for _, a := range f.files {
		if a.err == nil {
			out = append(out, a.hash)
		}
	}
	return out
}

// follow has the tracker allow what is in the folder now. While it cannot be read,
// what was in it stays allowed.
func (f *allowFolder) follow(o *output, t *tracker.Tracker) {
	before := f.files
	if err := f.read(o); err != nil {
		if f.fault != err.Error() {
			f.fault = err.Error()
			o.warn(&jsonl.Warning{Message: fmt.Sprintf("%s: %v; what was in it stays allowed", f.path, reasonOf(err))})
		}
		return
	}
	f.fault = ""
	if !sameTorrents(before, f.files) {
		t.AllowOnly(f.hashes()...)
	}
}

func sameTorrents(a, b map[string]allowed) bool {
	if len(a) != len(b) {
		return false
	}
	for name, was := range a {
		is, still := b[name]
		if !still || is.hash != was.hash || (is.err == nil) != (was.err == nil) {
			return false
		}
	}
	return true
}
