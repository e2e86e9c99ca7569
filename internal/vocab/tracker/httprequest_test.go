package tracker_test

import (
	"net/netip"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/internal/fuzzseed"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

func example() tracker.Announce {
	return tracker.Announce{
		InfoHash: tracker.InfoHash([]byte("\x00\xff abcdefghijklmn/+&")), PeerID: [20]byte([]byte("-ET0100-............")),
		Port: 1729, Uploaded: 1, Downloaded: 2, Left: 3, Event: tracker.Started, Key: 0xbeef, NumWant: 50,
	}
}

func TestAnAnnounceHasTheParametersOfBEP3(t *testing.T) {
	a := example()
	const want = "?info_hash=%00%FF%20abcdefghijklmn%2F%2B%26&peer_id=-ET0100-............&port=1729&uploaded=1&downloaded=2&left=3" +
		"&compact=1&numwant=50&key=0000BEEF&event=started"
	if got := usable(t, "http://t.example/announce").AnnounceURL(&a); got != "http://t.example/announce"+want {
		t.Errorf("got %s", got)
	}
	if got := usable(t, "http://u:p@t.example?k=v").AnnounceURL(&a); got != "http://u:p@t.example/?k=v&"+want[1:] {
		t.Errorf("got %s", got)
	}
}

func TestWhatIsNotToBeToldIsLeftOut(t *testing.T) {
	got := usable(t, "http://t.example/announce").AnnounceURL(&tracker.Announce{NumWant: tracker.NumWantDefault})
	for _, name := range []string{"event", "trackerid", "numwant", "ipv4", "ipv6", "supportcrypto"} {
		if strings.Contains(got, name) {
			t.Errorf("%s is in %s", name, got)
		}
	}
}

func TestAddressesAndATrackersIDGoAlong(t *testing.T) {
	a := tracker.Announce{
		TrackerID: "a b&c", IPv4: netip.MustParseAddr("198.51.100.1"), IPv6: netip.MustParseAddr("2001:db8::1"),
	}
	const want = "&trackerid=a%20b%26c&ipv4=198.51.100.1&ipv6=2001%3Adb8%3A%3A1"
	if got := usable(t, "http://t.example/announce").AnnounceURL(&a); !strings.HasSuffix(got, want) {
		t.Errorf("got %s", got)
	}
}

func TestATrackerHearsWhatAClientSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := announces().Draw(t, "announce")
		a.TrackerID = string(rapid.SliceOfN(rapid.Byte(), 0, 256).Draw(t, "tracker id"))
		if rapid.Bool().Draw(t, "addresses") {
			a.IPv4, a.IPv6 = addresses(tracker.IPv4).Draw(t, "v4"), addresses(tracker.IPv6).Draw(t, "v6")
		}
		e := tracker.ViewURL("http://t.example/announce?k=v").(tracker.URLUsable)
		_, query, _ := strings.Cut(e.URL.AnnounceURL(&a), "?")
		if got := tracker.ViewAnnounceQuery(query); got != (tracker.AnnounceQuery{Announce: a}) {
			t.Fatalf("%s: %+v, want %+v", query, got, a)
		}
	})
}

func TestAScrapeIsWhereTheConventionOfBEP48HasIt(t *testing.T) {
	hashes := []tracker.InfoHash{{0xff}, {'a'}}
	const query = "info_hash=%FF%00%00%00%00%00%00%00%00%00%00%00%00%00%00%00%00%00%00%00&info_hash=a%00%00%00%00%00%00%00%00%00%00%00%00%00%00%00%00%00%00%00"
	for url, want := range map[string]tracker.ScrapeEvidence{
		"http://t.example/announce":          tracker.ScrapeByURL{URL: "http://t.example/scrape?" + query},
		"http://t.example/x/announce":        tracker.ScrapeByURL{URL: "http://t.example/x/scrape?" + query},
		"http://t.example/announce.php?k=v":  tracker.ScrapeByURL{URL: "http://t.example/scrape.php?k=v&" + query},
		"http://t.example/announce%2ephp":    tracker.ScrapeByURL{URL: "http://t.example/scrape%2ephp?" + query},
		"http://t.example/a":                 tracker.NoScrape{},
		"http://t.example/announce/x":        tracker.NoScrape{},
		"http://t.example/x%064announce":     tracker.NoScrape{},
		"http://t.example/?x=/announce":      tracker.NoScrape{},
		"http://t.example":                   tracker.NoScrape{},
		"udp://t.example:6969":               tracker.ScrapeByDatagram{},
		"http://announce.example/tracker":    tracker.NoScrape{},
		"http://t.example/announce/announce": tracker.ScrapeByURL{URL: "http://t.example/announce/scrape?" + query},
	} {
		if got := usable(t, url).ViewScrape(hashes); got != want {
			t.Errorf("%s: %+v", url, got)
		}
	}
}

func TestATrackerHearsAScrape(t *testing.T) {
	hashes := []tracker.InfoHash{{1}, {2}, {'&'}}
	_, query, _ := strings.Cut(usable(t, "http://t.example/announce").ViewScrape(hashes).(tracker.ScrapeByURL).URL, "?")
	got, is := tracker.ViewScrapeQuery(query).(tracker.ScrapeQuery)
	if !is || len(got.Hashes) != 3 || [3]tracker.InfoHash(got.Hashes) != [3]tracker.InfoHash(hashes) {
		t.Errorf("%+v", got)
	}
	many := strings.Repeat("&info_hash=aaaaaaaaaaaaaaaaaaaa", tracker.MaxScrape+1)[1:]
	for query, want := range map[string]tracker.QueryFault{
		many: tracker.TooManyHashes, "info_hash=a": tracker.InfoHashMalformed, strings.Repeat("a", tracker.MaxQueryBytes+1): tracker.QueryTooLong,
	} {
		if got, _ := tracker.ViewScrapeQuery(query).(tracker.ScrapeQueryMalformed); got.Fault != want {
			t.Errorf("%.40s: %+v", query, got)
		}
	}
}

func TestAnAnnounceThatCannotBeReadIsRefusedForItsFault(t *testing.T) {
	const hash, peer = "info_hash=aaaaaaaaaaaaaaaaaaaa", "&peer_id=bbbbbbbbbbbbbbbbbbbb"
	for query, want := range map[string]tracker.QueryFault{
		"":                                           tracker.InfoHashMalformed,
		"info_hash=a" + peer + "&port=1":             tracker.InfoHashMalformed,
		"info_hash=%zz" + peer + "&port=1":           tracker.InfoHashMalformed,
		hash + "&port=1":                             tracker.PeerIDMalformed,
		hash + peer:                                  tracker.QueryPortMalformed,
		hash + peer + "&port=65536":                  tracker.QueryPortMalformed,
		hash + peer + "&port=1&left=-1":              tracker.NumberMalformed,
		hash + peer + "&port=1&uploaded=x":           tracker.NumberMalformed,
		hash + peer + "&port=1&event=x":              tracker.EventUnknown,
		strings.Repeat("&", 1+tracker.MaxQueryBytes): tracker.QueryTooLong,
	} {
		if got, _ := tracker.ViewAnnounceQuery(query).(tracker.AnnounceQueryMalformed); got.Fault != want || want.String() == "" {
			t.Errorf("%.60s: %+v, want %v", query, got, want)
		}
	}
}

func TestOtherClientsWaysToAskAreUnderstood(t *testing.T) {
	const least = "info_hash=aaaaaaaaaaaaaaaaaaaa&peer_id=bbbbbbbbbbbbbbbbbbb+&port=1"
	want := tracker.Announce{Port: 1, NumWant: tracker.NumWantDefault, Left: tracker.LeftUnknown}
	copy(want.InfoHash[:], "aaaaaaaaaaaaaaaaaaaa")
	copy(want.PeerID[:], "bbbbbbbbbbbbbbbbbbb ")
	for query, change := range map[string]func(*tracker.AnnounceQuery){
		"":                                 func(*tracker.AnnounceQuery) {},
		"&compact=0&no_peer_id=1":          func(q *tracker.AnnounceQuery) { q.Form = tracker.Dictionaries },
		"&event=paused&event=stopped":      func(*tracker.AnnounceQuery) {},
		"&event=empty&numwant=-5":          func(*tracker.AnnounceQuery) {},
		"&numwant=99999999999":             func(q *tracker.AnnounceQuery) { q.Announce.NumWant = 1<<31 - 1 },
		"&left=0":                          func(q *tracker.AnnounceQuery) { q.Announce.Left = 0 },
		"&key=12AB":                        func(q *tracker.AnnounceQuery) { q.Announce.Key = 0x12ab },
		"&key=any+text":                    func(q *tracker.AnnounceQuery) { q.Announce.Key = 0xd2b988b0 },
		"&ip=198.51.100.1":                 func(q *tracker.AnnounceQuery) { q.Announce.IPv4 = netip.MustParseAddr("198.51.100.1") },
		"&ip=2001:db8::1&ipv4=2001:db8::2": func(q *tracker.AnnounceQuery) { q.Announce.IPv6 = netip.MustParseAddr("2001:db8::1") },
		"&ip=host.example":                 func(*tracker.AnnounceQuery) {},
	} {
		q := tracker.AnnounceQuery{Announce: want}
		change(&q)
		if got := tracker.ViewAnnounceQuery(least + query); got != q {
			t.Errorf("%s: %+v, want %+v", query, got, q)
		}
	}
}

func FuzzQueries(f *testing.F) {
	fuzzseed.Add(f)
	a := example()
	a.IPv4, a.IPv6, a.TrackerID = netip.MustParseAddr("198.51.100.1"), netip.MustParseAddr("2001:db8::1"), "id"
	_, query, _ := strings.Cut(usable(f, "http://t.example/announce").AnnounceURL(&a), "?")
	f.Add(query)
	f.Add(query + "&compact=0&key=zz")
	f.Add("info_hash=aaaaaaaaaaaaaaaaaaaa&info_hash=%00")
	f.Fuzz(func(t *testing.T, query string) {
		u := usable(t, "http://t.example/announce")
		switch e := tracker.ViewAnnounceQuery(query).(type) {
		case tracker.AnnounceQuery:
			_, written, _ := strings.Cut(u.AnnounceURL(&e.Announce), "?")
			if again := tracker.ViewAnnounceQuery(written); again != (tracker.AnnounceQuery{Announce: e.Announce}) {
				t.Fatalf("%+v is read again as %+v", e, again)
			}
		case tracker.AnnounceQueryMalformed:
			if e.Fault == tracker.NoQueryFault {
				t.Fatal("malformed without a fault")
			}
		}
		switch e := tracker.ViewScrapeQuery(query).(type) {
		case tracker.ScrapeQuery:
			if len(e.Hashes) > tracker.MaxScrape {
				t.Fatalf("%d torrents", len(e.Hashes))
			}
		case tracker.ScrapeQueryMalformed:
			if e.Fault == tracker.NoQueryFault {
				t.Fatal("malformed without a fault")
			}
		}
	})
}
