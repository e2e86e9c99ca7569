//go:build unix

package etorrent_test

import (
	"bytes"
	"context"
	"crypto/sha1"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/storage/files"
	"github.com/etorrent/etorrent/metainfo"
)

// tree is a torrent "tree" of files and of links "path -> target". The words of
// hostile, which no builder takes, stand for others of their length.
func tree(t *testing.T, of []metainfo.SpecFile, hostile map[string]string, links ...string) *etorrenttest.Content {
	t.Helper()
	spec := metainfo.Spec{Name: "tree", Layout: metainfo.MultiFile, PieceLength: 16 << 10, Files: of}
	for _, l := range links {
		from, to, _ := strings.Cut(l, " -> ")
		spec.Files = append(spec.Files, metainfo.SpecFile{Path: strings.Split(from, "/"), Target: strings.Split(to, "/")})
	}
	b, err := metainfo.NewBuilder(spec)
	if err != nil {
		t.Fatal(err)
	}
	data := make([]byte, b.TotalLength())
	for i := range data {
		data[i] = byte(i * i >> 7)
	}
	for piece := range slices.Chunk(data, 16<<10) {
		b.PushPiece(sha1.Sum(piece))
	}
	raw := b.Build()
	for stands, is := range hostile {
		raw = bytes.ReplaceAll(raw, []byte(":"+stands), []byte(":"+is))
	}
	meta, err := metainfo.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return &etorrenttest.Content{Metainfo: meta, Bytes: data}
}

func specFile(path string, length int64, a metainfo.Attributes) metainfo.SpecFile {
	return metainfo.SpecFile{Path: strings.Split(path, "/"), Length: length, Attributes: a}
}

// lying are all files below a folder, each with its link or its mode.
func lying(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		info, err := os.Lstat(path)
		if err != nil {
			return err
		}
		switch {
		case info.Mode()&fs.ModeSymlink != 0:
			text, err := os.Readlink(path)
			out[rel] = "-> " + text
			return err
		case info.Mode()&0o100 != 0:
			out[rel] = "executable"
		default:
			out[rel] = "plain"
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func mustLie(t *testing.T, dir string, want map[string]string) {
	t.Helper()
	got := lying(t, dir)
	for path := range got {
		if _, wanted := want[path]; !wanted {
			t.Errorf("%s is there: %s", path, got[path])
		}
	}
	for path, w := range want {
		if got[path] != w {
			t.Errorf("%s is %q, want %q", path, got[path], w)
		}
	}
}

// warnings are the texts that a member was warned with, sorted.
func warnings(m *member) []string {
	var out []string
	for _, e := range past(m) {
		if w, is := e.(etorrent.WarningEvent); is {
			out = append(out, w.Err.Error())
		}
	}
	slices.Sort(out)
	return out
}

func TestLinksAndAttributesAreStoredAsTheTorrentHasThemAndHostileOnesAreNot(t *testing.T) {
	dir := t.TempDir()
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := tree(
			t, []metainfo.SpecFile{
				specFile("a/x", 40_000, 0), specFile("bin/run", 20_000, metainfo.Executable), specFile("bin/.empty", 0, metainfo.Executable|metainfo.Hidden),
			},
			map[string]string{"UU": "..", "_etc": "/etc", "ESCAPE": "a\x00\x1b[2J", "Q": "a"},
			"latest -> a/x", "deep/er/all -> a", "bin/go -> bin/run",
			"Q -> bin", // beside a/x
			"up -> UU/UU/UU/etc/passwd", "absolute -> _etc/passwd", "self -> self", "one -> two", "two -> one", "chain -> latest",
			"a/loop -> a", "escape -> ESCAPE",
		)
		seeder, leecher := s.join(), s.join(onDisk(dir))
		c.Seed(t, seeder.Client, seeder.storage)
		fetching := c.Fetch(t, leecher.Client, seeder.at())
		s.stored(fetching)
		want := map[string]string{
			"tree/a/x": "plain", "tree/bin/run": "executable", "tree/bin/.empty": "executable",
			"tree/latest": "-> a/x", "tree/deep/er/all": "-> ../../a", "tree/bin/go": "-> run", "tree/a (2)": "-> bin",
		}
		mustLie(t, dir, want)
		mustHave(t, filepath.Join(dir, "tree/a/x"), c.Bytes[:40_000])
		mustHave(t, filepath.Join(dir, "tree/bin/go"), c.Bytes[40_000:])
		const lost, nothing = "symbolic link left out: ", ": it leads to no file or folder of the torrent"
		told := []string{
			"stored under a safe name: a is stored as tree/a (2): name taken",
			lost + "a/loop -> a: it leads to a folder that it lies in",
			lost + "absolute -> /etc/passwd" + nothing,
			lost + "chain -> latest" + nothing,
			lost + `escape -> a\x00\x1b[2J` + nothing,
			lost + "one -> two" + nothing,
			lost + "self -> self" + nothing,
			lost + "two -> one" + nothing,
			lost + "up -> ../../../etc/passwd" + nothing,
		}
		if got := warnings(leecher); !slices.Equal(got, told) {
			t.Errorf("told\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(told, "\n"))
		}

		// Again: what is there stays, and nobody is told twice. A link that somebody
		// made another is his.
		if err := fetching.Retire(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, gone := range []string{"tree/latest", "tree/bin/go"} {
			if err := os.Remove(filepath.Join(dir, gone)); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Symlink("/etc", filepath.Join(dir, "tree/latest")); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(dir, "tree/bin/run"), 0o600); err != nil {
			t.Fatal(err)
		}
		again := c.Fetch(t, leecher.Client)
		s.stored(again)
		want["tree/latest"], want["tree/bin/run"] = "-> /etc", "plain"
		mustLie(t, dir, want)
		if got := warnings(leecher); !slices.Equal(got, told) {
			t.Errorf("told again: %q", got)
		}
		if n := count[etorrent.CheckingEvent](leecher); n > 0 {
			t.Errorf("files were checked again %d times", n)
		}
	})
}

func TestALinkIsMadeWhenItIsWanted(t *testing.T) {
	dir := t.TempDir()
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := tree(t, []metainfo.SpecFile{specFile("x", 40_000, 0)}, nil, "l -> x")
		seeder, leecher := s.join(), s.join(onDisk(dir))
		c.Seed(t, seeder.Client, seeder.storage)
		fetching, err := leecher.Add(t.Context(), etorrent.FromMetainfo(c.Metainfo), etorrent.WithPeers(seeder.at()),
			etorrent.WithPriorities(etorrent.PriorityNormal, etorrent.PriorityUnwanted))
		if err != nil {
			t.Fatal(err)
		}
		s.stored(fetching)
		mustLie(t, dir, map[string]string{"tree/x": "plain"})
		if err := fetching.SetPriorities(t.Context(), etorrent.PriorityNormal, etorrent.PriorityLow); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		s.stored(fetching)
		mustLie(t, dir, map[string]string{"tree/x": "plain", "tree/l": "-> x"})
	})
}

func TestWhoOnlySharesMakesNoLink(t *testing.T) {
	dir := t.TempDir()
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := tree(t, []metainfo.SpecFile{specFile("x", 40_000, metainfo.Executable)}, nil, "l -> x")
		mustWrite(t, filepath.Join(dir, "tree/x"), c.Bytes)
		seeder, leecher := s.join(onDisk(dir)), s.join()
		seeding, err := seeder.Add(t.Context(), etorrent.FromMetainfo(c.Metainfo), etorrent.ShareOnly())
		if err != nil {
			t.Fatal(err)
		}
		s.stored(seeding, c.Fetch(t, leecher.Client, seeder.at()))
		mustLie(t, dir, map[string]string{"tree/x": "plain"})
	})
}

// noLinks is files on a file system that has no links.
type noLinks struct{ storage.Storage }

func (s noLinks) Open(ctx context.Context, spec storage.Spec) (storage.Store, error) {
	st, err := s.Storage.Open(ctx, spec)
	return noLinksStore{Store: st, spec: spec}, err
}

type noLinksStore struct {
	storage.Store
	spec storage.Spec
}

func (s noLinksStore) Link(_ context.Context, files []int) ([]storage.FileFault, error) {
	var out []storage.FileFault
	for _, i := range files {
		out = append(out, storage.FileFault{File: i, Err: &storage.Error{Op: "link", Path: s.spec.Path(i), Err: syscall.EPERM}})
	}
	return out, nil
}

func (noLinksStore) ViewLink(int) storage.LinkEvidence { return storage.LinkAbsent{} }

func TestLinksThatTheFileSystemRefusesAreToldOnceAndLeftOut(t *testing.T) {
	dir := t.TempDir()
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := tree(t, []metainfo.SpecFile{specFile("x", 40_000, 0)}, nil, "l -> x", "m -> x", "n -> x")
		seeder := s.join()
		leecher := s.join(func(o *etorrent.Options) { o.Storage, o.Dir = noLinks{files.New(files.Options{})}, dir })
		c.Seed(t, seeder.Client, seeder.storage)
		fetching := c.Fetch(t, leecher.Client, seeder.at())
		s.stored(fetching)
		if err := fetching.SetPriorities(t.Context(), etorrent.PriorityNormal, etorrent.PriorityUnwanted); err != nil {
			t.Fatal(err)
		}
		if err := fetching.SetPriorities(t.Context(), etorrent.PriorityNormal); err != nil { // it opens its files again
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		s.stored(fetching)
		mustLie(t, dir, map[string]string{"tree/x": "plain"})
		want := `symbolic link left out: link "` + filepath.Join(dir, "tree/l") + `": operation not permitted (and 2 more)`
		if got := warnings(leecher); len(got) != 1 || got[0] != want {
			t.Errorf("told %q, want %q", got, want)
		}
		if n := count[etorrent.PausedEvent](leecher); n > 0 {
			t.Errorf("paused %d times", n)
		}
		for _, e := range past(leecher) {
			if w, is := e.(etorrent.WarningEvent); is && !errors.Is(w.Err, syscall.EPERM) {
				t.Errorf("%v hides its cause", w.Err)
			}
		}
	})
}
