package bencode_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/etorrent/etorrent/bencode"
	"github.com/google/go-cmp/cmp"
)

func TestParseRefusesMalformedDocuments(t *testing.T) {
	for _, c := range []struct {
		name, doc string
		offset    int
		reason    bencode.Reason
	}{
		{"nothing", "", 0, bencode.Truncated},
		{"web page", "<html>", 0, bencode.UnexpectedByte},
		{"stray end", "e", 0, bencode.UnexpectedByte},
		{"negative length", "-1:a", 0, bencode.UnexpectedByte},
		{"byte inside a list", "li1exe", 4, bencode.UnexpectedByte},
		{"integer without digits", "ie", 1, bencode.IntegerMalformed},
		{"sign without digits", "i-e", 2, bencode.IntegerMalformed},
		{"plus sign", "i+1e", 1, bencode.IntegerMalformed},
		{"two signs", "i--1e", 2, bencode.IntegerMalformed},
		{"fraction", "i1.5e", 2, bencode.IntegerMalformed},
		{"space in an integer", "i 1e", 1, bencode.IntegerMalformed},
		{"length with other bytes", "3x:abc", 1, bencode.LengthMalformed},
		{"string beyond the end", "5:abc", 2, bencode.Truncated},
		{"length beyond any number", strings.Repeat("9", 400) + ":a", 401, bencode.Truncated},
		{"length that wraps 64 bits", "18446744073709551617:a", 21, bencode.Truncated},
		{"integer as key", "di1ei2ee", 1, bencode.KeyNotString},
		{"list as key", "dlei2ee", 1, bencode.KeyNotString},
		{"key without value", "d1:ae", 4, bencode.ValueMissing},
		{"open list", "li1e", 4, bencode.Truncated},
		{"open dictionary", "d1:ai1e", 7, bencode.Truncated},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, _, err := bencode.Parse([]byte(c.doc), bencode.Limits{})
			want := &bencode.SyntaxError{Offset: c.offset, Reason: c.reason}
			var got *bencode.SyntaxError
			if !errors.As(err, &got) || *got != *want {
				t.Errorf("got %v, want %v", err, want)
			}
			if v.Kind() != bencode.Absent {
				t.Errorf("a refused document gave a %v", v.Kind())
			}
		})
	}
}

func TestParseReportsIrregularitiesAndGoesOn(t *testing.T) {
	for _, c := range []struct {
		name, doc string
		want      []bencode.Finding
	}{
		{"canonical", "d1:ai-1e1:bli0e0:ee", nil},
		{"unsorted keys, once a dictionary", "d1:c0:1:b0:1:a0:e", []bencode.Finding{{6, bencode.KeysUnsorted}}},
		{"a shorter key sorts first", "d2:aa0:1:a0:e", []bencode.Finding{{7, bencode.KeysUnsorted}}},
		{"keys repeated in a row", "d1:ai1e1:ai2e1:ai3ee", []bencode.Finding{{7, bencode.KeyRepeated}, {13, bencode.KeyRepeated}}},
		{"key repeated far away", "d1:bi1e1:ai2e1:bi3ee", []bencode.Finding{{7, bencode.KeysUnsorted}, {13, bencode.KeyRepeated}}},
		{"equal keys of two dictionaries", "d1:ad1:ai1eee", nil},
		{"inner dictionary unsorted", "d1:ad1:bi1e1:ai1ee1:bi1ee", []bencode.Finding{{11, bencode.KeysUnsorted}}},
		{"leading zeros", "li007ei00ei-01ee", []bencode.Finding{{1, bencode.IntegerLeadingZero}, {6, bencode.IntegerLeadingZero}, {10, bencode.IntegerLeadingZero}}},
		{"negative zero", "i-0e", []bencode.Finding{{0, bencode.IntegerNegativeZero}}},
		{"length with leading zeros", "002:ab", []bencode.Finding{{0, bencode.LengthLeadingZero}}},
		{"the greatest and least integer", "li9223372036854775807ei-9223372036854775808ee", nil},
		{"integers beyond 64 bits", "li9223372036854775808ei-9223372036854775809ee", []bencode.Finding{{1, bencode.IntegerOutOfRange}, {22, bencode.IntegerOutOfRange}}},
		{"trailing bytes", "i1e\r\n", []bencode.Finding{{3, bencode.TrailingBytes}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, found, err := bencode.Parse([]byte(c.doc), bencode.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, found); d != "" {
				t.Errorf("findings (-want +got):\n%s", d)
			}
		})
	}
}

func TestParseKeepsABoundedNumberOfFindings(t *testing.T) {
	doc := "l" + strings.Repeat("i-0e", 10*bencode.MaxFindings) + "e"
	_, found, err := bencode.Parse([]byte(doc), bencode.Limits{})
	if err != nil || len(found) != bencode.MaxFindings {
		t.Errorf("%d findings, error %v", len(found), err)
	}
}

func TestParseHoldsItsLimits(t *testing.T) {
	for _, c := range []struct {
		name, doc string
		limits    bencode.Limits
		reason    bencode.Reason
	}{
		{"bytes", "4:abcd", bencode.Limits{MaxBytes: 5}, bencode.TooLarge},
		{"depth of lists", "lllleeee", bencode.Limits{MaxDepth: 3}, bencode.TooDeep},
		{"depth of dictionaries", "d1:ad1:ad1:adeeee", bencode.Limits{MaxDepth: 3}, bencode.TooDeep},
		{"default depth", strings.Repeat("l", 101) + strings.Repeat("e", 101), bencode.Limits{}, bencode.TooDeep},
		{"items", "li1ei1ei1ee", bencode.Limits{MaxItems: 3}, bencode.TooManyItems},
		{"keys are items", "d1:ai1e1:bi1ee", bencode.Limits{MaxItems: 4}, bencode.TooManyItems},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := bencode.Parse([]byte(c.doc), c.limits)
			var got *bencode.SyntaxError
			if !errors.As(err, &got) || got.Reason != c.reason {
				t.Errorf("got %v, want %v", err, c.reason)
			}
			at := c.limits
			at.MaxBytes, at.MaxDepth, at.MaxItems = 1000, max(at.MaxDepth, 100)+1, max(at.MaxItems, 200)+1
			if _, _, err := bencode.Parse([]byte(c.doc), at); err != nil {
				t.Errorf("refused with room to spare: %v", err)
			}
		})
	}
}

func TestParsePrefixSaysWhatTheDocumentTook(t *testing.T) {
	b := []byte("d8:msg_typei1e5:piecei0eeDATA")
	v, used, found, err := bencode.ParsePrefix(b, bencode.Limits{MaxBytes: 25})
	if err != nil || found != nil {
		t.Fatal(err, found)
	}
	if n, _ := v.Get("msg_type").Int(); n != 1 || string(b[used:]) != "DATA" || len(v.Raw()) != used {
		t.Errorf("msg_type %d, rest %q", n, b[used:])
	}
	var got *bencode.SyntaxError
	if _, _, _, err := bencode.ParsePrefix(b, bencode.Limits{MaxBytes: 24}); !errors.As(err, &got) || got.Reason != bencode.TooLarge {
		t.Errorf("document over the limit: %v", err)
	}
}

func TestValueFindsItsParts(t *testing.T) {
	doc := []byte("d4:infod4:name3:abc6:lengthi12ee4:listl1:xi2eleee")
	v, _, err := bencode.Parse(doc, bencode.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	info := v.Get("info")
	if got := string(info.Raw()); got != "d4:name3:abc6:lengthi12ee" || string(doc[info.Offset():][:len(got)]) != got {
		t.Errorf("raw %q at %d", got, info.Offset())
	}
	if name, ok := info.Get("name").Text(); !ok || name != "abc" {
		t.Errorf("name %q", name)
	}
	if at := info.Get("length").Offset(); string(doc[at:at+5]) != "i12ee" {
		t.Errorf("length at %d", at)
	}
	var kinds []bencode.Kind
	for item := range v.Get("list").Items() {
		kinds = append(kinds, item.Kind())
	}
	if d := cmp.Diff([]bencode.Kind{bencode.String, bencode.Integer, bencode.List}, kinds); d != "" {
		t.Error(d)
	}
	if v.Len() != 2 || v.Get("list").Len() != 3 || info.Get("name").Len() != 0 {
		t.Error("wrong lengths")
	}
}

func TestValueOfAnotherKindGivesNothing(t *testing.T) {
	v, _, _ := bencode.Parse([]byte("d1:ai1ee"), bencode.Limits{})
	if got := v.Get("b").Get("c"); got.Kind() != bencode.Absent || got.Raw() != nil {
		t.Errorf("missing key gave a %v", got.Kind())
	}
	if _, ok := v.Int(); ok {
		t.Error("a dictionary has an integer")
	}
	if _, ok := v.Get("a").Bytes(); ok {
		t.Error("an integer has bytes")
	}
	if v.Get("a").Get("x").Kind() != bencode.Absent || v.Get("a").Len() != 0 {
		t.Error("an integer has members")
	}
	var zero bencode.Value
	if _, ok := zero.Bytes(); ok || zero.Len() != 0 {
		t.Error("the zero value is something")
	}
}

func TestFirstOfRepeatedKeysWins(t *testing.T) {
	v, _, _ := bencode.Parse([]byte("d1:bi1e1:ai2e1:bi3ee"), bencode.Limits{})
	if n, _ := v.Get("b").Int(); n != 1 {
		t.Errorf("Get gave %d", n)
	}
	var kept bencode.Value
	for key, value := range v.Pairs() {
		if string(key) == "b" {
			kept.Keep(value)
		}
	}
	if n, _ := kept.Int(); n != 1 {
		t.Errorf("Keep kept %d", n)
	}
}

func TestIntegersKeepTheirValue(t *testing.T) {
	for doc, want := range map[string]int64{
		"i0e": 0, "i-0e": 0, "i007e": 7, "i-12e": -12,
		"i9223372036854775807e": math.MaxInt64, "i-9223372036854775808e": math.MinInt64,
	} {
		v, _, _ := bencode.Parse([]byte(doc), bencode.Limits{})
		if n, ok := v.Int(); !ok || n != want {
			t.Errorf("%s gave %d", doc, n)
		}
	}
	for _, doc := range []string{"i9223372036854775808e", "i-9223372036854775809e", "i99999999999999999999e"} {
		v, _, _ := bencode.Parse([]byte(doc), bencode.Limits{})
		if n, ok := v.Int(); ok {
			t.Errorf("%s gave %d", doc, n)
		}
	}
}

func TestParseOfARegularDocumentAllocatesNothing(t *testing.T) {
	doc := []byte("d1:ad2:id20:abcdefghij01234567896:target20:mnopqrstuvwxyz123456e1:q9:find_node1:t2:aa1:y1:qe")
	n := testing.AllocsPerRun(100, func() {
		v, _, err := bencode.Parse(doc, bencode.Limits{})
		if id, ok := v.Get("a").Get("id").Bytes(); err != nil || !ok || len(id) != 20 {
			t.Fatal("wrong id")
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestEveryReasonHasWordsOfItsOwn(t *testing.T) {
	seen := map[string]string{}
	check := func(kind, words string) {
		if other, known := seen[words]; known || strings.HasPrefix(words, "unknown") || strings.Contains(words, ": unknown") {
			t.Errorf("%s %q, as %s", kind, words, other)
		}
		seen[words] = kind
	}
	for r := bencode.Truncated; r <= bencode.TooManyItems; r++ {
		check("reason", (&bencode.SyntaxError{Reason: r}).Error())
	}
	for i := bencode.KeysUnsorted; i <= bencode.TrailingBytes; i++ {
		check("irregularity", i.String())
	}
	for k := bencode.Absent; k <= bencode.Dict; k++ {
		check("kind", k.String())
	}
}
