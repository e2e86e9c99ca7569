package wire_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/etorrent/etorrent/internal/fuzzseed"
	"github.com/etorrent/etorrent/internal/vocab/wire"
)

func TestClientNameKnowsTheConventionsOfBEP20(t *testing.T) {
	for id, want := range map[string]string{
		"-AZ2060-":             "Azureus 2.0.6",
		"-qB4620-":             "qBittorrent 4.6.2",
		"-UT3550-":             "µTorrent 3.5.5",
		"-lt0D80-":             "rTorrent 0.13.8",
		"-LT2000-":             "libtorrent 2.0",
		"-GT0003-":             "anacrolix/torrent 0.0.0.3",
		"-A~1234-":             "Ares 1.2.3.4",
		"-ET0100-":             "Etorrent 0.1",
		"-RN2.2.2-":            "rain 2.2.2",
		"-ML2.7.2-kgjjfkd":     "MLdonkey 2.7.2",
		"-Zz1234-":             "Zz 1.2.3.4",
		"-FG0182x":             "FG 0.1.8.2",
		"M4-3-6--":             "BitTorrent 4.3.6",
		"M4-20-8-":             "BitTorrent 4.20.8",
		"A2-1-37-0-abcdefghij": "aria2 1.37.0",
		"S58B-----":            "Shadow 5.8.11",
		"T03I-----":            "BitTornado 0.3.18",
	} {
		var peerID [20]byte
		copy(peerID[:], id)
		if got := wire.ClientName(peerID); got != want {
			t.Errorf("%q: got %q, want %q", id, got, want)
		}
	}
}

func TestAPeerIDWithoutAConventionIsUnknown(t *testing.T) {
	for _, id := range []string{
		"", "-\x1b[1234-", "-qB46\x9b0-", "-|=1234-", "exbc\x00\x01", "Mozilla", "-qB", "M-------", "M4------",
		"S\x00\x01\x02----", "|5-------", "\xff\xff\xff\xff", "AZ2500BT", "-BOW", strings.Repeat("-", 20),
	} {
		var peerID [20]byte
		copy(peerID[:], id)
		if got := wire.ClientName(peerID); got != "unknown" {
			t.Errorf("%q: got %q", id, got)
		}
	}
}

func FuzzClientName(f *testing.F) {
	fuzzseed.Add(f)
	for _, seed := range []string{"-AZ2060-xxxxxxxxxxxx", "M4-20-8-xxxxxxxxxxxx", "S58B-----xxxxxxxxxxx", "-ML2.7.2-xxxxxxxxxxx"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var peerID [20]byte
		copy(peerID[:], b)
		name := wire.ClientName(peerID)
		if name == "" || len(name) > 48 || !utf8.ValidString(name) {
			t.Fatalf("%q is called %q", peerID, name)
		}
		for _, r := range name {
			if !unicode.IsPrint(r) {
				t.Fatalf("%q is called %q", peerID, name)
			}
		}
	})
}
