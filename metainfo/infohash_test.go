package metainfo_test

import (
	"encoding/base32"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/etorrent/etorrent/metainfo"
	"pgregory.net/rapid"
)

func infoHashes() *rapid.Generator[metainfo.InfoHash] {
	return rapid.Custom(func(t *rapid.T) metainfo.InfoHash {
		return metainfo.InfoHash(rapid.SliceOfN(rapid.Byte(), 20, 20).Draw(t, "bytes"))
	}).Filter(func(h metainfo.InfoHash) bool { return h != metainfo.InfoHash{} })
}

func TestInfoHashesAreReadInAllForms(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := infoHashes().Draw(t, "hash")
		base := base32.StdEncoding.EncodeToString(want[:])
		for _, s := range []string{want.String(), strings.ToUpper(want.String()), base, strings.ToLower(base)} {
			if got, err := metainfo.ParseInfoHash(s); err != nil || got != want {
				t.Fatalf("%q gave %v, %v", s, got, err)
			}
		}
		b, err := json.Marshal(want)
		var got metainfo.InfoHash
		if err != nil || json.Unmarshal(b, &got) != nil || got != want {
			t.Fatalf("JSON %s gave %v", b, got)
		}
	})
}

func TestParseInfoHashRefusesOtherTexts(t *testing.T) {
	hex := "0123456789abcdef0123456789abcdef01234567"
	for _, s := range []string{
		"", hex[1:], hex + "0", "g" + hex[1:], strings.Repeat("0", 40), strings.Repeat("a", 32), strings.Repeat("1", 32),
		strings.Repeat("A", 31) + "=", strings.Repeat("g", 64),
	} {
		var want *metainfo.InfoHashError
		if h, err := metainfo.ParseInfoHash(s); !errors.As(err, &want) || h != (metainfo.InfoHash{}) {
			t.Errorf("%q gave %v, %v", s, h, err)
		}
	}
	var want *metainfo.UnsupportedError
	if _, err := metainfo.ParseInfoHash(strings.Repeat("0", 64)); !errors.As(err, &want) {
		t.Errorf("64 digits gave %v", err)
	}
}

func TestNamesOfBothVersionsAreComparedByThoseThatTheyShare(t *testing.T) {
	a, b := metainfo.InfoHash{1}, metainfo.InfoHash{2}
	x, y := metainfo.InfoHashV2{1}, metainfo.InfoHashV2{2}
	for _, c := range []struct {
		one, other metainfo.ID
		want       metainfo.Sameness
	}{
		{metainfo.ID{}, metainfo.ID{}, metainfo.Another},
		{metainfo.ID{V1: a}, metainfo.ID{}, metainfo.Another},
		{metainfo.ID{V1: a}, metainfo.ID{V2: x}, metainfo.Another},
		{metainfo.ID{V1: a}, metainfo.ID{V1: b}, metainfo.Another},
		{metainfo.ID{V1: a}, metainfo.ID{V1: a}, metainfo.SameTorrent},
		{metainfo.ID{V1: a}, metainfo.ID{V1: a, V2: x}, metainfo.SameTorrent},
		{metainfo.ID{V2: x}, metainfo.ID{V1: a, V2: x}, metainfo.SameTorrent},
		{metainfo.ID{V1: a, V2: x}, metainfo.ID{V1: a, V2: x}, metainfo.SameTorrent},
		{metainfo.ID{V1: a, V2: x}, metainfo.ID{V1: a, V2: y}, metainfo.Another},
		{metainfo.ID{V1: a, V2: x}, metainfo.ID{V1: b, V2: x}, metainfo.Another},
	} {
		if got := c.one.View(c.other); got != c.want || c.other.View(c.one) != got {
			t.Errorf("%v and %v: %v", c.one, c.other, got)
		}
	}
	if got := (metainfo.ID{V2: x}).String(); got != x.String() || len(got) != 64 {
		t.Errorf("a name of version 2 is written as %q", got)
	}
	if got := (metainfo.ID{V1: a, V2: x}).String(); got != a.String() {
		t.Errorf("a name of both is written as %q", got)
	}
}
