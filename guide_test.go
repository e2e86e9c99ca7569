package etorrent_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
	"github.com/etorrent/etorrent/sqlitestate"
	"github.com/etorrent/etorrent/storagetest"
)

// What docs/library.md shows, in its order.

// begin starts a client that remembers its torrents from one run to the next.
func begin(ctx context.Context, folder, state string) (*etorrent.Client, error) {
	rows, err := sqlitestate.Open(state)
	if err != nil {
		return nil, err
	}
	client, err := etorrent.New(ctx, etorrent.Options{
		Dir:    folder,
		State:  rows,
		Listen: []string{"127.0.0.1:0"},
		Limits: etorrent.Limits{Down: 50 << 20, PeersPerTorrent: 100},
	})
	if err != nil {
		return nil, errors.Join(err, rows.Close())
	}
	return client, nil
}

// add adds a torrent without the files that the patterns name.
func add(ctx context.Context, client *etorrent.Client, name string, without ...string) (*etorrent.Torrent, error) {
	source, err := etorrent.ParseSource(name)
	if err != nil {
		return nil, err
	}
	torrent, err := client.Add(ctx, source, etorrent.OnExisting(etorrent.RefuseExisting), etorrent.InOrder())
	if err != nil && !errors.Is(err, etorrent.ErrExists) {
		return nil, err
	}
	return torrent, torrent.SetPriority(ctx, etorrent.PriorityUnwanted, without...)
}

// stored waits until all that is wanted is durable, and tells how much that is.
func stored(ctx context.Context, torrent *etorrent.Torrent) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Hour)
	defer cancel()
	if err := torrent.Wait(ctx, etorrent.DataStored); err != nil {
		return 0, err
	}
	return torrent.Stats().Stored, nil
}

// follow tells what becomes of all torrents, until ctx ends or one is complete.
func follow(ctx context.Context, client *etorrent.Client) (told []string) {
	for event, err := range client.Events(ctx, 0) {
		var lagged *etorrent.LaggedError
		if errors.As(err, &lagged) {
			told = append(told, fmt.Sprintf("missed %d events", lagged.Missed))
			continue
		}
		if err != nil {
			return append(told, err.Error())
		}
		switch e := event.(type) {
		case etorrent.FileStoredEvent:
			told = append(told, e.Path)
		case etorrent.PausedEvent:
			told = append(told, "paused: "+e.Err.Error())
		case etorrent.CompletedEvent:
			return append(told, "complete")
		}
	}
	return told
}

// handler serves the files of a torrent below /films/ while they are fetched.
func handler(torrent *etorrent.Torrent) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/films/", http.StripPrefix("/films", torrent.Handler()))
	return mux
}

// tail reads the last bytes of a file, which are fetched before all else.
func tail(ctx context.Context, torrent *etorrent.Torrent, name string, size int64) ([]byte, error) {
	for file := range torrent.Files() {
		if file.Path != name {
			continue
		}
		reader, err := file.Open(ctx, etorrent.ReadAhead(1<<20))
		if err != nil {
			return nil, err
		}
		defer reader.Close()
		last := make([]byte, min(size, reader.Size()))
		_, err = reader.ReadAt(last, reader.Size()-int64(len(last)))
		return last, err
	}
	return nil, fs.ErrNotExist
}

// why says what a host may do about an error.
func why(err error) string {
	var (
		source   *etorrent.SourceError
		held     *etorrent.HeldError
		conflict *etorrent.ConflictError
		disk     *etorrent.StorageError
		crash    *etorrent.CrashError
	)
	switch {
	case errors.As(err, &source):
		return "no torrent: field " + source.Field
	case errors.As(err, &held):
		return fmt.Sprintf("program %d runs it", held.PID)
	case errors.As(err, &conflict):
		return "somebody's file: " + filepath.Base(conflict.Path)
	case errors.As(err, &disk):
		return disk.Op + " " + disk.Path
	case errors.As(err, &crash):
		return "the engine gave up; this program lives on"
	case errors.Is(err, etorrent.ErrStopped), errors.Is(err, context.Canceled):
		return "stopped"
	}
	return err.Error()
}

// stop ends a client as http.Server does: in order, for ten seconds at most.
func stop(client *etorrent.Client) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := client.Shutdown(ctx); err != nil {
		return errors.Join(err, client.Close())
	}
	return client.Err()
}

// tallied is a Storage that counts the writes of another one.
type tallied struct {
	etorrent.Storage
	writes atomic.Int64
}

func (c *tallied) Open(ctx context.Context, spec etorrent.StorageSpec) (etorrent.Store, error) {
	store, err := c.Storage.Open(ctx, spec)
	if err != nil {
		return nil, err
	}
	return &talliedStore{Store: store, home: c}, nil
}

type talliedStore struct {
	etorrent.Store
	home *tallied
}

func (s *talliedStore) WriteAt(p []byte, off int64) (int, error) {
	s.home.writes.Add(1)
	return s.Store.WriteAt(p, off)
}

// Unwrap shows what the other one is beside: a storage.FileViewer, say.
func (s *talliedStore) Unwrap() etorrent.Store { return s.Store }

func TestTheCountingStorageKeepsThePromises(t *testing.T) {
	storagetest.Run(t, func(t *testing.T) storagetest.Subject {
		below := etorrenttest.NewStorage()
		return storagetest.Subject{Storage: &tallied{Storage: below}, Dir: etorrenttest.Dir, Outside: below}
	})
}

func TestAProgramWithoutANetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := etorrenttest.NewNetwork(t)
		content := etorrenttest.NewContent(t, "photos", 16<<10, 100_000, 300_000)
		files, copied := etorrenttest.NewStorage(), etorrenttest.NewStorage()
		seeder := etorrenttest.NewClient(t, network.Host("10.0.0.1"), etorrent.Options{Storage: files})
		leecher := etorrenttest.NewClient(t, network.Host("10.0.0.2"), etorrent.Options{Storage: copied})
		content.Seed(t, seeder, files)
		torrent := content.Fetch(t, leecher, network.Host("10.0.0.1").Endpoint())
		if err := torrent.Wait(t.Context(), etorrent.DataStored); err != nil {
			t.Fatal(err)
		}
		content.Check(t, copied, etorrenttest.Dir)
	})
}

func TestWhatTheGuideShowsWorksTogether(t *testing.T) {
	ctx, folder := t.Context(), t.TempDir()
	peer, end := share(ctx, folder, []byte("a file of a few words"))
	defer end()
	client, err := begin(ctx, filepath.Join(folder, "downloads"), filepath.Join(folder, "state"))
	if err != nil {
		t.Fatal(err)
	}
	torrent, err := add(ctx, client, filepath.Join(folder, "my.torrent"))
	if err != nil {
		t.Fatal(err)
	}
	if err := torrent.AddPeers(ctx, netip.MustParseAddrPort(peer)); err != nil {
		t.Fatal(err)
	}
	if told := strings.Join(follow(ctx, client), ", "); told != "words.txt, complete" {
		t.Errorf("told of %s", told)
	}
	if size, err := stored(ctx, torrent); size != 21 || err != nil {
		t.Errorf("%d bytes stored, %v", size, err)
	}
	if last, err := tail(ctx, torrent, "words.txt", 5); string(last) != "words" || err != nil {
		t.Errorf("it ends with %q, %v", last, err)
	}
	answer := httptest.NewRecorder()
	handler(torrent).ServeHTTP(answer, httptest.NewRequestWithContext(ctx, http.MethodGet, "/films/words.txt", nil))
	if answer.Body.String() != "a file of a few words" {
		t.Errorf("served: %d %q", answer.Code, answer.Body)
	}
	if err := stop(client); err != nil {
		t.Error(err)
	}
	if _, err := add(ctx, client, filepath.Join(folder, "my.torrent")); why(err) != "stopped" {
		t.Errorf("after the stop: %v", err)
	}
}

func TestTheErrorsOfTheGuideAreThoseThatCome(t *testing.T) {
	ctx, folder := t.Context(), t.TempDir()
	_, end := share(ctx, folder, []byte("a file of a few words"))
	defer end()
	if err := os.WriteFile(filepath.Join(folder, "bad.torrent"), []byte("d4:infod6:lengthi-1eee"), 0o666); err != nil {
		t.Fatal(err)
	}
	theirs := filepath.Join(folder, "downloads", "words.txt")
	if err := errors.Join(os.Mkdir(filepath.Dir(theirs), 0o777), os.WriteFile(theirs, []byte("what another program wrote"), 0o666)); err != nil {
		t.Fatal(err)
	}
	first, err := begin(ctx, filepath.Dir(theirs), filepath.Join(folder, "state"))
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	torrent, err := add(ctx, first, filepath.Join(folder, "my.torrent"))
	if err != nil {
		t.Fatal(err)
	}
	if err := torrent.Wait(ctx, etorrent.DataStored); why(err) != "somebody's file: words.txt" {
		t.Errorf("a file in the way: %v", err)
	}
	second, err := begin(ctx, folder, filepath.Join(folder, "state"))
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if _, err := add(ctx, second, filepath.Join(folder, "my.torrent")); why(err) != fmt.Sprintf("program %d runs it", os.Getpid()) {
		t.Errorf("held: %v", err)
	}
	if _, err := add(ctx, second, filepath.Join(folder, "bad.torrent")); !strings.HasPrefix(why(err), "no torrent: field info") {
		t.Errorf("a bad source: %s: %v", why(err), err)
	}
}
