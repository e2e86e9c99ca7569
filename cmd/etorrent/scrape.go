package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/cmd/etorrent/internal/amount"
	"github.com/etorrent/etorrent/cmd/etorrent/internal/jsonl"
)

// showScraped tells of all sources, and how large their trackers say that their swarms
// are. All are asked about together.
func showScraped(s *session, words []string) error {
	sources, err := loadSources(s, words)
	if err != nil {
		return err
	}
	client, err := etorrent.New(s.ctx, etorrent.Options{Listen: []string{}, Network: s.network})
	if err != nil {
		return err
	}
	var metas []*etorrent.Metainfo
	for _, src := range sources {
		metas = append(metas, src.meta)
	}
	all, err := client.Scrape(s.ctx, metas...)
	ctx, cancel := context.WithTimeout(context.Background(), stopWithin)
	defer cancel()
	if err = errors.Join(err, client.Shutdown(ctx)); err != nil {
		return err
	}
	for i, src := range sources {
		if err := show(s, src, all[i]); err != nil {
			return err
		}
	}
	return nil
}

// scrapeWords is what a tracker said of a swarm, for people.
func scrapeWords(t etorrent.TrackerScrape) string {
	if t.Err != nil {
		return t.URL + ": " + t.Err.Error()
	}
	var said []string
	for _, n := range []struct {
		count int
		words string
		thing string
	}{{t.Seeders, "%s", "seeder"}, {t.Leechers, "%s", "leecher"}, {t.Completed, "completed %s", "time"}} {
		if n.count >= 0 {
			said = append(said, fmt.Sprintf(n.words, amount.Count(n.count, n.thing)))
		}
	}
	if len(said) == 0 {
		return t.URL + ": tells no numbers"
	}
	return t.URL + ": " + strings.Join(said, ", ")
}

// scrapeObject is the same for programs.
func scrapeObject(t etorrent.TrackerScrape) jsonl.Scrape {
	o := jsonl.Scrape{
		URL: t.URL, Tier: t.Tier + 1, Seeders: countOf(t.Seeders), Leechers: countOf(t.Leechers), Completed: countOf(t.Completed),
	}
	if t.Err != nil {
		o.Fault, o.Message = t.Err.Fault.String(), t.Err.Error()
	}
	return o
}
