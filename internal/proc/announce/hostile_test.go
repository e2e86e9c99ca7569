package announce_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	core "github.com/etorrent/etorrent/internal/core/announce"
	"github.com/etorrent/etorrent/internal/vocab/ident"
)

// flood writes a chunk again and again until the remote has had enough, and counts.
func flood(w io.Writer, chunk []byte, most int64) int64 {
	var sent int64
	for sent < most {
		n, err := w.Write(chunk)
		sent += int64(n)
		if err != nil {
			return sent
		}
	}
	return sent
}

// bombed is gzip of so many zeros.
func bombed(size int) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	flood(z, make([]byte, 1<<20), int64(size))
	_ = z.Close()
	return b.Bytes()
}

// What a tracker may answer that no tracker should, what is said of it, and how many
// bytes of it are taken at most.
func TestAnswersOfHostileTrackersEndWithAReasonAndAreBounded(t *testing.T) {
	packed := func(w http.ResponseWriter) { w.Header().Set("Content-Encoding", "gzip") }
	for name, c := range map[string]struct {
		fault string
		then  func(w http.ResponseWriter) int64
	}{
		"an endless body": {"too long", func(w http.ResponseWriter) int64 {
			return flood(w, make([]byte, 32<<10), 1<<30)
		}},
		"ten million peers": {"too long", func(w http.ResponseWriter) int64 {
			_, _ = fmt.Fprintf(w, "d8:intervali1800e5:peers%d:", 60_000_000)
			return flood(w, bytes.Repeat([]byte{1, 2, 3, 4, 5, 6}, 1000), 60_000_000)
		}},
		"chunks of one byte": {"too long", func(w http.ResponseWriter) int64 {
			for sent := range int64(1 << 30) {
				if _, err := w.Write([]byte{'d'}); err != nil {
					return sent
				}
				w.(http.Flusher).Flush()
			}
			return 1 << 30
		}},
		"a gzip bomb": {"too long", func(w http.ResponseWriter) int64 {
			packed(w)
			n, _ := w.Write(bombed(16 << 20))
			return int64(n)
		}},
		"endless gzip of nothing": {"too long", func(w http.ResponseWriter) int64 {
			packed(w)
			return flood(w, bytes.Repeat(bombed(0), 1000), 1<<30)
		}},
		"gzip that is none": {"packed in a way", func(w http.ResponseWriter) int64 {
			packed(w)
			n, _ := io.WriteString(w, body)
			return int64(n)
		}},
		"another packing": {"packed in a way", func(w http.ResponseWriter) int64 {
			w.Header().Set("Content-Encoding", "br")
			n, _ := io.WriteString(w, body)
			return int64(n)
		}},
		"nonsense":        {"Nonsense", func(w http.ResponseWriter) int64 { n, _ := io.WriteString(w, "<html>"); return int64(n) }},
		"a list":          {"Nonsense", func(w http.ResponseWriter) int64 { n, _ := io.WriteString(w, "le"); return int64(n) }},
		"an empty body":   {"Nonsense", func(http.ResponseWriter) int64 { return 0 }},
		"not found":       {"HTTP status 404", func(w http.ResponseWriter) int64 { w.WriteHeader(404); return 0 }},
		"out of order":    {"HTTP status 503", func(w http.ResponseWriter) int64 { w.WriteHeader(503); return 0 }},
		"a head too long": {"too long", func(w http.ResponseWriter) int64 { w.Header().Set("X", strings.Repeat("x", 1<<20)); return 0 }},
		"a redirect away": {"no tracker can be", func(w http.ResponseWriter) int64 {
			w.Header().Set("Location", "ftp://x/")
			w.WriteHeader(302)
			return 0
		}},
		"a redirect to it": {"again and again", func(w http.ResponseWriter) int64 {
			w.Header().Set("Location", "/announce")
			w.WriteHeader(307)
			return 0
		}},
	} {
		if name == "chunks of one byte" && testing.Short() {
			continue // of which it takes many
		}
		t.Run(name, func(t *testing.T) {
			inWorld(t, nil, nil, func(t *testing.T, w *world) {
				var sent atomic.Int64
				site := w.serveAt(theirHost+":80", func(rw http.ResponseWriter, _ *http.Request) { sent.Store(c.then(rw)) })
				w.s.Begin(w.entry(1, "http://tracker.example/announce"))
				w.pass(20 * time.Second)
				w.fails(1, c.fault)
				if n := sent.Load(); n > 8<<20 {
					t.Errorf("it took %d bytes", n)
				}
				if site.announces(); len(w.into.named()) != 0 || w.crashed() != 0 {
					t.Errorf("it passed on %v and crashed %d times", w.into.named(), w.crashed())
				}
			})
		})
	}
}

func TestARedirectLoopEndsAfterFiveRedirects(t *testing.T) {
	inWorld(t, nil, nil, func(t *testing.T, w *world) {
		var n atomic.Int32
		w.serveAt(theirHost+":80", func(rw http.ResponseWriter, r *http.Request) {
			http.Redirect(rw, r, fmt.Sprintf("/%d/announce", n.Add(1)), http.StatusFound)
		})
		w.s.Begin(w.entry(1, "http://tracker.example/announce"))
		w.pass(time.Second)
		w.fails(1, "again and again")
		if n.Load() != 6 {
			t.Errorf("it was asked %d times", n.Load())
		}
	})
}

// A body that comes a byte a second ends with the patience of the request, also where
// each byte comes soon; an answer behind it changes nothing.
func TestASlowBodyEndsWithThePatienceOfTheRequest(t *testing.T) {
	for name, head := range map[string]string{"body": "d8:", "nothing": ""} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, nil, nil, func(t *testing.T, w *world) {
				w.serveAt(theirHost+":80", func(rw http.ResponseWriter, r *http.Request) {
					_, _ = io.WriteString(rw, head)
					for i := 0; i < 120 && r.Context().Err() == nil; i++ {
						if head != "" {
							_, _ = rw.Write([]byte{'i'})
							rw.(http.Flusher).Flush()
						}
						time.Sleep(time.Second)
					}
					_, _ = io.WriteString(rw, body)
				})
				w.s.Begin(w.entry(1, "http://tracker.example/announce"))
				w.pass(44 * time.Second)
				if s := w.standing(1); s != (core.Unasked{}) {
					t.Errorf("after 44 s it is %T %+v", s, s)
				}
				w.pass(2 * time.Second)
				w.fails(1, "TimedOut")
				w.pass(10 * time.Second)
				w.fails(1, "TimedOut")
				if len(w.into.named()) != 0 {
					t.Errorf("passed on %v", w.into.named())
				}
			})
		})
	}
}

// Neither a name nor a redirect leads to what listens on this machine or its network,
// but at an announce path.
func TestNoTrackerLeadsToAPrivateHostButAtAnAnnouncePath(t *testing.T) {
	for name, c := range map[string]struct {
		url, location, fault string // no fault: it is asked
	}{
		"by name":                       {url: "http://home.example/admin?delete=all", fault: "no announce path"},
		"by name at an announce path":   {url: "http://home.example/announce"},
		"by redirect":                   {url: "http://tracker.example/announce", location: "http://" + privateHost + "/admin", fault: "no tracker can be"},
		"by redirect, by name":          {url: "http://tracker.example/announce", location: "http://home.example/admin", fault: "no announce path"},
		"by redirect at announce":       {url: "http://tracker.example/announce", location: "http://home.example/announce?info_hash=01234567890123456789&peer_id=01234567890123456789&port=1"},
		"by redirect, dressed up":       {url: "http://tracker.example/announce", location: "http://home.example/announce/../admin", fault: "no announce path"},
		"by redirect, by IPv6 of IPv4":  {url: "http://tracker.example/announce", location: "http://[::ffff:" + privateHost + "]/admin", fault: "no tracker can be"},
		"by redirect to another family": {url: "http://tracker.example/announce", location: "http://[fd00::1]/announce", fault: "no address"},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, nil, nil, func(t *testing.T, w *world) {
				w.n.SetName("home.example", privateHost)
				var called atomic.Int32
				w.serveAt(privateHost+":80", func(rw http.ResponseWriter, _ *http.Request) {
					called.Add(1)
					_, _ = io.WriteString(rw, body)
				})
				w.serveAt(theirHost+":80", func(rw http.ResponseWriter, _ *http.Request) {
					rw.Header().Set("Location", c.location)
					rw.WriteHeader(http.StatusFound)
				})
				w.s.Begin(w.entry(1, c.url))
				w.pass(time.Second)
				if c.fault == "" {
					w.works(1)
					return
				}
				w.fails(1, c.fault)
				if called.Load() != 0 {
					t.Error("the private host was called")
				}
			})
		})
	}
}

// The pool of connections gives none to a path that may not use it.
func TestAConnectionToAPrivateTrackerServesNoOtherPath(t *testing.T) {
	inWorld(t, nil, nil, func(t *testing.T, w *world) {
		w.n.SetName("home.example", privateHost)
		site := w.serveAt(privateHost+":80", nil)
		w.s.Begin(w.entry(1, "http://home.example/announce"))
		w.pass(time.Second)
		w.works(1)
		w.s.Begin(w.entry(2, "http://home.example/admin"))
		w.pass(time.Second)
		w.fails(2, "no announce path")
		if n := len(site.announces()); n != 1 {
			t.Errorf("asked %d times", n)
		}
	})
}

// However many trackers send long answers at once, few are held at once.
func TestManyLongAnswersAtOnceAreReadFewAtATime(t *testing.T) {
	inWorld(t, nil, nil, func(t *testing.T, w *world) {
		var open, most atomic.Int32
		answer := "d8:intervali1800e5:peers" + fmt.Sprint(300_000*6) + ":" + strings.Repeat("\x01\x02\x03\x04\x05\x06", 300_000) + "e"
		var urls []string
		for i := range 8 {
			urls = append(urls, fmt.Sprintf("http://tracker%d.example/announce", i))
			w.n.SetName(fmt.Sprintf("tracker%d.example", i), theirHost)
		}
		w.serveAt(theirHost+":80", func(rw http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(rw, answer[:1<<20])
			most.Store(max(most.Load(), open.Add(1))) // so much was taken
			_, _ = io.WriteString(rw, answer[1<<20:])
			open.Add(-1)
		})
		for i, u := range urls {
			w.s.Begin(w.entry(ident.TorrentID(1+i), u))
		}
		w.pass(10 * time.Second)
		for i := range urls {
			if works := w.works(ident.TorrentID(1 + i)); works.Peers != 2000 {
				t.Errorf("tracker %d named %d peers", i, works.Peers)
			}
		}
		if most.Load() > 3 {
			t.Errorf("%d long answers were read at once", most.Load())
		}
	})
}
