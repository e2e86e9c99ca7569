package tracker_test

import (
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/internal/fuzzseed"
	"github.com/etorrent/etorrent/internal/vocab/text"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

func reply(body string) tracker.HTTPReply { return tracker.HTTPReply{Status: 200, Body: []byte(body)} }

func TestAClientHearsWhatATrackerAnswers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := responses().Draw(t, "response")
		for _, form := range []tracker.Form{tracker.Compact, tracker.Dictionaries} {
			got, is := tracker.ViewAnnounceReply(reply(string(want.AppendResponse(nil, form)))).(tracker.Answered)
			if !is || !slices.Equal(got.Response.Peers, want.Peers) {
				t.Fatalf("form %d: %+v, want %+v", form, got, want)
			}
			got.Response.Peers = want.Peers // nil and empty are one
			if !reflect.DeepEqual(got.Response, want) {
				t.Fatalf("form %d: %+v, want %+v", form, got.Response, want)
			}
		}
	})
}

func TestWhatRealTrackersSendIsUnderstood(t *testing.T) {
	untold := tracker.Response{Seeders: tracker.Untold, Leechers: tracker.Untold, Downloaded: tracker.Untold}
	peer, peer6 := netip.MustParseAddrPort("1.2.3.4:258"), netip.MustParseAddrPort("[102::1]:258")
	for body, change := range map[string]func(*tracker.Response){
		"d5:peers6:\x01\x02\x03\x04\x01\x028:intervali1800ee": func(r *tracker.Response) { // keys out of order
			r.Interval, r.Peers = 30*time.Minute, []netip.AddrPort{peer}
		},
		"\r\n d8:intervali60e5:peers0:e\r\n": func(r *tracker.Response) { r.Interval = time.Minute }, // bytes around it
		"d8:interval4:18005:peerslee":        func(r *tracker.Response) { r.Interval = 30 * time.Minute },
		"d8:intervali-5e5:peers0:e":          func(*tracker.Response) {},
		"d8:intervali99999999999999999e12:min intervali9223372036854775807e5:peers0:e": func(r *tracker.Response) {
			r.Interval, r.MinInterval = tracker.MaxInterval, tracker.MaxInterval
		},
		"d8:completei-1e10:downloadedi99999999999e10:incomplete1:35:peers0:e": func(r *tracker.Response) {
			r.Downloaded, r.Leechers = 1<<31-1, 3
		},
		"d5:peers7:\x01\x02\x03\x04\x01\x02\x036:peers618:\x01\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x01\x02e": func(r *tracker.Response) {
			r.Peers = []netip.AddrPort{peer, peer6}
		},
		"d5:peersld2:ip7:1.2.3.47:peer id20:aaaaaaaaaaaaaaaaaaaa4:porti258eed2:ip6:102::14:port3:258eee": func(r *tracker.Response) {
			r.Peers = []netip.AddrPort{peer, peer6}
		},
		"d5:peersld2:ip9:a.example4:porti1eed2:ip7:1.2.3.44:porti65536eei5ed2:ip7:fe80::%4:porti1eeee": func(r *tracker.Response) { r.Omitted = 4 },
		"d11:external ip4:\x01\x02\x03\x045:peers0:e":                                                  func(r *tracker.Response) { r.ExternalIP = peer.Addr() },
		"d11:external ip7:1.2.3.45:peers0:e":                                                           func(r *tracker.Response) { r.ExternalIP = peer.Addr() },
		"d11:external ip4:\x00\x00\x00\x005:peers0:e":                                                  func(*tracker.Response) {},
		"d11:external ip3:abc5:peers0:e":                                                               func(*tracker.Response) {},
		"d5:peers0:10:tracker id2:ab10:tracker id2:cde":                                                func(r *tracker.Response) { r.TrackerID = "ab" },
		"d5:peers0:10:tracker id257:" + strings.Repeat("a", 257) + "e":                                 func(*tracker.Response) {},
		"d5:peers0:15:warning message9:old\x1b[2J\xff" + "!e":                                          func(r *tracker.Response) { r.Warning = `old\x1b[2J\xff!` },
	} {
		want := untold
		change(&want)
		got, is := tracker.ViewAnnounceReply(reply(body)).(tracker.Answered)
		if !is || !reflect.DeepEqual(got.Response, want) {
			t.Errorf("%q: %+v, want %+v", body, got, want)
		}
	}
}

func TestPeersAreBounded(t *testing.T) {
	const many = 3 * tracker.MaxPeers
	for _, body := range []string{
		fmt.Sprintf("d5:peers%d:%se", 6*many, strings.Repeat("abcdef", many)),
		fmt.Sprintf("d6:peers6%d:%se", 18*many, strings.Repeat("abcdefabcdefabcdef", many)),
		"d5:peersl" + strings.Repeat("d2:ip7:1.2.3.44:porti258ee", many) + "ee",
	} {
		got, _ := tracker.ViewAnnounceReply(reply(body)).(tracker.Answered)
		if len(got.Response.Peers) != tracker.MaxPeers || got.Response.Omitted != many-tracker.MaxPeers {
			t.Errorf("%.20s: %d peers, %d left out", body, len(got.Response.Peers), got.Response.Omitted)
		}
	}
}

func TestARefusalTellsItsReasonAndWhenToComeAgain(t *testing.T) {
	for body, want := range map[string]tracker.Failure{
		"d14:failure reason10:Overloaded8:retry in1:5e":                      {Reason: "Overloaded", Retry: tracker.RetryAfter{Span: 5 * time.Minute}},
		"d14:failure reason10:Overloaded8:retry ini5ee":                      {Reason: "Overloaded", Retry: tracker.RetryAfter{Span: 5 * time.Minute}},
		"d14:failure reason13:Not a tracker8:retry in5:nevere":               {Reason: "Not a tracker", Retry: tracker.RetryNever{}},
		"d14:failure reason1:x8:retry in1:0e":                                {Reason: "x", Retry: tracker.RetryUntold{}},
		"d14:failure reason1:x8:retry in4:soone":                             {Reason: "x", Retry: tracker.RetryUntold{}},
		"d14:failure reason1:x8:retry in19:9999999999999999999e":             {Reason: "x", Retry: tracker.RetryUntold{}},
		"d14:failure reason1:x8:retry in18:999999999999999999e":              {Reason: "x", Retry: tracker.RetryAfter{Span: tracker.MaxInterval}},
		"d14:failure reason1:x12:min intervali60ee":                          {Reason: "x", Retry: tracker.RetryUntold{}, MinInterval: time.Minute},
		"d14:failure reasoni5ee":                                             {Retry: tracker.RetryUntold{}},
		"d5:peers0:14:failure reason20:unregistered torrente":                {Reason: "unregistered torrent", Kind: tracker.Unregistered, Retry: tracker.RetryUntold{}},
		"d14:failure reason4:\x1b[2Je":                                       {Reason: `\x1b[2J`, Retry: tracker.RetryUntold{}},
		"d14:failure reason600:" + strings.Repeat("é", 300) + "e":            {Reason: strings.Repeat("é", 256), Retry: tracker.RetryUntold{}},
		"d14:failure reason601:a" + strings.Repeat("é", 300) + "e":           {Reason: "a" + strings.Repeat("é", 255), Retry: tracker.RetryUntold{}},
		"d14:failure reason600:" + strings.Repeat("\x80\x80\x80", 200) + "e": {Reason: strings.Repeat(`\x80`, 509), Retry: tracker.RetryUntold{}},
	} {
		for _, status := range []int{200, 400} {
			got, _ := tracker.ViewAnnounceReply(tracker.HTTPReply{Status: status, Body: []byte(body)}).(tracker.Refused)
			if got.Failure != want {
				t.Errorf("%q: %+v, want %+v", body, got, want)
			}
		}
	}
}

func TestTheKindOfARefusalIsKnownByItsWords(t *testing.T) {
	for reason, want := range map[string]tracker.FailureKind{
		"":                     tracker.FailureOther,
		"Overloaded":           tracker.FailureOther,
		"Unregistered torrent": tracker.Unregistered,
		"Torrent not registered with this tracker.":                       tracker.Unregistered,
		"Requested download is not authorized for use with this tracker.": tracker.Unregistered, // opentracker
		"The torrent does not exist":                                      tracker.Unregistered,
		"InfoHash not found.":                                             tracker.Unregistered,
		"Passkey not found":                                               tracker.NotAuthorized,
		"Unregistered torrent pass":                                       tracker.NotAuthorized,
		"Access denied, leeching forbidden":                               tracker.NotAuthorized,
		"Your account is disabled":                                        tracker.NotAuthorized,
		"Your client is not on the whitelist":                             tracker.ClientBanned,
		"Client not allowed: not authorized":                              tracker.ClientBanned,
		"Banned Client, Please goto http://t.example/ for a list":         tracker.ClientBanned,
		"You are announcing too often, please wait":                       tracker.TooOften,
		"Rate limit exceeded: minimum announce interval is 900":           tracker.TooOften,
		"Connection ID missmatch.":                                        tracker.StaleConnection, // opentracker
		strings.Repeat(" ", tracker.MaxTextBytes) + "unregistered":        tracker.FailureOther,
	} {
		if got := tracker.ViewFailure(reason); got.Kind != want || got.Kind.String() == "" {
			t.Errorf("%q is %v, want %v", reason, got.Kind, want)
		}
	}
}

func TestAStatusTellsWhyThereIsNoAnswer(t *testing.T) {
	for _, c := range []struct {
		reply tracker.HTTPReply
		want  tracker.Failure
	}{
		{tracker.HTTPReply{Status: 404, Body: []byte("<html>")}, tracker.Failure{Reason: "HTTP status 404", Retry: tracker.RetryUntold{}}},
		{tracker.HTTPReply{Status: 500, Body: []byte("de")}, tracker.Failure{Reason: "HTTP status 500", Retry: tracker.RetryUntold{}}},
		{tracker.HTTPReply{Status: 403, Body: []byte("le")}, tracker.Failure{Reason: "HTTP status 403", Kind: tracker.NotAuthorized, Retry: tracker.RetryUntold{}}},
		{tracker.HTTPReply{Status: 429, RetryAfter: "90"}, tracker.Failure{Reason: "HTTP status 429", Kind: tracker.TooOften, Retry: tracker.RetryAfter{Span: 90 * time.Second}}},
		{tracker.HTTPReply{Status: 503, RetryAfter: "Fri, 31 Dec 1999 23:59:59 GMT"}, tracker.Failure{Reason: "HTTP status 503", Retry: tracker.RetryUntold{}}},
	} {
		if got := tracker.ViewAnnounceReply(c.reply); got != (tracker.Refused{Failure: c.want}) {
			t.Errorf("%+v: %+v", c.reply, got)
		}
	}
}

func TestNonsenseIsToldFromAnAnswer(t *testing.T) {
	for body, want := range map[string]tracker.AnswerFault{
		"":                tracker.AnswerNotBencoded,
		"<html>":          tracker.AnswerNotBencoded,
		"d8:intervali60e": tracker.AnswerNotBencoded,
		strings.Repeat("l", 9) + strings.Repeat("e", 9): tracker.AnswerNotBencoded,
		"i5e":             tracker.AnswerNotDictionary,
		"le":              tracker.AnswerNotDictionary,
		"de":              tracker.AnswerEmpty,
		"d1:xi5ee":        tracker.AnswerEmpty,
		"d8:completei1ee": tracker.AnswerEmpty,
	} {
		got, _ := tracker.ViewAnnounceReply(reply(body)).(tracker.Nonsense)
		if got.Fault != want || (got.Syntax != nil) != (want == tracker.AnswerNotBencoded) || want.String() == "" {
			t.Errorf("%q: %+v, want %v", body, got, want)
		}
	}
}

func TestAnAnswerThatIsCutOffIsNone(t *testing.T) {
	r := tracker.Response{Interval: time.Minute, Peers: []netip.AddrPort{netip.MustParseAddrPort("1.2.3.4:5")}, TrackerID: "x", Warning: "y"}
	whole := string(r.AppendResponse(nil, tracker.Compact))
	scrape := string(tracker.AppendScrape(nil, []tracker.Scrape{{InfoHash: tracker.InfoHash{1}}}))
	for n := range len(whole) {
		if got, is := tracker.ViewAnnounceReply(reply(whole[:n])).(tracker.Nonsense); !is || got.Fault != tracker.AnswerNotBencoded {
			t.Errorf("%d bytes: %+v", n, got)
		}
	}
	for n := range len(scrape) {
		if got := tracker.ViewScrapeReply(reply(scrape[:n])); got != (tracker.ScrapeNonsense{Fault: tracker.AnswerNotBencoded}) {
			t.Errorf("%d bytes: %+v", n, got)
		}
	}
}

func TestARefusalIsReadAsItWasWritten(t *testing.T) {
	for _, want := range []tracker.Failure{
		{Reason: "no", Retry: tracker.RetryUntold{}},
		{Reason: "no", Retry: tracker.RetryNever{}},
		{Reason: "slow down", Kind: tracker.TooOften, Retry: tracker.RetryAfter{Span: 7 * time.Minute}, MinInterval: time.Minute},
	} {
		if got := tracker.ViewAnnounceReply(reply(string(want.AppendFailure(nil)))); got != (tracker.Refused{Failure: want}) {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
}

func TestAScrapeIsReadAsItWasWritten(t *testing.T) {
	a, b := tracker.Scrape{InfoHash: tracker.InfoHash{2}, Seeders: 1, Leechers: 2, Downloaded: 3},
		tracker.Scrape{InfoHash: tracker.InfoHash{1}, Seeders: 4, Leechers: tracker.Untold, Downloaded: tracker.Untold}
	got, _ := tracker.ViewScrapeReply(reply(string(tracker.AppendScrape(nil, []tracker.Scrape{a, b, a})))).(tracker.Scraped)
	if !slices.Equal(got.Swarms, []tracker.Scrape{b, a}) {
		t.Errorf("%+v", got)
	}
}

func TestAScrapeIsBoundedAndToldFromNonsense(t *testing.T) {
	var many []tracker.Scrape
	for i := range 2 * tracker.MaxScrape {
		many = append(many, tracker.Scrape{InfoHash: tracker.InfoHash{byte(i)}})
	}
	if got, _ := tracker.ViewScrapeReply(reply(string(tracker.AppendScrape(nil, many)))).(tracker.Scraped); len(got.Swarms) != tracker.MaxScrape {
		t.Errorf("%d swarms", len(got.Swarms))
	}
	no := tracker.Failure{Reason: "no", Retry: tracker.RetryUntold{}}
	for body, want := range map[string]tracker.ScrapeReplyEvidence{
		"":                        tracker.ScrapeNonsense{Fault: tracker.AnswerNotBencoded},
		"le":                      tracker.ScrapeNonsense{Fault: tracker.AnswerNotDictionary},
		"d5:filesi5ee":            tracker.ScrapeNonsense{Fault: tracker.AnswerEmpty},
		"d14:failure reason2:noe": tracker.ScrapeRefused{Failure: no},
		"d5:filesd1:ade20:aaaaaaaaaaaaaaaaaaaalee5:flagsd20:min_request_intervali60eee": tracker.Scraped{MinInterval: time.Minute},
	} {
		if got := tracker.ViewScrapeReply(reply(body)); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, want %+v", body, got, want)
		}
	}
}

func FuzzHTTPReplies(f *testing.F) {
	fuzzseed.Add(f)
	r := tracker.Response{
		Interval: time.Minute, Peers: []netip.AddrPort{netip.MustParseAddrPort("1.2.3.4:5"), netip.MustParseAddrPort("[2001:db8::1]:6")},
		TrackerID: "x", Warning: "y", ExternalIP: netip.MustParseAddr("1.2.3.4"),
	}
	for _, body := range [][]byte{
		r.AppendResponse(nil, tracker.Compact), r.AppendResponse(nil, tracker.Dictionaries),
		(&tracker.Failure{Reason: "x", Retry: tracker.RetryNever{}}).AppendFailure(nil),
		(&tracker.Failure{Reason: "x", Retry: tracker.RetryAfter{Span: time.Hour}}).AppendFailure(nil),
		tracker.AppendScrape(nil, []tracker.Scrape{{}}), []byte("<html>"), []byte("le"), []byte("de"),
	} {
		f.Add(uint16(200), "", body)
	}
	f.Add(uint16(429), "5", []byte(""))
	f.Add(uint16(403), "x", []byte("de"))
	f.Fuzz(func(t *testing.T, status uint16, retry string, body []byte) {
		r := tracker.HTTPReply{Status: int(status), RetryAfter: retry, Body: body}
		switch e := tracker.ViewAnnounceReply(r).(type) {
		case tracker.Answered:
			checkResponse(t, &e.Response)
		case tracker.Refused:
			checkFailure(t, e.Failure)
		case tracker.Nonsense:
			if e.Fault == tracker.NoAnswerFault {
				t.Fatal("nonsense without a fault")
			}
		}
		switch e := tracker.ViewScrapeReply(r).(type) {
		case tracker.Scraped:
			if len(e.Swarms) > tracker.MaxScrape || e.MinInterval < 0 || e.MinInterval > tracker.MaxInterval {
				t.Fatalf("%+v", e)
			}
		case tracker.ScrapeRefused:
			checkFailure(t, e.Failure)
		case tracker.ScrapeNonsense:
			if e.Fault == tracker.NoAnswerFault {
				t.Fatal("nonsense without a fault")
			}
		}
	})
}

// checkResponse holds what is read of a stranger to its bounds.
func checkResponse(t *testing.T, r *tracker.Response) {
	t.Helper()
	for _, span := range []time.Duration{r.Interval, r.MinInterval} {
		if span < 0 || span > tracker.MaxInterval {
			t.Fatalf("an interval of %v", span)
		}
	}
	for _, n := range []tracker.Count{r.Seeders, r.Leechers, r.Downloaded} {
		if n < tracker.Untold {
			t.Fatalf("a count of %d", n)
		}
	}
	if len(r.Peers) > tracker.MaxPeers || cap(r.Peers) > 2*tracker.MaxPeers || r.Omitted < 0 || len(r.TrackerID) > tracker.MaxTrackerIDBytes {
		t.Fatalf("%d peers, room for %d, %d left out, an id of %d bytes", len(r.Peers), cap(r.Peers), r.Omitted, len(r.TrackerID))
	}
	if text.Printable(r.Warning) != r.Warning {
		t.Fatalf("a warning of %q", r.Warning)
	}
}

func checkFailure(t *testing.T, f tracker.Failure) {
	t.Helper()
	if text.Printable(f.Reason) != f.Reason || len(f.Reason) > 10*tracker.MaxTextBytes || f.MinInterval < 0 {
		t.Fatalf("%+v", f)
	}
	if r, is := f.Retry.(tracker.RetryAfter); is && (r.Span <= 0 || r.Span > tracker.MaxInterval) || f.Retry == nil {
		t.Fatalf("%+v", f)
	}
}
