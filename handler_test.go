package etorrent_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
)

// site is a torrent's Handler on the network of a swarm, and a client for it.
func (s *swarm) site(h http.Handler) (*http.Client, string) {
	host := s.network.Host("10.0.8.8")
	l, err := host.Listen(s.t.Context(), "tcp", ":80")
	if err != nil {
		s.t.Fatal(err)
	}
	server := &http.Server{Handler: h}
	go func() { _ = server.Serve(l) }()
	transport := &http.Transport{DialContext: s.network.Host("10.0.8.9").DialContext, DisableCompression: true}
	s.t.Cleanup(func() {
		synctest.Wait() // until answers that were read are done with
		transport.CloseIdleConnections()
		_ = server.Close()
		synctest.Wait()
	})
	return &http.Client{Transport: transport}, "http://10.0.8.8"
}

// get asks for a range; empty asks for all.
func get(t *testing.T, c *http.Client, method, url string, headers ...string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	got, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestTheHandlerServesRangesWhileTheTorrentComes(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		film := bytesOf(5, 2_000_000)
		c := contentOf(t, "films", 32<<10, map[string][]byte{
			"a film.mp4": film, "notes/page.html": []byte("<script>"), "notes/x:y": []byte("?"),
		})
		_, fetching := watched(t, s, c, 2, 200_000)
		client, url := s.site(fetching.Handler())
		tag := `"` + fetching.ID().String() + `-0"`
		for _, x := range []struct {
			method, path string
			headers      []string
			status       int
			body         []byte
		}{
			{"GET", "/a%20film.mp4", []string{"Range", "bytes=1500000-1500099"}, 206, film[1_500_000:1_500_100]},
			{"GET", "/a%20film.mp4", []string{"Range", "bytes=-7"}, 206, film[len(film)-7:]},
			{"HEAD", "/a%20film.mp4", nil, 200, nil},
			{"GET", "/a%20film.mp4", []string{"If-None-Match", tag}, 304, nil},
			{"GET", "/a%20film.mp4", []string{"Range", "bytes=0-9", "If-Range", `"another"`}, 200, film},
			{"GET", "/a%20film.mp4", []string{"Range", "bytes=9999999-"}, 416, []byte("invalid range: failed to overlap\n")},
			{"GET", "/notes/x:y", nil, 200, []byte("?")},
			{"GET", "/notes", nil, 301, nil},
			{"GET", "/no", nil, 404, nil},
			{"GET", "/a%20film.mp4/", nil, 404, nil},
			{"GET", "/../../etc/passwd", nil, 404, nil},
			{"POST", "/", nil, 405, nil},
			{"GET", "/notes/", nil, 200, []byte("<!doctype html>\n<meta charset=\"utf-8\">\n<ul>\n<li><a href=\"page.html\">page.html</a>\n<li><a href=\"./x:y\">x:y</a>\n</ul>\n")},
		} {
			client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			got := get(t, client, x.method, url+x.path, x.headers...)
			body, err := io.ReadAll(got.Body)
			_ = got.Body.Close()
			if err != nil || got.StatusCode != x.status || x.body != nil && !bytes.Equal(body, x.body) {
				t.Errorf("%s %s %v: %s, %d bytes, %v", x.method, x.path, x.headers, got.Status, len(body), err)
			}
			if x.path == "/a%20film.mp4" && x.status < 300 {
				if h := got.Header; h.Get("ETag") != tag || h.Get("Content-Type") != "video/mp4" || h.Get("Accept-Ranges") != "bytes" {
					t.Errorf("%s %s: %v", x.method, x.path, h)
				}
			}
			if x.method == "HEAD" && got.ContentLength != int64(len(film)) {
				t.Errorf("length %d", got.ContentLength)
			}
			if x.path == "/notes" && got.Header.Get("Location") != "notes/" {
				t.Errorf("leads to %q", got.Header.Get("Location"))
			}
		}
		got := get(t, client, "GET", url+"/notes/page.html")
		_ = got.Body.Close()
		if got.Header.Get("Content-Security-Policy") != "sandbox" {
			t.Errorf("a page may run: %v", got.Header)
		}
	})
}

// A player that seeks in the browser's way: it leaves the answer it reads, and asks for
// another range. The first byte of the new place comes before a megabyte more of the
// old.
func TestASeekThroughTheHandlerComesBeforeAMegabyteMoreOfTheOld(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		// Of the old place comes what cannot be withdrawn: what the seeds have sent or read,
		// and two blocks of each. Small pieces show how much that is; of large ones it may
		// complete several.
		const piece, ahead, megabyte = 64 << 10, 64, 16
		c := contentOf(t, "films", piece, map[string][]byte{"film.mkv": bytesOf(6, 480*piece)})
		viewer, fetching := watched(t, s, c, 4, 120_000)
		client, url := s.site(fetching.Handler())
		play := func(from int) *http.Response {
			return get(t, client, "GET", url+"/film.mkv", "Range", fmt.Sprintf("bytes=%d-", from*piece))
		}
		at, playing := 0, play(0)
		for _, to := range []int{320, 96, 400} {
			if _, err := io.CopyN(io.Discard, playing.Body, 24*piece); err != nil {
				t.Fatal(err)
			}
			at += 24
			synctest.Wait()
			for verifiedIn(viewer, to, to+1) > 0 {
				to++
			}
			before := verifiedIn(viewer, at, at+ahead)
			_ = playing.Body.Close()
			playing = play(to)
			first := make([]byte, 1)
			if _, err := io.ReadFull(playing.Body, first); err != nil || first[0] != c.Bytes[to*piece] {
				t.Fatalf("seek to %d: %v", to, err)
			}
			if more := verifiedIn(viewer, at, at+ahead) - before; more >= megabyte {
				t.Errorf("%d pieces more of the old place before piece %d", more, to)
			}
			_ = playing.Body.Close()
			at, playing = to, play(to)
		}
		_ = playing.Body.Close()
	})
}

func TestTheHandlerSaysWhatItCannotServe(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		c := etorrenttest.NewContent(t, "some", 16<<10, 100_000, 100_000)
		m := s.join()
		fetching, err := m.Add(t.Context(), etorrent.FromMetainfo(c.Metainfo), etorrent.WithPriorities(etorrent.PriorityUnwanted))
		if err != nil {
			t.Fatal(err)
		}
		if err := fetching.Wait(t.Context(), etorrent.FilesOpen); err != nil {
			t.Fatal(err)
		}
		h := fetching.Handler()
		status := func(path string) int {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "HEAD", path, nil))
			return w.Code
		}
		if got := status("/0.bin"); got != http.StatusNotFound {
			t.Errorf("what is not wanted: %d", got)
		}
		if got := status("/1.bin"); got != http.StatusOK {
			t.Errorf("what is to come: %d", got)
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Minute, cancel)
		began := time.Now()
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, "GET", "/1.bin", nil))
		if d := time.Since(began); d != time.Minute {
			t.Errorf("the request went on for %v", d)
		}
		if err := fetching.Retire(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := status("/1.bin"); got != http.StatusServiceUnavailable {
			t.Errorf("retired: %d", got)
		}
	})
}

func TestAFileServerOfTheLibrarysServesTheFS(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		film := bytesOf(7, 500_000)
		c := contentOf(t, "films", 32<<10, map[string][]byte{"sub/film.bin": film})
		_, fetching := watched(t, s, c, 2, 200_000)
		client, url := s.site(http.FileServer(http.FS(fetching.FS(t.Context()))))
		got := get(t, client, "GET", url+"/sub/film.bin", "Range", "bytes=400000-499999")
		body, err := io.ReadAll(got.Body)
		_ = got.Body.Close()
		if err != nil || got.StatusCode != 206 || !bytes.Equal(body, film[400_000:]) {
			t.Errorf("%s, %d bytes, %v", got.Status, len(body), err)
		}
	})
}

// curl fetches of a real server, whole, a range, and goes on with what it has.
func TestCurlFetchesOfTheHandler(t *testing.T) {
	curl, err := exec.LookPath("curl")
	if err != nil {
		t.Skip("curl is not installed")
	}
	from, to := t.TempDir(), t.TempDir()
	data, meta := content(t, 3<<20+77, 64<<10)
	if err := os.WriteFile(filepath.Join(from, "data.bin"), data, 0o644); err != nil {
		t.Fatal(err)
	}
	seeder, leecher := start(t, etorrent.Options{Dir: from}), start(t, etorrent.Options{Dir: to})
	if _, err := seeder.Add(t.Context(), etorrent.FromMetainfo(meta), etorrent.ShareOnly()); err != nil {
		t.Fatal(err)
	}
	fetching, err := leecher.Add(t.Context(), etorrent.FromMetainfo(meta), etorrent.WithPeers(listening(t, seeder)))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(fetching.Handler())
	defer server.Close()
	run := func(args ...string) []byte {
		out, err := exec.CommandContext(t.Context(), curl, append([]string{"-sSf", "--max-time", "60"}, args...)...).Output()
		if err != nil {
			t.Fatalf("curl %v: %v", args, err)
		}
		return out
	}
	url := server.URL + "/data.bin"
	if got := run("-r", "2000000-2000999", url); !bytes.Equal(got, data[2_000_000:2_001_000]) {
		t.Errorf("a range: %d bytes", len(got))
	}
	if got := run(url); !bytes.Equal(got, data) {
		t.Errorf("whole: %d bytes", len(got))
	}
	half := filepath.Join(t.TempDir(), "half")
	if err := os.WriteFile(half, data[:1_000_000], 0o644); err != nil {
		t.Fatal(err)
	}
	run("-C", "-", "-o", half, url)
	if got, err := os.ReadFile(half); err != nil || !bytes.Equal(got, data) {
		t.Errorf("gone on with: %d bytes, %v", len(got), err)
	}
	if head := string(run("-I", url)); !strings.Contains(head, fmt.Sprintf("Content-Length: %d", len(data))) || !strings.Contains(strings.ToLower(head), "etag: ") {
		t.Errorf("head:\n%s", head)
	}
}
