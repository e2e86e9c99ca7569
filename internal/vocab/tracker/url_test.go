package tracker_test

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/etorrent/etorrent/internal/fuzzseed"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

// usable is the URL of a text that must be one.
func usable(t testing.TB, text string) tracker.URL {
	t.Helper()
	e, is := tracker.ViewURL(text).(tracker.URLUsable)
	if !is {
		t.Fatalf("%s is %+v", text, tracker.ViewURL(text))
	}
	return e.URL
}

func TestAnAnnounceURLIsReadWithItsDefaults(t *testing.T) {
	type parts struct {
		scheme       tracker.Scheme
		host         string
		port         uint16
		target, full string
	}
	for text, want := range map[string]parts{
		"http://Tracker.Example/announce":           {tracker.HTTP, "tracker.example", 80, "/announce", "http://tracker.example/announce"},
		" https://t.example:443/a?b=c&d=e#part ":    {tracker.HTTPS, "t.example", 443, "/a?b=c&d=e", "https://t.example/a?b=c&d=e"},
		"udp://t.example:6969":                      {tracker.UDP, "t.example", 6969, "", "udp://t.example:6969"},
		"UDP://t.example/announce":                  {tracker.UDP, "t.example", 80, "/announce", "udp://t.example/announce"},
		"udp://user:word@t.example:80/x":            {tracker.UDP, "t.example", 80, "/x", "udp://t.example/x"},
		"http://user:word@t.example:8080?k=v":       {tracker.HTTP, "t.example", 8080, "?k=v", "http://user:word@t.example:8080?k=v"},
		"http://[2001:DB8::1]:81/announce":          {tracker.HTTP, "2001:db8::1", 81, "/announce", "http://[2001:db8::1]:81/announce"},
		"http://[::ffff:198.51.100.1]/announce":     {tracker.HTTP, "198.51.100.1", 80, "/announce", "http://198.51.100.1/announce"},
		"http://t.example:/announce":                {tracker.HTTP, "t.example", 80, "/announce", "http://t.example/announce"},
		"http://t.example/a b\r\nX: y/\xffé?{|}%zz": {tracker.HTTP, "t.example", 80, "/a%20b%0D%0AX:%20y/%FF%C3%A9?%7B%7C%7D%zz", "http://t.example/a%20b%0D%0AX:%20y/%FF%C3%A9?%7B%7C%7D%zz"},
	} {
		u := usable(t, text)
		if got := (parts{u.Scheme(), u.Host(), u.Port(), u.Target(), u.Secret()}); got != want {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
		if again := usable(t, u.Secret()); again != u {
			t.Errorf("%q is read again as %q", u.Secret(), again.Secret())
		}
	}
}

func TestWhatIsNoAnnounceURLIsRefusedForItsFault(t *testing.T) {
	for text, want := range map[string]tracker.URLFault{
		"":                                   tracker.SchemeUnknown,
		"t.example/announce":                 tracker.SchemeUnknown,
		"wss://t.example/announce":           tracker.SchemeUnknown,
		"file:///etc/passwd":                 tracker.SchemeUnknown,
		"http://":                            tracker.HostMalformed,
		"http:///announce":                   tracker.HostMalformed,
		"http://a b/announce":                tracker.HostMalformed,
		"http://a..b/":                       tracker.HostMalformed,
		"http://2130706433/announce":         tracker.HostMalformed,
		"http://0x7f.1/announce":             tracker.HostMalformed,
		"http://[fe80::1%25eth0]/announce":   tracker.HostMalformed,
		"http://[fe80::1%eth0]/announce":     tracker.HostMalformed,
		"http://2001:db8::1/announce":        tracker.HostMalformed,
		"udp://t.example:0":                  tracker.PortMalformed,
		"udp://t.example:65536":              tracker.PortMalformed,
		"udp://t.example:-1":                 tracker.PortMalformed,
		"udp://t.example:http":               tracker.PortMalformed,
		"udp://" + strings.Repeat("a", 8192): tracker.URLTooLong,
	} {
		if got := tracker.ViewURL(text); got != (tracker.URLMalformed{Fault: want}) {
			t.Errorf("%.60q is %+v", text, got)
		}
	}
}

func TestALocalHostIsATrackerOnlyAtAnAnnouncePath(t *testing.T) {
	local := func(text string) bool { _, is := tracker.ViewURL(text).(tracker.URLLocal); return is }
	for _, host := range []string{
		"localhost", "LOCALHOST.", "a.localhost", "127.0.0.1", "127.9.9.9", "[::1]", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254",
		"[fe80::1]", "[fd00::1]", "100.64.0.1", "0.0.0.0", "0.1.2.3", "[::]", "[::ffff:127.0.0.1]",
	} {
		for path, want := range map[string]bool{
			"/announce": false, "/announce.php?passkey=1": false, "/0123/announce": false, "/announce/0123": false,
			"": true, "/": true, "/api/shutdown": true, "/?announce": true, "/announce/../shutdown": true, "/announce/%2e%2E/shutdown": true,
			`/announce\..\shutdown`: true, "/announce/%252e%252e/x": true, "/announce/..;/x": true, "/announce/%zz": true, "/xannounce": true,
		} {
			if got := local("http://" + host + path); got != want {
				t.Errorf("%s%s is refused: %v", host, path, got)
			}
		}
		for path, want := range map[string]bool{"": false, "/": false, "/announce": false, "/x": true, "/?x": true} {
			if got := local("udp://" + host + ":6969" + path); got != want {
				t.Errorf("udp %s%s is refused: %v", host, path, got)
			}
		}
	}
	if local("http://t.example/") || local("http://198.51.100.1/x") {
		t.Error("a public host needs an announce path")
	}
}

func TestANameIsJudgedByWhereItLeads(t *testing.T) {
	for address, want := range map[string][2]tracker.AddressEvidence{
		"198.51.100.1":    {tracker.AddressPublic, tracker.AddressPublic},
		"2001:db8::1":     {tracker.AddressPublic, tracker.AddressPublic},
		"127.0.0.1":       {tracker.AddressLocal, tracker.AddressForbidden},
		"::1":             {tracker.AddressLocal, tracker.AddressForbidden},
		"fe80::1%eth0":    {tracker.AddressLocal, tracker.AddressForbidden},
		"::ffff:10.0.0.1": {tracker.AddressLocal, tracker.AddressForbidden},
		"224.0.0.1":       {tracker.AddressUnusable, tracker.AddressUnusable},
		"255.255.255.255": {tracker.AddressUnusable, tracker.AddressUnusable},
		"ff02::1":         {tracker.AddressUnusable, tracker.AddressUnusable},
	} {
		at := netip.MustParseAddr(address)
		got := [2]tracker.AddressEvidence{
			usable(t, "http://t.example/announce").ViewAddress(at), usable(t, "http://t.example/other").ViewAddress(at),
		}
		if got != want {
			t.Errorf("%s: %v, want %v", address, got, want)
		}
	}
	if got := usable(t, "http://t.example/announce").ViewAddress(netip.Addr{}); got != tracker.AddressUnusable {
		t.Errorf("no address is %v", got)
	}
}

func TestWhatIsPrintedHasNoPasskey(t *testing.T) {
	for text, want := range map[string]string{
		"https://t.example/announce":                                     "https://t.example/announce",
		"https://t.example:8443/announce.php":                            "https://t.example:8443/announce.php",
		"https://t.example/0123456789abcdef0123456789abcdef/announce":    "https://t.example/***/announce",
		"https://t.example/announce/AbCdEfGhIjKl":                        "https://t.example/announce/***",
		"https://t.example/v2/tracker_id/announce":                       "https://t.example/v2/tracker_id/announce",
		"https://t.example/announce?passkey=0123456789abcdef&v=1&x":      "https://t.example/announce?passkey=***&v=***&x",
		"https://t.example/announce?0123456789abcdef":                    "https://t.example/announce?***",
		"https://joe:sesame@t.example/announce":                          "https://***@t.example/announce",
		"https://0123456789abcdef0123.t.example/announce":                "https://***.t.example/announce",
		"https://xn--80aaaaaaaaa1234567890.example/announce":             "https://xn--80aaaaaaaaa1234567890.example/announce",
		"udp://[2001:db8:1111:2222:3333:4444:5555:6666]:6969/announce":   "udp://[2001:db8:1111:2222:3333:4444:5555:6666]:6969/announce",
		"https://t.example/abcdefghijklmnopqrstuvwx/announce":            "https://t.example/***/announce",
		"https://t.example/ab12-cd34-ef56-7890-ab12-cd34/announce":       "https://t.example/***/announce",
		"https://t.example/announce;jsessionid=00112233445566/%41%42%43": "https://t.example/***/***",
	} {
		u := usable(t, text)
		marshalled, err := json.Marshal(u)
		for _, got := range []string{
			u.String(), fmt.Sprint(u), fmt.Sprintf("%+v", u), fmt.Sprintf("%#v", u), strings.ReplaceAll(strings.Trim(string(marshalled), `"`), `\u0026`, "&"),
			fmt.Sprint(struct{ U tracker.URL }{u})[1 : len(want)+1],
		} {
			if err != nil || got != want {
				t.Errorf("%s is printed as %s (%v), want %s", text, got, err, want)
			}
		}
	}
	if got := (tracker.URL{}).String(); got != "" {
		t.Errorf("no URL is %q", got)
	}
}

func TestATrackersWordsHaveNoPasskeyEither(t *testing.T) {
	u := usable(t, "http://joe:sesame@0123456789abcdef01.t.example/00112233445566/announce?key=abcdef&x=1&99887766")
	said := `Get "http://joe:sesame@0123456789abcdef01.t.example/00112233445566/announce?key=abcdef&x=1&99887766": the key abcdef of 1 announce`
	want := `Get "http://***@***.t.example/***/announce?key=***&x=1&***": the key *** of 1 announce`
	if got := u.Scrub(said); got != want {
		t.Errorf("got %s", got)
	}
}

// What is read is read again as the same, never leads to a local host but at an
// announce path, and is printed without any value of its query.
func FuzzViewURL(f *testing.F) {
	fuzzseed.Add(f)
	for _, text := range []string{
		"http://t.example/announce", "https://u:p@[2001:db8::1]:8443/a%20b?k=v&w#f", "udp://t.example:6969", "http://127.0.0.1/announce/../x",
		"http://localhost:80/0123456789abcdef/announce?passkey=0123456789abcdef", "ftp://x", "http://a:b:c", "udp://@:1",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var u tracker.URL
		switch e := tracker.ViewURL(text).(type) {
		case tracker.URLUsable:
			u = e.URL
		case tracker.URLLocal:
			u = e.URL
			// The percent forms may make it too long to be read again.
			if _, is := tracker.ViewURL(u.Secret()).(tracker.URLLocal); !is && len(u.Secret()) <= tracker.MaxURLBytes {
				t.Fatalf("%q becomes usable", text)
			}
		case tracker.URLMalformed:
			if e.Fault == tracker.NoURLFault || e.Fault.String() == "" {
				t.Fatalf("%q has no fault", text)
			}
			return
		}
		if strings.ContainsFunc(u.Secret(), func(r rune) bool { return r <= ' ' || r >= 0x7f && !strings.ContainsRune(u.Host(), r) }) {
			t.Fatalf("%q holds what may not stand in a request", u.Secret())
		}
		switch e := tracker.ViewURL(u.Secret()).(type) {
		case tracker.URLUsable:
			if e.URL != u {
				t.Fatalf("%q is read again as %q", u.Secret(), e.URL.Secret())
			}
		case tracker.URLLocal:
		case tracker.URLMalformed:
			if len(u.Secret()) <= tracker.MaxURLBytes { // the percent forms may make it longer
				t.Fatalf("%q is not read again", u.Secret())
			}
		}
		u.Scrub(u.Secret())
		if _, query, _ := strings.Cut(u.String(), "?"); strings.Count(query, "=") != strings.Count(query, "=***") {
			t.Fatalf("%q is printed", u)
		}
	})
}
