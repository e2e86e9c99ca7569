package main

import (
	"os"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/cmd/etorrent/internal/amount"
	"github.com/etorrent/etorrent/cmd/etorrent/internal/jsonl"
)

// filterRead is the outcome of reading the address filter.
type filterRead struct {
	filter *etorrent.Filter
	err    error
}

// readFilter reads the address filter; an empty path is none.
func readFilter(path string) (*etorrent.Filter, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, usageError("--ip-filter %s: %w", path, reasonOf(err))
	}
	defer f.Close()
	filter, err := etorrent.ParseFilter(f)
	if err != nil {
		return nil, usageError("--ip-filter %s: %w", path, err)
	}
	return filter, nil
}

// rereadAtHangups reads the address filter again each time that the system says to
// the program that something changed, where it has such a signal.
func rereadAtHangups(s *session, path string) <-chan filterRead {
	if path == "" || len(hangups) == 0 {
		return nil
	}
	signals := make(chan os.Signal, 1)
	select {
	case s.hangups <- signals:
	case <-s.ctx.Done():
		return nil
	}
	out := make(chan filterRead)
	s.p.Go("filter", func() error {
		for {
			select {
			case <-signals:
			case <-s.p.Stopping():
				return nil
			}
			filter, err := readFilter(path)
			select {
			case out <- filterRead{filter, err}:
			case <-s.p.Stopping():
				return nil
			}
		}
	})
	return out
}

// filteredWords say how much a filter blocks.
func filteredWords(f *etorrent.Filter) string {
	if f.Ranges() == 1 {
		return "1 range of addresses is filtered"
	}
	return amount.Count(f.Ranges(), "range") + " of addresses are filtered"
}

// refilter has a filter count that was read again. One that cannot be read changes
// nothing.
func (c *conductor) refilter(r filterRead) {
	if r.err != nil {
		c.s.out.warn(&jsonl.Warning{Message: r.err.Error() + "; the filter stays as it was"})
		return
	}
	c.e.client.SetFilter(r.filter)
	c.s.out.people.note("%s", filteredWords(r.filter))
}
