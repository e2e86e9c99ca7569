package etorrent_test

import (
	"crypto/sha1"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
	"github.com/etorrent/etorrent/metainfo"
)

// oracle is a tracker that notes what it hears, and answers as it is told to.
type oracle struct {
	url  string
	host *etorrenttest.Host

	mu     sync.Mutex
	heard  []url.Values
	at     []time.Time // of each
	answer []byte      // for everybody; nil: whom else it knows
	known  []netip.AddrPort
	counts []byte        // of a scrape
	hangs  chan struct{} // nil: it answers
}

// oracle is a tracker on a host of its own.
func (s *swarm) oracle() *oracle {
	s.t.Helper()
	s.hosts++
	return s.oracleAt("10.9.0." + strconv.Itoa(s.hosts))
}

// oracleAt is one at an address.
func (s *swarm) oracleAt(address string) *oracle {
	s.t.Helper()
	host := s.network.Host(address)
	l, err := host.Listen(s.t.Context(), "tcp", ":6969")
	if err != nil {
		s.t.Fatal(err)
	}
	o := &oracle{url: "http://" + l.Addr().String() + "/announce", host: host}
	server := &http.Server{Handler: o}
	go func() { _ = server.Serve(l) }()
	s.t.Cleanup(func() {
		if o.hangs != nil {
			close(o.hangs)
		}
		_ = server.Close()
	})
	return o
}

// ServeHTTP takes an announce.
func (o *oracle) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	o.mu.Lock()
	hangs := o.hangs
	o.mu.Unlock()
	if hangs != nil {
		<-hangs
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if r.URL.Path == "/scrape" && o.counts != nil {
		_, _ = w.Write(o.counts)
		return
	}
	o.heard, o.at = append(o.heard, q), append(o.at, time.Now())
	if o.answer != nil {
		_, _ = w.Write(o.answer)
		return
	}
	from, _ := netip.ParseAddrPort(r.RemoteAddr)
	port, _ := strconv.ParseUint(q.Get("port"), 10, 16)
	me := netip.AddrPortFrom(from.Addr(), uint16(port))
	answer := tracker.Response{Interval: 10 * time.Minute, Seeders: 1, Leechers: tracker.Untold}
	for _, other := range o.known {
		if other != me {
			answer.Peers = append(answer.Peers, other)
		}
	}
	if q.Get("event") != "stopped" {
		o.known = append(o.known, me)
	}
	_, _ = w.Write(answer.AppendResponse(nil, tracker.Compact))
}

// scraped has it tell of a swarm.
func (o *oracle) scraped(c *etorrenttest.Content, s tracker.Scrape) {
	o.mu.Lock()
	defer o.mu.Unlock()
	s.InfoHash = tracker.InfoHash(c.Metainfo.ID().V1)
	o.counts = tracker.AppendScrape(nil, []tracker.Scrape{s})
}

// refuses has it say no from now on.
func (o *oracle) refuses(reason string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	f := tracker.Failure{Reason: reason}
	o.answer = f.AppendFailure(nil)
}

// hang has it answer nobody any more, until the end of the test.
func (o *oracle) hang() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.hangs = make(chan struct{})
}

// goOn has it answer again; who asked while it did not gets nothing.
func (o *oracle) goOn() {
	o.mu.Lock()
	defer o.mu.Unlock()
	close(o.hangs)
	o.hangs = nil
}

// answers has it give everybody one answer.
func (o *oracle) answers(r tracker.Response) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.answer = r.AppendResponse(nil, tracker.Compact)
}

// names has it name an endpoint to everybody.
func (o *oracle) names(peers ...netip.AddrPort) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.known = append(o.known, peers...)
}

// of is what it heard of somebody, by the port that all listen on and the peer id.
func (o *oracle) of(key, value string) []url.Values {
	o.mu.Lock()
	defer o.mu.Unlock()
	var out []url.Values
	for _, q := range o.heard {
		if q.Get(key) == value {
			out = append(out, q)
		}
	}
	return out
}

func (o *oracle) events() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var out []string
	for _, q := range o.heard {
		out = append(out, q.Get("event"))
	}
	return out
}

func (o *oracle) last(t *testing.T) url.Values {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.heard) == 0 {
		t.Fatal("it heard nothing")
	}
	return o.heard[len(o.heard)-1]
}

// add adds content with trackers.
func (s *swarm) add(m *member, c *etorrenttest.Content, o ...etorrent.AddOption) *etorrent.Torrent {
	s.t.Helper()
	s.listens(m)
	t, err := m.Add(s.t.Context(), etorrent.FromMetainfo(c.Metainfo), o...)
	if err != nil {
		s.t.Fatal(err)
	}
	return t
}

func trackers(of ...*oracle) etorrent.AddOption {
	tiers := make([][]string, len(of))
	for i, o := range of {
		tiers[i] = []string{o.url}
	}
	return etorrent.WithTrackers(tiers...)
}

func number(t *testing.T, q url.Values, key string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(q.Get(key), 10, 64)
	if err != nil {
		t.Errorf("%s: %v in %v", key, err, q)
	}
	return n
}

// privateContent is a torrent that has no peers but those of its tracker (BEP 27).
func privateContent(t *testing.T) *etorrenttest.Content {
	t.Helper()
	c := etorrenttest.NewContent(t, "private", 32<<10, 200_000)
	spec := metainfo.Spec{
		Name: "private", PieceLength: 32 << 10, Privacy: metainfo.Private,
		Files: []metainfo.SpecFile{{Path: []string{"0.bin"}, Length: int64(len(c.Bytes))}},
	}
	b, err := metainfo.NewBuilder(spec)
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(c.Bytes); at += 32 << 10 {
		b.PushPiece(sha1.Sum(c.Bytes[at:min(at+32<<10, len(c.Bytes))]))
	}
	if c.Metainfo, err = metainfo.Parse(b.Build()); err != nil {
		t.Fatal(err)
	}
	return c
}
