package etorrent_test

import (
	"bytes"
	"path"
	"testing"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
)

// What lies where a torrent's files belong is read before it is written over, and
// what is a person's is not written over.

// lies has a member's storage hold the files of a torrent.
func (m *member) lies(t *testing.T, c *etorrenttest.Content) {
	t.Helper()
	c.Put(t, m.storage, etorrenttest.Dir)
}

// put lays bytes below the folder of a member's torrents, as a person would.
func (m *member) put(t *testing.T, data []byte, parts ...string) {
	t.Helper()
	if err := m.storage.Put(path.Join(etorrenttest.Dir, path.Join(parts...)), data); err != nil {
		t.Fatal(err)
	}
}

// has fails unless a file below the folder of a member's torrents has these bytes.
func (m *member) has(t *testing.T, data []byte, parts ...string) {
	t.Helper()
	got, err := m.storage.Get(path.Join(etorrenttest.Dir, path.Join(parts...)))
	if err != nil || !bytes.Equal(got, data) {
		t.Errorf("%s: %d bytes that are not as they should be (%v)", path.Join(parts...), len(got), err)
	}
}

func TestACopyThatIsPutInWhileATorrentIsStoppedIsReadAndNotFetched(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "part", 16<<10, 1600<<10)
		state := etorrenttest.NewState()
		open := func(o *etorrent.Options) { o.State, o.Limits.Down = state.Open(), 100_000 }
		seeder, m := s.join(), s.join(open)
		c.Seed(t, seeder.Client, seeder.storage)
		f := c.Fetch(t, m.Client, seeder.at())
		time.Sleep(5 * time.Second)
		if st := f.Stats(); st.Durable == 0 || st.Durable == st.Pieces {
			t.Fatalf("%d pieces are there", st.Durable)
		}
		etorrenttest.Shutdown(t, m.Client)
		m.lies(t, c)
		m.start(t, open)
		f = c.Fetch(t, m.Client, seeder.at())
		s.stored(f)
		if n := f.Stats().Downloaded; n > 0 {
			t.Errorf("%d bytes were fetched", n)
		}
	})
}

func TestAnUnselectedFileThatIsThereIsNobodysBusinessUntilItIsSelected(t *testing.T) {
	c := etorrenttest.NewContent(t, "sel", 16<<10, 160<<10, 160<<10)
	for name, there := range map[string][]byte{
		"the torrent's": c.Bytes[160<<10:], "a person's": bytes.Repeat([]byte("mine"), 40<<10),
	} {
		t.Run(name, func(t *testing.T) {
			inSwarm(t, func(t *testing.T, s *swarm) {
				state := etorrenttest.NewState()
				open := func(o *etorrent.Options) { o.State = state.Open() }
				seeder, m := s.join(), s.join(open)
				c.Seed(t, seeder.Client, seeder.storage)
				m.put(t, there, "sel", "1.bin")
				add := func() *etorrent.Torrent {
					f, err := m.Add(t.Context(), etorrent.FromMetainfo(c.Metainfo), etorrent.WithPeers(seeder.at()),
						etorrent.WithPriorities(etorrent.PriorityNormal, etorrent.PriorityUnwanted))
					if err != nil {
						t.Fatal(err)
					}
					return f
				}
				s.stored(add())
				etorrenttest.Shutdown(t, m.Client)
				m.start(t, open)
				f := add()
				s.stored(f)
				if err := f.SetPriorities(t.Context(), etorrent.PriorityNormal, etorrent.PriorityNormal); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Minute)
				st := f.Stats()
				if st.Downloaded > 0 {
					t.Errorf("%d bytes were fetched again", st.Downloaded)
				}
				want := etorrent.Sharing
				if name == "a person's" {
					want = etorrent.Refused
				}
				if st.Phase != want {
					t.Errorf("%v, %v", st.Phase, st.Err)
				}
				m.has(t, there, "sel", "1.bin")
			})
		})
	}
}

// A file of which only the edge is wanted is not looked at behind it, until all of it
// comes to be wanted.
func TestTheRestOfAFileIsReadBeforeItIsFetchedWhenItComesToBeWanted(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "edge", 64<<10, 100_000, 1_000_000)
		seeder, m := s.join(), s.join()
		c.Seed(t, seeder.Client, seeder.storage)
		m.put(t, c.Bytes[100_000:], "edge", "1.bin")
		f, err := m.Add(t.Context(), etorrent.FromMetainfo(c.Metainfo), etorrent.WithPeers(seeder.at()),
			etorrent.WithPriorities(etorrent.PriorityUnwanted, etorrent.PriorityUnwanted))
		if err != nil {
			t.Fatal(err)
		}
		s.stored(f)
		m.put(t, c.Bytes[:100_000], "edge", "0.bin")
		for _, p := range []etorrent.Priority{etorrent.PriorityUnwanted, etorrent.PriorityNormal} {
			if err := f.SetPriorities(t.Context(), etorrent.PriorityNormal, p); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
			if st := f.Stats(); st.Phase != etorrent.Sharing || st.Downloaded > 0 {
				t.Fatalf("%v, %v, %d bytes fetched", st.Phase, st.Err, st.Downloaded)
			}
		}
		c.Check(t, m.storage, etorrenttest.Dir)
	})
}

func TestAFileThatWasRefusedOnceIsRefusedAgain(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "refused", 16<<10, 300_000)
		theirs := bytes.Repeat([]byte("mine"), 75_000)
		state := etorrenttest.NewState()
		open := func(o *etorrent.Options) { o.State = state.Open() }
		seeder, m := s.join(), s.join(open)
		c.Seed(t, seeder.Client, seeder.storage)
		m.put(t, theirs, "refused")
		f := c.Fetch(t, m.Client, seeder.at())
		refused := func(when string) {
			t.Helper()
			time.Sleep(time.Minute)
			if st := f.Stats(); st.Phase != etorrent.Refused {
				t.Errorf("%s: %v, %v", when, st.Phase, st.Err)
			}
			m.has(t, theirs, "refused")
		}
		refused("at first")
		if err := f.Resume(t.Context()); err != nil {
			t.Fatal(err)
		}
		refused("resumed")
		etorrenttest.Shutdown(t, m.Client)
		m.start(t, open)
		f = c.Fetch(t, m.Client, seeder.at())
		refused("after a restart")
	})
}
