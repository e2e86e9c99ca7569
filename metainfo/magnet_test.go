package metainfo_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/etorrent/etorrent/metainfo"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

const hash = "0123456789abcdef0123456789abcdef01234567"

func hostPorts() *rapid.Generator[metainfo.HostPort] {
	return rapid.Custom(func(t *rapid.T) metainfo.HostPort {
		return metainfo.HostPort{
			Host: rapid.SampledFrom([]string{"a.example", "192.0.2.1", "2001:db8::1", "fe80::1%eth0", "ä"}).Draw(t, "host"),
			Port: rapid.Uint16Range(1, 65535).Draw(t, "port"),
		}
	})
}

func magnets() *rapid.Generator[*metainfo.Magnet] {
	return rapid.Custom(func(t *rapid.T) *metainfo.Magnet {
		return &metainfo.Magnet{
			ID:       metainfo.ID{V1: infoHashes().Draw(t, "hash")},
			Name:     rapid.String().Draw(t, "name"),
			Trackers: rapid.SliceOfN(urls(), 0, 4).Draw(t, "trackers"),
			WebSeeds: rapid.SliceOfN(urls(), 0, 4).Draw(t, "web seeds"),
			Peers:    rapid.SliceOfN(hostPorts(), 0, 4).Draw(t, "peers"),
			Length:   rapid.Int64Min(0).Draw(t, "length"),
		}
	})
}

func TestMagnetsThatAreWrittenAreRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := magnets().Draw(t, "magnet")
		link := want.String()
		got, err := metainfo.ParseMagnet(link)
		if err != nil {
			t.Fatalf("%s: %v", link, err)
		}
		if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
			t.Fatalf("%s (-want +got):\n%s", link, d)
		}
	})
}

func TestParseMagnetReadsLinksFromTheWild(t *testing.T) {
	id := func() metainfo.ID {
		h, _ := metainfo.ParseInfoHash(hash)
		return metainfo.ID{V1: h}
	}()
	for _, c := range []struct {
		name, link string
		want       metainfo.Magnet
	}{
		{"only the hash", "magnet:?xt=urn:btih:" + hash, metainfo.Magnet{}},
		{"upper case", "MAGNET:?XT=URN:BTIH:" + strings.ToUpper(hash), metainfo.Magnet{}},
		{"base32", "magnet:?xt=urn:btih:AERUKZ4JVPG66AJDIVTYTK6N54ASGRLH", metainfo.Magnet{}},
		{"hash in percent form", "magnet:?xt=urn%3Abtih%3A" + hash, metainfo.Magnet{}},
		{"name first", "magnet:?dn=A+b%20c%2B&xt=urn:btih:" + hash, metainfo.Magnet{Name: "A b c+"}},
		{"bare percent sign", "magnet:?dn=100%25%+100%&xt=urn:btih:" + hash, metainfo.Magnet{Name: "100%% 100%"}},
		{"trackers", "magnet:?xt=urn:btih:" + hash + "&tr=udp%3A%2F%2Fa%3A1&tr=http://b/announce?k=v&tr=", metainfo.Magnet{Trackers: []string{"udp://a:1", "http://b/announce?k=v"}}},
		{"plus sign in a URL", "magnet:?xt=urn:btih:" + hash + "&tr=http://b/a+b", metainfo.Magnet{Trackers: []string{"http://b/a+b"}}},
		{"numbered", "magnet:?xt.1=urn:btih:" + hash + "&tr.1=a&tr.2=b", metainfo.Magnet{Trackers: []string{"a", "b"}}},
		{"out of a page's source", "magnet:?xt=urn:btih:" + hash + "&amp;dn=n&amp;tr=a", metainfo.Magnet{Name: "n", Trackers: []string{"a"}}},
		{"other networks and unknown keys", "magnet:?xt=urn:sha1:x&xt=urn:btih:" + hash + "&kt=w&&so=1", metainfo.Magnet{}},
		{"hash twice", "magnet:?xt=urn:btih:" + hash + "&xt=urn:btih:" + strings.ToUpper(hash), metainfo.Magnet{}},
		{"hybrid", "magnet:?xt=urn:btmh:1220" + strings.Repeat("ab", 32) + "&xt=urn:btih:" + hash, metainfo.Magnet{}},
		{"the rest", "magnet:?xt=urn:btih:" + hash + "&xl=7&ws=http://s/&x.pe=[::1]:2&x.pe=h:3", metainfo.Magnet{
			Length: 7, WebSeeds: []string{"http://s/"}, Peers: []metainfo.HostPort{{Host: "::1", Port: 2}, {Host: "h", Port: 3}},
		}},
		{"unusable peers and length", "magnet:?xt=urn:btih:" + hash + "&x.pe=h:0&xl=-1", metainfo.Magnet{Findings: []metainfo.Finding{
			{Kind: metainfo.FieldIgnored, Field: "x.pe", Offset: 61}, {Kind: metainfo.FieldIgnored, Field: "xl", Offset: 70},
		}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := metainfo.ParseMagnet(c.link)
			if err != nil {
				t.Fatal(err)
			}
			c.want.ID = id
			if d := cmp.Diff(&c.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestParseMagnetSaysWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		name, link, parameter string
		offset                int
	}{
		{"nothing", "", "", 0},
		{"another scheme", "http://a/?xt=urn:btih:" + hash, "", 0},
		{"no topic", "magnet:?dn=x", "", 0},
		{"another network's topic", "magnet:?xt=urn:sha1:abc", "", 0},
		{"short hash", "magnet:?dn=x&xt=urn:btih:" + hash[1:], "xt", 13},
		{"no hex", "magnet:?xt=urn:btih:x" + hash[1:], "xt", 8},
		{"zeros", "magnet:?xt=urn:btih:" + strings.Repeat("0", 40), "xt", 8},
		{"two torrents", "magnet:?xt=urn:btih:" + hash + "&xt=urn:btih:" + strings.Repeat("1", 40), "xt", 61},
		{"too long", "magnet:?xt=urn:btih:" + hash + "&dn=" + strings.Repeat("x", metainfo.MaxMagnetBytes), "", metainfo.MaxMagnetBytes},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := metainfo.ParseMagnet(c.link)
			var got *metainfo.MagnetError
			if !errors.As(err, &got) || got.Parameter != c.parameter || got.Offset != c.offset {
				t.Errorf("got %v", err)
			}
		})
	}
	for _, topic := range []string{"urn:btmh:1220" + strings.Repeat("ab", 32), "urn:btih:" + strings.Repeat("ab", 32)} {
		_, err := metainfo.ParseMagnet("magnet:?xt=" + topic)
		var magnet *metainfo.MagnetError
		var got *metainfo.UnsupportedError
		if !errors.As(err, &magnet) || !errors.As(err, &got) {
			t.Errorf("%s gave %v", topic, err)
		}
	}
}

func TestEveryBeginningOfAMagnetIsReadOrRefused(t *testing.T) {
	link := "magnet:?xt=urn:btih:" + hash + "&dn=a%20b&tr=http%3A%2F%2Fa&xl=7&x.pe=[::1]:2"
	whole := len("magnet:?xt=urn:btih:" + hash)
	for n := range len(link) {
		_, err := metainfo.ParseMagnet(link[:n])
		if (err == nil) != (n >= whole) {
			t.Errorf("%q: %v", link[:n], err)
		}
	}
}

func TestATorrentHasAMagnet(t *testing.T) {
	parsed := mustParse(t, torrent(single(), fields{"announce-list": list(list(text("a"), text("b")), list(text("c"))), "url-list": text("w")}))
	got, err := metainfo.ParseMagnet(parsed.Magnet().String())
	if err != nil {
		t.Fatal(err)
	}
	want := &metainfo.Magnet{ID: parsed.ID(), Name: "a.bin", Trackers: []string{"a", "b", "c"}, WebSeeds: []string{"w"}, Length: 81921}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestParseHostPortRefusesWhatCannotBeReached(t *testing.T) {
	for _, s := range []string{
		"", "h", "h:", "h:0", "h:65536", "h:-1", "h:+1", ":1", "[]:1", "[h]:1", "::1:1", "[::1]", "[::1:1", "::1]:1", "a:b:1",
		"[1:2]:3", "a b:1", "a/b:1", "a\x00:1", "u@h:1", strings.Repeat("h", 256) + ":1",
	} {
		if got, err := metainfo.ParseHostPort(s); err == nil {
			t.Errorf("%q gave %v", s, got)
		}
	}
}
