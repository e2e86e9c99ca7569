package client

import (
	"context"
	"errors"

	coreannounce "github.com/etorrent/etorrent/internal/core/announce"
	"github.com/etorrent/etorrent/internal/core/scrape"
	"github.com/etorrent/etorrent/internal/proc/torrent"
	"github.com/etorrent/etorrent/internal/vocab/event"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
	"github.com/etorrent/etorrent/metainfo"
)

// Swarm is a torrent of which trackers are asked how many have it.
type Swarm struct {
	Meta  *metainfo.Torrent
	Tiers [][]tracker.URL
}

// ErrEnded says that the engine ended before it answered.
var ErrEnded = errors.New("the engine has ended")

// Scrape asks trackers how large swarms are, and answers in their order. What was not
// answered when ctx ends, or the engine, has timed out; the error is the context's or
// ErrEnded.
func (c *Client) Scrape(ctx context.Context, swarms ...Swarm) ([][]event.TrackerScrape, error) {
	out := make([][]event.TrackerScrape, len(swarms))
	var questions []scrape.Question
	var into []*event.TrackerScrape
	for i, s := range swarms {
		n := 0
		for _, tier := range s.Tiers {
			n += len(tier)
		}
		out[i] = make([]event.TrackerScrape, 0, n) // which does not move from here on
		for tier, urls := range s.Tiers {
			for _, u := range urls {
				out[i] = append(out[i], unanswered(u, tier))
				questions = append(questions, scrape.Question{Tracker: u, Hash: tracker.InfoHash(s.Meta.ID().V1)})
				into = append(into, &out[i][len(out[i])-1])
			}
		}
	}
	if err := ctx.Err(); err != nil {
		return out, err
	}
	asking := c.announcer.Scrape(questions)
	for range questions {
		select {
		case t := <-asking.Told():
			fill(into[t.Number], questions[t.Number].Tracker, t.Answer)
		case <-ctx.Done():
			asking.Cancel()
			return out, ctx.Err()
		case <-c.Done():
			return out, ErrEnded
		}
	}
	return out, nil
}

func unanswered(u tracker.URL, tier int) event.TrackerScrape {
	const untold = int(tracker.Untold)
	return event.TrackerScrape{
		URL: u.String(), Tier: tier, Seeders: untold, Leechers: untold, Completed: untold,
		Err: torrent.TrackerErrorOf(u, coreannounce.TimedOut{}),
	}
}

// fill notes what a tracker said.
func fill(s *event.TrackerScrape, u tracker.URL, a scrape.Answer) {
	switch a := a.(type) {
	case scrape.Counted:
		s.Seeders, s.Leechers, s.Completed, s.Err = int(a.Seeders), int(a.Leechers), int(a.Completed), nil
	case scrape.NotListed:
		s.Err.Fault = event.TrackerUnregistered
	case scrape.Unscrapable:
		s.Err.Fault = event.TrackerNoScrape
	case scrape.Failed:
		s.Err = torrent.TrackerErrorOf(u, a.Why)
	}
}
