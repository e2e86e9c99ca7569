package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/cmd/etorrent/internal/amount"
	"github.com/etorrent/etorrent/cmd/etorrent/internal/jsonl"
	"github.com/etorrent/etorrent/internal/vocab/text"
)

// sumUp keeps the last numbers of a torrent for the last object.
func (c *conductor) sumUp(t *tracked) {
	s := t.stats
	if t.outcome == stored && t.told == untold && c.reached(t) {
		c.completed(t, jsonl.Head{Torrent: t.infoHash()})
	}
	status := s.Phase.String()
	if t.handle == nil {
		status = etorrent.Refused.String()
	}
	tcp, utp := trafficOf(s, etorrent.TCP), trafficOf(s, etorrent.UTP)
	c.s.out.torrents = append(c.s.out.torrents, jsonl.EndTorrent{
		Torrent: t.infoHash(), Name: t.name(), Path: t.path(), Status: status, Wanted: s.Wanted, Stored: s.Stored,
		Downloaded: s.Downloaded, Uploaded: s.Uploaded, TCP: &tcp, UTP: &utp, Pieces: s.Pieces, Durable: s.Durable, Bad: s.Corrupt,
	})
}

// reached says whether every wanted byte is stored: a torrent that only shares
// may lack some.
func (c *conductor) reached(t *tracked) bool { return t.stats.Stored == t.stats.Wanted }

// lastWords tells people how every torrent ended, and how to go on.
func (c *conductor) lastWords(err error) {
	for _, t := range c.torrents {
		switch {
		case t.outcome == failedOutcome:
		case t.outcome == sharedEnough, t.outcome == stored && c.goal != untilStopped:
			c.s.out.people.note("%s", c.storedWords(t))
		default:
			c.s.out.people.note("%s: %s of %s stored, %s given to others.", text.Printable(t.name()),
				amount.Size(t.stats.Stored), amount.Size(t.stats.Wanted), amount.Size(t.stats.Uploaded))
		}
	}
	if n := len(c.queue.waiting); n > 0 {
		c.s.out.people.note("%s not begun.", amount.Count(n, "torrent"))
	}
	var stop *interruption
	if errors.As(err, &stop) || codeOf(err) == exitStalled {
		c.s.out.people.note("To go on: %s", typedAgain(c.s.host))
	}
}

// storedWords is the last line about a torrent that was fetched.
func (c *conductor) storedWords(t *tracked) string {
	return fmt.Sprintf("Stored %s (%s) in %s: every piece checked against its hash and synced to the disk. Given to others: %s. To keep sharing: %s",
		text.Printable(t.name()), amount.Size(t.stats.Stored), t.dir, amount.Size(t.stats.Uploaded), c.seedCommand(t))
}

// sharingWords is the line about a torrent that is shared from now on.
func (c *conductor) sharingWords(t *tracked) string {
	return fmt.Sprintf("seeding %s from %s: %s, %s, port %s", text.Printable(t.name()), t.dir,
		amount.Of(t.stats.Durable, t.stats.Pieces, "piece"), amount.Size(t.stats.Stored), portText(c.port()))
}

// seedCommand shares a torrent again.
func (c *conductor) seedCommand(t *tracked) string {
	word := t.source.word
	if word == "-" || strings.Contains(word, masked) {
		word = "TORRENT" // there is no word of it that could be shown and pasted
	}
	words := []string{"etorrent", "seed", word, "--dir", t.dir}
	if usual := stateFolder(c.s.host); filepath.Clean(c.e.state) != usual {
		words = append(words, "--state", c.e.state)
	}
	return command(c.s.host.goos, append(words, c.e.again.words...)...) + c.e.again.remark
}

func (c *conductor) port() uint16 { return portOf(c.e.addrs) }

func portOf(addrs []netip.AddrPort) uint16 {
	if len(addrs) == 0 {
		return 0
	}
	return addrs[0].Port()
}

func portText(port uint16) string { return strconv.Itoa(int(port)) }

// causeOf is why a context ended.
func causeOf(ctx context.Context) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return ctx.Err()
}
