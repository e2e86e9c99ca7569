package tracking

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/etorrent/etorrent/internal/core/swarms"
	"github.com/etorrent/etorrent/internal/leaf/crowd"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
	"github.com/etorrent/etorrent/sup"
)

const (
	readWithin  = 5 * time.Second
	writeWithin = 10 * time.Second
	idleAtMost  = 15 * time.Second
	// headerBytes is the longest head of a request: a query and what goes with it.
	headerBytes = tracker.MaxQueryBytes + 8<<10
	// finishWithin is how long answers under way have at a stop.
	finishWithin = time.Second
)

// pages answers over HTTP. What proxies say of their clients (X-Forwarded-For) is not
// believed: anybody can say it.
type pages struct{ t *Tracker }

func newPages(t *Tracker) *pages { return &pages{t} }

// serve answers until the listener fails or the process is to stop.
func (h *pages) serve(p *sup.Process, ln net.Listener) error {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /announce", h.announce)
	mux.HandleFunc("GET /scrape", h.scrape)
	mux.HandleFunc("GET /{$}", h.totals)
	server := &http.Server{
		Handler: mux, ReadHeaderTimeout: readWithin, ReadTimeout: readWithin, WriteTimeout: writeWithin, IdleTimeout: idleAtMost,
		MaxHeaderBytes: headerBytes, ErrorLog: slog.NewLogLogger(h.t.config.Logger.Handler(), slog.LevelError),
	}
	served, closed := make(chan struct{}), make(chan struct{})
	p.Go("closer", func() error {
		defer close(closed)
		select {
		case <-p.Stopping():
			ctx, cancel := context.WithTimeout(context.Background(), finishWithin)
			defer cancel()
			_ = server.Shutdown(ctx)
		case <-served:
		}
		_ = server.Close()
		return nil
	})
	err := server.Serve(&door{ln, h.t.crowd})
	close(served)
	<-closed
	return err
}

func remoteOf(r *http.Request) netip.Addr {
	at, _ := netip.ParseAddrPort(r.RemoteAddr)
	return at.Addr().Unmap().WithZone("")
}

func (h *pages) announce(w http.ResponseWriter, r *http.Request) {
	switch q := tracker.ViewAnnounceQuery(r.URL.RawQuery).(type) {
	case tracker.AnnounceQueryMalformed:
		h.malformed(w, q.Fault)
	case tracker.AnnounceQuery:
		var response tracker.Response
		e := h.t.announce(h.t.clock.Now(), request{&q.Announce, remoteOf(r), swarms.TellBoth}, &response)
		if e != swarms.Announced {
			refuse(w, e.Failure())
			return
		}
		send(w, response.AppendResponse(nil, q.Form))
	}
}

func (h *pages) scrape(w http.ResponseWriter, r *http.Request) {
	switch q := tracker.ViewScrapeQuery(r.URL.RawQuery).(type) {
	case tracker.ScrapeQueryMalformed:
		h.malformed(w, q.Fault)
	case tracker.ScrapeQuery:
		if len(q.Hashes) == 0 { // which would be all
			h.malformed(w, tracker.InfoHashMalformed)
			return
		}
		found, e := h.t.swarms.scrape(h.t.clock.Now(), remoteOf(r), q.Hashes, nil)
		if e != swarms.Scraped {
			refuse(w, swarms.TooOften.Failure())
			return
		}
		found = slices.DeleteFunc(found, func(s tracker.Scrape) bool { return s.Seeders == tracker.Untold })
		send(w, tracker.AppendScrape(nil, found))
	}
}

// totals is a page for people.
func (h *pages) totals(w http.ResponseWriter, _ *http.Request) {
	t := h.t.Totals()
	send(w, fmt.Appendf(nil, "BitTorrent tracker\ntorrents %d, seeders %d, leechers %d\nannounces %d, scrapes %d, completed %d\n",
		t.Torrents, t.Seeders, t.Leechers, t.Announces, t.Scrapes, t.Completed))
}

func (h *pages) malformed(w http.ResponseWriter, f tracker.QueryFault) {
	h.t.swarms.count(&Totals{Malformed: 1})
	refuse(w, tracker.Failure{Reason: f.String(), Retry: tracker.RetryUntold{}})
}

// refuse answers with a failure; clients read it only with the status of success.
func refuse(w http.ResponseWriter, f tracker.Failure) { send(w, f.AppendFailure(nil)) }

func send(w http.ResponseWriter, body []byte) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(body) // one that is gone needs no answer
}

// door lets in as many connections as there may be.
type door struct {
	net.Listener
	crowd *crowd.Crowd
}

// Accept is the next connection that may come in.
func (d *door) Accept() (net.Conn, error) {
	for {
		c, err := d.Listener.Accept()
		if err != nil {
			return nil, err
		}
		at, _ := netip.ParseAddrPort(c.RemoteAddr().String())
		if d.crowd.Enter(at.Addr()) == crowd.Entered {
			return &guest{Conn: c, leave: func() { d.crowd.Leave(at.Addr()) }}, nil
		}
		_ = c.Close()
	}
}

// guest leaves the crowd once, however often it is closed.
type guest struct {
	net.Conn
	once  sync.Once
	leave func()
}

// Close ends the connection.
func (g *guest) Close() error {
	g.once.Do(g.leave)
	return g.Conn.Close()
}
