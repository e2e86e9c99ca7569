//go:build unix

package etorrent_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/event"
)

// judge is a state that compares what is claimed of one file with what lies at its
// path when it is claimed.
type judge struct {
	etorrent.State
	t    *testing.T
	c    *etorrenttest.Content
	path string
}

func (j *judge) Claim(ctx context.Context, u store.ClaimUpdate) error {
	j.look(u)
	return j.State.Claim(ctx, u)
}

func (j *judge) ClaimAll(ctx context.Context, us []store.ClaimUpdate) []error {
	for _, u := range us {
		j.look(u)
	}
	return j.State.ClaimAll(ctx, us)
}

func (j *judge) look(u store.ClaimUpdate) {
	if u.Add == nil || u.Add.IsEmpty() {
		return
	}
	there, _ := os.ReadFile(j.path)
	length := int(j.c.Metainfo.PieceLength)
	for i := range u.Add.All() {
		from := int(i) * length
		to := min(from+length, len(j.c.Bytes))
		if to > len(there) || !bytes.Equal(there[from:to], j.c.Bytes[from:to]) {
			j.t.Errorf("piece %d is claimed and not there", i)
		}
	}
}

// judged has a member's claims judged.
func judged(t *testing.T, c *etorrenttest.Content, path string) func(*etorrent.Options) {
	return func(o *etorrent.Options) {
		o.State = &judge{State: etorrent.NewMemoryState(), t: t, c: c, path: path}
	}
}

// another puts another file in a file's place, by a rename as most programs do.
func another(t *testing.T, path string, b []byte) {
	t.Helper()
	mustWrite(t, path+".new", b)
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	later(t, path)
}

// later gives a file a time that the clock of the file system has not had yet:
// a change within its tick would not show.
func later(t *testing.T, path string) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	when := info.ModTime().Add(time.Second)
	if err := os.Chtimes(path, when, when); err != nil {
		t.Fatal(err)
	}
}

// inPlace writes into a file as it is.
func inPlace(t *testing.T, path string, b []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(b, 0); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	later(t, path)
}

// checksOf are the checks for changed files that a member began.
func checksOf(m *member) int {
	n := 0
	for _, e := range past(m) {
		if e, is := e.(etorrent.CheckingEvent); is && e.Reason == event.CheckChangedFiles {
			n++
		}
	}
	return n
}

func corrupt(m *member) int {
	n := 0
	for _, e := range past(m) {
		if e, is := e.(etorrent.PieceEvent); is && e.State == etorrent.PieceCorrupt {
			n++
		}
	}
	return n
}

// Whatever is done to the file of a fetch, what is claimed lies at its path, and
// the fetch ends with the right bytes there.
func TestAFetchWhoseFileIsTakenAwayClaimsNothingOfItAndGoesOn(t *testing.T) {
	for name, change := range map[string]func(t *testing.T, path string, size int){
		"deleted": func(t *testing.T, path string, _ int) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		},
		"replaced": func(t *testing.T, path string, size int) { another(t, path, make([]byte, size)) },
		"truncated": func(t *testing.T, path string, _ int) {
			if err := os.Truncate(path, 0); err != nil {
				t.Fatal(err)
			}
		},
		"its folder moved": func(t *testing.T, path string, _ int) {
			if err := os.Rename(filepath.Dir(path), filepath.Dir(path)+".old"); err != nil {
				t.Fatal(err)
			}
			if err := os.Mkdir(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "downloads")
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, "watched")
			inSwarm(t, func(t *testing.T, s *swarm) {
				c := etorrenttest.NewContent(t, "watched", 16<<10, 600_000)
				seeder := s.join()
				leecher := s.join(onDisk(dir), judged(t, c, path), func(o *etorrent.Options) { o.Limits.Down = 50_000 })
				c.Seed(t, seeder.Client, seeder.storage)
				torrent := c.Fetch(t, leecher.Client, seeder.at())
				time.Sleep(5*time.Second + 123*time.Millisecond)
				synctest.Wait()
				had := torrent.Stats().Durable
				if had == 0 || had > 30 {
					t.Fatalf("%d pieces at the change", had)
				}
				change(t, path, len(c.Bytes))
				time.Sleep(2 * time.Minute)
				s.stored(torrent)
				mustHave(t, path, c.Bytes)
				if n := torrent.Stats().Downloaded; n < int64(len(c.Bytes)+had/2*16<<10) {
					t.Errorf("%d bytes were fetched: what was gone was not fetched again", n)
				}
				if corrupt(leecher) > 0 || count[etorrent.PeerBannedEvent](leecher) > 0 {
					t.Error("somebody was blamed for it")
				}
				var told error
				for _, e := range past(leecher) {
					if p, is := e.(etorrent.PausedEvent); is {
						told = errors.Join(told, p.Err)
					}
				}
				if storage.ViewStray(told) == nil && !errors.Is(told, storage.ErrFolderReplaced) || count[etorrent.ResumedEvent](leecher) == 0 {
					t.Errorf("told %v, resumed %d times", told, count[etorrent.ResumedEvent](leecher))
				}
			})
		})
	}
}

// edits are what another program does to a file that is shared: each leaves the
// first half as it was.
var edits = map[string]func(t *testing.T, path string, c *etorrenttest.Content){
	"in place":      func(t *testing.T, path string, c *etorrenttest.Content) { inPlace(t, path, halfOf(c)) },
	"by rename":     func(t *testing.T, path string, c *etorrenttest.Content) { another(t, path, halfOf(c)) },
	"made shorter":  func(t *testing.T, path string, c *etorrenttest.Content) { shorten(t, path, len(c.Bytes)/2) },
	"taken and put": func(t *testing.T, path string, c *etorrenttest.Content) { putAgain(t, path, halfOf(c)) },
}

func shorten(t *testing.T, path string, size int) {
	t.Helper()
	if err := os.Truncate(path, int64(size)); err != nil {
		t.Fatal(err)
	}
}

func putAgain(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	mustWrite(t, path, b)
	later(t, path)
}

// shares are the ways in which a member comes to share a file that lies on disk.
var shares = map[string]func(s *swarm, c *etorrenttest.Content, m *member, path string, from *member) *etorrent.Torrent{
	"found": func(s *swarm, c *etorrenttest.Content, m *member, path string, _ *member) *etorrent.Torrent {
		mustWrite(s.t, path, c.Bytes)
		torrent, err := m.Add(s.t.Context(), etorrent.FromMetainfo(c.Metainfo), etorrent.ShareOnly())
		if err != nil {
			s.t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		return torrent
	},
	"fetched": func(s *swarm, c *etorrenttest.Content, m *member, _ string, from *member) *etorrent.Torrent {
		torrent := c.Fetch(s.t, m.Client, from.at())
		s.stored(torrent)
		time.Sleep(10 * time.Second)
		return torrent
	},
}

// A seeder whose file is edited sends none of it, reads it again, keeps what is
// right and loses what is not; whoever fetched from it finishes elsewhere.
func TestAFileThatIsEditedWhileItIsSharedIsReadAgain(t *testing.T) {
	for how, share := range shares {
		for what, edit := range edits {
			t.Run(how+", "+what, func(t *testing.T) {
				dir := t.TempDir()
				path := filepath.Join(dir, "watched")
				inSwarm(t, func(t *testing.T, s *swarm) {
					c := etorrenttest.NewContent(t, "watched", 16<<10, 600_000)
					sound, seeder := s.join(), s.join(onDisk(dir))
					c.Seed(t, sound.Client, sound.storage)
					sharing := share(s, c, seeder, path, sound)
					first := s.join()
					s.stored(c.Fetch(t, first.Client, seeder.at()))
					etorrenttest.Shutdown(t, first.Client)
					etorrenttest.Shutdown(t, sound.Client)
					time.Sleep(time.Minute)
					edit(t, path, c)
					leecher := s.join()
					fetching := c.Fetch(t, leecher.Client, seeder.at())
					time.Sleep(10 * time.Minute)
					good := len(c.Bytes) / 2 / (16 << 10)
					if had := fetching.Stats().Durable; had != good || sharing.Stats().Durable != good {
						t.Errorf("%d pieces came and %d are shared, %d are good", had, sharing.Stats().Durable, good)
					}
					if n := checksOf(seeder); n != 1 || count[etorrent.PausedEvent](seeder) > 0 {
						t.Errorf("it was read again %d times, paused %d times", n, count[etorrent.PausedEvent](seeder))
					}
					second := s.join()
					c.Seed(t, second.Client, second.storage)
					introduce(t, fetching, second.at())
					s.stored(fetching)
					if corrupt(leecher) > 0 || count[etorrent.PeerBannedEvent](leecher) > 0 {
						t.Error("wrong pieces were sent")
					}
					if how == "fetched" { // it fetches what it lost from the leecher
						s.stored(sharing)
						mustHave(t, path, c.Bytes)
					}
				})
			})
		}
	}
}

func TestAFileThatNobodyTouchesIsNeverReadAgain(t *testing.T) {
	long(t)
	for how, share := range shares {
		t.Run(how, func(t *testing.T) {
			dir := t.TempDir()
			inSwarm(t, func(t *testing.T, s *swarm) {
				c := etorrenttest.NewContent(t, "watched", 16<<10, 600_000)
				sound, seeder := s.join(), s.join(onDisk(dir))
				c.Seed(t, sound.Client, sound.storage)
				share(s, c, seeder, filepath.Join(dir, "watched"), sound)
				checks := count[etorrent.CheckingEvent](seeder)
				for range 5 {
					leecher := s.join(func(o *etorrent.Options) { o.Limits.Down = 50_000 })
					s.stored(c.Fetch(t, leecher.Client, seeder.at()))
					time.Sleep(time.Hour)
				}
				if n := count[etorrent.CheckingEvent](seeder) - checks; n > 0 || count[etorrent.PausedEvent](seeder) > 0 {
					t.Errorf("it was read again %d times", n)
				}
			})
		})
	}
}

// A file that another program touches again and again is not read as often.
func TestAFileThatIsTouchedAllTheTimeIsReadSeldom(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "watched")
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "watched", 16<<10, 3_000_000)
		seeder := s.join(onDisk(dir), func(o *etorrent.Options) { o.Limits.Up = 16 << 10 })
		sharing := shares["found"](s, c, seeder, path, nil)
		leecher := s.join()
		fetching := c.Fetch(t, leecher.Client, seeder.at())
		for range 360 {
			later(t, path)
			time.Sleep(5 * time.Second)
			synctest.Wait()
		}
		if n := checksOf(seeder); n < 2 || n > 12 {
			t.Errorf("it was read %d times in half an hour", n)
		}
		time.Sleep(time.Hour)
		s.stored(fetching)
		if sharing.Stats().Durable != c.Metainfo.PieceCount() || corrupt(leecher) > 0 {
			t.Errorf("%+v", sharing.Stats())
		}
	})
}
