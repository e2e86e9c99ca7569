package jsonl

import (
	"strconv"
	"time"
)

// appendLine appends the piece as one line. Its State is one of those of the schema,
// and its Torrent an info-hash in hex: neither needs an escape.
func (p *Piece) appendLine(to []byte) []byte {
	to = append(to, `{"v":`...)
	to = strconv.AppendInt(to, int64(p.V), 10)
	to = append(to, `,"event":"`...)
	to = append(to, p.Event...)
	to = append(to, `","time":"`...)
	to = p.Time.AppendFormat(to, time.RFC3339Nano)
	if p.Torrent != "" {
		to = append(to, `","torrent":"`...)
		to = append(to, p.Torrent...)
	}
	to = append(to, `","index":`...)
	to = strconv.AppendUint(to, uint64(p.Index), 10)
	to = append(to, `,"state":"`...)
	to = append(to, p.State...)
	return append(to, "\"}\n"...)
}
