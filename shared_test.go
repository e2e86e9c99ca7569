package etorrent_test

import (
	"bytes"
	"crypto/sha1"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
	"github.com/etorrent/etorrent/internal/proc/disk"
	"github.com/etorrent/etorrent/metainfo"
	"github.com/etorrent/etorrent/sup"
)

// Several torrents of one client over the same files.

// named is a file of a torrent.
type named struct {
	name string
	data []byte
}

// folder is a torrent of files in a folder of its name.
func folder(t *testing.T, name string, pieceLength int, files ...named) *etorrenttest.Content {
	t.Helper()
	spec := metainfo.Spec{Name: name, PieceLength: int64(pieceLength), Layout: metainfo.MultiFile}
	c := &etorrenttest.Content{}
	for _, f := range files {
		spec.Files = append(spec.Files, metainfo.SpecFile{Path: []string{f.name}, Length: int64(len(f.data))})
		c.Bytes = append(c.Bytes, f.data...)
	}
	b, err := metainfo.NewBuilder(spec)
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(c.Bytes); at += pieceLength {
		b.PushPiece(sha1.Sum(c.Bytes[at:min(at+pieceLength, len(c.Bytes))]))
	}
	if c.Metainfo, err = metainfo.Parse(b.Build()); err != nil {
		t.Fatal(err)
	}
	return c
}

// versions are two torrents of the file "v/file", which differ from half on.
func versions(t *testing.T) (a, b *etorrenttest.Content) {
	t.Helper()
	data := etorrenttest.NewContent(t, "v", 16<<10, 800_000).Bytes
	other := bytes.Clone(data)
	for i := len(other) / 2; i < len(other); i++ {
		other[i] ^= 1
	}
	return folder(t, "v", 16<<10, named{"file", data}), folder(t, "v", 16<<10, named{"file", other})
}

// twins are two torrents of one file with equal pieces: "/data/shared" as a file in
// its folder, and as the file of a folder "data".
func twins(t *testing.T) (one, other *etorrenttest.Content) {
	t.Helper()
	one = etorrenttest.NewContent(t, "shared", 16<<10, 800_000)
	return one, folder(t, "data", 16<<10, named{"shared", one.Bytes})
}

// fetchTwin adds the second of twins.
func fetchTwin(t *testing.T, m *member, other *etorrenttest.Content, from *member) *etorrent.Torrent {
	t.Helper()
	f, err := m.Add(t.Context(), etorrent.FromMetainfo(other.Metainfo), etorrent.WithPeers(from.at()), etorrent.InDir("/"))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// waitsFor fails unless a torrent is paused since another has its file.
func waitsFor(t *testing.T, f *etorrent.Torrent, other *etorrenttest.Content, why disk.SharedCause) {
	t.Helper()
	var shared *disk.SharedFileError
	st := f.Stats()
	if st.Phase != etorrent.Paused || !errors.As(st.Err, &shared) || shared.Other != other.Metainfo.Name || shared.Cause != why {
		t.Fatalf("%v, %v", st.Phase, st.Err)
	}
}

// resumed waits until a torrent is paused no more, for an hour at most, and is stored.
func (s *swarm) resumed(f *etorrent.Torrent) {
	s.t.Helper()
	for range 3600 {
		if f.Stats().Phase != etorrent.Paused {
			break
		}
		time.Sleep(time.Second)
	}
	s.stored(f)
}

func TestOfTwoTorrentsOverOneFileOneFetchesAndBothHaveItAll(t *testing.T) {
	for range 20 { // who comes first is chance
		inSwarm(t, func(t *testing.T, s *swarm) {
			one := etorrenttest.NewContent(t, "shared", 16<<10, 800_000)
			other := etorrenttest.NewContent(t, "shared", 32<<10, 800_000)
			seeder, leecher := s.join(), s.join(func(o *etorrent.Options) { o.Limits.Down = 100_000 })
			one.Seed(t, seeder.Client, seeder.storage)
			other.Seed(t, seeder.Client, seeder.storage)
			added := make(chan *etorrent.Torrent, 2)
			for _, c := range []*etorrenttest.Content{one, other} {
				go func() {
					f, err := leecher.Add(t.Context(), etorrent.FromMetainfo(c.Metainfo), etorrent.WithPeers(seeder.at()))
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
			if n := a.Stats().Downloaded + b.Stats().Downloaded; n > 810_000 {
				t.Errorf("%d bytes were fetched", n)
			}
			one.Check(t, leecher.storage, etorrenttest.Dir)
		})
	}
}

func TestATorrentWaitsUntilTheOneThatWritesItsFileIsDone(t *testing.T) {
	for name, end := range map[string]func(t *testing.T, s *swarm, first *etorrent.Torrent){
		"complete": func(_ *testing.T, s *swarm, first *etorrent.Torrent) { s.stored(first) },
		"retired": func(t *testing.T, _ *swarm, first *etorrent.Torrent) {
			if err := first.Retire(t.Context()); err != nil {
				t.Fatal(err)
			}
		},
		"unwanted": func(t *testing.T, _ *swarm, first *etorrent.Torrent) {
			if err := first.SetPriorities(t.Context(), etorrent.PriorityUnwanted); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			inSwarm(t, func(t *testing.T, s *swarm) {
				one, other := twins(t)
				seeder, leecher := s.join(), s.join(func(o *etorrent.Options) { o.Limits.Down = 100_000 })
				one.Seed(t, seeder.Client, seeder.storage)
				other.Seed(t, seeder.Client, seeder.storage)
				first := one.Fetch(t, leecher.Client, seeder.at())
				time.Sleep(3 * time.Second)
				second := fetchTwin(t, leecher, other, seeder)
				time.Sleep(2 * time.Second)
				waitsFor(t, second, one, disk.SharedWanting)
				end(t, s, first)
				had := int64(first.Stats().Durable) * 16 << 10
				s.resumed(second)
				if n := second.Stats().Downloaded; n+had > 850_000 {
					t.Errorf("%d bytes were fetched, and %d were there", n, had)
				}
				one.Check(t, leecher.storage, etorrenttest.Dir)
			})
		})
	}
}

func TestAQuarantinedTorrentKeepsNobodyFromItsFiles(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		one, other := twins(t)
		var sick atomic.Bool
		seeder, leecher := s.join(), s.join(func(o *etorrent.Options) {
			o.Limits.Down = 100_000
			o.Hook = func(p sup.Point) {
				if sick.Load() && p.Path == "client/torrents/pool/torrent[1]/control" && p.At == sup.OnReceive {
					panic("sick")
				}
			}
		})
		one.Seed(t, seeder.Client, seeder.storage)
		other.Seed(t, seeder.Client, seeder.storage)
		first := one.Fetch(t, leecher.Client, seeder.at())
		time.Sleep(3 * time.Second)
		second := fetchTwin(t, leecher, other, seeder)
		time.Sleep(time.Second)
		waitsFor(t, second, one, disk.SharedWanting)
		had := int64(first.Stats().Durable) * 16 << 10
		sick.Store(true)
		for count[etorrent.QuarantinedEvent](leecher) == 0 {
			time.Sleep(time.Second)
		}
		s.resumed(second)
		sick.Store(false)
		s.resumed(first)
		if n := second.Stats().Downloaded; n+had > 850_000 {
			t.Errorf("%d bytes were fetched, and %d were there", n, had)
		}
		one.Check(t, leecher.storage, etorrenttest.Dir)
	})
}

// Of a file that another torrent turns into something else, nothing is served that
// is not there any more.
func TestOneThatComesWhileItsFileIsWrittenClaimsWhatIsThereInTheEnd(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		old, young := versions(t)
		seeder, leecher := s.join(), s.join(func(o *etorrent.Options) { o.Limits.Down = 20_000 })
		young.Seed(t, seeder.Client, seeder.storage)
		leecher.lies(t, old)
		first := young.Fetch(t, leecher.Client, seeder.at())
		time.Sleep(4 * time.Second)
		second, err := leecher.Add(t.Context(), etorrent.FromMetainfo(old.Metainfo), etorrent.ShareOnly())
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		waitsFor(t, second, young, disk.SharedWanting)
		s.stored(first)
		time.Sleep(2 * time.Minute)
		if st := second.Stats(); st.Phase != etorrent.Sharing || st.Durable != 24 {
			t.Errorf("%v, with %d pieces; 24 are there", st.Phase, st.Durable)
		}
		young.Check(t, leecher.storage, etorrenttest.Dir)
	})
}

func TestATorrentDoesNotChangeWhatAnotherHolds(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		old, young := versions(t)
		seeder, leecher := s.join(), s.join()
		young.Seed(t, seeder.Client, seeder.storage)
		leecher.lies(t, old)
		first := old.Fetch(t, leecher.Client)
		s.stored(first)
		second := young.Fetch(t, leecher.Client, seeder.at())
		time.Sleep(10 * time.Minute)
		waitsFor(t, second, old, disk.SharedDiffering)
		if n := second.Stats().Downloaded; n > 0 {
			t.Errorf("%d bytes were fetched for nothing", n)
		}
		old.Check(t, leecher.storage, etorrenttest.Dir)
		if err := first.Retire(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.resumed(second)
		young.Check(t, leecher.storage, etorrenttest.Dir)
		first = old.Fetch(t, leecher.Client)
		time.Sleep(time.Minute)
		if st := first.Stats(); st.Durable != 24 {
			t.Errorf("the first claims %d pieces; 24 are there", st.Durable)
		}
	})
}

// The last piece of the file that both have reaches into one that only the second
// has.
func TestAPieceThatLiesInTheFileOfAnotherInPartIsWrittenWhereNothingChanges(t *testing.T) {
	shared := etorrenttest.NewContent(t, "shared", 1, 100_000).Bytes
	own := etorrenttest.NewContent(t, "own", 1, 150_000).Bytes
	for name, change := range map[string]byte{"the same": 0, "another": 1} {
		t.Run(name, func(t *testing.T) {
			inSwarm(t, func(t *testing.T, s *swarm) {
				seen := bytes.Clone(shared)
				seen[len(seen)-1] ^= change
				one := folder(t, "both", 16<<10, named{"shared", seen})
				other := folder(t, "both", 32<<10, named{"shared", shared}, named{"own", own})
				seeder, leecher := s.join(), s.join()
				other.Seed(t, seeder.Client, seeder.storage)
				leecher.lies(t, one)
				first := one.Fetch(t, leecher.Client)
				s.stored(first)
				second := other.Fetch(t, leecher.Client, seeder.at())
				if change == 0 {
					s.stored(second)
					other.Check(t, leecher.storage, etorrenttest.Dir)
					if n := second.Stats().Downloaded; n > 150_000+32<<10 {
						t.Errorf("%d bytes were fetched", n)
					}
				} else {
					time.Sleep(time.Minute)
					waitsFor(t, second, one, disk.SharedDiffering)
					had := second.Stats().Downloaded
					time.Sleep(time.Hour)
					if n := second.Stats().Downloaded; n != had {
						t.Errorf("%d bytes were fetched while it waits", n-had)
					}
				}
				one.CheckFile(t, leecher.storage, etorrenttest.Dir, 0)
				if st := first.Stats(); st.Phase != etorrent.Sharing || st.Durable != st.Pieces {
					t.Errorf("the first: %+v", st)
				}
			})
		})
	}
}

// Who has a file whole goes on serving it while another writes what lies in it in
// part, and nobody takes that for a change by a stranger, then or later.
func TestAFileIsServedWhileAnotherTorrentWritesIntoIt(t *testing.T) {
	data := etorrenttest.NewContent(t, "shared", 1, 100_000).Bytes
	one := folder(t, "both", 16<<10, named{"shared", data})
	other := folder(t, "both", 32<<10, named{"shared", data}, named{"own", data})
	for name, then := range map[string]func(*testing.T, *swarm, *member, func(*etorrent.Options), func()){
		"restarted": func(t *testing.T, s *swarm, m *member, open func(*etorrent.Options), _ func()) {
			etorrenttest.Shutdown(t, m.Client)
			m.start(t, open)
			s.stored(one.Fetch(t, m.Client), other.Fetch(t, m.Client))
			if n := count[etorrent.CheckingEvent](m) + count[etorrent.PausedEvent](m); n > 0 {
				t.Errorf("%d checks or pauses", n)
			}
		},
		"edited by a stranger": func(t *testing.T, _ *swarm, m *member, _ func(*etorrent.Options), serve func()) {
			if err := m.storage.Truncate(etorrenttest.Dir+"/both/shared", 100_000); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
			serve()
			if n := count[etorrent.CheckingEvent](m); n == 2 {
				t.Error("it is not noticed")
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			inSwarm(t, func(t *testing.T, s *swarm) {
				state := etorrenttest.NewState()
				open := func(o *etorrent.Options) { o.State = state.Open() }
				seeder, m := s.join(), s.join(open)
				other.Seed(t, seeder.Client, seeder.storage)
				m.lies(t, one)
				s.stored(one.Fetch(t, m.Client))
				serve := func() {
					reader := s.join()
					s.stored(one.Fetch(t, reader.Client, m.at()))
					etorrenttest.Shutdown(t, reader.Client)
				}
				serve()
				second := other.Fetch(t, m.Client, seeder.at())
				s.stored(second)
				if n := second.Stats().Downloaded; n < 100_000 {
					t.Fatalf("%d bytes were fetched: the test writes nothing", n)
				}
				time.Sleep(time.Minute)
				serve()
				if n := count[etorrent.CheckingEvent](m); n != 2 {
					t.Errorf("%d checks; each found the file once", n)
				}
				then(t, s, m, open, serve)
			})
		})
	}
}

// A torrent that has all it wants of a file does not mind that another lacks some of
// it, until that one writes.
func TestACompleteTorrentIsServedBesideOneThatHasNobodyToFetchFrom(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		data := etorrenttest.NewContent(t, "shared", 1, 100_000).Bytes
		one := folder(t, "both", 16<<10, named{"shared", data})
		other := folder(t, "both", 16<<10, named{"shared", data}, named{"own", data})
		state := etorrenttest.NewState()
		open := func(o *etorrent.Options) { o.State = state.Open() }
		m := s.join(open)
		m.lies(t, one)
		s.stored(one.Fetch(t, m.Client))
		other.Fetch(t, m.Client)
		time.Sleep(time.Minute)
		etorrenttest.Shutdown(t, m.Client)
		m.start(t, open)
		lacking := other.Fetch(t, m.Client)
		time.Sleep(time.Minute)
		if st := lacking.Stats(); st.Phase != etorrent.Fetching {
			t.Fatalf("%v, %v", st.Phase, st.Err)
		}
		s.stored(one.Fetch(t, m.Client))
		reader := s.join()
		s.stored(one.Fetch(t, reader.Client, m.at()))
	})
}
