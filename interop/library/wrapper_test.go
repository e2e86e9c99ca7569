package library_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/storage"
	"github.com/etorrent/etorrent/storagetest"
)

// metered is the engine's own storage of files, with a count of the bytes written.
type metered struct {
	etorrent.Storage
	written atomic.Int64
}

func (m *metered) Open(ctx context.Context, spec storage.Spec) (storage.Store, error) {
	st, err := m.Storage.Open(ctx, spec)
	if err != nil {
		return nil, err
	}
	return meteredStore{st, m}, nil
}

type meteredStore struct {
	storage.Store
	meter *metered
}

func (s meteredStore) WriteAt(p []byte, off int64) (int, error) {
	n, err := s.Store.WriteAt(p, off)
	s.meter.written.Add(int64(n))
	return n, err
}

func (s meteredStore) Unwrap() storage.Store { return s.Store }

// disk is what others do to files.
type disk struct{}

func (disk) Put(name string, data []byte) error {
	return errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, data, 0o644))
}
func (disk) Get(name string) ([]byte, error)        { return os.ReadFile(name) }
func (disk) Truncate(name string, size int64) error { return os.Truncate(name, size) }
func (disk) Remove(name string) error               { return os.Remove(name) }

func TestTheFilesInAWrapperOfSomebodyElsesKeepThePromises(t *testing.T) {
	storagetest.Run(t, func(t *testing.T) storagetest.Subject {
		return storagetest.Subject{Storage: &metered{Storage: etorrent.NewFileStorage(16)}, Dir: t.TempDir(), Outside: disk{}}
	})
}

func TestAWrapperIsBesideWhatItWraps(t *testing.T) {
	spec := storage.Spec{Name: "none", Dir: t.TempDir(), Geometry: storage.Geometry{PieceLength: 1 << 14}}
	st, err := (&metered{Storage: etorrent.NewFileStorage(0)}).Open(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = st.Close() }()
	if v, can := storage.As[storage.SpaceViewer](st); !can {
		t.Error("it cannot tell how much room there is")
	} else if _, known := v.ViewSpace().(storage.SpaceKnown); !known {
		t.Error("the room is not known")
	}
	for what, can := range map[string]bool{
		"FileViewer": is[storage.FileViewer](st), "FolderViewer": is[storage.FolderViewer](st), "Separator": is[storage.Separator](st),
		"Keeper": is[storage.Keeper](st), "HoleViewer": is[storage.HoleViewer](st), "Linker": is[storage.Linker](st),
	} {
		if !can {
			t.Errorf("it is no %s", what)
		}
	}
	if _, can := any(st).(storage.GatherWriter); can {
		t.Error("bytes may be written past it")
	}
}

func is[T any](s storage.Store) bool {
	_, can := storage.As[T](s)
	return can
}

// wire is a Network from nothing, and sundial a Clock.
type wire struct{ dialled atomic.Int64 }

func (*wire) Listen(ctx context.Context, network, address string) (net.Listener, error) {
	return new(net.ListenConfig).Listen(ctx, network, address)
}

func (*wire) ListenPacket(ctx context.Context, network, address string) (net.PacketConn, error) {
	return new(net.ListenConfig).ListenPacket(ctx, network, address)
}

func (w *wire) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	w.dialled.Add(1)
	return new(net.Dialer).DialContext(ctx, network, address)
}

func (*wire) Addrs() ([]netip.Addr, error) {
	return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
}

func (*wire) WatchAddrs() (etorrent.AddrsWatch, error) { return nil, errors.ErrUnsupported }

type sundial struct{}

func (sundial) Wall() time.Time                     { return time.Now() }
func (sundial) Asleep() time.Duration               { return 0 }
func (sundial) Watch() (etorrent.ClockWatch, error) { return nil, errors.ErrUnsupported }

var (
	_ etorrent.Storage   = (*shelf)(nil)
	_ etorrent.State     = (*rows)(nil)
	_ etorrent.Network   = (*wire)(nil)
	_ etorrent.Addressed = (*wire)(nil)
	_ etorrent.Clock     = sundial{}
	_ storage.Wrapper    = meteredStore{}
)

// A client on four seams of somebody else's fetches from one on a wrapper of the
// engine's own files.
func TestATransferGoesOverSeamsOfSomebodyElses(t *testing.T) {
	data, metainfoFile := words(t)
	const part = 2 * piece // which one has at the beginning, and the other lacks
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	dir, files := t.TempDir(), &metered{Storage: etorrent.NewFileStorage(0)}
	begin := func(o etorrent.Options) (*etorrent.Client, *etorrent.Torrent) {
		o.Listen = []string{"127.0.0.1:0"}
		client, err := etorrent.New(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = client.Close() })
		torrent, err := client.Add(t.Context(), etorrent.FromReader(bytes.NewReader(metainfoFile)))
		if err != nil {
			t.Fatal(err)
		}
		return client, torrent
	}
	if err := os.WriteFile(filepath.Join(dir, "words.txt"), data[:part], 0o644); err != nil {
		t.Fatal(err)
	}
	half, first := begin(etorrent.Options{Dir: dir, Storage: files})
	own, network := &shelf{books: map[string][]byte{}}, &wire{}
	own.books["/shelf/words.txt"] = append(make([]byte, part), data[part:]...)
	other, second := begin(etorrent.Options{Dir: "/shelf", Storage: own, State: newRows(), Network: network, Clock: sundial{}})
	at, err := half.Listening(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := second.AddPeers(t.Context(), at...); err != nil {
		t.Fatal(err)
	}
	for _, torrent := range []*etorrent.Torrent{first, second} {
		if err := torrent.Wait(ctx, etorrent.DataStored); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(half.Shutdown(t.Context()), other.Shutdown(t.Context())); err != nil {
		t.Error(err)
	}
	own.mu.Lock()
	defer own.mu.Unlock()
	if got, err := os.ReadFile(filepath.Join(dir, "words.txt")); err != nil || !bytes.Equal(got, data) {
		t.Errorf("files: %d bytes, %v", len(got), err)
	}
	if !bytes.Equal(own.books["/shelf/words.txt"], data) {
		t.Error("the shelf has other bytes")
	}
	if files.written.Load() < int64(len(data)-part) || network.dialled.Load() == 0 {
		t.Errorf("%d bytes were written through the wrapper, %d times was dialled", files.written.Load(), network.dialled.Load())
	}
}
