package metainfo

import "github.com/etorrent/etorrent/bencode"

// Encode returns a .torrent file of t's fields around the unchanged InfoBytes,
// so that it keeps the info-hash. Equal fields give equal bytes. Raw is not
// used: this is for a torrent whose info came from peers, or whose trackers
// were changed.
func (t *Torrent) Encode() []byte {
	return bencode.AppendDict(nil, func(w *bencode.DictWriter) {
		writeAnnounce(w, t.Announce)
		writeText(w, "comment", t.Comment)
		writeText(w, "created by", t.CreatedBy)
		if !t.CreationDate.IsZero() {
			w.Int("creation date", t.CreationDate.Unix())
		}
		w.Raw("info", t.InfoBytes)
		writeNodes(w, t.Nodes)
		writeWebSeeds(w, t.WebSeeds)
	})
}

// writeAnnounce writes a list of tiers only for several trackers, and then the
// first of them for readers who know none as well (BEP 12).
func writeAnnounce(w *bencode.DictWriter, tiers [][]string) {
	first, count := "", 0
	for _, tier := range tiers {
		if count == 0 && len(tier) > 0 {
			first = tier[0]
		}
		count += len(tier)
	}
	writeText(w, "announce", first)
	if count < 2 {
		return
	}
	w.List("announce-list", func(w *bencode.ListWriter) {
		for _, tier := range tiers {
			if len(tier) == 0 {
				continue
			}
			w.List(func(w *bencode.ListWriter) { writeTexts(w, tier) })
		}
	})
}

func writeNodes(w *bencode.DictWriter, nodes []HostPort) {
	if len(nodes) == 0 {
		return
	}
	w.List("nodes", func(w *bencode.ListWriter) {
		for _, node := range nodes {
			w.List(func(w *bencode.ListWriter) { w.Text(node.Host); w.Int(int64(node.Port)) })
		}
	})
}

func writeWebSeeds(w *bencode.DictWriter, urls []string) {
	switch len(urls) {
	case 0:
	case 1:
		w.Text("url-list", urls[0])
	default:
		w.List("url-list", func(w *bencode.ListWriter) { writeTexts(w, urls) })
	}
}

func writeText(w *bencode.DictWriter, key, text string) {
	if text != "" {
		w.Text(key, text)
	}
}

func writeTexts(w *bencode.ListWriter, texts []string) {
	for _, text := range texts {
		w.Text(text)
	}
}
