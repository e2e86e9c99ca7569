package announce_test

import (
	"compress/gzip"
	"crypto/x509"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/proc/announce"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/vocab/ident"
)

func TestATrackerOverHTTPIsToldAndItsPeersArePassedOn(t *testing.T) {
	inWorld(t, nil, nil, func(t *testing.T, w *world) {
		site := w.serveAt(theirHost+":80", nil)
		w.s.Begin(w.entry(1, "http://tracker.example/announce"))
		w.pass(time.Second)
		asked := site.announces()
		if len(asked) != 1 {
			t.Fatalf("asked %+v", asked)
		}
		if a := asked[0]; a.Port != ourPort || a.Left != 1000 || a.Event.String() != "started" || a.NumWant != 100 || a.InfoHash[0] != 1 || a.Key == 0 {
			t.Errorf("told %+v", a)
		}
		if agent := site.heads[0].Get("User-Agent"); agent != "Etorrent/test" {
			t.Errorf("it is said to be %q", agent)
		}
		if got := w.into.named(); len(got) != 2 || got[1] != netip.MustParseAddrPort("5.6.7.8:6882") {
			t.Errorf("passed on %v", got)
		}
		if works := w.works(1); works.Seeders != 3 || works.Leechers != 4 || works.Peers != 2 {
			t.Errorf("reported %+v", works)
		}
		w.s.End(1)
		w.pass(time.Second)
		if got := site.events(); got != "started,stopped" {
			t.Errorf("events: %s", got)
		}
		if all := w.s.Trackers(1); all != nil {
			t.Errorf("it is ended, and has %+v", all)
		}
	})
}

// Requests to one host share connections, which are closed when nobody used them for
// a while.
func TestConnectionsToATrackerAreUsedAgainAndClosedWhenIdle(t *testing.T) {
	inWorld(t, nil, nil, func(t *testing.T, w *world) {
		site := w.serveAt(theirHost+":80", nil)
		for id := range ident.TorrentID(40) {
			w.s.Begin(w.entry(1+id, "http://tracker.example/announce"))
		}
		w.pass(10 * time.Second)
		if n := len(site.announces()); n != 40 || site.connections() > 4 {
			t.Errorf("%d announces over %d connections", n, site.connections())
		}
		if w.n.Open() == 0 {
			t.Error("no connection was kept")
		}
		w.pass(25 * time.Second)
		if n := w.n.Open(); n != 0 {
			t.Errorf("%d connections are open", n)
		}
	})
}

// A tracker that closed a connection while nobody looked is called again.
func TestAConnectionThatTheTrackerClosedCostsNoAnnounce(t *testing.T) {
	inWorld(t, nil, nil, func(t *testing.T, w *world) {
		site := w.serveAt(theirHost+":80", nil)
		w.s.Begin(w.entry(1, "http://tracker.example/announce"))
		w.pass(siteIdle + time.Second)
		w.s.Begin(w.entry(2, "http://tracker.example/announce"))
		w.pass(time.Second)
		w.works(2)
		if n := len(site.announces()); n != 2 || site.connections() != 2 {
			t.Errorf("%d announces over %d connections", n, site.connections())
		}
	})
}

func TestAPackedAnswerIsUnpacked(t *testing.T) {
	inWorld(t, nil, nil, func(t *testing.T, w *world) {
		w.serveAt(theirHost+":80", func(rw http.ResponseWriter, r *http.Request) {
			if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
				t.Error("gzip is not accepted")
			}
			rw.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(rw)
			_, _ = io.WriteString(z, body)
			_ = z.Close()
		})
		w.s.Begin(w.entry(1, "http://tracker.example/announce"))
		w.pass(time.Second)
		w.works(1)
	})
}

func TestARedirectIsFollowedAndAskedForNothingItDidNotSay(t *testing.T) {
	inWorld(t, nil, nil, func(t *testing.T, w *world) {
		w.n.SetName("new.example", otherHost)
		there := w.serveAt(otherHost+":8080", nil)
		w.serveAt(theirHost+":80", func(rw http.ResponseWriter, r *http.Request) {
			http.Redirect(rw, r, "http://new.example:8080/announce?"+r.URL.RawQuery, http.StatusMovedPermanently)
		})
		w.s.Begin(w.entry(1, "http://user:secret@tracker.example/announce"))
		w.pass(time.Second)
		w.works(1)
		if asked := there.announces(); len(asked) != 1 || there.heads[0].Get("Authorization") != "" {
			t.Errorf("asked %+v with %v", asked, there.heads)
		}
	})
}

func TestTheUserOfAURLIsSentAsAHeader(t *testing.T) {
	inWorld(t, nil, nil, func(t *testing.T, w *world) {
		site := w.serveAt(theirHost+":80", func(rw http.ResponseWriter, r *http.Request) {
			if user, password, is := r.BasicAuth(); !is || user != "me" || password != "p@ss" {
				rw.WriteHeader(http.StatusUnauthorized)
				return
			}
			_, _ = io.WriteString(rw, body)
		})
		w.s.Begin(w.entry(1, "http://me:p%40ss@tracker.example/announce"))
		w.pass(time.Second)
		w.works(1)
		if n := len(site.announces()); n != 1 {
			t.Errorf("asked %d times", n)
		}
	})
}

// secured is a tracker over TLS of which nobody knows the authority but who is told.
func (w *world) secured(at string, then http.HandlerFunc) (*site, *x509.CertPool) {
	w.t.Helper()
	ap := netip.MustParseAddrPort(at)
	ln, err := w.n.Host(ap.Addr().String()).Listen(w.t.Context(), "tcp", at)
	if err != nil {
		w.t.Fatal(err)
	}
	s := newSite(w.t, then)
	server := httptest.NewUnstartedServer(s)
	_ = server.Listener.Close()
	server.Listener, server.Config = ln, s.server
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	w.t.Cleanup(server.Close)
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	return s, pool
}

func TestATrackerOverTLSHasToBeWhoItSaysItIs(t *testing.T) {
	for name, c := range map[string]struct{ host, fault string }{
		"itself":        {host: "example.com"},
		"somebody else": {"impostor.example", "certificate is valid for"},
		"not trusted":   {"example.com", "unknown authority"},
	} {
		t.Run(name, func(t *testing.T) {
			trust := x509.NewCertPool()
			inWorld(t, nil, func(cfg *announce.Config) { cfg.Trust = trust }, func(t *testing.T, w *world) {
				w.n.SetName(c.host, theirHost)
				site, pool := w.secured(theirHost+":443", nil)
				if name != "not trusted" {
					*trust = *pool
				}
				w.s.Begin(w.entry(1, "https://"+c.host+"/announce"))
				w.s.Begin(w.entry(2, "https://"+c.host+"/announce"))
				w.pass(time.Second)
				if c.fault != "" {
					w.fails(1, c.fault)
					return
				}
				w.works(1)
				if w.works(2); site.connections() > 2 {
					t.Errorf("%d connections", site.connections())
				}
			})
		})
	}
}

// What was said under TLS is not said in the clear because a tracker wants it.
func TestNoRedirectLeadsOutOfTLS(t *testing.T) {
	trust := x509.NewCertPool()
	inWorld(t, nil, func(cfg *announce.Config) { cfg.Trust = trust }, func(t *testing.T, w *world) {
		w.n.SetName("example.com", theirHost)
		clear := w.serveAt(theirHost+":80", nil)
		_, pool := w.secured(theirHost+":443", func(rw http.ResponseWriter, r *http.Request) {
			http.Redirect(rw, r, "http://example.com"+r.URL.String(), http.StatusFound)
		})
		*trust = *pool
		w.s.Begin(w.entry(1, "https://example.com/"+passkey+"/announce"))
		w.pass(time.Second)
		w.fails(1, "from https to http")
		if asked := clear.announces(); len(asked) != 0 {
			t.Errorf("it was asked %+v", asked)
		}
	})
}

// A tracker of both families is told in both, with one key, each time from an address
// of the family.
func TestATrackerOfBothFamiliesIsToldInBothWithOneKey(t *testing.T) {
	inWorld(t, nil, nil, func(t *testing.T, w *world) {
		w.n.SetName("both.example", theirHost6, theirHost)
		v4, v6 := w.serveAt(theirHost+":80", nil), w.serveAt("["+theirHost6+"]:80", nil)
		w.s.Begin(w.entry(1, "http://both.example/announce"))
		w.pass(time.Second)
		asked4, asked6 := v4.announces(), v6.announces()
		if len(asked4) != 1 || len(asked6) != 1 || asked4[0].Key != asked6[0].Key {
			t.Fatalf("asked %+v and %+v", asked4, asked6)
		}
		if v4.from[0].Addr() != netip.MustParseAddr(ourHost) || v6.from[0].Addr() != netip.MustParseAddr(ourHost6) {
			t.Errorf("asked from %v and %v", v4.from, v6.from)
		}
		if all := w.s.Trackers(1); len(all) != 2 {
			t.Errorf("reported %+v", all)
		}
	})
}

// A family that we have not is no failure of a tracker that has it.
func TestAFamilyThatWeDoWithoutIsNotAsked(t *testing.T) {
	var v4 pnet.Network
	inWorld(t, nil, func(cfg *announce.Config) { cfg.Egress = pnet.NewEgress(lazily{&v4}) }, func(t *testing.T, w *world) {
		v4 = w.n.Host(ourHost)
		w.n.SetName("both.example", theirHost6, theirHost)
		site, v6 := w.serveAt(theirHost+":80", nil), w.serveAt("["+theirHost6+"]:80", nil)
		w.s.Begin(w.entry(1, "http://both.example/announce"))
		w.pass(time.Second)
		w.works(1)
		if len(site.announces()) != 1 || len(v6.announces()) != 0 {
			t.Errorf("asked %d and %d times", len(site.announces()), len(v6.announces()))
		}
	})
}

// Of a host with several addresses the next one is called when one does not answer.
func TestAnotherAddressIsCalledWhereOneFails(t *testing.T) {
	inWorld(t, nil, nil, func(t *testing.T, w *world) {
		w.n.SetName("tracker.example", otherHost, theirHost)
		site := w.serveAt(theirHost+":80", nil)
		w.s.Begin(w.entry(1, "http://tracker.example/announce"))
		w.pass(time.Second)
		w.works(1)
		if n := len(site.announces()); n != 1 {
			t.Errorf("asked %d times", n)
		}
	})
}

func TestAHostThatNobodyKnowsIsLookedUpAgain(t *testing.T) {
	inWorld(t, nil, nil, func(t *testing.T, w *world) {
		site := w.serveAt(theirHost+":80", nil)
		w.s.Begin(w.entry(1, "http://later.example/announce"))
		w.pass(time.Second)
		w.fails(1, "NoHost")
		w.n.SetName("later.example", theirHost)
		w.pass(3 * time.Minute)
		w.works(1)
		if n := len(site.announces()); n != 1 {
			t.Errorf("asked %d times", n)
		}
	})
}

// Where a host is is asked anew now and then, and when the network has changed.
func TestAHostIsLookedUpAnewWhenTheNetworkHasChanged(t *testing.T) {
	inWorld(t, nil, nil, func(t *testing.T, w *world) {
		old, moved := w.serveAt(theirHost+":80", nil), w.serveAt(otherHost+":80", nil)
		w.s.Begin(w.entry(1, "http://tracker.example/announce"))
		w.pass(time.Minute)
		w.n.SetName("tracker.example", otherHost)
		w.s.NetworkChanged()
		w.pass(time.Hour)
		if len(old.announces()) > 2 || len(moved.announces()) == 0 {
			t.Errorf("the old address was asked %d times, the new one %d times", len(old.announces()), len(moved.announces()))
		}
	})
}
