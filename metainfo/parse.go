package metainfo

import (
	"strings"
	"time"

	"github.com/etorrent/etorrent/bencode"
)

// Parse reads a .torrent file. The Torrent aliases b. The error is a
// *bencode.SyntaxError, a *FieldError or an *UnsupportedError.
func Parse(b []byte) (*Torrent, error) {
	v, found, err := bencode.Parse(b, limits())
	if err != nil {
		return nil, err
	}
	if v.Kind() != bencode.Dict {
		return nil, field("the document").require(v, v, bencode.Dict)
	}
	fields := readTorrentFields(v)
	if err := field("info").require(fields.info, v, bencode.Dict); err != nil {
		return nil, err
	}
	var f finder
	info, err := f.info(fields.info)
	if err != nil {
		return nil, err
	}
	t := f.torrent(fields)
	t.Info, t.Raw = *info, b
	t.Findings = append(encodingFindings(found, fields.info), f.found...)
	return t, nil
}

// torrentFields are the values of a .torrent file.
type torrentFields struct {
	announce, announceList, urlList, nodes bencode.Value
	comment, commentUTF8, createdBy, date  bencode.Value
	info                                   bencode.Value
}

func readTorrentFields(dict bencode.Value) *torrentFields {
	f := &torrentFields{}
	for key, v := range dict.Pairs() {
		switch string(key) {
		case "announce":
			f.announce.Keep(v)
		case "announce-list":
			f.announceList.Keep(v)
		case "comment":
			f.comment.Keep(v)
		case "comment.utf-8":
			f.commentUTF8.Keep(v)
		case "created by":
			f.createdBy.Keep(v)
		case "creation date":
			f.date.Keep(v)
		case "info":
			f.info.Keep(v)
		case "nodes":
			f.nodes.Keep(v)
		case "url-list":
			f.urlList.Keep(v)
		}
	}
	return f
}

func (f *finder) torrent(fields *torrentFields) *Torrent {
	comment := field("comment")
	return &Torrent{
		Announce:     f.announce(fields),
		WebSeeds:     f.webSeeds(fields.urlList),
		Nodes:        f.nodes(fields.nodes),
		Comment:      f.optionalText(f.preferUTF8(fields.comment, fields.commentUTF8, bencode.String, comment), comment),
		CreatedBy:    f.optionalText(fields.createdBy, field("created by")),
		CreationDate: f.date(fields.date),
	}
}

// lastSecond is the end of the year 9999, behind which dates have no common
// text form (RFC 3339).
const lastSecond = 253402300799

func (f *finder) date(v bencode.Value) time.Time {
	seconds, ok := v.Int()
	if ok && seconds >= 0 && seconds <= lastSecond {
		return time.Unix(seconds, 0).UTC()
	}
	if v.Kind() != bencode.Absent {
		f.note(FieldIgnored, field("creation date"), v.Offset())
	}
	return time.Time{}
}

// announce reads the trackers. If there is a list of tiers, the single tracker
// does not count (BEP 12), unless no tier has a tracker.
func (f *finder) announce(fields *torrentFields) [][]string {
	if tiers := f.tiers(fields.announceList); len(tiers) > 0 {
		return tiers
	}
	if url := f.url(fields.announce, field("announce")); url != "" {
		return [][]string{{url}}
	}
	return nil
}

func (f *finder) tiers(list bencode.Value) [][]string {
	p := field("announce-list")
	if list.Kind() != bencode.List && list.Kind() != bencode.Absent {
		f.note(FieldIgnored, p, list.Offset())
	}
	var tiers [][]string
	left := MaxURLs
	for v := range list.Items() {
		urls := f.urls(v, p, left)
		if len(urls) == 0 {
			continue
		}
		if v.Kind() == bencode.String && len(tiers) == 0 {
			f.note(TierlessTrackers, p, v.Offset())
		}
		tiers = append(tiers, urls)
		left -= len(urls)
	}
	return tiers
}

// webSeeds reads one URL or a list of them (BEP 19).
func (f *finder) webSeeds(v bencode.Value) []string { return f.urls(v, field("url-list"), MaxURLs) }

// urls reads a URL or a list of URLs, at most so many.
func (f *finder) urls(v bencode.Value, p place, most int) []string {
	var urls []string
	take := func(v bencode.Value) {
		url := f.url(v, p)
		switch {
		case url == "":
		case len(urls) == most:
			f.note(ListShortened, p, v.Offset())
		default:
			urls = append(urls, url)
		}
	}
	switch v.Kind() {
	case bencode.List:
		for item := range v.Items() {
			take(item)
		}
	case bencode.Absent, bencode.Integer, bencode.String, bencode.Dict:
		take(v)
	}
	return urls
}

// url reads one URL without the white space around it. Empty ones are common
// and mean none.
func (f *finder) url(v bencode.Value, p place) string {
	b, ok := v.Bytes()
	if !ok && v.Kind() != bencode.Absent || len(b) > MaxURLBytes {
		f.note(FieldIgnored, p, v.Offset())
		return ""
	}
	return strings.TrimSpace(string(b))
}

// nodes reads pairs of host and port (BEP 5).
func (f *finder) nodes(list bencode.Value) []HostPort {
	p := field("nodes")
	if list.Kind() != bencode.List && list.Kind() != bencode.Absent {
		f.note(FieldIgnored, p, list.Offset())
	}
	var nodes []HostPort
	for v := range list.Items() {
		if len(nodes) == MaxURLs {
			f.note(ListShortened, p, v.Offset())
			break
		}
		if node, err := nodeOf(v); err == nil {
			nodes = append(nodes, node)
		} else {
			f.note(FieldIgnored, p, v.Offset())
		}
	}
	return nodes
}

func nodeOf(pair bencode.Value) (HostPort, error) {
	var host string
	var port int64
	n := 0
	for v := range pair.Items() {
		switch n {
		case 0:
			host, _ = v.Text()
		case 1:
			port, _ = v.Int()
		}
		n++
	}
	return NewHostPort(host, port)
}
