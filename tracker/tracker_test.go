package tracker_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	vocab "github.com/etorrent/etorrent/internal/vocab/tracker"
	"github.com/etorrent/etorrent/metainfo"
	"github.com/etorrent/etorrent/tracker"
)

var hash = vocab.InfoHash{1, 2, 3}

func TestPeersFindEachOtherOverUDP(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "::1"} {
		t.Run(host, func(t *testing.T) {
			c := call(t, loopback(t, host).DatagramAddrs()[0])
			if r := c.told(vocab.Announce{InfoHash: hash, Port: 4001, Event: vocab.Started, NumWant: -1}); len(r.Peers) != 0 || r.Interval < 30*time.Minute {
				t.Errorf("told %+v", r)
			}
			r := c.told(vocab.Announce{InfoHash: hash, Port: 4002, Left: 1, Event: vocab.Started, NumWant: -1})
			if want := netip.AddrPortFrom(netip.MustParseAddr(host), 4001); !slices.Equal(r.Peers, []netip.AddrPort{want}) || r.Seeders != 1 || r.Leechers != 1 {
				t.Errorf("told %+v", r)
			}
			c.told(vocab.Announce{InfoHash: hash, Port: 4001, Event: vocab.Stopped})
			if r := c.told(vocab.Announce{InfoHash: hash, Port: 4002, Event: vocab.Completed, NumWant: -1}); len(r.Peers) != 0 || r.Seeders != 1 {
				t.Errorf("told %+v", r)
			}
			reply, _ := c.ask(vocab.AppendScrapeRequest(nil, c.connect(), 9, []vocab.InfoHash{{9}, hash}))
			want := []vocab.Scrape{{}, {Seeders: 1, Downloaded: 1}}
			if got, is := reply.(vocab.ScrapeReply); !is || got.Transaction != 9 || !slices.Equal(got.Swarms, want) {
				t.Errorf("scraped %+v", reply)
			}
		})
	}
}

func TestPeersFindEachOtherOverHTTP(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "::1"} {
		t.Run(host, func(t *testing.T) {
			at := loopback(t, host).Addrs()[0]
			announce(t, at, queryOf(hash, "4001", "0"))
			want := []netip.AddrPort{netip.AddrPortFrom(netip.MustParseAddr(host), 4001)}
			for _, form := range []string{"0", "1"} {
				q := queryOf(hash, "4002", "1")
				q.Set("compact", form)
				got, is := announce(t, at, q).(vocab.Answered)
				if !is || !slices.Equal(got.Response.Peers, want) || got.Response.Seeders != 1 || got.Response.ExternalIP != at.Addr() {
					t.Errorf("told %+v", got)
				}
			}
			status, body := get(t, at, "/scrape", url.Values{"info_hash": {string(hash[:])}}, nil)
			scraped, is := vocab.ViewScrapeReply(vocab.HTTPReply{Status: status, Body: body}).(vocab.Scraped)
			if !is || !slices.Equal(scraped.Swarms, []vocab.Scrape{{InfoHash: hash, Seeders: 1, Leechers: 1}}) {
				t.Errorf("scraped %q", body)
			}
			if status, body := get(t, at, "/", nil, nil); status != http.StatusOK || !strings.Contains(string(body), "torrents 1, seeders 1, leechers 1") {
				t.Errorf("%d %q", status, body)
			}
			if status, _ := get(t, at, "/other", nil, nil); status != http.StatusNotFound {
				t.Errorf("another page: %d", status)
			}
		})
	}
}

func TestPeersOfBothProtocolsAndFamiliesAreInOneSwarm(t *testing.T) {
	tr := start(t, tracker.Options{Listen: []string{":0"}})
	udp := tr.DatagramAddrs()
	if len(udp) != 2 {
		t.Skip("the host does without a family")
	}
	port := udp[0].Port()
	v4, v6 := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port), netip.AddrPortFrom(netip.IPv6Loopback(), port)
	call(t, v4).told(vocab.Announce{InfoHash: hash, Port: 4001})
	call(t, v6).told(vocab.Announce{InfoHash: hash, Port: 4002})
	four, six := netip.MustParseAddrPort("127.0.0.1:4001"), netip.MustParseAddrPort("[::1]:4002")
	if got, is := announce(t, v6, queryOf(hash, "4003", "1")).(vocab.Answered); !is || !slices.Equal(got.Response.Peers, []netip.AddrPort{four, six}) {
		t.Errorf("over HTTP: %+v", got)
	}
	if r := call(t, v4).told(vocab.Announce{InfoHash: hash, Port: 4004, Left: 1, NumWant: -1}); !slices.Equal(r.Peers, []netip.AddrPort{four}) || r.Seeders != 2 {
		t.Errorf("over UDP: %+v", r)
	}
}

func TestAnAnswerLeavesFromTheAddressThatWasAsked(t *testing.T) {
	tr := start(t, tracker.Options{Listen: []string{"0.0.0.0:0"}})
	to := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.9"), tr.DatagramAddrs()[0].Port())
	probe, err := net.Dial("udp", to.String())
	if err != nil {
		t.Skip(err)
	}
	_ = probe.Close()
	if _, from := call(t, to).ask(vocab.AppendConnectRequest(nil, 7)); from != to && runtime.GOOS == "linux" {
		t.Errorf("answered from %v", from) // elsewhere it is not known which address was asked
	}
}

func TestAConnectionIDThatWasNotGivenIsRefusedAsClientsKnowIt(t *testing.T) {
	c := call(t, loopback(t, "127.0.0.1").DatagramAddrs()[0])
	id := c.connect() + 1
	for _, packet := range [][]byte{
		vocab.AppendAnnounceRequest(nil, id, 8, &vocab.Announce{Port: 1}, ""), vocab.AppendScrapeRequest(nil, id, 8, []vocab.InfoHash{hash}),
	} {
		reply, _ := c.ask(packet)
		if refused, is := reply.(vocab.ErrorReply); !is || refused.Transaction != 8 || refused.Failure.Kind != vocab.StaleConnection {
			t.Errorf("answered %+v", reply)
		}
	}
}

func TestOnlyWhatIsAllowedIsTracked(t *testing.T) {
	tr := start(t, tracker.Options{Listen: []string{"127.0.0.1:0"}, Allow: tracker.Only{{5}}})
	c := call(t, tr.DatagramAddrs()[0])
	if refused, is := c.announce(vocab.Announce{InfoHash: hash, Port: 1}).(vocab.ErrorReply); !is || refused.Failure.Kind != vocab.Unregistered {
		t.Errorf("over UDP: %+v", refused)
	}
	if refused, is := announce(t, tr.Addrs()[0], queryOf(hash, "1", "1")).(vocab.Refused); !is || refused.Failure.Kind != vocab.Unregistered {
		t.Errorf("over HTTP: %+v", refused)
	}
	tr.AllowOnly(metainfo.InfoHash(hash))
	c.told(vocab.Announce{InfoHash: hash, Port: 1})
	if refused, is := c.announce(vocab.Announce{InfoHash: vocab.InfoHash{5}, Port: 1}).(vocab.ErrorReply); !is || refused.Failure.Kind != vocab.Unregistered {
		t.Errorf("one that was allowed before: %+v", refused)
	}
	if n := tr.Totals(); n.Unlisted != 3 || n.Torrents != 1 || n.Announces != 1 {
		t.Errorf("%+v", n)
	}
}

func TestWhatClientsTellOfTheirAddressIsIgnoredUnlessTheyAreLocalAndItIsWanted(t *testing.T) {
	for claims, want := range map[tracker.Claims]string{
		tracker.IgnoreClaims: "127.0.0.1:4001", tracker.BelieveLocalClaims: "192.0.2.7:4001",
	} {
		at := start(t, tracker.Options{Listen: []string{"127.0.0.1:0"}, Claims: claims}).Addrs()[0]
		q := queryOf(hash, "4001", "1")
		q.Set("ip", "192.0.2.7")
		get(t, at, "/announce", q, http.Header{"X-Forwarded-For": {"198.51.100.3"}, "Forwarded": {"for=198.51.100.3"}})
		got, is := announce(t, at, queryOf(hash, "4002", "1")).(vocab.Answered)
		if !is || fmt.Sprint(got.Response.Peers) != "["+want+"]" {
			t.Errorf("told %v, want %s", got.Response.Peers, want)
		}
	}
}

func TestNonsenseIsRefusedOrNotAnswered(t *testing.T) {
	tr := loopback(t, "127.0.0.1")
	at := tr.Addrs()[0]
	for what, q := range map[string]url.Values{
		"nothing": {}, "no number": queryOf(hash, "port", "1"), "another event": queryOf(hash, "1", "1"), "a long query": queryOf(hash, "1", "1"),
	} {
		switch what {
		case "another event":
			q.Set("event", "exploded")
		case "a long query":
			q.Set("more", strings.Repeat("x", vocab.MaxQueryBytes))
		}
		if got, is := announce(t, at, q).(vocab.Refused); !is || got.Failure.Reason == "" {
			t.Errorf("%s: %+v", what, got)
		}
	}
	if _, body := get(t, at, "/scrape", nil, nil); !strings.Contains(string(body), "failure reason") {
		t.Errorf("a scrape of everything: %q", body)
	}
	c := call(t, tr.DatagramAddrs()[0])
	for _, packet := range []string{"", "x", strings.Repeat("\x00", 98), strings.Repeat("\xff", 1400)} {
		if _, err := c.socket.WriteToUDPAddrPort([]byte(packet), c.to); err != nil {
			t.Fatal(err)
		}
	}
	if reply, _ := c.ask(vocab.AppendConnectRequest(nil, 7)); reply.(vocab.ConnectReply).Transaction != 7 {
		t.Errorf("the first answer is %+v", reply)
	}
}

func TestALongHeadIsRefused(t *testing.T) {
	c, err := net.Dial("tcp", loopback(t, "127.0.0.1").Addrs()[0].String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	go func() {
		fmt.Fprint(c, "GET /announce HTTP/1.1\r\nHost: x\r\n")
		for range 1 << 16 {
			if _, err := fmt.Fprintf(c, "X-More: %s\r\n", strings.Repeat("x", 100)); err != nil {
				return
			}
		}
	}()
	answer, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err == nil { // else it was closed before that was read
		defer answer.Body.Close()
		if answer.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("answered %s", answer.Status)
		}
	}
}

func TestATakenPortIsAListenError(t *testing.T) {
	at := loopback(t, "127.0.0.1").Addrs()[0].String()
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	for _, taken := range []string{at, socket.LocalAddr().String(), "nonsense"} {
		var refused *tracker.ListenError
		if _, err := tracker.New(t.Context(), tracker.Options{Listen: []string{"127.0.0.1:0", taken}}); !errors.As(err, &refused) || refused.Address != taken {
			t.Errorf("%s: %v", taken, err)
		}
	}
}

func TestServeRunsUntilItsContextEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- tracker.Serve(ctx, tracker.Options{Listen: []string{"127.0.0.1:0"}}) }()
	cancel()
	if err := <-ended; err != nil && !errors.Is(err, context.Canceled) { // which is one before it began
		t.Error(err)
	}
}

func TestEveryCallEndsWithItsContext(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	o := tracker.Options{Listen: []string{"127.0.0.1:0"}}
	if tr, err := tracker.New(ended, o); tr != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("%v, %v", tr, err)
	}
	if err := tracker.Serve(ended, o); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	tr := start(t, o)
	if err := tr.Shutdown(ended); err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	<-tr.Done() // it goes on stopping
	if err := tr.Err(); err != nil {
		t.Error(err)
	}
}

func TestTheURLsLeadToTheTracker(t *testing.T) {
	tr := start(t, tracker.Options{Listen: []string{":0"}})
	urls := tr.URLs()
	if len(urls) < 2 || len(urls) > 16 {
		t.Fatalf("URLs %q", urls)
	}
	for _, u := range urls {
		if at, err := url.Parse(u); err != nil || at.Path != "/announce" || at.Hostname() == "0.0.0.0" || at.Hostname() == "::" {
			t.Errorf("%s: %v", u, err)
		}
	}
}
