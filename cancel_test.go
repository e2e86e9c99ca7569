package etorrent_test

import (
	"context"
	"errors"
	"io/fs"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/ident"
)

// hung is a State that answers nothing while it hangs, whatever the context says.
type hung struct {
	etorrent.State
	hangs   atomic.Bool
	release chan struct{}
}

func (h *hung) wait() {
	if h.hangs.Load() {
		<-h.release
	}
}

func (h *hung) Hold(ctx context.Context, k store.Key, owner string) (store.Hold, error) {
	h.wait()
	return h.State.Hold(ctx, k, owner)
}

func (h *hung) Get(ctx context.Context, id ident.TorrentID) (*store.Row, error) {
	h.wait()
	return h.State.Get(ctx, id)
}

func (h *hung) SaveSettings(ctx context.Context, u store.SettingsUpdate) error {
	h.wait()
	return h.State.SaveSettings(ctx, u)
}

// blocking calls every method that takes a context, and has a row for each.
func blocking(m *member, f *etorrent.Torrent, c *etorrenttest.Content) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"Client.Add":       func(ctx context.Context) error { _, err := m.Add(ctx, etorrent.FromMetainfo(c.Metainfo)); return err },
		"Client.Listening": func(ctx context.Context) error { _, err := m.Listening(ctx); return err },
		"Client.Events": func(ctx context.Context) error {
			for e, err := range m.Events(ctx, 0) {
				if e == nil && err != nil {
					return err
				}
			}
			return ctx.Err()
		},
		"Client.Scrape":         func(ctx context.Context) error { _, err := m.Scrape(ctx, c.Metainfo); return err },
		"Client.Shutdown":       func(ctx context.Context) error { return m.Shutdown(ctx) },
		"Torrent.AddPeers":      func(ctx context.Context) error { return f.AddPeers(ctx, m.at()) },
		"Torrent.AddTracker":    func(ctx context.Context) error { return f.AddTracker(ctx, 0, "udp://tracker.example:1/announce") },
		"Torrent.AnnounceNow":   f.AnnounceNow,
		"Torrent.FS":            func(ctx context.Context) error { _, err := fs.ReadFile(f.FS(ctx), "0.bin"); return err },
		"Torrent.Metainfo":      func(ctx context.Context) error { _, err := f.Metainfo(ctx); return err },
		"Torrent.Pause":         f.Pause,
		"Torrent.Remove":        func(ctx context.Context) error { return f.Remove(ctx, etorrent.KeepData) },
		"Torrent.Resume":        f.Resume,
		"Torrent.Retire":        f.Retire,
		"Torrent.Scrape":        func(ctx context.Context) error { _, err := f.Scrape(ctx); return err },
		"Torrent.SetPriorities": func(ctx context.Context) error { return f.SetPriorities(ctx, etorrent.PriorityHigh) },
		"Torrent.SetPriority":   func(ctx context.Context) error { return f.SetPriority(ctx, etorrent.PriorityHigh, "**") },
		"Torrent.SetLimits": func(ctx context.Context) error {
			return f.SetLimits(ctx, etorrent.TorrentLimits{Down: 1 << 20, Up: 1 << 20})
		},
		"Torrent.SetGoals": func(ctx context.Context) error { return f.SetGoals(ctx, etorrent.Goals{Ratio: 1}) },
		"Torrent.Verify":   f.Verify,
		"Torrent.Wait":     func(ctx context.Context) error { return f.Wait(ctx, etorrent.DataStored) },
		"File.Open": func(ctx context.Context) error {
			r, err := slices.Collect(f.Files())[0].Open(ctx)
			if err == nil {
				_, err = r.Read(make([]byte, 1))
			}
			return err
		},
		"Reader.ReadContext": func(ctx context.Context) error {
			r, err := slices.Collect(f.Files())[0].Open(context.Background())
			if err == nil {
				_, err = r.ReadContext(ctx, make([]byte, 1))
				_ = r.Close()
			}
			return err
		},
	}
}

func TestEveryBlockingCallEndsWithItsContext(t *testing.T) {
	for _, x := range []reflect.Type{
		reflect.TypeFor[*etorrent.Client](), reflect.TypeFor[*etorrent.Torrent](), reflect.TypeFor[etorrent.File](), reflect.TypeFor[*etorrent.Reader](),
	} {
		rows := blocking(nil, &etorrent.Torrent{}, nil)
		for i := range x.NumMethod() {
			m := x.Method(i)
			name := x.String()[strings.LastIndexByte(x.String(), '.')+1:] + "." + m.Name
			if m.Type.NumIn() > 1 && m.Type.In(1) == reflect.TypeFor[context.Context]() && rows[name] == nil {
				t.Errorf("%s takes a context and has no row", name)
			}
		}
	}
	for name := range blocking(nil, &etorrent.Torrent{}, nil) {
		t.Run(name, func(t *testing.T) {
			inSwarm(t, func(t *testing.T, s *swarm) {
				c := etorrenttest.NewContent(t, "nobody has it", 16<<10, 100_000, 5)
				state := &hung{State: etorrent.NewMemoryState(), release: make(chan struct{})}
				m := s.join(func(o *etorrent.Options) { o.State = state })
				f := c.Fetch(t, m.Client)
				if err := f.Wait(t.Context(), etorrent.FilesOpen); err != nil {
					t.Fatal(err)
				}
				ended, cancel := context.WithCancel(t.Context())
				cancel()
				call := blocking(m, f, c)[name]
				began := time.Now()
				err := call(ended)
				if d := time.Since(began); d > 0 {
					t.Errorf("with a context that has ended it took %v", d)
				}
				if name != "Client.Listening" && !errors.Is(err, context.Canceled) {
					t.Errorf("with a context that has ended: %v", err)
				}
				if name == "Client.Shutdown" {
					return
				}
				state.hangs.Store(true)
				soon, end := context.WithTimeout(t.Context(), time.Minute)
				defer end()
				began = time.Now()
				err = call(soon)
				switch d := time.Since(began); {
				case d > time.Minute:
					t.Errorf("while the state hangs it took %v", d)
				case d == time.Minute && !errors.Is(err, context.DeadlineExceeded):
					t.Errorf("while the state hangs: %v", err)
				}
				state.hangs.Store(false)
				close(state.release)
			})
		})
	}
}

// A client that is not to begin is none, and leaves nothing behind.
func TestAStartEndsWithItsContext(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		host := s.network.Host("10.0.0.1")
		o := etorrent.Options{Network: host, Clock: etorrenttest.NewClock(), Storage: etorrenttest.NewStorage(), Listen: []string{host.Endpoint().String()}}
		if c, err := etorrent.New(ended, o); c != nil || !errors.Is(err, context.Canceled) {
			t.Errorf("%v, %v", c, err)
		}
		// What ends later ends nothing.
		starting, end := context.WithCancel(t.Context())
		c, err := etorrent.New(starting, o)
		if err != nil {
			t.Fatal(err)
		}
		end()
		time.Sleep(time.Hour)
		if err := c.Err(); err != nil {
			t.Error(err)
		}
		if _, err := c.Listening(t.Context()); err != nil {
			t.Error(err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		<-c.Done()
	})
}
