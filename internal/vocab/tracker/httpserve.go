package tracker

import (
	"bytes"
	"net/netip"
	"slices"
	"time"

	"github.com/etorrent/etorrent/bencode"
)

// AppendResponse appends the body of an answer over HTTP (BEP 3, 7, 23, 24). What is
// not told is left out. The dictionaries of peers have no peer ids, as if
// no_peer_id were said.
func (r *Response) AppendResponse(dst []byte, f Form) []byte {
	return bencode.AppendDict(dst, func(w *bencode.DictWriter) {
		writeCount(w, "complete", r.Seeders)
		writeCount(w, "downloaded", r.Downloaded)
		if r.ExternalIP.IsValid() {
			w.Bytes("external ip", r.ExternalIP.Unmap().AsSlice())
		}
		writeCount(w, "incomplete", r.Leechers)
		w.Int("interval", int64(r.Interval/time.Second))
		if r.MinInterval > 0 {
			w.Int("min interval", int64(r.MinInterval/time.Second))
		}
		r.writePeers(w, f)
		if r.TrackerID != "" {
			w.Text("tracker id", r.TrackerID)
		}
		if r.Warning != "" {
			w.Text("warning message", r.Warning)
		}
	})
}

func (r *Response) writePeers(w *bencode.DictWriter, f Form) {
	switch f {
	case Dictionaries:
		w.List("peers", func(l *bencode.ListWriter) {
			for _, p := range r.Peers {
				l.Dict(func(w *bencode.DictWriter) {
					w.Text("ip", p.Addr().Unmap().String())
					w.Int("port", int64(p.Port()))
				})
			}
		})
	case Compact:
		w.Bytes("peers", appendCompact(nil, r.Peers, IPv4))
		if slices.ContainsFunc(r.Peers, func(p netip.AddrPort) bool { return familyOf(p.Addr()) == IPv6 }) {
			w.Bytes("peers6", appendCompact(nil, r.Peers, IPv6))
		}
	}
}

func writeCount(w *bencode.DictWriter, key string, n Count) {
	if n != Untold {
		w.Int(key, int64(n))
	}
}

// AppendFailure appends the body of a refusal over HTTP (BEP 3, 31).
func (f *Failure) AppendFailure(dst []byte) []byte {
	return bencode.AppendDict(dst, func(w *bencode.DictWriter) {
		w.Text("failure reason", f.Reason)
		if f.MinInterval > 0 {
			w.Int("min interval", int64(f.MinInterval/time.Second))
		}
		switch r := f.Retry.(type) {
		case RetryAfter:
			w.Int("retry in", int64((r.Span+time.Minute-1)/time.Minute))
		case RetryNever:
			w.Text("retry in", "never")
		case RetryUntold, nil:
		}
	})
}

// AppendScrape appends the body of an answer to a scrape over HTTP (BEP 48). The
// swarms are sorted by info-hash, each once.
func AppendScrape(dst []byte, swarms []Scrape) []byte {
	sorted := slices.Clone(swarms)
	slices.SortFunc(sorted, func(a, b Scrape) int { return bytes.Compare(a.InfoHash[:], b.InfoHash[:]) })
	sorted = slices.CompactFunc(sorted, func(a, b Scrape) bool { return a.InfoHash == b.InfoHash })
	return bencode.AppendDict(dst, func(w *bencode.DictWriter) {
		w.Dict("files", func(w *bencode.DictWriter) {
			for _, s := range sorted {
				w.Dict(string(s.InfoHash[:]), s.write)
			}
		})
	})
}

func (s *Scrape) write(w *bencode.DictWriter) {
	writeCount(w, "complete", s.Seeders)
	writeCount(w, "downloaded", s.Downloaded)
	writeCount(w, "incomplete", s.Leechers)
}
