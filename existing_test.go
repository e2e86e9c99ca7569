//go:build unix

package etorrent_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
	"github.com/etorrent/etorrent/internal/proc/disk"
)

func mustWrite(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o640); err != nil {
		t.Fatal(err)
	}
}

func mustLink(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Link(from, to); err != nil {
		t.Fatal(err)
	}
}

// mustHave fails unless a file has these bytes, and returns what stat says.
func mustHave(t *testing.T, path string, want []byte) *syscall.Stat_t {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("%s: %d bytes, not as they should be (%v)", path, len(got), err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Sys().(*syscall.Stat_t)
}

// halfOf is content of which the second half is wrong.
func halfOf(c *etorrenttest.Content) []byte {
	b := bytes.Clone(c.Bytes)
	clear(b[len(b)/2:])
	return b
}

func TestAHardLinkedFileIsCopiedBeforeItIsWritten(t *testing.T) {
	dir, elsewhere := t.TempDir(), filepath.Join(t.TempDir(), "precious.bin")
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "linked", 16<<10, 300_000)
		mustWrite(t, elsewhere, halfOf(c))
		path := filepath.Join(dir, "linked")
		mustLink(t, elsewhere, path)
		seeder, leecher := s.join(), s.join(onDisk(dir))
		c.Seed(t, seeder.Client, seeder.storage)
		s.stored(c.Fetch(t, leecher.Client, seeder.at()))
		ours := mustHave(t, path, c.Bytes)
		theirs := mustHave(t, elsewhere, halfOf(c))
		if ours.Ino == theirs.Ino || theirs.Nlink != 1 || ours.Mode != theirs.Mode {
			t.Errorf("ours %+v, theirs %+v", ours, theirs)
		}
		if entries, _ := os.ReadDir(dir); len(entries) != 1 {
			t.Errorf("left behind: %v", entries)
		}
		if n := count[etorrent.PausedEvent](leecher) + checksOf(leecher); n > 0 {
			t.Errorf("paused, or read again: %d times", n)
		}
	})
}

func TestAHardLinkedFileOfWhichOnePieceIsWrongIsCopiedToo(t *testing.T) {
	dir, elsewhere := t.TempDir(), filepath.Join(t.TempDir(), "precious.bin")
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "linked", 16<<10, 300_000)
		theirs := bytes.Clone(c.Bytes)
		theirs[len(theirs)-1]++
		mustWrite(t, elsewhere, theirs)
		path := filepath.Join(dir, "linked")
		mustLink(t, elsewhere, path)
		seeder, leecher := s.join(), s.join(onDisk(dir))
		c.Seed(t, seeder.Client, seeder.storage)
		s.stored(c.Fetch(t, leecher.Client, seeder.at()))
		mustHave(t, path, c.Bytes)
		mustHave(t, elsewhere, theirs)
		if n := count[etorrent.PausedEvent](leecher); n > 0 {
			t.Errorf("paused %d times", n)
		}
	})
}

func TestAHardLinkedFileThatLacksOnePieceIsCopiedToo(t *testing.T) {
	dir, elsewhere := t.TempDir(), filepath.Join(t.TempDir(), "precious.bin")
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "linked", 16<<10, 300_000)
		theirs := bytes.Clone(c.Bytes)
		theirs[0] ^= 1
		mustWrite(t, elsewhere, theirs)
		mustLink(t, elsewhere, filepath.Join(dir, "linked"))
		seeder, leecher := s.join(), s.join(onDisk(dir))
		c.Seed(t, seeder.Client, seeder.storage)
		s.stored(c.Fetch(t, leecher.Client, seeder.at()))
		mustHave(t, filepath.Join(dir, "linked"), c.Bytes)
		mustHave(t, elsewhere, theirs)
		if n := count[etorrent.PausedEvent](leecher); n > 0 {
			t.Errorf("paused %d times", n)
		}
	})
}

func TestAWholeHardLinkedFileIsServedAsItIs(t *testing.T) {
	dir, elsewhere := t.TempDir(), filepath.Join(t.TempDir(), "precious.bin")
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "linked", 16<<10, 300_000)
		mustWrite(t, elsewhere, c.Bytes)
		mustLink(t, elsewhere, filepath.Join(dir, "linked"))
		seeder, leecher := s.join(onDisk(dir)), s.join()
		seeding := c.Fetch(t, seeder.Client)
		s.stored(seeding)
		s.stored(c.Fetch(t, leecher.Client, seeder.at()))
		if st := mustHave(t, filepath.Join(dir, "linked"), c.Bytes); st.Nlink != 2 {
			t.Errorf("it has %d names now", st.Nlink)
		}
	})
}

// The file of another torrent, by another name, is a file with other names: this one
// goes on with a copy, and that one with the file.
func TestAHardLinkOfAnotherTorrentsFileIsCopied(t *testing.T) {
	dir, link := t.TempDir(), t.TempDir()
	inSwarm(t, func(t *testing.T, s *swarm) {
		old, young := versions(t)
		seeder, leecher := s.join(), s.join(onDisk(dir))
		young.Seed(t, seeder.Client, seeder.storage)
		mustWrite(t, filepath.Join(dir, "v", "file"), old.Bytes)
		first := old.Fetch(t, leecher.Client)
		s.stored(first)
		if err := os.Mkdir(filepath.Join(link, "v"), 0o755); err != nil {
			t.Fatal(err)
		}
		mustLink(t, filepath.Join(dir, "v", "file"), filepath.Join(link, "v", "file"))
		second, err := leecher.Add(t.Context(), etorrent.FromMetainfo(young.Metainfo), etorrent.WithPeers(seeder.at()), etorrent.InDir(link))
		if err != nil {
			t.Fatal(err)
		}
		s.stored(second)
		mustHave(t, filepath.Join(dir, "v", "file"), old.Bytes)
		mustHave(t, filepath.Join(link, "v", "file"), young.Bytes)
		if st := first.Stats(); st.Durable != st.Pieces {
			t.Errorf("%+v", st)
		}
	})
}

// What a piece shares with an unselected file lies in the parts file, which nobody
// else holds.
func TestAPieceInAnotherTorrentsFileAndInThePartsFileIsFetched(t *testing.T) {
	dir := t.TempDir()
	inSwarm(t, func(t *testing.T, s *swarm) {
		data := etorrenttest.NewContent(t, "shared", 1, 100_000).Bytes
		one := folder(t, "both", 16<<10, named{"shared", data})
		other := folder(t, "both", 32<<10, named{"shared", data}, named{"own", data})
		state := etorrenttest.NewState()
		open := func(o *etorrent.Options) {
			onDisk(dir)(o)
			o.State = state.Open()
		}
		seeder, m := s.join(), s.join(open)
		other.Seed(t, seeder.Client, seeder.storage)
		mustWrite(t, filepath.Join(dir, "both", "shared"), data)
		s.stored(one.Fetch(t, m.Client))
		second := func(o ...etorrent.AddOption) *etorrent.Torrent {
			o = append(o, etorrent.WithPriorities(etorrent.PriorityNormal, etorrent.PriorityUnwanted))
			f, err := m.Add(t.Context(), etorrent.FromMetainfo(other.Metainfo), o...)
			if err != nil {
				t.Fatal(err)
			}
			return f
		}
		second()
		time.Sleep(time.Minute)
		etorrenttest.Shutdown(t, m.Client)
		m.start(t, open)
		s.stored(one.Fetch(t, m.Client))
		f := second(etorrent.WithPeers(seeder.at()))
		s.stored(f)
		if n := f.Stats().Downloaded; n == 0 || n > 32<<10 {
			t.Errorf("%d bytes were fetched", n)
		}
	})
}

// Two ways lead to one file, which is seen when it is there.
func TestTwoTorrentsThatReachOneFileByTwoWaysAreNoExceptions(t *testing.T) {
	for range 10 { // who comes first is chance
		base := t.TempDir()
		ways := []string{filepath.Join(base, "one"), filepath.Join(base, "other")}
		if err := errors.Join(os.Mkdir(ways[0], 0o755), os.Symlink("one", ways[1])); err != nil {
			t.Fatal(err)
		}
		inSwarm(t, func(t *testing.T, s *swarm) {
			one := etorrenttest.NewContent(t, "shared", 16<<10, 800_000)
			other := etorrenttest.NewContent(t, "shared", 32<<10, 800_000)
			seeder, leecher := s.join(), s.join(onDisk(base), func(o *etorrent.Options) { o.Limits.Down = 100_000 })
			one.Seed(t, seeder.Client, seeder.storage)
			other.Seed(t, seeder.Client, seeder.storage)
			added := make(chan *etorrent.Torrent, 2)
			for i, c := range []*etorrenttest.Content{one, other} {
				go func() {
					f, err := leecher.Add(t.Context(), etorrent.FromMetainfo(c.Metainfo), etorrent.WithPeers(seeder.at()), etorrent.InDir(ways[i]))
					if err != nil {
						t.Error(err)
					}
					added <- f
				}()
			}
			a, b := <-added, <-added
			time.Sleep(5 * time.Second)
			if x, y := a.Stats(), b.Stats(); x.Durable > 0 && y.Durable > 0 || x.Phase != etorrent.Paused && y.Phase != etorrent.Paused {
				t.Errorf("%v with %d pieces, and %v with %d", x.Phase, x.Durable, y.Phase, y.Durable)
			}
			s.resumed(a)
			s.resumed(b)
			mustHave(t, filepath.Join(ways[0], "shared"), one.Bytes)
		})
	}
}

// Two torrents over one file may both serve it. One that would write what the
// other has waits, says so, and goes on when the other is gone.
func TestATorrentDoesNotWriteIntoTheFileOfAnother(t *testing.T) {
	dir := t.TempDir()
	inSwarm(t, func(t *testing.T, s *swarm) {
		one := etorrenttest.NewContent(t, "shared", 16<<10, 300_000)
		other := etorrenttest.NewContent(t, "shared", 32<<10, 300_000)
		if !bytes.Equal(one.Bytes, other.Bytes) {
			t.Fatal("the test needs equal bytes")
		}
		seeder, leecher := s.join(), s.join(onDisk(dir))
		one.Seed(t, seeder.Client, seeder.storage)
		other.Seed(t, seeder.Client, seeder.storage)
		first := one.Fetch(t, leecher.Client, seeder.at())
		s.stored(first)
		path := filepath.Join(dir, "shared")
		second := other.Fetch(t, leecher.Client, seeder.at())
		s.stored(second) // all of it is there
		if err := first.Retire(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := second.Retire(t.Context()); err != nil {
			t.Fatal(err)
		}
		mustWrite(t, path, halfOf(one))
		first = one.Fetch(t, leecher.Client) // nobody to fetch from
		time.Sleep(5 * time.Second)
		second = other.Fetch(t, leecher.Client, seeder.at())
		time.Sleep(10 * time.Second)
		var shared *disk.SharedFileError
		if st := second.Stats(); st.Phase != etorrent.Paused || !errors.As(st.Err, &shared) || shared.Other != "shared" {
			t.Fatalf("%v, %v", st.Phase, st.Err)
		}
		mustHave(t, path, halfOf(one))
		if err := first.Retire(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute) // it tries again by itself
		s.stored(second)
		mustHave(t, path, one.Bytes)
	})
}

// A folder that cannot be opened pauses the torrent with its name, whoever runs
// it, and the torrent goes on when the folder can be opened.
func TestATorrentWaitsForAFolderThatCannotBeOpened(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "shared", 16<<10, 300_000)
		dir := filepath.Join(t.TempDir(), "downloads")
		mustWrite(t, dir, []byte("no folder"))
		seeder := s.join(onDisk(dir))
		torrent, err := seeder.Add(t.Context(), etorrent.FromMetainfo(c.Metainfo), etorrent.ShareOnly())
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Second)
		var at *etorrent.StorageError
		if st := torrent.Stats(); st.Phase != etorrent.Paused || !errors.As(st.Err, &at) || at.Path != dir || !strings.Contains(at.Error(), "not a folder") {
			t.Fatalf("with a file in place of its folder it is %v: %v", st.Phase, st.Err)
		}
		if p, r := count[etorrent.PausedEvent](seeder), count[etorrent.ResumedEvent](seeder); p != 1 || r != 0 {
			t.Errorf("told of %d pauses and %d ends", p, r)
		}
		if err := os.Remove(dir); err != nil {
			t.Fatal(err)
		}
		mustWrite(t, filepath.Join(dir, "shared"), c.Bytes)
		time.Sleep(time.Minute)
		leecher := s.join()
		s.stored(c.Fetch(t, leecher.Client, seeder.at()))
		if r := count[etorrent.ResumedEvent](seeder); r != 1 {
			t.Errorf("told of %d ends", r)
		}
	})
}

// A file that is longer than in the torrent is left so, and told.
func TestALongerFileIsLeftAsItIsAndTold(t *testing.T) {
	dir := t.TempDir()
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "long", 16<<10, 300_000)
		path, tail := filepath.Join(dir, "long"), []byte("behind")
		mustWrite(t, path, append(halfOf(c), tail...))
		seeder, leecher := s.join(), s.join(onDisk(dir))
		c.Seed(t, seeder.Client, seeder.storage)
		s.stored(c.Fetch(t, leecher.Client, seeder.at()))
		mustHave(t, path, append(bytes.Clone(c.Bytes), tail...))
		var told []*etorrent.LongerFileError
		for _, e := range past(leecher) {
			var longer *etorrent.LongerFileError
			if w, is := e.(etorrent.WarningEvent); is && errors.As(w.Err, &longer) {
				told = append(told, longer)
			}
		}
		if len(told) != 1 || *told[0] != (etorrent.LongerFileError{Path: path, Size: 300_006, Want: 300_000}) {
			t.Errorf("told of %v", told)
		}
		if n := count[etorrent.WarningEvent](seeder); n != 0 {
			t.Errorf("the seeder, whose file is as it should be, has %d warnings", n)
		}
	})
}

func TestOfManyLongerFilesAFewAreNamed(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "many", 16<<10, slices.Repeat([]int{5000}, 30)...)
		m := s.join()
		for i := range c.Metainfo.Files {
			if err := m.storage.Put(fmt.Sprintf("%s/many/%d.bin", etorrenttest.Dir, i), append(bytes.Clone(c.Bytes[i*5000:(i+1)*5000]), 1)); err != nil {
				t.Fatal(err)
			}
		}
		s.stored(c.Fetch(t, m.Client))
		var last string
		for _, e := range past(m) {
			if w, is := e.(etorrent.WarningEvent); is {
				last = w.Err.Error()
			}
		}
		if n := count[etorrent.WarningEvent](m); n != 11 || !strings.HasPrefix(last, "20 more files") {
			t.Errorf("%d warnings, the last is %q", n, last)
		}
	})
}
