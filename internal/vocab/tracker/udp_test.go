package tracker_test

import (
	"encoding/hex"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/internal/fuzzseed"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

func TestDatagramsHaveTheBytesOfBEP15(t *testing.T) {
	a := tracker.Announce{
		Port: 0x1234, Uploaded: 3, Downloaded: 1, Left: 2, Event: tracker.Stopped, Key: 0xaabbccdd, NumWant: tracker.NumWantDefault,
		IPv4: netip.MustParseAddr("1.2.3.4"),
	}
	copy(a.InfoHash[:], strings.Repeat("h", 20))
	copy(a.PeerID[:], strings.Repeat("p", 20))
	r := tracker.Response{
		Interval: time.Minute, Leechers: 2, Seeders: tracker.Untold,
		Peers: []netip.AddrPort{netip.MustParseAddrPort("1.2.3.4:5"), netip.MustParseAddrPort("[2001:db8::1]:6")},
	}
	const connection, transaction = 0x0102030405060708, 0x090a0b0c
	hs, ps := strings.Repeat("68", 20), strings.Repeat("70", 20)
	for want, got := range map[string][]byte{
		"0000041727101980" + "00000000" + "090a0b0c": tracker.AppendConnectRequest(nil, transaction),
		"00000000" + "090a0b0c" + "0102030405060708": tracker.AppendConnectReply(nil, transaction, connection),
		"0102030405060708" + "00000001" + "090a0b0c" + hs + ps + "0000000000000001" + "0000000000000002" + "0000000000000003" +
			"00000003" + "01020304" + "aabbccdd" + "ffffffff" + "1234" + "02042f613f62": tracker.AppendAnnounceRequest(nil, connection, transaction, &a, "/a?b"),
		"0102030405060708" + "00000002" + "090a0b0c" + hs:                                                                 tracker.AppendScrapeRequest(nil, connection, transaction, []tracker.InfoHash{a.InfoHash}),
		"00000001" + "090a0b0c" + "0000003c" + "00000002" + "00000000" + "010203040005":                                   r.AppendAnnounceReply(nil, transaction, tracker.IPv4),
		"00000001" + "090a0b0c" + "0000003c" + "00000002" + "00000000" + "20010db8" + "000000000000000000000001" + "0006": r.AppendAnnounceReply(nil, transaction, tracker.IPv6),
		"00000002" + "090a0b0c" + "00000001" + "00000002" + "00000003":                                                    tracker.AppendScrapeReply(nil, transaction, []tracker.Scrape{{Seeders: 1, Downloaded: 2, Leechers: 3}}),
		"00000003" + "090a0b0c" + "6e6f":                                                                                  tracker.AppendErrorReply(nil, transaction, "no"),
	} {
		if hex.EncodeToString(got) != want {
			t.Errorf("got  %x\nwant %s", got, want)
		}
	}
}

func TestATrackerReadsWhatAClientSends(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, n := tracker.Connection(rapid.Uint64().Draw(t, "connection")), tracker.Transaction(rapid.Uint32().Draw(t, "transaction"))
		if got := tracker.ViewRequest(tracker.AppendConnectRequest(nil, n)); got != (tracker.ConnectRequest{Transaction: n}) {
			t.Fatalf("%+v", got)
		}
		want := tracker.AnnounceRequest{Connection: c, Transaction: n, Announce: announces().Draw(t, "announce")}
		want.Target = string(rapid.SliceOfN(rapid.Byte(), 0, 700).Draw(t, "target"))
		b := tracker.AppendAnnounceRequest(nil, c, n, &want.Announce, want.Target)
		if got := tracker.ViewRequest(b); got != want {
			t.Fatalf("%+v, want %+v", got, want)
		}
		scrape := tracker.ScrapeRequest{Connection: c, Transaction: n, Hashes: []tracker.InfoHash{bytes20(t, "first"), bytes20(t, "second")}}
		if got := tracker.ViewRequest(tracker.AppendScrapeRequest(nil, c, n, scrape.Hashes)); !reflect.DeepEqual(got, scrape) {
			t.Fatalf("%+v, want %+v", got, scrape)
		}
	})
}

func TestAClientReadsWhatATrackerSends(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := tracker.Transaction(rapid.Uint32().Draw(t, "transaction"))
		c := tracker.ConnectReply{Transaction: n, Connection: tracker.Connection(rapid.Uint64().Draw(t, "connection"))}
		if got := tracker.ViewReply(tracker.AppendConnectReply(nil, n, c.Connection), tracker.IPv4); got != c {
			t.Fatalf("%+v, want %+v", got, c)
		}
		for _, f := range []tracker.Family{tracker.IPv4, tracker.IPv6} {
			want := tracker.Response{
				Interval: spans(1).Draw(t, "interval"), Seeders: counts().Draw(t, "seeders"), Leechers: counts().Draw(t, "leechers"),
				Peers: peersOf(f).Draw(t, "peers"), Downloaded: tracker.Untold,
			}
			want.MinInterval, want.Seeders, want.Leechers = want.Interval, max(want.Seeders, 0), max(want.Leechers, 0)
			got, is := tracker.ViewReply(want.AppendAnnounceReply(nil, n, f), f).(tracker.AnnounceReply)
			if !is || got.Transaction != n || !slices.Equal(got.Response.Peers, want.Peers) {
				t.Fatalf("%+v, want %+v", got, want)
			}
			got.Response.Peers = want.Peers
			if !reflect.DeepEqual(got.Response, want) {
				t.Fatalf("%+v, want %+v", got.Response, want)
			}
		}
	})
}

func TestAnAnswerFitsIntoOnePacket(t *testing.T) {
	for f, peer := range map[tracker.Family]string{tracker.IPv4: "1.2.3.4:5", tracker.IPv6: "[2001:db8::1]:5"} {
		r := tracker.Response{Peers: slices.Repeat([]netip.AddrPort{netip.MustParseAddrPort(peer)}, 500)}
		b := r.AppendAnnounceReply([]byte("before"), 1, f)[len("before"):]
		got, _ := tracker.ViewReply(b, f).(tracker.AnnounceReply)
		if len(b) > tracker.MaxDatagramBytes || len(b) < tracker.MaxDatagramBytes-20 || len(got.Response.Peers) == 0 || got.Response.Omitted > 0 {
			t.Errorf("%v: %d bytes, %d peers", f, len(b), len(got.Response.Peers))
		}
	}
}

func TestADatagramThatIsCutOffIsMalformed(t *testing.T) {
	a := example()
	for name, c := range map[string]struct {
		whole []byte
		least int
	}{
		"connect":  {tracker.AppendConnectRequest(nil, 7), 16},
		"announce": {tracker.AppendAnnounceRequest(nil, 5, 7, &a, "/announce"), 98},
	} {
		for n := range len(c.whole) {
			_, isMalformed := tracker.ViewRequest(c.whole[:n]).(tracker.RequestMalformed)
			if isMalformed != (n < c.least) {
				t.Errorf("%s of %d bytes: malformed %v", name, n, isMalformed)
			}
		}
	}
	for name, c := range map[string]struct {
		whole []byte
		least int
	}{
		"connect":  {tracker.AppendConnectReply(nil, 7, 5), 16},
		"announce": {(&tracker.Response{Peers: []netip.AddrPort{netip.MustParseAddrPort("1.2.3.4:5")}}).AppendAnnounceReply(nil, 7, tracker.AnyFamily), 20},
	} {
		for n := range len(c.whole) {
			got, isMalformed := tracker.ViewReply(c.whole[:n], tracker.IPv4).(tracker.ReplyMalformed)
			if isMalformed != (n < c.least) || isMalformed && (got.Fault != tracker.AnswerTooShort || (got.Transaction == 7) != (n >= 8)) {
				t.Errorf("%s of %d bytes: %+v", name, n, got)
			}
		}
	}
}

func TestADatagramOfAnotherKindIsMalformed(t *testing.T) {
	head := string(tracker.AppendErrorReply(nil, 7, ""))
	if got := tracker.ViewReply([]byte("\x00\x00\x00\x04"+head[4:]), tracker.IPv4); got != (tracker.ReplyMalformed{Transaction: 7, Fault: tracker.AnswerOfUnknownKind}) {
		t.Errorf("%+v", got)
	}
	for b, want := range map[string]tracker.RequestFault{
		"\x00\x00\x04\x17\x27\x10\x19\x81\x00\x00\x00\x00abcd": tracker.RequestOfOtherProtocol,
		"\x00\x00\x04\x17\x27\x10\x19\x80\x00\x00\x00\x03abcd": tracker.RequestOfUnknownKind,
		"d1:ad2:id20:": tracker.RequestTooShort,
	} {
		if got := tracker.ViewRequest([]byte(b)); got != (tracker.RequestMalformed{Fault: want}) || want.String() == "" {
			t.Errorf("%q: %+v", b, got)
		}
	}
}

func TestNumbersOutOfRangeAreCut(t *testing.T) {
	a := tracker.Announce{Uploaded: -1, Downloaded: -1, Left: -1, Event: 9, NumWant: -7}
	want := tracker.Announce{NumWant: tracker.NumWantDefault}
	if got := tracker.ViewRequest(tracker.AppendAnnounceRequest(nil, 0, 0, &a, "")); got != (tracker.AnnounceRequest{Announce: want}) {
		t.Errorf("%+v", got)
	}
	b := append(tracker.AppendErrorReply(nil, 0, "")[:8], "\xff\xff\xff\xff\xff\xff\xff\xff\x80\x00\x00\x00"...)
	b[3] = 1
	got, _ := tracker.ViewReply(b, tracker.IPv4).(tracker.AnnounceReply)
	if got.Response.Interval != 0 || got.Response.Leechers != tracker.Untold || got.Response.Seeders != tracker.Untold {
		t.Errorf("%+v", got)
	}
}

func TestOptionsAreReadAsBEP41HasThem(t *testing.T) {
	bare := string(tracker.AppendAnnounceRequest(nil, 0, 0, &tracker.Announce{}, ""))
	for options, want := range map[string]string{
		"":                     "",
		"\x02\x0c/dir?a=b&c=d": "/dir?a=b&c=d",
		"\x02\x0c/dir?a=b&c=d\x01\x01\x00ignored": "/dir?a=b&c=d",
		"\x02\x00":                         "",
		"\x01\x02\x01/\x77\x02ab\x02\x01x": "/x", // an option that nobody knows between two parts
		"\x02\x01/\x02\x05x":               "/",  // longer than the datagram
		"\x02\x01/\x02":                    "/",
		"\x00\x02\x01/":                    "",
	} {
		got, is := tracker.ViewRequest([]byte(bare + options)).(tracker.AnnounceRequest)
		if !is || got.Target != want {
			t.Errorf("%q: %q, want %q", options, got.Target, want)
		}
	}
}

func TestAnErrorIsAFailure(t *testing.T) {
	b := tracker.AppendErrorReply(nil, 7, "Torrent not found\x1b[2J"+strings.Repeat("x", 5000))
	got, _ := tracker.ViewReply(b, tracker.IPv4).(tracker.ErrorReply)
	checkFailure(t, got.Failure)
	if got.Failure.Kind != tracker.Unregistered || !strings.HasPrefix(got.Failure.Reason, `Torrent not found\x1b[2Jx`) {
		t.Errorf("%+v", got)
	}
}

func TestScrapesAreReadInTheOrderAskedForAndBounded(t *testing.T) {
	many := make([]tracker.Scrape, tracker.MaxScrape+5)
	many[1] = tracker.Scrape{Seeders: 1, Leechers: 2, Downloaded: 3}
	got, _ := tracker.ViewReply(tracker.AppendScrapeReply(nil, 7, many), tracker.IPv6).(tracker.ScrapeReply)
	if len(got.Swarms) != tracker.MaxScrape || got.Swarms[1] != many[1] {
		t.Errorf("%d swarms, %+v", len(got.Swarms), got.Swarms[:2])
	}
	asked, _ := tracker.ViewRequest(tracker.AppendScrapeRequest(nil, 1, 7, make([]tracker.InfoHash, tracker.MaxScrape+5))).(tracker.ScrapeRequest)
	if len(asked.Hashes) != tracker.MaxScrape {
		t.Errorf("%d torrents", len(asked.Hashes))
	}
}

func FuzzViewReply(f *testing.F) {
	fuzzseed.Add(f)
	r := tracker.Response{Interval: time.Minute, Peers: []netip.AddrPort{netip.MustParseAddrPort("1.2.3.4:5"), netip.MustParseAddrPort("[2001:db8::1]:6")}}
	for _, b := range [][]byte{
		tracker.AppendConnectReply(nil, 1, 2), r.AppendAnnounceReply(nil, 1, tracker.IPv4), r.AppendAnnounceReply(nil, 1, tracker.IPv6),
		tracker.AppendScrapeReply(nil, 1, []tracker.Scrape{{}}), tracker.AppendErrorReply(nil, 1, "no"), []byte("d1:ad2:id"),
	} {
		f.Add(byte(tracker.IPv6), b)
		f.Add(byte(tracker.IPv4), b)
	}
	f.Fuzz(func(t *testing.T, family byte, b []byte) {
		f := tracker.Family(family % 3)
		switch e := tracker.ViewReply(b, f).(type) {
		case tracker.AnnounceReply:
			checkResponse(t, &e.Response)
			again, _ := tracker.ViewReply(e.Response.AppendAnnounceReply(nil, e.Transaction, f), f).(tracker.AnnounceReply)
			if again.Transaction != e.Transaction || again.Response.Interval != e.Response.Interval || len(again.Response.Peers) > len(e.Response.Peers) {
				t.Fatalf("%+v is read again as %+v", e, again)
			}
		case tracker.ScrapeReply:
			if len(e.Swarms) > tracker.MaxScrape {
				t.Fatalf("%d swarms", len(e.Swarms))
			}
		case tracker.ErrorReply:
			checkFailure(t, e.Failure)
		case tracker.ConnectReply:
			if again := tracker.AppendConnectReply(nil, e.Transaction, e.Connection); string(again) != string(b[:len(again)]) {
				t.Fatal("written otherwise than read")
			}
		case tracker.ReplyMalformed:
			if e.Fault == tracker.NoAnswerFault {
				t.Fatal("malformed without a fault")
			}
		}
	})
}

func FuzzViewRequest(f *testing.F) {
	fuzzseed.Add(f)
	a := example()
	a.IPv4 = netip.MustParseAddr("1.2.3.4")
	for _, b := range [][]byte{
		tracker.AppendConnectRequest(nil, 1), tracker.AppendAnnounceRequest(nil, 1, 2, &a, "/announce?"+strings.Repeat("x", 300)),
		append(tracker.AppendAnnounceRequest(nil, 1, 2, &a, ""), "\x01\x09\x01x\x02\x01y\x00z"...),
		tracker.AppendScrapeRequest(nil, 1, 2, make([]tracker.InfoHash, 2)), []byte("d1:ad2:id"),
	} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		switch e := tracker.ViewRequest(b).(type) {
		case tracker.AnnounceRequest:
			again := tracker.AppendAnnounceRequest(nil, e.Connection, e.Transaction, &e.Announce, e.Target)
			if got := tracker.ViewRequest(again); got != e {
				t.Fatalf("%+v is read again as %+v", e, got)
			}
			if len(e.Target) > len(b) {
				t.Fatalf("a target of %d bytes in %d", len(e.Target), len(b))
			}
		case tracker.ScrapeRequest:
			if len(e.Hashes) > tracker.MaxScrape {
				t.Fatalf("%d torrents", len(e.Hashes))
			}
		case tracker.ConnectRequest:
			if again := tracker.AppendConnectRequest(nil, e.Transaction); string(again) != string(b[:len(again)]) {
				t.Fatal("written otherwise than read")
			}
		case tracker.RequestMalformed:
			if e.Fault == tracker.NoRequestFault {
				t.Fatal("malformed without a fault")
			}
		}
	})
}
